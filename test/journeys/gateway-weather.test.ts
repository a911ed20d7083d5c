import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Weather } from '../../simulator/kernel/contract.ts';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';

const API = '/api/v1/finance';

/** Every way in which no answer of a channel can be believed. */
const faults: readonly [string, Partial<Weather>][] = [
  ['the request is lost', { lose_request: 1 }],
  ['the answer is lost after acting', { lose_answer: 1 }],
  ['the gateway answers 500', { answer_500: 1 }],
  ['the gateway acts and answers 500', { answer_500_after_acting: 1 }],
  ['a proxy answers HTML', { answer_html: 1 }],
  ['the gateway throttles', { throttle: 1 }],
  ['answers are unsigned', { answer_unsigned: 1 }],
  ['answers are badly signed', { answer_wrong_signature: 1 }],
  ['answers are about another order', { answer_other_order: 1 }],
  ['the gateway answers a code that no page lists', { answer_unknown_code: 1 }],
  ['the gateway never answers', { silent: true }],
  ['the gateway answers after a minute', { delay_ms: 60_000 }],
];

describe.each(engines)('the weather at the gateways on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine);
  });
  afterEach(() => closeAudited(clinic));

  const ask = (bill: number, method: string) =>
    clinic.call('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: method });

  const stormy = [
    ...faults.flatMap(([name, fault]) => [
      ['alipay', name, fault] as const,
      ['wechat', name, fault] as const,
    ]),
    ['wechat', 'answers carry an old time stamp', { answer_stale: 1 }] as const,
  ];

  it.each(stormy)(
    '%s: when %s nothing false is said, and all is seen when it is calm',
    async (method, _name, fault) => {
      const shown = await clinic.open(await clinic.bill(), method);
      const expiring = await clinic.open(await clinic.bill(), method, { timeout_minutes: 1 });
      const paid = await clinic.open(await clinic.bill(), method);
      clinic.weather({ ...fault, notify_lose: 1 });
      const before = clinic.calls.length;

      // A code asked for now: it comes, or the channel is called silent; nothing is called declined.
      const lateBill = await clinic.bill();
      const asked = await ask(lateBill, method);
      expect([201, 504]).toContain(asked.status);
      if (asked.status === 504) expect(asked.body).toMatchObject({ code: 'channel_silent' });

      // A code that stands on the screen stays there, and its page says that the channel does not answer.
      for (let look = 0; look < 8; look += 1) {
        await clinic.status(shown.session_id);
        await clinic.world.doze(4_000);
      }
      expect(await clinic.status(shown.session_id)).toMatchObject({
        status: 'pending',
        phase: 'confirming',
        code_shown: true,
      });

      // Money moves that nobody can tell us of; a session's time runs out: neither is guessed.
      clinic.pay(paid.qr_code_content);
      await clinic.world.doze(Math.max(0, Date.parse(expiring.expires_at) - clinic.world.now()) + 15_000);
      expect(await clinic.status(paid.session_id)).toMatchObject({ status: 'pending', disposition: null });
      expect(await clinic.status(expiring.session_id)).toMatchObject({
        status: 'pending',
        phase: 'confirming',
        code_shown: false,
      });
      const picture = await clinic.call('GET', `${API}/qr-codes/${expiring.session_id}.png`);
      expect(picture.body.code).toBe('code_withdrawn');

      // The cashier is told in words, and can insist on going on.
      const cancelled = await clinic.cancel(shown.session_id);
      expect([cancelled.status, cancelled.body.code]).toEqual([409, 'retire_unfinished']);
      expect(cancelled.body.zh).toContain('尚未确认');
      const insisted = await clinic.cancel(shown.session_id, true);
      expect(insisted.body).toMatchObject({ result: 'withdrawn', payable_until: shown.expires_at });

      // Nobody stormed the gateway that was in trouble: four payments, some ninety seconds, two hosts.
      expect(clinic.calls.length - before).toBeLessThan(160);

      clinic.calm();
      clinic.weather({ notify_lose: 1 });
      await clinic.world.doze(60_000);
      expect(await clinic.status(paid.session_id)).toMatchObject({
        status: 'paid',
        disposition: 'settled',
        late: false,
      });
      expect(await clinic.status(expiring.session_id)).toMatchObject({
        status: 'expired',
        end_reason: 'timeout',
      });
      const again = await ask(lateBill, method);
      expect(again.status).toBe(200);
      expect(again.body.session_id).toBe(asked.body.session_id);
      clinic.pay(again.body.qr_code_content);
      await clinic.world.doze(60_000);
      expect(await clinic.status(asked.body.session_id)).toMatchObject({ status: 'paid', late: false });
    },
  );

  it.each(['alipay', 'wechat'] as const)('a slow %s is waited for, up to ten seconds', async (method) => {
    clinic.weather({ delay_ms: 3_000 });
    const asked = await ask(await clinic.bill(), method);
    expect(asked.status).toBe(201);
    clinic.pay(asked.body.qr_code_content);
    await clinic.world.advance(5_000);
    expect(await clinic.status(asked.body.session_id)).toMatchObject({ status: 'paid' });
  });

  it.each(['alipay', 'wechat'] as const)(
    'a page of %s recovers by itself when the channel answers again',
    async (method) => {
      const opened = await clinic.open(await clinic.bill(), method);
      clinic.weather({ lose_answer: 1 });
      const page = await clinic.stream(opened.session_id);
      await clinic.world.doze(20_000);
      expect(page.events.at(-1)?.data).toMatchObject({ status: 'pending', phase: 'confirming' });
      clinic.calm();
      await clinic.world.doze(12_000);
      expect(page.events.at(-1)?.data).toMatchObject({ status: 'pending', phase: 'ready' });
    },
  );

  it('a scanned Alipay code says so, and "no such trade" after the scan ends nothing', async () => {
    const opened = await clinic.open(await clinic.bill(), 'alipay');
    clinic.scan(opened.qr_code_content);
    await clinic.world.advance(6_000);
    expect(await clinic.status(opened.session_id)).toMatchObject({
      status: 'pending',
      phase: 'scanned',
      code_shown: true,
    });
    clinic.weather({ not_exist_after_scan: 1 });
    await clinic.world.doze(20_000);
    expect(await clinic.status(opened.session_id)).toMatchObject({ status: 'pending', phase: 'scanned' });
    clinic.pay(opened.qr_code_content);
    await clinic.world.advance(2_000);
    expect((await clinic.status(opened.session_id)).status).toBe('paid');
  });

  it('"no such order" for a code that WeChat Pay gave out ends nothing before the end of its life', async () => {
    const opened = await clinic.open(await clinic.bill(), 'wechat');
    clinic.scan(opened.qr_code_content);
    clinic.weather({ not_exist_after_scan: 1, wechat_close_while_paying: 1 });
    await clinic.world.doze(20_000);
    expect(await clinic.status(opened.session_id)).toMatchObject({ status: 'pending', code_shown: true });
    expect((await clinic.cancel(opened.session_id)).body.code).toBe('retire_unfinished');
    clinic.calm();
    await clinic.world.advance(5_000);
    expect(await clinic.status(opened.session_id)).toMatchObject({
      status: 'cancelled',
      end_reason: 'cancel',
    });
  });

  it('a 204 of WeChat Pay alone closes nothing: the query that says CLOSED does', async () => {
    clinic.weather({ wechat_not_closed_after_204_ms: 4_000 });
    const opened = await clinic.open(await clinic.bill(), 'wechat');
    const { out_trade_no } = await clinic.session(opened.session_id);
    const cancelled = await clinic.cancel(opened.session_id);
    expect(cancelled.body.result).toBe('closed');
    const told = clinic.calls.filter((call) => call.outTradeNo === out_trade_no);
    const firstClose = told.find(({ api }) => api === 'close');
    const closed = await clinic.store.read((tx) =>
      tx.one<{ at: number }>("SELECT at FROM events WHERE entity = 'payment' AND to_state = 'closed'"),
    );
    expect(firstClose?.status).toBe(204);
    expect((closed?.at ?? 0) - (firstClose?.atMs ?? 0)).toBeGreaterThanOrEqual(4_000);
    expect(told.at(-1)?.api).toBe('query');
  });

  it('an order that never arrived at WeChat Pay is given up a minute after its last call, not before', async () => {
    clinic.weather({ lose_request: 1, wechat_close_unknown_gives_204: true });
    const asked = await ask(await clinic.bill(), 'wechat');
    expect(asked.status).toBe(504);
    expect((await clinic.cancel(asked.body.session_id)).body.result).toBe('withdrawn');
    const state = async () => (await clinic.session(asked.body.session_id)).payment_state;
    clinic.calm();
    clinic.weather({ wechat_close_unknown_gives_204: true });
    await clinic.world.doze(20_000);
    expect(await state()).toBe('closing');
    await clinic.world.doze(100_000);
    expect(await state()).toBe('closed');
  });

  it('trouble at one channel is not told of the other', async () => {
    const alipay = await clinic.open(await clinic.bill(), 'alipay');
    const wechat = await clinic.open(await clinic.bill(), 'wechat');
    clinic.weather({ channel: 'alipay', lose_answer: 1 });
    for (let second = 0; second < 15; second += 1) {
      await clinic.status(alipay.session_id);
      await clinic.status(wechat.session_id);
      await clinic.world.advance(1_000);
    }
    expect((await clinic.status(alipay.session_id)).phase).toBe('confirming');
    expect((await clinic.status(wechat.session_id)).phase).toBe('ready');
  });
});
