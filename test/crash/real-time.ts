import { once } from 'node:events';
import { pause, systemWorld } from '#world';

const world = systemWorld(() => false);

/** Real processes live in real time: somebody at the counter rests, a random moment of a kill is waited for. */
export function rest(ms: number): Promise<void> {
  return pause(world, ms);
}

/** Comes when it is too late. Keeps no process alive that has nothing else to wait for. */
export async function overdue(ms: number): Promise<'overdue'> {
  await once(AbortSignal.timeout(ms), 'abort');
  return 'overdue';
}
