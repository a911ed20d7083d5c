import { parentPort, workerData } from 'node:worker_threads';
import { Day, type DayWish } from './day.ts';
import { makeScenery } from './scenery.ts';

/** One thread that lives every n-th day of a run and tells of each. */
export interface HandTask {
  seed: string;
  first: number;
  step: number;
  bills: number;
  /** Set to 1 when no further day is wanted. */
  enough: Int32Array;
}

/** A day told to the main thread. `cpuMs` is what living it took of this thread. */
export type Told = Awaited<ReturnType<Day['live']>> & { wish: DayWish; cpuMs: number };

const port = parentPort;
if (port !== null) {
  const { seed, first, step, bills, enough } = workerData as HandTask;
  const scenery = await makeScenery();
  // Thousands of errors a second are part of the game; where they were made interests nobody before the replay.
  Error.stackTraceLimit = 0;
  for (let day = first; Atomics.load(enough, 0) === 0; day += step) {
    const wish: DayWish = { seed: `${seed}-${day}`, bills };
    const began = process.threadCpuUsage();
    const result = await new Day(scenery, wish).live();
    const { user, system } = process.threadCpuUsage(began);
    port.postMessage({ ...result, wish, cpuMs: (user + system) / 1000 } satisfies Told);
  }
}
