import { parentPort, workerData } from 'node:worker_threads';
import { oneBill } from './beginning.ts';
import type { Order, Report, Wanted } from './crew.ts';
import { Seen } from './seen.ts';
import type { State } from './state.ts';
import { step } from './step.ts';
import { Surveyor } from './surveyor.ts';
import { realBeginnings } from './twin.ts';

/** One thread of the exploration: takes states by their paths, and walks them on, depth by depth, when told. */
const { memory, stop, wanted } = workerData as {
  memory: SharedArrayBuffer;
  stop: SharedArrayBuffer;
  wanted: Wanted;
};
// Errors that two racers throw are part of the game; where they were made interests nobody before the replay.
Error.stackTraceLimit = 0;
const flag = new Int32Array(stop);
const beginning = await oneBill();
const surveyor = new Surveyor({
  ...wanted,
  seen: new Seen(memory),
  beginning,
  realStore: await realBeginnings(),
  stopped: () => Atomics.load(flag, 0) === 1,
});
let mine: State[] = [];

const port = parentPort;
port?.on('message', (order: Order) => {
  void obey(order).then((report) => port.postMessage(report));
});

async function obey(order: Order): Promise<Report> {
  if (order.do === 'take') for (const { path } of order.posts) mine.push(await comeAlong(path));
  else mine = await surveyor.next(mine, order.depth);
  return { tally: surveyor.tally, left: mine.length };
}

async function comeAlong(path: Parameters<typeof step>[1][]): Promise<State> {
  let state = beginning;
  for (const happened of path) state = (await step(state, happened)).state;
  return state;
}
