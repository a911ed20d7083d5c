import type { Store } from '#store';
import { stageOf } from '../../src/session/states.ts';
import { Asker } from './asked.ts';
import { calmDown } from './calm.ts';
import { noteMoves, reachedPairs } from './cells.ts';
import { check } from './checks/check.ts';
import { possible, truthOf, type Happened } from './happenings.ts';
import { likeness } from './likeness.ts';
import { digest, type Seen } from './seen.ts';
import { stepsOf, type State } from './state.ts';
import { step } from './step.ts';
import { retell, walk } from './told.ts';
import { walkTogether } from './twin.ts';

/** What one thread found. Numbers only grow, so threads add up. */
export interface Tally {
  transitions: number;
  /** New states by depth. */
  fresh: number[];
  calmed: number;
  walkedTogether: number;
  faults: Fault[];
  /** Pairs that operations came to. */
  pairs: string[];
  /** Pairs that were asked outright, as `asked.ts` says: allowed, and refused. */
  allowed: string[];
  refused: string[];
  refusals: number;
}

export const noTally = (): Tally => ({
  ...{ transitions: 0, fresh: [], calmed: 0, walkedTogether: 0, faults: [] },
  ...{ pairs: [], allowed: [], refused: [], refusals: 0 },
});

export interface Fault {
  words: string;
  /** How to come there, from one unpaid bill. */
  path: string[];
  times: number;
}

export interface Survey {
  seen: Seen;
  depth: number;
  /** Of how many new states one is calmed down, and one's path walked on SQLite too; 0: none. */
  calmEvery: number;
  walkEvery: number;
  seed: number;
  /** Where every path begins, in memory and on the real store. */
  beginning: State;
  realStore: () => Store;
  stopped: () => boolean;
}

/** So many kinds of faults are told; more would only hide the first. */
const FAULTS = 20;

/**
 * Walks on from states in every possible way, level by level: all of one depth before any of the next, so
 * that each state is known by its shortest path. The last two levels go in one, which spares keeping the
 * widest: a state that a thread met first at the last depth and then one step nearer is walked on from
 * after all.
 */
export class Surveyor {
  readonly tally: Tally;
  readonly #survey: Survey;
  readonly #asker = new Asker();
  readonly #kinds = new Set<string>();

  constructor(survey: Survey) {
    this.#survey = survey;
    this.tally = { ...noTally(), fresh: Array.from({ length: survey.depth + 1 }, () => 0) };
  }

