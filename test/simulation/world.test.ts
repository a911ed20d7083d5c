import { expect, it } from 'vitest';
import { faultsPerSession, runCrew } from './crew.ts';
import { situations } from './tally.ts';

const BILLS = 60;
const DAYS = 6;
const THREADS = 2;

/** Situations that a run of this length may miss; longer runs must meet them. */
const rare = new Set(['rewound', 'paid_then_closed', 'notified_before_answer', 'paid_around_midnight']);

it('no fen is lost on any simulated day, whatever fails', { timeout: 300_000 }, async () => {
  const run = await runCrew(
    { seed: 'every day', bills: BILLS, threads: THREADS },
    ({ days }) => days >= DAYS,
  );
  expect(run.failed.map(({ seed, steps, violations }) => ({ seed, steps, violations }))).toEqual([]);
  expect(faultsPerSession(run)).toBeGreaterThan(3);
  const missed = situations.filter((name) => !rare.has(name) && run.situations.get(name) === 0);
  expect(missed).toEqual([]);
});

it('the same seed ends in the same books, in another thread too', { timeout: 120_000 }, async () => {
  const once = (): Promise<Map<string, string>> =>
    runCrew({ seed: 'again', bills: 12, threads: 1 }, () => true).then(({ hashes }) => hashes);
  const [first, second] = [await once(), await once()];
  expect(second.get('again-1')).toBe(first.get('again-1'));
});
