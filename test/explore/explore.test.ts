import { expect, test } from 'vitest';
import { openClinic } from '../clinic.ts';
import { sqlite } from '../engines.ts';
import { explore } from './crew.ts';
import { traits } from './wishes.ts';

/** A small share of `npm run explore`, on this thread alone: less deep, and closer looks more often. */
const little = { depth: 4, further: 2, threads: 0, seed: 3, calmEvery: 200, walkEvery: 200, room: 20_000 };

test('no order of events, a few deep from any beginning, breaks an invariant', async () => {
  const found = await explore({ ...little, seconds: 60 }, () => undefined);
  expect(found.faults).toEqual([]);
  expect(found.complete).toBe(true);
  expect(found.distinct).toBeGreaterThan(3_000);
  expect(found.calmed).toBeGreaterThan(0);
  expect(found.walkedTogether).toBeGreaterThan(0);
});

test('the channels of the exploration behave as the adapters declare', async () => {
  const clinic = await openClinic(sqlite);
  try {
    for (const [method, channel] of clinic.channels) expect(traits[method], method).toEqual(channel.traits);
  } finally {
    await clinic.close();
  }
});
