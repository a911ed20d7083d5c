import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { keyOf, type Ledger } from '../ledger.ts';
import { findMutants } from './find-mutants.ts';
import { DIED, Laboratory, type Surveyed, type Tried } from './laboratory.ts';
import { modules, testsOf } from './modules.ts';
import { identity, type Mutant } from './mutant.ts';

const DAYS = 'test/simulation/day.ts';

/** What became of a mutant. One that no test meets has lived as well. */
export interface Verdict {
  killedBy: string | undefined;
  ms: number;
  /** The tests that it lived through: others may still find it. */
  tests: string;
}

export interface Trial {
  mutants: readonly Mutant[];
  /** undefined: not tried yet. */
  verdictOn(mutant: Mutant): Verdict | undefined;
}

export interface TrialWish {
  /** The copy that everything happens in. */
  folder: string;
  ledger: Ledger<Verdict>;
  surveys: Ledger<Surveyed[]>;
  /** Modules by name; all of them when empty. */
  only: readonly string[];
  /** Simulated days that look too, after all tests. */
  days: number;
  budgetMs: number;
  /** Tests of one mutant run no longer than this: one that lives through it is counted as alive. */
  patienceMs: number;
  onUnfit: (name: string) => void;
  onTried: (mutant: Mutant, verdict: Verdict, left: number) => void;
}

/** Tries every mutant that has no verdict yet, quickest tests first, until all are tried or the budget is spent. */
export async function tryMutants(wish: TrialWish): Promise<Trial> {
  const files = Object.values(modules).flat();
  const all = mutantsOf(wish.folder, files);
  const chosen = Object.entries(modules).filter(
    ([name]) => wish.only.length === 0 || wish.only.includes(name),
  );
  const wanted = new Set(chosen.flatMap(([, paths]) => paths));
  const mutants = all.filter(({ file }) => wanted.has(file));
  const tests = testsOf(wish.folder);
  const suite = keyOf(
    String(wish.days),
    ...tests.map((name) => readFileSync(join(wish.folder, name), 'utf8')),
  );
  const verdictOn = (mutant: Mutant): Verdict | undefined => {
    const verdict = wish.ledger.get(identity(mutant));
    return verdict?.killedBy === undefined && verdict?.tests !== suite ? undefined : verdict;
  };
  const left = mutants.filter((mutant) => verdictOn(mutant) === undefined);
  const laboratory = new Laboratory(wish.folder, { files, tests, days: wish.days });
  try {
    if (left.length > 0) await tryLeft(wish, laboratory, { tests, all, left, suite });
  } finally {
    laboratory.close();
  }
  return { mutants, verdictOn };
}

export function mutantsOf(folder: string, files: readonly string[]): Mutant[] {
  const mutants: Mutant[] = [];
  for (const file of files) {
    mutants.push(...findMutants(file, readFileSync(join(folder, file), 'utf8'), mutants.length + 1));
  }
  return mutants;
}

async function tryLeft(
  wish: TrialWish,
  laboratory: Laboratory,
  {
    tests,
    all,
    left,
    suite,
  }: { tests: readonly string[]; all: readonly Mutant[]; left: readonly Mutant[]; suite: string },
): Promise<void> {
  const endsAt = performance.now() + wish.budgetMs;
  const order = new Order(await surveyOf(wish, laboratory, tests, all));
  for (const [at, mutant] of left.entries()) {
    if (performance.now() > endsAt) return;
    const { killedBy, ms } = await surely(wish, laboratory, order, mutant);
    const verdict = { killedBy, ms, tests: suite };
    wish.ledger.put(identity(mutant), verdict);
    wish.onTried(mutant, verdict, left.length - at - 1);
  }
}

