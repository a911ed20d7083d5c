import { Worker } from 'node:worker_threads';
import { oneBill } from './beginning.ts';
import { beginnings } from './beginnings.ts';
import { pairs } from './cells.ts';
import type { Happened } from './happenings.ts';
import { Seen } from './seen.ts';
import { stepsOf, type State } from './state.ts';
import { kindOf, noTally, Surveyor, type Fault, type Tally } from './surveyor.ts';
import { realBeginnings } from './twin.ts';

export interface Wanted {
  /** Every order of events up to so many, from one unpaid bill. */
  depth: number;
  /** Every order of so many more from each of the other beginnings. */
  further: number;
  threads: number;
  seed: number;
  calmEvery: number;
  walkEvery: number;
  /** More states than there will be. */
  room: number;
  /** Stop after so long, and say that it was not all. */
  seconds: number;
}

export interface Found {
  complete: boolean;
  distinct: number;
  transitions: number;
  fresh: number[];
  calmed: number;
  walkedTogether: number;
  /** Pairs of a state and a happening that the grids allow, and those that they refuse. */
  legal: number;
  illegal: number;
  /** Legal pairs that operations came to. */
  come: number;
  /** Legal pairs that no operation came to, but that were asked outright; and those that nobody met at all. */
  onlyAsked: string[];
  missing: string[];
  /** Illegal pairs that were not refused, or never asked; and how often the others were refused. */
  notRefused: string[];
  refusals: number;
  faults: Fault[];
}

/** A state on its way to another thread: how to come there, and how deep that counts. */
export interface Post {
  path: Happened[];
  depth: number;
}

/** What a thread is told. */
export type Order = { do: 'take'; posts: Post[] } | { do: 'next'; depth: number };
export type Report = { tally: Tally; left: number };

/** From this depth on the states are dealt out to the threads. */
const DEAL_AT = 3;

/** Explores on this thread alone (`threads` 0) or on several; `tell` hears every second how far it is. */
export async function explore(wanted: Wanted, tell: (depth: number, states: number) => void): Promise<Found> {
  const memory = Seen.memory(wanted.room);
  const seen = new Seen(memory);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const endsAt = performance.now() + wanted.seconds * 1000;
  const stopped = (): boolean => {
    if (performance.now() > endsAt) Atomics.store(stop, 0, 1);
    return Atomics.load(stop, 0) === 1;
  };
  const beginning = await oneBill();
  const { depth, seed, calmEvery, walkEvery } = wanted;
  const realStore = await realBeginnings();
  const surveyor = new Surveyor({ seen, depth, seed, calmEvery, walkEvery, beginning, realStore, stopped });
  const waiting = await enterBeginnings(surveyor, beginning, wanted);
  seenBeginnings(surveyor, waiting);

  const crew = Array.from({ length: wanted.threads }, () => new Hand({ memory, stop: stop.buffer, wanted }));
  let mine: State[] = [];
  let depthNow = 0;
  const clock = setInterval(() => {
    stopped();
    tell(depthNow, seen.size);
  }, 1000);
  try {
    for (let at = 0; at < depth && !stopped(); at += 1) {
      depthNow = at + 1;
      mine.push(...(waiting.get(at) ?? []));
      if (crew.length > 0 && at >= Math.min(DEAL_AT, depth - 2)) {
        await Promise.all(crew.map((hand, place) => hand.take(share(mine, place, crew.length, at))));
        mine = [];
        await Promise.all(crew.map((hand) => hand.next(at)));
      } else mine = await surveyor.next(mine, at);
      if (at + 1 === depth - 1) break; // the last two go in one
    }
  } finally {
    clearInterval(clock);
    await Promise.all(crew.map((hand) => hand.end()));
  }
  const all = sum([surveyor.tally, ...crew.map(({ tally }) => tally)]);
  const { fresh, transitions, calmed, walkedTogether, faults, refusals } = all;
  const uncome = pairs.legal.filter((pair) => !all.pairs.includes(pair));
  return {
    ...{ fresh, transitions, calmed, walkedTogether, faults, refusals },
    complete: Atomics.load(stop, 0) === 0,
    distinct: seen.size,
    legal: pairs.legal.length,
    illegal: pairs.illegal.length,
    come: pairs.legal.length - uncome.length,
    onlyAsked: uncome.filter((pair) => all.allowed.includes(pair)),
    missing: uncome.filter((pair) => !all.allowed.includes(pair)),
    notRefused: pairs.illegal.filter((pair) => !all.refused.includes(pair)),
  };
}

/** The other beginnings stand as if they were so deep that `further` steps remain. */
async function enterBeginnings(
  surveyor: Surveyor,
  bill: State,
  { depth, further }: Wanted,
): Promise<Map<number, State[]>> {
  const waiting = new Map<number, State[]>([[0, [bill]]]);
  const at = Math.max(0, depth - further);
  for (const words of Object.values(beginnings)) {
    if (words.length === 0) continue;
    const states = waiting.get(at) ?? [];
    waiting.set(at, [...states, await surveyor.come(bill, words)]);
  }
  return waiting;
}

function seenBeginnings(surveyor: Surveyor, waiting: ReadonlyMap<number, readonly State[]>): void {
  for (const [depth, states] of waiting) for (const state of states) surveyor.enter(state, depth);
}

/** Every `of`-th state, as posts: neighbours, which take equally long, go to different threads. */
function share(states: readonly State[], place: number, of: number, depth: number): Post[] {
  return states.filter((_state, at) => at % of === place).map(({ path }) => ({ path: stepsOf(path), depth }));
}

/** A thread that explores. */
class Hand {
  tally = noTally();
  readonly #thread: Worker;
  #told: ((report: Report) => void) | undefined;
  readonly #failed: Promise<never>;

  constructor(workerData: { memory: SharedArrayBuffer; stop: ArrayBufferLike; wanted: Wanted }) {
    this.#thread = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: 6_000, maxYoungGenerationSizeMb: 256 },
    });
    this.#thread.on('message', (report: Report) => {
      this.tally = report.tally;
      this.#told?.(report);
    });
    this.#failed = new Promise((_resolve, reject) => this.#thread.on('error', reject));
    this.#failed.catch(() => undefined);
  }

  take(posts: Post[]): Promise<Report> {
    return this.#ask({ do: 'take', posts });
  }

  next(depth: number): Promise<Report> {
    return this.#ask({ do: 'next', depth });
  }

  async end(): Promise<void> {
    await this.#thread.terminate();
  }

  #ask(order: Order): Promise<Report> {
    const answer = new Promise<Report>((resolve) => (this.#told = resolve));
    this.#thread.postMessage(order, []);
    return Promise.race([answer, this.#failed]);
  }
}

function sum(tallies: readonly Tally[]): Tally {
  const total = noTally();
  for (const tally of tallies) {
    total.transitions += tally.transitions;
    total.calmed += tally.calmed;
    total.walkedTogether += tally.walkedTogether;
    for (const [depth, count] of tally.fresh.entries())
      total.fresh[depth] = (total.fresh[depth] ?? 0) + count;
    for (const fault of tally.faults) {
      const known = total.faults.find(({ words }) => kindOf(words) === kindOf(fault.words));
      if (known === undefined) total.faults.push({ ...fault });
      else known.times += fault.times;
    }
    total.refusals += tally.refusals;
    for (const kind of ['pairs', 'allowed', 'refused'] as const)
      total[kind] = [...new Set([...total[kind], ...tally[kind]])];
  }
  return total;
}
