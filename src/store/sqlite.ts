import { closeSync, openSync, rmSync } from 'node:fs';
import { clearImmediate, setImmediate } from 'node:timers';
import { performAll } from './after-commit.ts';
import type { Migratable, MigrationSession } from './migrate.ts';
import { Busy, Connection } from './sqlite-connection.ts';
import { lockDatabase } from './sqlite-lock.ts';
import { Conflict, StoreUnavailable, type Statement, type Tx, type Value } from './store.ts';

export interface SqliteOptions {
  /** A file, whose folder is made when missing, or `:memory:`. */
  path: string;
  /** Told once, when a fault of the disk has stopped this store for good: time to end the process. */
  onFatal?: (fault: StoreUnavailable) => void;
}

/** How many closures share one COMMIT, and so one flush of the disk. */
const BATCH = 64;

/** How often a closure that met a Conflict is run in all. */
const TRIES = 5;

/** How often a BEGIN that met another program is tried: 5 seconds, a turn of the event loop between. */
const BUSY_TRIES = 25;

interface Job {
  work: (tx: Tx) => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
  tries: number;
  /** How the closure ended; nobody hears of it before the batch is committed. */
  outcome: { ok: true; value: unknown; acts: readonly (() => void)[] } | { ok: false; error: unknown };
}

const NOT_RUN: Job['outcome'] = { ok: false, error: new Error('this closure has not run') };

/** Opens the embedded database. Throws when another process has it, or a setting does not hold. */
export function openSqlite(options: SqliteOptions): SqliteStore {
  if (options.path === ':memory:') {
    const only = new Connection(':memory:', 'writes');
    return new SqliteStore({ writer: only, reader: only, unlock: () => {}, ...options });
  }
  const unlock = lockDatabase(options.path);
  try {
    const writer = new Connection(options.path, 'writes');
    return new SqliteStore({ writer, reader: new Connection(options.path, 'reads'), unlock, ...options });
  } catch (error) {
    unlock();
    throw error;
  }
}

/**
 * Group commit: closures queue up, run one after another inside one transaction, each in a savepoint
 * of its own, and are answered after their common COMMIT. A commit that fails leaves the truth on the
 * disk unknown: the store then refuses everything until a new process has read it again.
 */
export class SqliteStore implements Migratable {
  readonly engine = 'sqlite';
  readonly dialect = 'sqlite';
  readonly #writer: Connection;
  readonly #reader: Connection;
  readonly #shared: boolean;
  readonly #path: string;
  readonly #unlock: () => void;
  readonly #onFatal: (fault: StoreUnavailable) => void;
  readonly #queue: Job[] = [];
  /** Who waits for the end of the running batch. */
  readonly #waiting: (() => void)[] = [];
  readonly #readings: Omit<Tx, 'run' | 'afterCommit'>;
  #scheduled = false;
  #batchOpen = false;
  #busy = 0;
  /** Why everything is refused from now on: a fault of the disk, or `close`. */
  #gone: StoreUnavailable | undefined;
  #stopped = false;
  #closing: Promise<void> | undefined;

