import { parseSync } from 'vite';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { explained } from './explained.ts';
import { findMutants } from './find-mutants.ts';
import { modules, testsOf } from './modules.ts';
import { identity } from './mutant.ts';
import { mutantsOf } from './trial.ts';
import { weave } from './weave.ts';

const changes = (source: string): string[] =>
  findMutants('a.ts', source, 1).map(({ from, to }) => `${from} → ${to === '' ? 'nothing' : to}`);

describe('a mutant', () => {
  test('is made of every decision, each of its halves and each bound', () => {
    expect(
      changes(`function f(a: number, b: boolean) { if (a < 3 && b) { return a - 1; } return a; }`),
    ).toEqual([
      'a < 3 && b → true',
      'a < 3 && b → false',
      'a < 3 && b → a < 3',
      'a < 3 && b → b',
      'a < 3 → a <= 3',
      'a < 3 → a >= 3',
      '3 → 4',
      'a - 1 → a + 1',
      '1 → 2',
    ]);
    expect(changes(`async function f() { await act(); }`)).toEqual(['await act(); → nothing']);
    expect(changes(`const f = (a?: number[]) => a?.some((one) => !one) ?? false;`)).toContain(
      'a?.some((one) => !one) → a.some((one) => !one)',
    );
  });

  test('is not made of what is only said, or of types', () => {
    expect(changes(`const f = (log: Log) => { throw new Error('no'); };`)).toEqual([]);
    expect(changes(`type A = 'one' | 'two'; interface B { a: 'one' }`)).toEqual([]);
    expect(changes("const f = () => g({ detail: 'a', reason: `b` });")).toEqual([]);
  });

  test('of a table is one of its cells, and of a constant every use of it', () => {
    expect(changes(`const grid = { open: { paid: 'paid', closed: stay } };`)).toEqual([
      `'paid' → stay`,
      'stay → illegal',
    ]);
    expect(changes(`const MOST = 3; const f = (a: number) => a + MOST;`)).toContain('3 → 4');
  });
});

describe('a file with its mutants', () => {
  test('is what it was, each change behind its switch', () => {
    const source = `export const f = (a: number) => (a < 3 ? 'low' : 'high');`;
    const woven = weave(source, findMutants('a.ts', source, 7));
    expect(woven).toContain('$m(7) ? (true) : $m(8) ? (false) :');
    expect(parseSync('a.ts', woven).errors).toEqual([]);
  });

  test.each(Object.values(modules).flat())('is in good grammar: %s', (file) => {
    const source = readFileSync(file, 'utf8');
    const mutants = findMutants(file, source, 1);
    expect(mutants.length).toBeGreaterThan(0);
    expect(parseSync(file, weave(source, mutants)).errors).toEqual([]);
  });
});

test('every mutant has a name of its own', () => {
  const names = mutantsOf('.', Object.values(modules).flat()).map(identity);
  expect(names.length).toBeGreaterThan(1_000);
  expect(new Set(names).size).toBe(names.length);
});

test('what is explained is still there to be explained', () => {
  const names = new Set(mutantsOf('.', Object.values(modules).flat()).map(identity));
  expect(explained.map((one) => identity({ nth: 1, ...one })).filter((name) => !names.has(name))).toEqual([]);
});

test('there are tests that may meet them', () => {
  expect(testsOf('.')).toContain('test/journeys/refunds.test.ts');
});