  /** Everything that may come of these states, which stand at `depth`: the states of the next depth. */
  async next(states: readonly State[], depth: number): Promise<State[]> {
    const found: State[] = [];
    for (const state of states) {
      if (this.#survey.stopped()) break;
      const finished = new Set<number>();
      for (const happened of possible(state)) {
        // The one answer that was asked for was the last: "finish" is the same step.
        if (happened.it === 'finish' && finished.has(happened.errand)) continue;
        const { after, news } = await this.#walk(state, happened, depth + 1);
        if (isLastOf(state, happened, after)) finished.add(happened.errand);
        if (!news || depth + 1 >= this.#survey.depth) continue;
        if (depth + 1 === this.#survey.depth - 1) await this.next([after], depth + 1);
        else found.push(after);
      }
    }
    const { allowed, refused, refusals } = this.#asker;
    Object.assign(this.tally, { allowed: [...allowed], refused: [...refused], refusals });
    this.tally.pairs = reachedPairs();
    return found;
  }

  /** A beginning is come to by a path like any other: what it meets counts, and it is checked. */
  async come(from: State, words: readonly string[]): Promise<State> {
    let state = from;
    for (const word of words) {
      const after = await walk(state, [word]);
      noteMoves(state.tables, after.tables);
      state = after;
    }
    return state;
  }

  /** True when nobody has stood here, at this depth or nearer. */
  enter(state: State, depth: number): boolean {
    return this.#survey.seen.meet(digest(likeness(state)), depth) !== 'known';
  }

  /** One step, and whether the state after it must be walked on from. */
  async #walk(state: State, happened: Happened, depth: number): Promise<{ after: State; news: boolean }> {
    this.tally.transitions += 1;
    const { state: after, deed } = await step(state, happened);
    noteMoves(state.tables, after.tables);
    for (const words of check(state, after, deed)) await this.#tell(words, after);
    const name = digest(likeness(after));
    const met = this.#survey.seen.meet(name, depth);
    if (met === 'new') {
      this.tally.fresh[depth] = (this.tally.fresh[depth] ?? 0) + 1;
      for (const words of await this.#asker.ask(after.tables)) await this.#tell(words, after);
      await this.#lookCloser(after, name.high);
    }
    return { after, news: met !== 'known' };
  }

  /** The first state of each kind, and a share chosen by the seed, is followed to its rest; a share's path is walked on SQLite. */
  async #lookCloser(state: State, name: number): Promise<void> {
    const { calmEvery, walkEvery, seed, beginning, realStore } = this.#survey;
    const lot = Math.imul(name ^ seed, 0x9e3779b1) >>> 0;
    if (calmEvery > 0 && (lot % calmEvery === 0 || this.#isRare(state))) {
      for (const notices of [true, false]) {
        const { faults } = await calmDown(state, notices);
        for (const words of faults)
          await this.#tell(`${words} (calm, notices ${notices ? 'told' : 'lost'})`, state);
      }
      this.tally.calmed += 1;
    }
    if (walkEvery > 0 && (lot >>> 3) % walkEvery === 0) {
      const store = realStore();
      const differs = await walkTogether(beginning, stepsOf(state.path), store);
      await store.close();
      if (differs !== undefined) await this.#tell(`memory and SQLite differ: ${differs}`, state);
      this.tally.walkedTogether += 1;
    }
  }

  /** True for the first state of its kind: what stands where, and who still has something to do about it. */
  #isRare({ tables, wallets }: State): boolean {
    const { bills, payments, payment_sessions, refunds, jobs } = tables;
    const kind = [
      ...bills.map(({ status }) => status),
      ...payments.map(({ state, disposition }) => `${state} ${disposition}`),
      ...payment_sessions.map((session) => stageOf(session)),
      ...refunds.map(({ state }) => state),
      ...jobs.map(({ state }) => state),
      ...wallets.returns.map(({ state }) => state),
    ].join();
    if (this.#kinds.has(kind)) return false;
    this.#kinds.add(kind);
    return true;
  }

  async #tell(words: string, state: State): Promise<void> {
    const { faults } = this.tally;
    const kind = kindOf(words);
    const known = faults.find((fault) => kindOf(fault.words) === kind);
    if (known !== undefined) known.times += 1;
    else if (faults.length < FAULTS) {
      faults.push({
        words: words.slice(0, 1_000),
        path: await retell(this.#survey.beginning, stepsOf(state.path)),
        times: 1,
      });
    }
  }
}

/** Faults with the same beginning are one kind: numbers and what follows tell them apart no more. */
export function kindOf(words: string): string {
  return words.slice(0, 60).replaceAll(/\d+/g, 'n').split('\n')[0] ?? '';
}

/** True when this was the truthful answer to all that an errand asked, and it asked nothing more. */
function isLastOf(
  before: State,
  happened: Happened,
  after: State,
): happened is Extract<Happened, { it: 'answer' | 'go' }> {
  if (happened.it !== 'answer' && happened.it !== 'go') return false;
  const asked = before.errands.find(({ id }) => id === happened.errand)?.awaits.filter(asks) ?? [];
  if (asked.length !== 1) return false;
  if (happened.it === 'answer' && happened.say !== truthOf(before, happened)) return false;
  const left = after.errands.find(({ id }) => id === happened.errand)?.awaits ?? [];
  return !left.some(asks);
}

const asks = ({ kind }: { kind: string }): boolean => kind !== 'timer';
