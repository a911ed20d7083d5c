import { Worker } from 'node:worker_threads';
import type { HandTask, Told } from './hand.ts';
import { situations, type Situation } from './tally.ts';

export interface Run {
  days: number;
  sessions: number;
  asked: number;
  steps: number;
  faults: Map<string, number>;
  situations: Map<Situation, number>;
  /** Of all threads together. */
  cpuMs: number;
  failed: Told[];
  /** The hash of each day by its seed. */
  hashes: Map<string, string>;
}

/**
 * Lives days on several threads until `enough` says so, or one fails. Days are handed out by number, so
 * a run of the same seed and length lives the same days however many threads there are.
 */
export async function runCrew(
  given: { seed: string; bills: number; threads: number },
  enough: (run: Run) => boolean,
  onDay: (run: Run) => void = () => undefined,
): Promise<Run> {
  const run: Run = {
    days: 0,
    sessions: 0,
    asked: 0,
    steps: 0,
    faults: new Map(),
    situations: new Map(situations.map((name) => [name, 0])),
    cpuMs: 0,
    failed: [],
    hashes: new Map(),
  };
  const enoughFlag = new Int32Array(new SharedArrayBuffer(4));
  const stop = (): void => void Atomics.store(enoughFlag, 0, 1);
  const hands = Array.from({ length: given.threads }, (_, at) => {
    const { seed, threads, bills } = given;
    const task: HandTask = { seed, first: at + 1, step: threads, bills, enough: enoughFlag };
    return new Worker(new URL('./hand.ts', import.meta.url), { workerData: task });
  });
  await Promise.all(
    hands.map(
      (hand) =>
        new Promise<void>((resolve, reject) => {
          hand.on('message', (told: Told) => {
            add(run, told);
            onDay(run);
            if (enough(run) || run.failed.length > 0) stop();
          });
          hand.on('error', (error: Error) => {
            stop();
            reject(error);
          });
          hand.on('exit', () => resolve());
        }),
    ),
  );
  return run;
}

function add(run: Run, told: Told): void {
  run.days += 1;
  run.sessions += told.sessions;
  run.asked += told.asked;
  run.steps += told.steps;
  run.cpuMs += told.cpuMs;
  run.hashes.set(told.seed, told.hash);
  for (const [name, count] of Object.entries(told.tally.faults)) {
    run.faults.set(name, (run.faults.get(name) ?? 0) + count);
  }
  for (const name of situations) {
    run.situations.set(name, (run.situations.get(name) ?? 0) + (told.tally.situations[name] ?? 0));
  }
  if (told.violations.length > 0) run.failed.push(told);
}

export function faultsPerSession(run: Run): number {
  return [...run.faults.values()].reduce((total, count) => total + count, 0) / run.sessions;
}

export function sessionsPerCpuSecond(run: Run): number {
  return run.sessions / (run.cpuMs / 1000);
}
