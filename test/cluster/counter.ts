import { pause, type World } from '#world';
import type { Stream } from '../simulation/chance.ts';
import { CUT, type Answer, type Desk } from './desk.ts';
import type { Promised } from './promised.ts';
import type { Wallets } from './wallets.ts';

const MOST_TRIES = 25;

/** What everybody at the counter has in common. */
export interface Counter {
  desk: Desk;
  wallets: Wallets;
  /** The simulators' clock: waits are in its milliseconds. */
  world: World;
  promised: Promised;
  /** True once no new work is to begin: whoever is busy comes to an end. */
  closing: () => boolean;
}

/** Asks until somebody says something. undefined: nobody did, and nothing is known. */
export async function insist(
  at: Counter,
  stream: Stream,
  ask: () => Promise<Answer | typeof CUT>,
): Promise<Answer | undefined> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const answer = await ask();
    if (answer !== CUT) return answer;
    await pause(at.world, stream.between(500, 6_000));
  }
  at.desk.count('gave up asking');
  return undefined;
}
