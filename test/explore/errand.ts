import type { Store } from '#store';
import type { Call } from './answers.ts';
import type { HeldLease } from './leases.ts';
import { MemoryStore, TableDesk } from './memory/store.ts';
import type { Tables } from './memory/tables.ts';
import type { State } from './state.ts';
import { TapeDesk, type Told } from './tape.ts';
import { partsFor, perform, type Wish } from './wishes.ts';

/**
 * An operation of production code that is under way, as a plain value. Its locals live in suspended
 * functions, which nobody can copy; but an operation is a function of what it was told. So what it was
 * told is kept, chapter by chapter, and it is led to the same place again by telling it the same: then it
 * goes on, in as many different ways as one likes. (Durable workflows are resumed in this way.)
 */
export interface Errand {
  readonly id: number;
  readonly wish: Wish;
  readonly chapters: readonly Chapter[];
  /** What it waits for now. */
  readonly awaits: readonly Await[];
  readonly leases: readonly HeldLease[];
  /** The calls among them that the channel has acted on, with their answers still on the way. */
  readonly acted: readonly number[];
}

/** From one outside answer to the next: which await it ended, with what, and what the store then told. */
export interface Chapter {
  readonly at: number;
  readonly answer: unknown;
  readonly nowMs: number;
  readonly tape: readonly Told[];
  /** The rows that it read in this chapter, each with its version at the chapter's end. */
  readonly saw: readonly Seen[];
}

export interface Seen {
  readonly table: 'payments' | 'payment_sessions' | 'refunds';
  readonly id: number;
  readonly version: number;
}

export type Await = { readonly at: number } & (
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'timer'; readonly delayMs: number; readonly dueAtMs: number }
  /** Between a commit and the next transaction: here another may be faster, or a process die. */
  | { readonly kind: 'gate'; readonly name: string }
);

type Open = { await: Await; resolve: (answer: unknown) => void };

/** Where an operation commits in one step and acts on it in the next. */
const GATES = new Set(['apply-report']);

/** A live operation with everything it may ask of its surroundings. */
export class Run {
  readonly wish: Wish;
  readonly id: number;
  /** The clock as this operation sees it. */
  nowMs = 0;
  /** What it logged as an error: an operation that swallows its own failure. */
  readonly complaints: string[] = [];
  /** Told at each call that leaves, while it is live. */
  onCall: (call: Call) => void = () => undefined;
  /** How it ended: a value, or what it threw. */
  ended: { value: unknown } | { error: unknown } | undefined;
  readonly #open = new Map<number, Open>();
  #count = 0;
  #draws = 0;
  #playing = false;
  readonly #gates: boolean;

