import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PaymentMethod } from '#channel';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Answer, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';
import { neverAnswered } from '../support/meddling.ts';

const API = '/api/v1/finance';
const MINUTE = 60_000;

const reasons = ['expiry', 'refresh', 'switch', 'cancel', 'void'] as const;
type Reason = (typeof reasons)[number];

/** How a session that was retired for this reason ends when nobody paid. */
const ends = {
  expiry: { status: 'expired', end_reason: 'timeout' },
  refresh: { status: 'cancelled', end_reason: 'refresh' },
  switch: { status: 'cancelled', end_reason: 'switch' },
  cancel: { status: 'cancelled', end_reason: 'cancel' },
  void: { status: 'cancelled', end_reason: 'void' },
} as const;

describe.each(engines)('retiring a code on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine);
  });
  afterEach(() => closeAudited(clinic));

  const other = (method: PaymentMethod): PaymentMethod => (method === 'alipay' ? 'wechat' : 'alipay');

  /** A code on the screen, its bill, its number at the channel. */
  async function shown(method: PaymentMethod, minutes = 15) {
    const bill = await clinic.bill();
    const opened = await clinic.open(bill, method, { timeout_minutes: minutes });
    const { out_trade_no } = await clinic.session(opened.session_id);
    return { bill, method, opened, number: out_trade_no };
  }
  type Shown = Awaited<ReturnType<typeof shown>>;

  /** Does what the reason says; expiry has no caller and no answer. */
  async function retire(reason: Reason, at: Shown, insist?: true): Promise<Answer | undefined> {
    const more = insist === undefined ? {} : { insist };
    const pay = `${API}/bills/${at.bill}/qr-payment`;
    switch (reason) {
      case 'expiry':
        await clinic.world.leap(Date.parse(at.opened.expires_at) - clinic.world.now() - 1_000);
        await clinic.world.advance(5_000);
        return undefined;
      case 'refresh':
        return clinic.call('POST', pay, { payment_method: at.method, refresh: true, ...more });
      case 'switch':
        return clinic.call('POST', pay, { payment_method: other(at.method), ...more });
      case 'cancel':
        return clinic.cancel(at.opened.session_id, insist);
      case 'void':
        return clinic.call('POST', `${API}/bills/${at.bill}/void`, { reason: '开错了', ...more });
      default:
        return reason satisfies never;
    }
  }

  /** The retirement went through: the caller has what he asked for, the old session is over. */
  async function expectOver(
    reason: Reason,
    at: Shown,
    answer: Answer | undefined,
    state: 'closed' | 'closing',
  ) {
    const old = await clinic.session(at.opened.session_id);
    expect(old).toMatchObject({ ...ends[reason], phase: 'ended', shown_bill_id: null, payment_state: state });
    if (reason === 'refresh' || reason === 'switch') {
      expect(answer?.status).toBe(201);
      expect(old.replaced_by).toBe(answer?.body.session_id);
    }
    if (reason === 'cancel') {
      const withdrawn = { result: 'withdrawn', payable_until: at.opened.expires_at };
      expect(answer?.body).toMatchObject(
        state === 'closed' ? { result: 'closed', payable_until: null } : withdrawn,
      );
    }
    if (reason === 'void') expect(answer?.body).toMatchObject({ status: 'void' });
  }

  /** The money was faster: nothing new opens, and the caller is told by which session. */
  async function expectPaid(reason: Reason, at: Shown, answer: Answer | undefined) {
    const old = await clinic.session(at.opened.session_id);
    expect(old).toMatchObject({ status: 'paid', end_reason: null, disposition: 'settled', late: 0 });
    if (reason === 'cancel')
      expect(answer?.body).toMatchObject({ result: 'paid', session: { status: 'paid' } });
    else if (reason !== 'expiry') {
      expect([answer?.status, answer?.body.code]).toEqual([409, 'bill_already_paid']);
      expect(answer?.body.session_id).toBe(at.opened.session_id);
    }
  }

  describe.each(reasons)('by %s', (reason) => {
    it('an unscanned WeChat Pay code is closed, by the word of WeChat Pay', async () => {
      const at = await shown('wechat', 2);
      await expectOver(reason, at, await retire(reason, at), 'closed');
      expect(() => clinic.pay(at.opened.qr_code_content)).toThrow(/./);
    });

    it('an unscanned Alipay code is withdrawn, and called nothing better', async () => {
      const at = await shown('alipay', 2);
      await expectOver(reason, at, await retire(reason, at), 'closing');
    });

    it.each(['alipay', 'wechat'] as const)('a scanned %s code is closed', async (method) => {
      const at = await shown(method, 2);
      clinic.scan(at.opened.qr_code_content);
      const answer = await retire(reason, at);
      await expectOver(reason, at, answer, 'closed');
      expect(() => clinic.pay(at.opened.qr_code_content)).toThrow(/./);
    });

    it.each(['alipay', 'wechat'] as const)(
      'a %s code that was paid a moment before is paid',
      async (method) => {
        clinic.weather({ notify_lose: 1 });
        const at = await shown(method, 2);
        if (reason === 'expiry') await clinic.world.advance(2 * MINUTE - 300);
        clinic.pay(at.opened.qr_code_content);
        await expectPaid(reason, at, await retire(reason, at));
      },
    );

    it.each(['alipay', 'wechat'] as const)(
      'a %s code that is paid between our question and our close is paid',
      async (method) => {
        clinic.weather({ notify_lose: 1 });
        const at = await shown(method, 2);
        // Who pays in the last second of a code has scanned it before.
        clinic.scan(at.opened.qr_code_content);
        const latest = Date.parse(at.opened.expires_at);
        clinic.meddle(async (call, act) => {
          const pays = call.api === 'close' && call.outTradeNo === at.number && clinic.ledger().length === 0;
          if (pays && clinic.world.now() < latest) clinic.pay(at.opened.qr_code_content);
          return act();
        });
        if (reason === 'expiry') {
          // Our clock is a little ahead of theirs: they still take the money.
          clinic.sim.kernel.clock.change({ skew_ms: -3_000 });
          clinic.meddle(async (call, act) => {
            if (call.api === 'close' && clinic.ledger().length === 0) clinic.pay(at.opened.qr_code_content);
            return act();
          });
        }
        const answer = await retire(reason, at);
        clinic.sim.kernel.clock.change({ skew_ms: 0 });
        await expectPaid(reason, at, answer);
      },
    );

    it.each(['alipay', 'wechat'] as const)(
      'while %s is silent nothing ends: the code leaves the screens, a person may insist',
      async (method) => {
        const at = await shown(method, 2);
        clinic.meddle(neverAnswered(clinic, (call) => call.outTradeNo === at.number));
        const begun = clinic.world.now();
        const answer = await retire(reason, at);
        if (reason !== 'expiry') {
          expect([answer?.status, answer?.body.code]).toEqual([409, 'retire_unfinished']);
          expect(answer?.body.session_id).toBe(at.opened.session_id);
          expect(answer?.body.zh).toMatch(/\p{Script=Han}/u);
          expect(clinic.world.now() - begun).toBeLessThan(11_000);
        }
        expect(await clinic.status(at.opened.session_id)).toMatchObject({
          status: 'pending',
          phase: 'confirming',
        });
        const picture = await clinic.call('GET', `${API}/qr-codes/${at.opened.session_id}.png`);
        expect([picture.status, picture.body.code]).toEqual([410, 'code_withdrawn']);
        await clinic.world.doze(30_000);
        expect((await clinic.session(at.opened.session_id)).payment_state).toBe('closing');

        if (reason === 'expiry') {
          clinic.meddle(undefined);
          await clinic.world.doze(20_000);
          return expectOver(reason, at, undefined, method === 'wechat' ? 'closed' : 'closing');
        }
        const insisted = await retire(reason, at, true);
        await expectOver(reason, at, insisted, 'closing');
        expect((await clinic.session(at.opened.session_id)).insisted).toBe(1);
      },
    );

    it('while a payer types his password WeChat Pay does not close: nothing new opens, a person may insist', async () => {
      const at = await shown('wechat', 2);
      clinic.scan(at.opened.qr_code_content);
      clinic.weather({ wechat_close_while_paying: 1 });
      const answer = await retire(reason, at);
      expect((await clinic.session(at.opened.session_id)).payment_state).toBe('closing');
      if (reason === 'expiry') {
        expect(await clinic.status(at.opened.session_id)).toMatchObject({
          status: 'pending',
          phase: 'confirming',
        });
        clinic.calm();
        await clinic.world.advance(5_000);
        return expectOver(reason, at, undefined, 'closed');
      }
      expect([answer?.status, answer?.body.code]).toEqual([409, 'retire_unfinished']);
      const insisted = await retire(reason, at, true);
      await expectOver(reason, at, insisted, 'closing');
      clinic.calm();
      await clinic.world.doze(60_000);
      expect((await clinic.session(at.opened.session_id)).payment_state).toBe('closed');
    });
  });

  it('a withdrawn Alipay code is asked about to the end of its life, and only then is it dead', async () => {
    const at = await shown('alipay', 1);
    await retire('cancel', at);
    await clinic.world.doze(10 * MINUTE);
    const before = clinic.calls.length;
    expect((await clinic.session(at.opened.session_id)).payment_state).toBe('closing');
    await clinic.world.doze(2 * MINUTE);
    expect((await clinic.session(at.opened.session_id)).payment_state).toBe('closed');
    const asked = clinic.calls.slice(before).filter((call) => call.api === 'query');
    expect(asked.length).toBeGreaterThan(0);
    const silence = clinic.calls.length;
    await clinic.world.doze(5 * MINUTE);
    expect(clinic.calls).toHaveLength(silence);
  });

  it('what a late scan of a withdrawn Alipay code opens is closed', async () => {
    const at = await shown('alipay');
    await retire('cancel', at);
    clinic.scan(at.opened.qr_code_content, 'latecomer');
    await clinic.world.doze(2 * MINUTE);
    expect((await clinic.session(at.opened.session_id)).payment_state).toBe('closed');
    expect(() => clinic.pay(at.opened.qr_code_content, 'latecomer')).toThrow('交易已关闭');
  });

  it('a code that was being taken away comes back when it is asked for again and can still be paid', async () => {
    const at = await shown('wechat');
    clinic.scan(at.opened.qr_code_content);
    clinic.weather({ wechat_close_while_paying: 1 });
    expect((await retire('cancel', at))?.body.code).toBe('retire_unfinished');
    const again = await clinic.call('POST', `${API}/bills/${at.bill}/qr-payment`, {
      payment_method: 'wechat',
    });
    expect([again.status, again.body.session_id]).toEqual([200, at.opened.session_id]);
    expect(await clinic.status(at.opened.session_id)).toMatchObject({ phase: 'ready', code_shown: true });
    clinic.calm();
    await clinic.world.doze(20_000);
    expect((await clinic.session(at.opened.session_id)).payment_state).toBe('open');
    clinic.pay(at.opened.qr_code_content);
    await clinic.world.advance(2_000);
    expect(await clinic.status(at.opened.session_id)).toMatchObject({ status: 'paid', late: false });
  });

  it('a code that no screen ever had is withdrawn at once, and its late answer shows nothing', async () => {
    clinic.weather({ delay_ms: 6_000 });
    const bill = await clinic.bill();
    const waiting = clinic.send('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: 'wechat' });
    await clinic.world.advance(500);
    const creating = await clinic.store.read((tx) =>
      tx.one<{ public_id: string }>('SELECT public_id FROM payment_sessions WHERE bill_id = ?', bill),
    );
    const sessionId = creating?.public_id ?? '';
    const begun = clinic.world.now();
    const cancelled = await clinic.cancel(sessionId);
    expect(cancelled.body).toMatchObject({ result: 'withdrawn', session: { status: 'cancelled' } });
    expect(clinic.world.now() - begun).toBeLessThan(500);
    const told = await clinic.world.until(waiting);
    clinic.calm();
    expect([told.status, told.body.code, told.body.session_id]).toEqual([409, 'session_ended', sessionId]);
    await clinic.world.doze(12_000);
    expect(await clinic.status(sessionId)).toMatchObject({ status: 'cancelled', code_shown: false });
    // Its order stood at WeChat Pay by then: it was turned to its end in the moment of the answer.
    const { answeredAtMs = 0 } = clinic.calls.findLast(({ api }) => api === 'create') ?? {};
    const events = await clinic.store.read((tx) =>
      tx.all<{ to_state: string; at: number }>(
        "SELECT to_state, at FROM events WHERE entity = 'payment' ORDER BY id",
      ),
    );
    expect(events.slice(-3).map(({ to_state }) => to_state)).toEqual(['open', 'closing', 'closed']);
    expect(events.at(-2)?.at).toBe(answeredAtMs);
  });

  it('two cashiers who retire one code at once hear the same truth', async () => {
    const at = await shown('wechat');
    const url = `${API}/payment-sessions/${at.opened.session_id}/cancellation`;
    const both = await clinic.world.until(
      Promise.all([clinic.send('POST', url, {}), clinic.send('POST', url, {})]),
    );
    expect(both.map(({ body }) => body.result)).toEqual(['closed', 'closed']);
    const again = await clinic.cancel(at.opened.session_id);
    expect(again.body).toMatchObject({ result: 'closed', payable_until: null });
  });

  it('an open page sees its code go the moment the retirement begins', async () => {
    const at = await shown('wechat');
    clinic.meddle(neverAnswered(clinic, (call) => call.outTradeNo === at.number));
    const page = await clinic.stream(at.opened.session_id);
    const cancelling = clinic.send(
      'POST',
      `${API}/payment-sessions/${at.opened.session_id}/cancellation`,
      {},
    );
    await clinic.world.advance(600);
    expect(page.events.at(-1)?.data).toMatchObject({
      status: 'pending',
      phase: 'confirming',
      code_shown: false,
    });
    expect((await clinic.world.until(cancelling)).status).toBe(409);
  });
});
