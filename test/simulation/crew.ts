import { Worker } from 'node:worker_threads';
import type { HandTask, Told } from './hand.ts';
import { situations, type Situation } from './tally.ts';

/** What a run came to so far. It is plain data: written down, a later run goes on from it. */
export interface Run {
  seed: string;
  bills: number;
  /** The next day of each thread: they take turns, so none is lived twice and none is left out. */
  next: number[];
  days: number;
  sessions: number;
  asked: number;
  steps: number;
  faults: Record<string, number>;
  situations: Record<Situation, number>;
  /** Of all threads together. */
  cpuMs: number;
}

/** One that has not begun. */
export function freshRun({ seed, bills, threads }: { seed: string; bills: number; threads: number }): Run {
  return {
    seed,
    bills,
    next: Array.from({ length: threads }, (_, at) => at + 1),
    days: 0,
    sessions: 0,
    asked: 0,
    steps: 0,
    faults: {},
    situations: Object.fromEntries(situations.map((name) => [name, 0])) as Run['situations'],
    cpuMs: 0,
  };
}

/**
 * Goes on with a run, a thread for each of its turns, until `enough` says so or a day fails. Days are
 * handed out by number, so a run of the same seed and length lives the same days whatever machine it is.
 * Answers the days that failed; `run` is kept up to date.
 */
export async function runCrew(
  run: Run,
  enough: (run: Run) => boolean,
  onDay: (run: Run, told: Told) => void = () => undefined,
): Promise<Told[]> {
  const failed: Told[] = [];
  const enoughFlag = new Int32Array(new SharedArrayBuffer(4));
  const stop = (): void => void Atomics.store(enoughFlag, 0, 1);
  const { seed, bills, next } = run;
  const hands = next.map((first) => {
    const task: HandTask = { seed, first, step: next.length, bills, enough: enoughFlag };
    return new Worker(new URL('./hand.ts', import.meta.url), { workerData: task });
  });
  await Promise.all(
    hands.map(
      (hand, turn) =>
        new Promise<void>((resolve, reject) => {
          hand.on('message', (told: Told) => {
            add(run, turn, told);
            if (told.violations.length > 0) failed.push(told);
            onDay(run, told);
            if (enough(run) || failed.length > 0) stop();
          });
          hand.on('error', (error: Error) => {
            stop();
            reject(error);
          });
          hand.on('exit', () => resolve());
        }),
    ),
  );
  return failed;
}

function add(run: Run, turn: number, told: Told): void {
  run.next[turn] = (run.next[turn] ?? 0) + run.next.length;
  run.days += 1;
  run.sessions += told.sessions;
  run.asked += told.asked;
  run.steps += told.steps;
  run.cpuMs += told.cpuMs;
  for (const [name, count] of Object.entries(told.tally.faults)) {
    run.faults[name] = (run.faults[name] ?? 0) + count;
  }
  for (const name of situations) run.situations[name] += told.tally.situations[name] ?? 0;
}

export function faultsOf(run: Run): number {
  return Object.values(run.faults).reduce((total, count) => total + count, 0);
}

export function sessionsPerCpuSecond(run: Run): number {
  return run.sessions / (run.cpuMs / 1000);
}
