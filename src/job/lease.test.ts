import { ensureClinic } from '#clinic';
import { jobOf, type JobRow } from '#sql/jobs';
import type { Store } from '#store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engines } from '../../test/engines.ts';
import { manualWorld, type ManualWorld } from '../../test/manual-world.ts';
import { addJob, leaseRow, takeLease, type Lease } from './index.ts';

const SUBJECT = 7;

describe.each(engines)('one job on $name', ({ open }) => {
  let store: Store;
  let world: ManualWorld;
  beforeEach(async () => {
    store = await open();
    world = manualWorld({
      startMs: Date.UTC(2026, 10, 22, 2),
      seed: 1,
      send: () => Promise.reject(new Error('nobody is asked here')),
    });
    await ensureClinic(store, { name: '示范诊所', shortName: '示范诊所' }, world.now());
    const work = { clinicId: 1, kind: 'follow_payment', lane: 'wechat', subjectId: SUBJECT } as const;
    await store.transact('add-job', (tx) => addJob(tx, work, world.now(), world.now()));
  });
  afterEach(() => store.close());

  const take = (instance: string): Promise<Lease | 'done' | undefined> =>
    takeLease({ world, store, instance }, 'follow_payment', SUBJECT);

  it('is taken by one of many instances that come at once, and by nobody while it is held', async () => {
    const taken = await Promise.all(Array.from({ length: 8 }, (_, at) => take(`instance-${at}`)));
    expect(taken.filter((lease) => lease !== undefined)).toMatchObject([{ fence: 1 }]);
    await world.advance(29_000);
    expect(await take('late')).toBeUndefined();
    await world.advance(2_000);
    expect(await take('heir')).toMatchObject({ fence: 2 });
  });

  it('is not taken by who found it due before another had it', async () => {
    const found = await store.read((tx) => tx.one<JobRow>(jobOf, 'follow_payment', SUBJECT));
    if (found === undefined) throw new Error('no job');
    await take('first');
    await world.advance(31_000);
    const second = await store.transact('claim-jobs', (tx) =>
      leaseRow(tx, { world, store, instance: 'second' }, found),
    );
    expect(second).toBeUndefined();
  });
});
