import {
  Conflict,
  StoreUnavailable,
  type Row,
  type Statement,
  type Store,
  type Tx,
  type Value,
} from '#store';
import './bills.ts';
import './jobs.ts';
import './payments.ts';
import './records.ts';
import './refunds.ts';
import './sessions.ts';
import { commands, queries } from './teach.ts';
import { noTables, type Tables } from './tables.ts';

/** How often a closure that met a Conflict is run in all, as with the real engines. */
const TRIES = 5;

/** Where statements are carried out: on tables, or by reading from a tape what they once answered. */
export interface Desk {
  /** Outside a transaction: what is committed. */
  read(statement: Statement, values: readonly Value[]): readonly object[];
  all(statement: Statement, values: readonly Value[]): readonly object[];
  run(statement: Statement, values: readonly Value[]): { rows: number; id: number };
  begin(): void;
  commit(): void;
  rollback(): void;
}

/** The statements of production code over one moment of tables after the other. */
export class TableDesk implements Desk {
  committed: Tables;
  #draft: Tables;

  constructor(tables: Tables = noTables) {
    this.committed = tables;
    this.#draft = tables;
  }

  read(statement: Statement, values: readonly Value[]): readonly object[] {
    return known(queries, statement)(this.committed, values);
  }

  all(statement: Statement, values: readonly Value[]): readonly object[] {
    return known(queries, statement)(this.#draft, values);
  }

  run(statement: Statement, values: readonly Value[]): { rows: number; id: number } {
    const { tables, rows, id } = known(commands, statement)(this.#draft, values);
    this.#draft = tables;
    return { rows, id };
  }

  /** The open transaction's own view. */
  get draft(): Tables {
    return this.#draft;
  }

  begin(): void {
    this.#draft = this.committed;
  }

  commit(): void {
    this.committed = this.#draft;
  }

  rollback(): void {
    this.#draft = this.committed;
  }
}

function known<F>(taught: ReadonlyMap<Statement, F>, statement: Statement): F {
  const found = taught.get(statement);
  if (found !== undefined) return found;
  const text = typeof statement === 'string' ? statement : statement.sqlite;
  throw new Error(`teach test/explore/memory this statement:\n${text}`);
}

/**
 * A Store in memory: transactions one after the other, reads of what is committed, a closure that met a
 * Conflict run again. The same promises as the real ones, in microseconds.
 */
export class MemoryStore implements Store {
  readonly engine = 'sqlite';
  readonly #desk: Desk;
  readonly #readings: Omit<Tx, 'run' | 'afterCommit'>;
  /** Transactions stand in line here. */
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#readings = {
      all: async <R>(statement: Statement, ...values: readonly Value[]) =>
        copies(desk.read(statement, values)) as R[],
      one: async <R>(statement: Statement, ...values: readonly Value[]) =>
        copy(desk.read(statement, values)[0]) as R | undefined,
    };
  }

  async transact<T>(_name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const before = this.#last;
    let next: () => void = () => undefined;
    this.#waiting += 1;
    this.#last = new Promise((resolve) => (next = resolve));
    if (this.#waiting > 1) await before;
    try {
      return await this.#attempt(work);
    } finally {
      this.#waiting -= 1;
      next();
    }
  }

  async #attempt<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    let conflict: unknown;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const acts: (() => void)[] = [];
      this.#desk.begin();
      try {
        const value = await work(this.#transaction(acts));
        this.#desk.commit();
        for (const act of acts) act();
        return value;
      } catch (error) {
        this.#desk.rollback();
        if (!(error instanceof Conflict)) throw error;
        conflict = error;
      }
    }
    throw new StoreUnavailable(`still in conflict after ${TRIES} tries`, { cause: conflict });
  }

  #transaction(acts: (() => void)[]): Tx {
    const desk = this.#desk;
    return {
      all: async <R>(statement: Statement, ...values: readonly Value[]) =>
        copies(desk.all(statement, values)) as R[],
      one: async <R>(statement: Statement, ...values: readonly Value[]) =>
        copy(desk.all(statement, values)[0]) as R | undefined,
      run: async (statement, ...values) => desk.run(statement, values),
      afterCommit: (act) => void acts.push(act),
    };
  }

  async read<T>(work: (tx: Omit<Tx, 'run' | 'afterCommit'>) => Promise<T>): Promise<T> {
    return work(this.#readings);
  }

  async close(): Promise<void> {}
}

/** Operations change the rows they read to what now stands; the tables keep theirs. */
function copy(row: object | undefined): Row | undefined {
  return row === undefined ? undefined : { ...(row as Row) };
}

function copies(rows: readonly object[]): Row[] {
  return rows.map((row) => ({ ...(row as Row) }));
}
