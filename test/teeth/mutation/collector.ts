// Stands in for `vitest` while mutants are tried: the same tests, kept as functions that can be run again
// one by one, without a new process or a new module for each. What they expect, vitest itself judges.
import { expect, vi as itself } from 'vitest';

export { expect };

const trueNow = Date.now;
export const vi = {
  fn: itself.fn,
  setSystemTime: (ms: number): void => void (Date.now = () => ms),
  useRealTimers: (): void => void (Date.now = trueNow),
};

type Act = () => unknown;

/** A test, with all that is done before and after it. */
export interface Unit {
  file: string;
  name: string;
  run(): Promise<void>;
}

interface Group {
  name: string;
  parent: Group | undefined;
  beforeAll: Act[];
  beforeEach: Act[];
  afterEach: Act[];
  /** `beforeAll` is done once, before the first test of the group; nothing is ever undone after all. */
  ready: Promise<void> | undefined;
}

const units: Unit[] = [];
let file = '';
let group = newGroup('', undefined);

function newGroup(name: string, parent: Group | undefined): Group {
  return { name, parent, beforeAll: [], beforeEach: [], afterEach: [], ready: undefined };
}

/** Loads one test file and answers its tests, in their order. */
export async function collect(name: string, load: () => Promise<unknown>): Promise<Unit[]> {
  const first = units.length;
  file = name;
  group = newGroup('', undefined);
  await load();
  return units.slice(first);
}

function addTest(name: string, ...more: unknown[]): void {
  const test = more.find((one): one is Act => typeof one === 'function');
  if (test === undefined) throw new Error(`${name}: a test without a body`);
  const home = group;
  const run = async (): Promise<void> => {
    for (const one of lineage(home)) await (one.ready ??= inTurn(one.beforeAll));
    const done = await inTurn(lineage(home).flatMap(({ beforeEach }) => beforeEach))
      .then(test)
      .then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
    await inTurn(
      lineage(home)
        .toReversed()
        .flatMap(({ afterEach }) => afterEach),
    );
    if (done !== undefined) throw done.error;
  };
  units.push({
    file,
    name: [...lineage(home).map((one) => one.name), name].filter(Boolean).join(' > '),
    run,
  });
}

function lineage(home: Group): Group[] {
  return home.parent === undefined ? [home] : [...lineage(home.parent), home];
}

async function inTurn(acts: readonly Act[]): Promise<void> {
  for (const act of acts) await act();
}

function addGroup(name: string, body: Act): void {
  const outer = group;
  group = newGroup(name, outer);
  body();
  group = outer;
}

type Add = (name: string, ...more: never[]) => void;

/** `each` as vitest has it: a row that is a list is spread, and stands in the name by its place. */
function withEach(add: Add) {
  const each =
    (rows: readonly unknown[]) =>
    (name: string, ...more: unknown[]): void => {
      for (const [at, row] of rows.entries()) {
        const values = Array.isArray(row) ? (row as unknown[]) : [row];
        const bodied = more.map((one) =>
          typeof one === 'function' ? () => (one as (...row: unknown[]) => unknown)(...values) : one,
        );
        add(`${name} #${at + 1}`, ...(bodied as never[]));
      }
    };
  const runIf = (condition: boolean) => (condition ? add : () => undefined);
  return Object.assign(add, { each, runIf });
}

export const test = withEach(addTest);
export const it = test;
export const describe = withEach(addGroup);
export const beforeAll = (act: Act): void => void group.beforeAll.push(act);
export const beforeEach = (act: Act): void => void group.beforeEach.push(act);
export const afterEach = (act: Act): void => void group.afterEach.push(act);
export const afterAll = (_act: Act): void => undefined;
export const inject = (_key: string): undefined => undefined;