  constructor(id: number, wish: Wish, store: Store) {
    this.id = id;
    this.wish = wish;
    this.#gates = wish.do !== 'sweep';
    this.store = { ...bound(store), transact: (name, work) => this.#transact(store, name, work) };
  }

  readonly store: Store;

  /** Sets it going; what it waits for then stands in `awaits`. */
  begin(nowMs: number): void {
    this.nowMs = nowMs;
    perform(partsFor(this), this.wish).then(
      (value) => (this.ended = { value }),
      (error: unknown) => (this.ended = { error }),
    );
  }

  get awaits(): Await[] {
    return [...this.#open.values()].map((open) => open.await);
  }

  resolve(at: number, answer: unknown, nowMs: number): void {
    const open = this.#open.get(at);
    if (open === undefined) throw new Error(`errand ${this.id} does not wait for ${at}`);
    this.#open.delete(at);
    this.nowMs = nowMs;
    open.resolve(answer);
  }

  /** Not telling anybody while the past is played. */
  set playing(playing: boolean) {
    this.#playing = playing;
  }

  complain(words: string): void {
    if (!this.#playing) this.complaints.push(words);
  }

  call<T>(call: DistributiveOmit<Call, 'sentAtMs'>): Promise<T> {
    const sent = { ...call, sentAtMs: this.nowMs } as Call;
    if (!this.#playing) this.onCall(sent);
    return this.#wait({ kind: 'call', call: sent }) as Promise<T>;
  }

  after(delayMs: number, task: () => void): () => void {
    const at = this.#count;
    void this.#wait({ kind: 'timer', delayMs, dueAtMs: this.nowMs + delayMs }).then(task);
    return () => void this.#open.delete(at);
  }

  /** Chance that never repeats a number on one path, and lets every jitter be the least. */
  random(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    if (count === 6) return bytes;
    this.#draws += 1;
    bytes.set([this.id % 60, Math.floor(this.id / 60), this.#draws]);
    return bytes;
  }

  async #transact<T>(store: Store, name: string, work: Parameters<Store['transact']>[1]): Promise<T> {
    if (this.#gates && GATES.has(name)) await this.#wait({ kind: 'gate', name });
    return store.transact(name, work) as Promise<T>;
  }

  #wait(what: DistributiveOmit<Await, 'at'>): Promise<unknown> {
    const at = this.#count;
    this.#count += 1;
    return new Promise((resolve) => {
      this.#open.set(at, { await: { ...what, at }, resolve });
    });
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function bound(store: Store): Store {
  return {
    engine: store.engine,
    transact: (name, work) => store.transact(name, work),
    read: (work) => store.read(work),
    close: () => store.close(),
  };
}

/** An operation in the hands of somebody who lets it go on, on whatever store. */
export interface Stage {
  readonly run: Run;
  /** The answer to what it waits for comes, and it goes on until it waits again. */
  goOn(at: number, answer: unknown, nowMs: number): Promise<void>;
  /** What is committed now. */
  tables(): Promise<Tables>;
  putDown(): Errand;
}

/** A place where errands are run. */
export interface Ground {
  setOut(state: State, wish: Wish, onCall: OnCall): Promise<Stage>;
  takeUp(state: State, errand: Errand, onCall: OnCall): Promise<Stage>;
}

/** Told of each call that leaves, with what was committed by then where that can be known at once. */
export type OnCall = (call: Call, committed?: Tables) => void;

/** On tables in memory; an errand is led to where it stands by playing what it was told. */
export const inMemory: Ground = {
  async setOut(state, wish, onCall) {
    const stage = new MemoryStage(state.next, wish, state.tables, onCall);
    await stage.begin(state.nowMs);
    return stage;
  },
  async takeUp(state, errand, onCall) {
    const stage = new MemoryStage(errand.id, errand.wish, state.tables, onCall);
    await stage.play(errand);
    return stage;
  },
};

class MemoryStage implements Stage {
  readonly run: Run;
  readonly #tape = new TapeDesk();
  readonly #desk: TableDesk;
  #chapters: Chapter[] = [];
  #leases: HeldLease[] = [];
  #acted: readonly number[] = [];

  constructor(id: number, wish: Wish, tables: Tables, onCall: OnCall) {
    this.#desk = new TableDesk(tables);
    this.run = new Run(id, wish, new MemoryStore(this.#tape));
    this.run.onCall = (call) => onCall(call, this.#desk.committed);
  }

  async begin(nowMs: number): Promise<void> {
    const tape = this.#live();
    this.run.begin(nowMs);
    await this.#chapter({ at: -1, answer: undefined, nowMs, tape });
  }

  async play({ chapters, leases, acted }: Errand): Promise<void> {
    this.run.playing = true;
    for (const { at, answer, nowMs, tape } of chapters) {
      this.#tape.play(tape);
      if (at === -1) this.run.begin(nowMs);
      else this.run.resolve(at, answer, nowMs);
      await settled();
    }
    this.run.playing = false;
    this.#chapters = [...chapters];
    this.#leases = [...leases];
    this.#acted = acted;
  }

  async goOn(at: number, answer: unknown, nowMs: number): Promise<void> {
    const tape = this.#live();
    this.run.resolve(at, answer, nowMs);
    await this.#chapter({ at, answer, nowMs, tape });
  }

  async tables(): Promise<Tables> {
    return this.#desk.committed;
  }

  putDown(): Errand {
    const { id, wish, awaits } = this.run;
    return { id, wish, awaits, chapters: this.#chapters, leases: this.#leases, acted: this.#acted };
  }

  #live(): Told[] {
    const tape: Told[] = [];
    this.#tape.live = { desk: this.#desk, tape, leases: this.#leases };
    return tape;
  }

  async #chapter(chapter: Omit<Chapter, 'saw'>): Promise<void> {
    await settled();
    this.#chapters.push({ ...chapter, saw: sawIn(chapter.tape, this.#desk.committed) });
  }
}

/**
 * Everything in memory settles by promises alone, and a tick comes after the last of them: then an operation
 * waits, or has ended. (Only a tick that was asked for by a promise does: hence the first line.)
 */
async function settled(): Promise<void> {
  await Promise.resolve();
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

function sawIn(tape: readonly Told[], tables: Tables): Seen[] {
  const saw = new Map<object, Seen>();
  for (const told of tape) {
    if (!Array.isArray(told)) continue;
    for (const object of told as readonly object[]) {
      const table = tableOf(object);
      if (table === undefined) continue;
      const { id } = object as { id: number };
      const now = tables[table][id - 1];
      if (now !== undefined) saw.set(now, { table, id, version: now.version });
    }
  }
  return [...saw.values()];
}

function tableOf(row: object): Seen['table'] | undefined {
  if (!('version' in row) || !('id' in row)) return undefined;
  if ('qr_code_url' in row) return 'payments';
  if ('public_id' in row) return 'payment_sessions';
  return 'out_refund_no' in row ? 'refunds' : undefined;
}
