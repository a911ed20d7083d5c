import { expect, it } from 'vitest';
import { jitter } from './world.ts';

it('a wait is whole milliseconds whatever back-off it comes from, for the store takes no others', () => {
  const world = {
    now: () => 0,
    random: (count: number) => new Uint8Array(count).fill(7),
    after: () => () => undefined,
    send: () => Promise.reject(new Error('no network')),
  };
  for (let attempts = 0; attempts < 12; attempts += 1)
    expect(jitter(world, 4_000 * 1.6 ** attempts) % 1).toBe(0);
});
