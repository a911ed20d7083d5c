import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChannelReport, NotificationReading, RawNotification } from '#channel';
import { ensureClinic } from '#clinic';
import { fen } from '#money';
import { ConstraintViolation, type Row, type Store } from '#store';
import { sqlite } from '../../test/engines.ts';
import { stillWorld, type StillWorld } from '../../test/support/still-world.ts';
import { keepAnswer, keepNotification, type InboxParts } from './keep-evidence.ts';
import { KEPT_REFUSED } from './refused-flood.ts';

/** What a key is made of, each piece with its end: a key that were made otherwise would not find its first copy. */
const digest = (...pieces: string[]) =>
  createHash('sha256')
    .update(pieces.map((piece) => `${piece}\n`).join(''))
    .digest('hex');

describe('what a channel told us', () => {
  let store: Store;
  let parts: InboxParts & { world: StillWorld };
  let now: number;
  beforeEach(async () => {
    store = await sqlite.open();
    const world = stillWorld();
    now = world.now();
    const names = { name: '示范诊所', shortName: '示范诊所' };
    parts = { world, store, clinic: await ensureClinic(store, names, now) };
  });
  afterEach(() => store.close());

  const kept = (): Promise<Row[]> => store.read((tx) => tx.all('SELECT * FROM evidence ORDER BY id'));
  const applied = () =>
    store.transact('apply', (tx) => tx.run(`UPDATE evidence SET applied_at = 5, result = 'settled'`));
  const unapplied = { repeats: 0, applied_at: null, result: null, payment_id: null, suspense_id: null };

  const report: ChannelReport = {
    method: 'wechat',
    source: 'notification',
    about: 'payment',
    outTradeNo: `ZF${'0123456789'.repeat(7)}`,
    state: 'paid',
    channelState: 'SUCCESS',
    totalFen: fen(12_850),
  };
  const genuine = {
    verdict: 'genuine',
    notificationId: `EV-${'0123456789'.repeat(14)}`,
    report,
    words: '{"trade_state":"SUCCESS"}',
    keyId: 'PUB_KEY_ID_1',
  } as const;
  const raw: RawNotification = {
    headers: {
      'wechatpay-signature': 's'.repeat(3_000),
      'wechatpay-serial': 'PUB_KEY_ID_1',
      'request-id': 'r-1',
      'content-type': 'application/json',
      'user-agent': 'Mozilla/4.0',
      'x-wechatpay-signature': 'not what was signed',
      'x-request-id': 'the balancer’s',
      'x-content-type': 'text',
      'content-type-options': 'nosniff',
      'request-id-of': 'another',
      'user-agent-hint': 'none',
      authorization: 'Bearer secret',
      cookie: 'secret',
    },
    body: Buffer.from('sealed'),
  };
  const signed = {
    'wechatpay-signature': 's'.repeat(3_000),
    'wechatpay-serial': 'PUB_KEY_ID_1',
    'request-id': 'r-1',
    'content-type': 'application/json',
    'user-agent': 'Mozilla/4.0',
  };
  const hear = (reading: NotificationReading = genuine, from: RawNotification = raw) =>
    keepNotification(parts, 'wechat', from, reading);
  const other = { ...genuine, report: { ...report, totalFen: fen(1) }, words: '{"other":1}' };

  describe('under its own signature', () => {
    test('is kept word for word, with what was signed and no secret, and is to be applied', async () => {
      expect(await hear()).toEqual({ evidenceId: 1, toApply: true, contradicts: false });
      expect(await kept()).toEqual([
        {
          ...unapplied,
          id: 1,
          clinic_id: parts.clinic.id,
          payment_method: 'wechat',
          source: 'notification',
          dedupe_key: `notice:wechat:${digest(genuine.notificationId)}`,
          verdict: 'genuine',
          reason: null,
          detail: null,
          out_trade_no: report.outTradeNo.slice(0, 64),
          notification_id: genuine.notificationId.slice(0, 128),
          key_id: 'PUB_KEY_ID_1',
          headers: JSON.stringify(signed),
          body: new Uint8Array(raw.body),
          words: genuine.words,
          report: JSON.stringify(report),
          received_at: now,
          last_received_at: now,
        },
      ]);
    });

    test('and again is counted with its last time, and to be applied until it was', async () => {
      await hear();
      parts.world.advance(1_000);
      expect(await hear()).toEqual({ evidenceId: 1, toApply: true, contradicts: false });
      parts.world.advance(1_000);
      await applied();
      expect(await hear()).toEqual({ evidenceId: 1, toApply: false, contradicts: false });
      expect(await kept()).toMatchObject([
        { repeats: 2, received_at: now, last_received_at: now + 2_000, applied_at: 5 },
      ]);
    });

    test('and about nothing that we keep books on is over at once, however often it comes', async () => {
      const echo = { ...genuine, report: undefined };
      const words = { toApply: false, contradicts: false };
      expect(await hear(echo)).toEqual({ evidenceId: 1, ...words });
      expect(await hear(echo)).toEqual({ evidenceId: 1, ...words });
      expect(await kept()).toMatchObject([
        { repeats: 1, report: null, out_trade_no: null, applied_at: now, result: 'no_report' },
      ]);
    });

    test('in other words under the same id is kept beside the first, and somebody should look', async () => {
      await hear();
      await applied();
      expect(await hear(other)).toEqual({ evidenceId: 2, toApply: true, contradicts: true });
      expect(await hear(other)).toEqual({ evidenceId: 2, toApply: true, contradicts: true });
      const [first, beside, ...more] = await kept();
      expect(first).toMatchObject({ repeats: 2, applied_at: 5, words: genuine.words });
      expect(beside).toMatchObject({
        ...unapplied,
        repeats: 1,
        dedupe_key: `notice:wechat:${digest(genuine.notificationId, other.words)}`,
        notification_id: genuine.notificationId.slice(0, 128),
        key_id: 'PUB_KEY_ID_1',
        words: other.words,
        report: JSON.stringify(other.report),
        headers: JSON.stringify(signed),
        body: new Uint8Array(raw.body),
      });
      expect(more).toEqual([]);
    });

    test('contradicts also where one copy of it reports something and the other nothing', async () => {
      await hear({ ...genuine, report: undefined });
      expect(await hear()).toEqual({ evidenceId: 2, toApply: true, contradicts: true });
    });
  });

  describe('in answer to a question', () => {
    const answer: ChannelReport = { ...report, source: 'query', outTradeNo: 'ZF1' };

    test('is kept as it was read, without headers and body', async () => {
      expect(await keepAnswer(parts, answer)).toEqual({ evidenceId: 1, toApply: true, contradicts: false });
      const words = JSON.stringify(answer);
      expect(await kept()).toEqual([
        {
          ...unapplied,
          id: 1,
          clinic_id: parts.clinic.id,
          payment_method: 'wechat',
          source: 'query',
          dedupe_key: `query:${digest(words)}`,
          verdict: 'genuine',
          reason: null,
          detail: null,
          out_trade_no: 'ZF1',
          notification_id: null,
          key_id: null,
          headers: null,
          body: null,
          words,
          report: words,
          received_at: now,
          last_received_at: now,
        },
      ]);
    });

    test('finds its first copy when it is the same, and is another when it is not', async () => {
      await keepAnswer(parts, answer);
      await applied();
      expect(await keepAnswer(parts, answer)).toEqual({ evidenceId: 1, toApply: false, contradicts: false });
      const closed = await keepAnswer(parts, { ...answer, state: 'closed' });
      expect(closed).toEqual({ evidenceId: 2, toApply: true, contradicts: false });
      const line = await keepAnswer(parts, { ...answer, source: 'statement' });
      expect(line).toEqual({ evidenceId: 3, toApply: true, contradicts: false });
      expect((await kept()).map(({ source, repeats }) => [source, repeats])).toEqual([
        ['query', 1],
        ['query', 0],
        ['statement', 0],
      ]);
    });

    test('and cannot be kept is an error, and not taken for a repeat', async () => {
      const nowhere = keepAnswer({ ...parts, clinic: { id: 4711 } }, answer);
      await expect(nowhere).rejects.toThrow(ConstraintViolation);
      expect(await kept()).toEqual([]);
    });
  });

  describe('and nobody believes', () => {
    const forged = {
      verdict: 'refused',
      reason: 'signature_wrong',
      detail: `not by this key: ${'0123456789'.repeat(60)}`,
    } as const;

    test('is kept with its reason, and is over', async () => {
      expect(await hear(forged)).toEqual({ evidenceId: 1, toApply: false, contradicts: false });
      expect(await kept()).toEqual([
        {
          ...unapplied,
          id: 1,
          clinic_id: parts.clinic.id,
          payment_method: 'wechat',
          source: 'notification',
          dedupe_key: `refused:${digest('sealed', 's'.repeat(3_000))}`,
          verdict: 'refused',
          reason: 'signature_wrong',
          detail: forged.detail.slice(0, 500),
          out_trade_no: null,
          notification_id: null,
          key_id: null,
          headers: JSON.stringify(signed).slice(0, 2_048),
          body: new Uint8Array(raw.body),
          words: null,
          report: null,
          received_at: now,
          last_received_at: now,
          applied_at: now,
          result: 'refused',
        },
      ]);
    });

    test('is one row for one body under one signature, or under none', async () => {
      const bare = { headers: {}, body: raw.body };
      const again = { headers: { 'wechatpay-signature': 'another' }, body: raw.body };
      for (const from of [raw, bare, again, bare]) await hear(forged, from);
      expect((await kept()).map(({ dedupe_key, repeats }) => [dedupe_key, repeats])).toEqual([
        [`refused:${digest('sealed', 's'.repeat(3_000))}`, 0],
        [`refused:${digest('sealed', '')}`, 1],
        [`refused:${digest('sealed', 'another')}`, 0],
      ]);
    });

    test('above the measure is counted in one row of each channel and each ten minutes', async () => {
      const flood = async (method: 'alipay' | 'wechat', count: number) => {
        for (let index = 0; index < count; index += 1) {
          const from = { headers: {}, body: Buffer.from(`${method} ${index}`) };
          await keepNotification(parts, method, from, forged);
        }
      };
      const more = async () => (await kept()).filter(({ reason }) => reason === 'too_many');
      await flood('wechat', KEPT_REFUSED);
      expect(await more()).toEqual([]);
      await flood('wechat', 2);
      await flood('alipay', KEPT_REFUSED + 1);
      const stretch = now / 600_000;
      expect(await more()).toMatchObject([
        {
          dedupe_key: `refused-more:wechat:${stretch}`,
          repeats: 1,
          verdict: 'refused',
          detail: null,
          headers: null,
          body: null,
          applied_at: now,
          result: 'refused',
        },
        { dedupe_key: `refused-more:alipay:${stretch}`, repeats: 0, payment_method: 'alipay' },
      ]);
      parts.world.advance(599_999);
      await flood('wechat', 1);
      expect(await more()).toMatchObject([{ repeats: 2 }, {}]);
      parts.world.advance(1);
      await flood('wechat', KEPT_REFUSED + 1);
      expect((await more()).slice(2)).toMatchObject([{ dedupe_key: `refused-more:wechat:${stretch + 1}` }]);
    });

    test('fills the measure of its own database alone', async () => {
      const neighbour = await sqlite.open();
      const names = { name: '邻家诊所', shortName: '邻家诊所' };
      const theirs = { ...parts, store: neighbour, clinic: await ensureClinic(neighbour, names, now) };
      for (let index = 0; index <= KEPT_REFUSED; index += 1) {
        await keepNotification(theirs, 'wechat', { headers: {}, body: Buffer.from(`${index}`) }, forged);
      }
      await neighbour.close();
      await hear(forged);
      expect(await kept()).toMatchObject([{ reason: 'signature_wrong' }]);
    });
  });
});
