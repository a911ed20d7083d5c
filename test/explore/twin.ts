import { setImmediate } from 'node:timers';
import type { PaymentMethod } from '#channel';
import { migrate, type Row, type Store } from '#store';
import type { LedgerEntry } from '../../simulator/kernel/contract.ts';
import { Connection } from '../../src/store/sqlite-connection.ts';
import { SqliteStore } from '../../src/store/sqlite.ts';
import { auditRows } from '../audit.ts';
import { stillWorld } from '../support/still-world.ts';
import { START_MS, writeBill } from './beginning.ts';
import { Run, type Errand, type Ground, type OnCall, type Stage } from './errand.ts';
import { noTables, type TableName, type Tables } from './memory/tables.ts';
import type { State } from './state.ts';
import { step } from './step.ts';
import type { Happened } from './happenings.ts';

const tableNames = Object.keys(noTables) as TableName[];

/** The same errands on a real store: never put down, so one way only, and each store for one path. */
export class RealGround implements Ground {
  readonly #store: Counted;
  readonly #runs = new Map<number, Run>();

  constructor(store: Store) {
    this.#store = new Counted(store);
  }

  async setOut(state: State, wish: Errand['wish'], onCall: OnCall): Promise<Stage> {
    const run = new Run(state.next, wish, this.#store);
    this.#runs.set(run.id, run);
    run.onCall = onCall;
    run.begin(state.nowMs);
    await this.#store.settle();
    return this.#stage(run);
  }

  async takeUp(_state: State, errand: Errand): Promise<Stage> {
    const run = this.#runs.get(errand.id);
    if (run === undefined) throw new Error(`errand ${errand.id} never began here`);
    return this.#stage(run, errand.acted);
  }

  #stage(run: Run, acted: readonly number[] = []): Stage {
    return {
      run,
      goOn: async (at, answer, nowMs) => {
        run.resolve(at, answer, nowMs);
        await this.#store.settle();
      },
      tables: () => this.tables(),
      putDown: () => ({ id: run.id, wish: run.wish, awaits: run.awaits, chapters: [], leases: [], acted }),
    };
  }

  async tables(): Promise<Tables> {
    const tables: Record<string, Row[]> = {};
    await this.#store.read(async (tx) => {
      for (const name of tableNames) tables[name] = await tx.all(`SELECT * FROM ${name} ORDER BY id`);
    });
    return tables as unknown as Tables;
  }
}

/** Knows when everything that was asked of it is answered. */
class Counted implements Store {
  readonly engine: Store['engine'];
  readonly #store: Store;
  #busy = 0;

  constructor(store: Store) {
    this.engine = store.engine;
    this.#store = store;
  }

  transact<T>(name: string, work: Parameters<Store['transact']>[1]): Promise<T> {
    return this.#count(this.#store.transact(name, work) as Promise<T>);
  }

  read<T>(work: Parameters<Store['read']>[0]): Promise<T> {
    return this.#count(this.#store.read(work) as Promise<T>);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async settle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.#busy > 0);
  }

  async #count<T>(work: Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await work;
    } finally {
      this.#busy -= 1;
    }
  }
}

/**
 * Walks a path in memory and on a real store that holds the same beginning, compares after each step, and
 * audits the real rows at the end. Answers the first difference or breach in words, or nothing.
 */
export async function walkTogether(
  beginning: State,
  path: readonly Happened[],
  store: Store,
): Promise<string | undefined> {
  const ground = new RealGround(store);
  let memory: State = { ...beginning, path: undefined };
  let real: State = { ...memory, tables: await ground.tables() };
  for (const [at, happened] of path.entries()) {
    memory = (await step(memory, happened)).state;
    real = (await step(real, happened, ground)).state;
    for (const name of tableNames) {
      const [one, other] = [memory.tables[name], real.tables[name]].map((rows) =>
        JSON.stringify(sorted(rows)),
      );
      if (one !== other)
        return `step ${at + 1} (${happened.it}): ${name}\n  in memory ${one}\n  on ${store.engine} ${other}`;
    }
    if (JSON.stringify(memory.wallets) !== JSON.stringify(real.wallets))
      return `step ${at + 1}: the channels differ`;
  }
  const breaches = await auditRows(
    { store, ledger: () => ledgerOf(memory.wallets) },
    { unseenAllowed: true },
  );
  return breaches.length === 0 ? undefined : `the audit says ${breaches.join('; ')}`;
}

/** What the channels moved, as the audit reads it of a simulator. */
function ledgerOf({ orders, returns }: State['wallets']): LedgerEntry[] {
  const entry = (kind: 'debit' | 'refund', channel: PaymentMethod, number: string) =>
    ({ kind, channel, out_trade_no: number, channel_trade_no: `T-${number}`, payer: 'patient' }) as const;
  const debits = orders.filter(({ state }) => state === 'paid');
  const refunds = returns.filter(({ state }) => state === 'succeeded');
  return [
    ...debits.map((one) => ({
      ...entry('debit', one.method, one.number),
      ...{ amount_fen: one.paidFen, at: one.paidAtMs },
    })),
    ...refunds.map((one) => ({
      ...entry('refund', one.method, one.orderNumber),
      ...{ out_refund_no: one.number, amount_fen: one.amountFen, at: 0 },
    })),
  ];
}

/** Columns in one order, bytes as hex: an engine gives them in its own way. */
function sorted(rows: readonly object[] | undefined): object[] {
  return (rows ?? []).map((row) => {
    const columns = Object.entries(row).toSorted(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(
      columns.map(([name, value]) => [name, value instanceof Uint8Array ? hex(value) : value]),
    );
  });
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Makes embedded databases that hold one unpaid bill, quickly: each is a copy of the first. */
export async function realBeginnings(): Promise<() => Store> {
  const world = stillWorld(START_MS);
  const only = new Connection(':memory:', 'writes');
  const first = new SqliteStore({ writer: only, reader: only, unlock: () => undefined, path: ':memory:' });
  await migrate(first, world);
  await writeBill(first);
  const image = only.image();
  await first.close();
  return () => {
    const connection = new Connection(':memory:', 'writes');
    connection.become(image);
    return new SqliteStore({
      writer: connection,
      reader: connection,
      unlock: () => undefined,
      path: ':memory:',
    });
  };
}
