import { expect, it } from 'vitest';
import { faultsOf, freshRun, runCrew, sessionsPerCpuSecond } from './crew.ts';

const DAYS = 200;
const SESSIONS = 60_000;
const THREADS = 2;

it('no fen is lost on any simulated day, whatever fails', { timeout: 40 * 60_000 }, async () => {
  const run = freshRun({ seed: 'every day', bills: 300, threads: THREADS });
  const failed = await runCrew(run, ({ days, sessions }) => days >= DAYS && sessions >= SESSIONS);
  const faults = faultsOf(run) / run.sessions;
  process.stdout.write(
    `${run.days} days, ${run.sessions} sessions, ${faults.toFixed(1)} faults a session, ` +
      `${sessionsPerCpuSecond(run).toFixed(0)} sessions a second and core; ${JSON.stringify(run.situations)}\n`,
  );
  expect(failed.map(({ seed, steps, violations }) => ({ seed, steps, violations }))).toEqual([]);
  expect(faults).toBeGreaterThan(3);
  expect(Object.entries(run.situations).filter(([, times]) => times === 0)).toEqual([]);
});

it('the same seed ends in the same books, in another thread too', { timeout: 10 * 60_000 }, async () => {
  const once = async (): Promise<string | undefined> => {
    let hash: string | undefined;
    const run = freshRun({ seed: 'again', bills: 12, threads: 1 });
    await runCrew(
      run,
      () => true,
      (_run, told) => (hash ??= told.hash),
    );
    return hash;
  };
  const [first, second] = [await once(), await once()];
  expect(first).toBeDefined();
  expect(second).toBe(first);
});
