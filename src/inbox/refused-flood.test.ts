import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureClinic } from '#clinic';
import type { Store } from '#store';
import { engines } from '../../test/engines.ts';
import { stillWorld, type StillWorld } from '../../test/support/still-world.ts';
import { keepNotification, type InboxParts } from './keep-evidence.ts';
import { KEPT_REFUSED } from './refused-flood.ts';

const forged = { verdict: 'refused', reason: 'signature_wrong', detail: 'not by this key' } as const;
const TEN_MINUTES = 600_000;

describe.each(engines)('notifications that nobody believes, on $name', ({ open }) => {
  let parts: InboxParts & { world: StillWorld };
  let store: Store;
  beforeEach(async () => {
    store = await open();
    const world = stillWorld();
    const names = { name: '示范诊所', shortName: '示范诊所' };
    parts = { world, store, clinic: await ensureClinic(store, names, world.now()) };
  });
  afterEach(() => store.close());

  interface Kept {
    reason: string;
    repeats: number;
    headers: string | null;
    body: Uint8Array | null;
  }
  const kept = () =>
    store.read((tx) => tx.all<Kept>('SELECT reason, repeats, headers, body FROM evidence ORDER BY id'));
  const send = (text: string, method: 'alipay' | 'wechat' = 'wechat', headers: Record<string, string> = {}) =>
    keepNotification(parts, method, { headers, body: Buffer.from(text) }, forged);
  async function flood(from: number, count: number) {
    for (let index = from; index < from + count; index += 1) await send(`forged ${index}`);
  }

  test('are kept with their reason and no more than their beginning', async () => {
    await send('x'.repeat(60_000), 'wechat', { 'wechatpay-signature': 's'.repeat(9_000) });
    const [evidence, ...more] = await kept();
    expect(more).toEqual([]);
    expect(evidence).toMatchObject({ reason: 'signature_wrong', repeats: 0 });
    expect(Buffer.from(evidence?.body ?? []).toString()).toBe('x'.repeat(2_048));
    expect(evidence?.headers?.length).toBe(2_048);
  });

  test('that differ only after their beginning are two', async () => {
    await send(`${'x'.repeat(5_000)}1`);
    await send(`${'x'.repeat(5_000)}2`);
    expect(await kept()).toHaveLength(2);
  });

  test('do not fill the disk: above the measure they are one row that counts', async () => {
    await flood(0, KEPT_REFUSED + 40);
    const all = await kept();
    expect(all).toHaveLength(KEPT_REFUSED + 1);
    expect(all.at(-1)).toMatchObject({ reason: 'too_many', repeats: 39, body: null, headers: null });
  });

  test('of one channel leave the other its measure, and time gives it back', async () => {
    await flood(0, KEPT_REFUSED + 1);
    await send('forged', 'alipay');
    expect((await kept()).at(-1)).toMatchObject({ reason: 'signature_wrong' });
    parts.world.advance(TEN_MINUTES);
    await flood(1_000, 1);
    expect((await kept()).at(-1)).toMatchObject({ reason: 'signature_wrong' });
  });

  test('leave a genuine one word for word, however many of them came', async () => {
    await flood(0, KEPT_REFUSED + 1);
    const words = 'y'.repeat(30_000);
    const genuine = {
      verdict: 'genuine',
      notificationId: 'n-1',
      report: undefined,
      words,
      keyId: 'k',
    } as const;
    await keepNotification(parts, 'wechat', { headers: {}, body: Buffer.from(words) }, genuine);
    expect(Buffer.from((await kept()).at(-1)?.body ?? []).toString()).toBe(words);
  });
});