  constructor(parts: SqliteOptions & { writer: Connection; reader: Connection; unlock: () => void }) {
    this.#writer = parts.writer;
    this.#reader = parts.reader;
    this.#shared = parts.reader === parts.writer;
    this.#path = parts.path;
    this.#unlock = parts.unlock;
    this.#onFatal = parts.onFatal ?? (() => {});
    this.#readings = {
      all: <R>(statement: Statement, ...values: readonly Value[]) =>
        this.#reading(() => this.#reader.all(statement, values) as R[]),
      one: <R>(statement: Statement, ...values: readonly Value[]) =>
        this.#reading(() => this.#reader.one(statement, values) as R | undefined),
    };
  }

  transact<T>(_name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    return new Promise<T>((resolve, reject) => {
      const answer = resolve as (value: unknown) => void;
      this.#queue.push({ work, resolve: answer, reject, tries: 0, outcome: NOT_RUN });
      this.#schedule();
    });
  }

  async read<T>(work: (tx: Omit<Tx, 'run' | 'afterCommit'>) => Promise<T>): Promise<T> {
    return work(this.#readings);
  }

  migrating<T>(work: (session: MigrationSession) => Promise<T>): Promise<T> {
    return this.transact('migrate', (tx) =>
      work({
        all: (statement, ...values) => tx.all(statement, ...values),
        run: (statement, ...values) => tx.run(statement, ...values),
        // The transaction is one: a statement and the note of it stand or fall together.
        step: async (statement, _again, note, ...values) => {
          await tx.run(statement);
          await tx.run(note, ...values);
        },
      }),
    );
  }

  /** `VACUUM INTO` is the way to copy a live database; a copy of the file alone lacks its journal. */
  keepCopy(before: string): void {
    if (this.#shared) return;
    const copy = `${this.#path}.${before}`;
    rmSync(copy, { force: true });
    closeSync(openSync(copy, 'wx', 0o600));
    this.#writer.run('VACUUM INTO ?', [copy]);
  }

  /** Refuses what comes now, does what came before, and lets go of the file. */
  close(): Promise<void> {
    this.#gone ??= new StoreUnavailable('the store is closed');
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    while (this.#batchOpen || this.#queue.length > 0) await this.#batchEnd();
    if (!this.#shared) this.#reader.close();
    this.#writer.close();
    this.#unlock();
  }

  /** In memory there is one connection: a read waits (microtasks only) for the open batch to end. */
  async #reading<T>(read: () => T): Promise<T> {
    while (this.#shared && this.#batchOpen) await this.#batchEnd();
    if (this.#gone !== undefined) throw this.#gone;
    try {
      return read();
    } catch (error) {
      if (this.#reader.fault !== undefined) throw this.#stop(this.#reader.fault);
      if (error instanceof Busy) throw new StoreUnavailable(error.message, { cause: error });
      throw error;
    }
  }

  #batchEnd(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * On disk a batch begins after the arrived requests have had their turn, so that they share its
   * flush; in memory there is none to share, and a simulated day needs nothing but microtasks.
   */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#shared) queueMicrotask(() => void this.#drain());
    else setImmediate(() => void this.#drain());
  }

  /** One batch: BEGIN, every closure, COMMIT, answers. Never throws. */
  async #drain(): Promise<void> {
    const batch = this.#queue.splice(0, BATCH);
    try {
      this.#writer.run('BEGIN IMMEDIATE', []);
      this.#busy = 0;
      this.#batchOpen = true;
      for (const job of batch) await this.#attempt(job, batch.length > 1);
      this.#commit(batch);
      this.#batchOpen = false;
      for (const job of batch) this.#answer(job);
    } catch (error) {
      this.#batchOpen = false;
      this.#refuse(batch, error);
    }
    this.#scheduled = false;
    for (const resume of this.#waiting.splice(0)) resume();
    if (this.#queue.length > 0) this.#schedule();
  }

  /** Runs one closure. Throws only what ends the whole batch. */
  async #attempt(job: Job, inCompany: boolean): Promise<void> {
    job.tries += 1;
    const tx = new SqliteTx(this.#writer);
    if (inCompany) this.#writer.run('SAVEPOINT closure', []);
    try {
      const value = await promptly(() => job.work(tx));
      if (inCompany) this.#writer.run('RELEASE closure', []);
      job.outcome = { ok: true, value, acts: tx.acts };
    } catch (error) {
      job.outcome = { ok: false, error };
      if (this.#writer.fault === undefined) this.#undo(inCompany);
    } finally {
      tx.end();
    }
    if (this.#writer.fault !== undefined) throw this.#writer.fault;
  }

  #undo(inCompany: boolean): void {
    if (!inCompany) {
      this.#writer.run('ROLLBACK', []);
      return;
    }
    this.#writer.run('ROLLBACK TO closure', []);
    this.#writer.run('RELEASE closure', []);
  }

  #commit(batch: readonly Job[]): void {
    const alone = batch.length === 1 ? batch[0] : undefined;
    if (alone?.outcome.ok === false) return;
    this.#writer.run('COMMIT', []);
  }

  #answer(job: Job): void {
    const { outcome } = job;
    if (outcome.ok) {
      performAll(outcome.acts);
      job.resolve(outcome.value);
    } else if (outcome.error instanceof Conflict) {
      this.#again(job, outcome.error);
    } else {
      job.reject(outcome.error);
    }
  }

  #again(job: Job, conflict: Conflict): void {
    if (job.tries < TRIES) this.#queue.push(job);
    else job.reject(new StoreUnavailable(`still in conflict after ${TRIES} tries`, { cause: conflict }));
  }

  /** The batch did not commit. What any of its closures found out may rest on what was lost with it. */
  #refuse(batch: readonly Job[], error: unknown): void {
    if (error instanceof Busy && !this.#writer.inTransaction) {
      this.#busy += 1;
      if (this.#busy < BUSY_TRIES) {
        this.#queue.unshift(...batch);
        return;
      }
      this.#busy = 0;
      const refusal = new StoreUnavailable(error.message, { cause: error });
      for (const job of batch) job.reject(refusal);
      return;
    }
    const gone = this.#stop(error);
    for (const job of batch) job.reject(gone);
  }

  /** Fail-stop: from now on everything is refused, and whoever opened the store is told once. */
  #stop(cause: unknown): StoreUnavailable {
    const detail = cause instanceof Error ? cause.message : String(cause);
    const fault = new StoreUnavailable(`the database stopped: ${detail}`, { cause });
    this.#gone = fault;
    for (const job of this.#queue.splice(0)) job.reject(fault);
    if (!this.#stopped) this.#onFatal(fault);
    this.#stopped = true;
    return fault;
  }
}

class SqliteTx implements Tx {
  readonly acts: (() => void)[] = [];
  readonly #connection: Connection;
  #ended = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async all<R>(statement: Statement, ...values: readonly Value[]): Promise<R[]> {
    return this.#live().all(statement, values) as R[];
  }

  async one<R>(statement: Statement, ...values: readonly Value[]): Promise<R | undefined> {
    return this.#live().one(statement, values) as R | undefined;
  }

  async run(statement: Statement, ...values: readonly Value[]): Promise<{ rows: number; id: number }> {
    return this.#live().run(statement, values);
  }

  afterCommit(act: () => void): void {
    this.#live();
    this.acts.push(act);
  }

  end(): void {
    this.#ended = true;
  }

  #live(): Connection {
    if (this.#ended) throw new Error('this transaction has ended');
    return this.#connection;
  }
}

/**
 * Runs a closure that awaits nothing but its statements, which need microtasks only. One that is not
 * done when the event loop turns was waiting for the outside, and would hold up everybody's money:
 * it is refused, with what it has done (money-safety, I-18).
 */
async function promptly(work: () => Promise<unknown>): Promise<unknown> {
  let turn: NodeJS.Immediate | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    turn = setImmediate(() => reject(new Error('a transaction may await only its own statements')));
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearImmediate(turn);
  }
}