/** A test that fails without any mutant as well, when it is run once more, has found nothing. */
async function surely(wish: TrialWish, laboratory: Laboratory, order: Order, mutant: Mutant): Promise<Tried> {
  for (;;) {
    const tests = order.testsFor(mutant, wish.patienceMs);
    const tried = await laboratory.try(mutant.id, tests);
    const { killedBy } = tried;
    if (killedBy === DIED && (await laboratory.try(0, tests)).killedBy === DIED)
      throw new Error('the bench dies without any mutant as well');
    if (await isTrue(laboratory, order, killedBy)) {
      order.learn(tests, killedBy);
      return tried;
    }
    order.drop(killedBy ?? '');
    wish.onUnfit(killedBy ?? '');
  }
}

async function isTrue(laboratory: Laboratory, order: Order, killedBy: string | undefined): Promise<boolean> {
  if (killedBy === undefined || killedBy.startsWith('the bench') || order.trusts(killedBy)) return true;
  const unharmed = await laboratory.try(0, [{ name: killedBy, ms: 30_000 }]);
  if (unharmed.killedBy !== undefined) return false;
  order.trust(killedBy);
  return true;
}

/** What each test meets is known as long as neither its text nor the mutants have changed. */
async function surveyOf(
  wish: TrialWish,
  laboratory: Laboratory,
  tests: readonly string[],
  mutants: readonly Mutant[],
): Promise<Surveyed[]> {
  const product = keyOf(...mutants.map(identity));
  const files = [...tests, DAYS];
  const keyOfFile = (name: string): string => {
    const text = readFileSync(join(wish.folder, name), 'utf8');
    return keyOf(product, name, text, name === DAYS ? String(wish.days) : '');
  };
  const unknown = files.filter((name) => wish.surveys.get(keyOfFile(name)) === undefined);
  for (const name of unknown) wish.surveys.put(keyOfFile(name), await laboratory.survey([name]));
  const surveyed = files.flatMap((name) => wish.surveys.get(keyOfFile(name)) ?? []);
  for (const { name, good } of surveyed) if (!good) wish.onUnfit(name);
  return surveyed.filter(({ good }) => good);
}

/** In which order tests look at a mutant: those that are likeliest to notice it in the time that they take. */
class Order {
  readonly #byMutant = new Map<number, Surveyed[]>();
  readonly #records = new Map<string, { looked: number; killed: number }>();
  readonly #trusted = new Set<string>();
  readonly #dropped = new Set<string>();

  constructor(surveyed: readonly Surveyed[]) {
    for (const test of surveyed) {
      for (const id of test.meets) {
        const known = this.#byMutant.get(id) ?? [];
        known.push(test);
        this.#byMutant.set(id, known);
      }
    }
  }

  testsFor(mutant: Mutant, patienceMs: number): Surveyed[] {
    let spentMs = 0;
    return (this.#byMutant.get(mutant.id) ?? [])
      .filter(({ name }) => !this.#dropped.has(name))
      .map((test) => ({ test, promise: this.#promiseOf(test, mutant) }))
      .toSorted((one, other) => other.promise - one.promise)
      .map(({ test }) => test)
      .filter(({ ms }) => (spentMs += ms) <= patienceMs);
  }

  /** Chances of a kill for a millisecond. A test that stands beside the file was written for it. */
  #promiseOf({ file, ms }: Surveyed, mutant: Mutant): number {
    const { looked, killed } = this.#records.get(file) ?? { looked: 0, killed: 0 };
    const beside = dirname(file) === dirname(mutant.file) ? 50 : 1;
    return (beside * (killed + 1)) / (looked + 10) / (ms + 20);
  }

  /** What each file of tests has noticed of what it was shown. */
  learn(shown: readonly Surveyed[], killedBy: string | undefined): void {
    for (const { file, name } of shown) {
      const record = this.#records.get(file) ?? { looked: 0, killed: 0 };
      record.looked += 1;
      if (name === killedBy) record.killed += 1;
      this.#records.set(file, record);
      if (name === killedBy) return;
    }
  }

  /** True for a test that is known to pass when nothing is wrong, however often it is run. */
  trusts(name: string): boolean {
    return this.#trusted.has(name);
  }

  trust(name: string): void {
    this.#trusted.add(name);
  }

  drop(name: string): void {
    this.#dropped.add(name);
  }
}
