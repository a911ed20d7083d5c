import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';
import { neverAnswered } from '../support/meddling.ts';

const API = '/api/v1/finance';
const methods = ['alipay', 'wechat'] as const;

describe.each(engines)('late and double money on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine);
  });
  afterEach(() => closeAudited(clinic));

  const readBill = async (bill: number) => (await clinic.call('GET', `${API}/bills/${bill}`)).body;
  const alarms = async () => {
    const rows = await clinic.store.read((tx) =>
      tx.all<{ code: string }>('SELECT code FROM alarms ORDER BY id'),
    );
    return rows.map(({ code }) => code);
  };

  /** A code that left its screen and can still be paid: unscanned at Alipay, insisted on at WeChat Pay. */
  async function withdrawn(method: (typeof methods)[number], more: Record<string, unknown> = {}) {
    const bill = await clinic.bill();
    const opened = await clinic.open(bill, method);
    const { out_trade_no } = await clinic.session(opened.session_id);
    clinic.scan(opened.qr_code_content, 'slow payer');
    clinic.meddle(neverAnswered(clinic, (call) => call.outTradeNo === out_trade_no));
    const insisted =
      more['payment_method'] === undefined
        ? await clinic.cancel(opened.session_id, true)
        : await clinic.call('POST', `${API}/bills/${bill}/qr-payment`, { ...more, insist: true });
    expect(insisted.status).toBeLessThan(300);
    expect(await clinic.session(opened.session_id)).toMatchObject({
      status: 'cancelled',
      payment_state: 'closing',
    });
    clinic.meddle(undefined);
    return {
      bill,
      old: opened,
      fresh: insisted.body,
      payOld: () => clinic.pay(opened.qr_code_content, 'slow payer'),
    };
  }

  describe.each(methods)('with %s', (method) => {
    const other = method === 'alipay' ? 'wechat' : 'alipay';

    it('money by a withdrawn code on an unpaid bill settles it, late', async () => {
      const { bill, old, payOld } = await withdrawn(method);
      payOld();
      await clinic.world.advance(3_000);
      expect(await clinic.status(old.session_id)).toMatchObject({
        status: 'paid',
        late: true,
        disposition: 'settled',
        end_reason: null,
      });
      expect(await readBill(bill)).toMatchObject({ status: 'paid', late: true, paid_fen: 12_850 });
    });

    it('after a refresh the old code may pay the bill: the new one leaves every screen at once', async () => {
      const { bill, old, fresh, payOld } = await withdrawn(method, { payment_method: method, refresh: true });
      const page = await clinic.stream(fresh.session_id);
      payOld();
      await clinic.world.advance(1_000);
      expect(await clinic.status(old.session_id)).toMatchObject({
        status: 'paid',
        late: true,
        replaced_by: fresh.session_id,
      });
      expect(page.events.at(-1)?.data).toMatchObject({
        status: 'cancelled',
        end_reason: 'paid_elsewhere',
        code_shown: false,
      });
      const picture = await clinic.call('GET', `${API}/qr-codes/${fresh.session_id}.png`);
      expect(picture.body.code).toBe('code_withdrawn');
      // From this moment it is being closed, and no later than the next question it is closed.
      expect(['closing', 'closed']).toContain((await clinic.session(fresh.session_id)).payment_state);
      if (method === 'wechat') {
        await clinic.world.advance(3_000);
        expect((await clinic.session(fresh.session_id)).payment_state).toBe('closed');
        expect(() => clinic.pay(fresh.qr_code_content)).toThrow('订单已关闭');
      }
      const again = await clinic.call('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: method });
      expect([again.status, again.body.code, again.body.session_id]).toEqual([
        409,
        'bill_already_paid',
        old.session_id,
      ]);
    });

    it('when both channels are paid the second money is surplus, whichever came by the old code', async () => {
      const { bill, old, fresh, payOld } = await withdrawn(method, { payment_method: other });
      clinic.pay(fresh.qr_code_content, 'quick payer');
      await clinic.world.advance(1_000);
      expect(await clinic.status(fresh.session_id)).toMatchObject({ status: 'paid', disposition: 'settled' });
      payOld();
      await clinic.world.advance(2_000);
      expect(await clinic.status(old.session_id)).toMatchObject({
        status: 'cancelled',
        disposition: 'surplus',
        late: true,
      });
      expect(await readBill(bill)).toMatchObject({
        status: 'paid',
        paid_fen: 12_850,
        surplus_fen: 12_850,
        payment_method: other,
      });
      expect(await alarms()).toContain('surplus');
    });

    it('the page of an old code is told of its surplus: an event with a new version', async () => {
      const { old, fresh, payOld } = await withdrawn(method, { payment_method: other });
      clinic.pay(fresh.qr_code_content, 'quick payer');
      await clinic.world.advance(1_000);
      const page = await clinic.stream(old.session_id);
      await clinic.world.advance(500);
      payOld();
      await clinic.world.advance(1_500);
      expect(page.events.at(-1)?.data).toMatchObject({ status: 'cancelled', disposition: 'surplus' });
      const versions = page.events.map(({ id }) => Number(id));
      expect(versions.at(-1)).toBeGreaterThan(versions[0] ?? Infinity);
    });

    it('money for a bill that was voided meanwhile is surplus, and the bill stays void', async () => {
      const { bill, old, payOld } = await withdrawn(method);
      expect((await clinic.call('POST', `${API}/bills/${bill}/void`, { reason: '开错了' })).body.status).toBe(
        'void',
      );
      payOld();
      await clinic.world.advance(2_000);
      expect(await clinic.status(old.session_id)).toMatchObject({
        status: 'cancelled',
        disposition: 'surplus',
      });
      expect(await readBill(bill)).toMatchObject({ status: 'void', paid_fen: 0, surplus_fen: 12_850 });
    });

    it('surplus cannot be kept: the refund that takes it back is not taken back', async () => {
      const { bill, payOld } = await withdrawn(method);
      await clinic.call('POST', `${API}/bills/${bill}/void`, { reason: '开错了' });
      payOld();
      await clinic.world.advance(5);
      const [refund] = (await clinic.send('GET', `${API}/bills/${bill}/refunds`)).body.refunds;
      expect(refund).toMatchObject({ kind: 'surplus', state: 'approved' });
      const answer = await clinic.send('POST', `${API}/refunds/${refund.id}/cancellation`, {});
      expect([answer.status, answer.body.code]).toEqual([409, 'refund_must_go_back']);
      await clinic.world.doze(60_000);
      expect((await clinic.call('GET', `${API}/refunds/${refund.id}`)).body.state).toBe('succeeded');
    });

    it('money that comes before the create call is answered settles, and the late answer changes nothing', async () => {
      clinic.weather({ notify_before_answer: true, delay_ms: 4_000 });
      const bill = await clinic.bill();
      const answer = await clinic.call('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: method });
      expect([answer.status, answer.body.code]).toEqual([409, 'bill_already_paid']);
      const paid = await clinic.status(answer.body.session_id);
      expect(paid).toMatchObject({ status: 'paid', late: false, disposition: 'settled', code_shown: false });
      await clinic.world.doze(10_000);
      const after = await clinic.status(answer.body.session_id);
      expect(after.version).toBe(paid.version);
      expect((await clinic.session(answer.body.session_id)).payment_state).toBe('paid');
    });

    it('money that comes although the create call was never answered settles', async () => {
      clinic.weather({ notify_before_answer: true, lose_answer: 1 });
      const bill = await clinic.bill();
      const answer = await clinic.call('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: method });
      expect([answer.status, answer.body.code]).toEqual([409, 'bill_already_paid']);
      expect(await readBill(bill)).toMatchObject({ status: 'paid', late: false });
    });

    it('a channel that takes money after it had said closed is believed, settled late, and told on', async () => {
      clinic.weather({ pay_after_close: true });
      const bill = await clinic.bill();
      const opened = await clinic.open(bill, method);
      clinic.scan(opened.qr_code_content);
      expect((await clinic.cancel(opened.session_id)).body.result).toBe('closed');
      clinic.pay(opened.qr_code_content);
      await clinic.world.advance(2_000);
      expect(await clinic.status(opened.session_id)).toMatchObject({
        status: 'paid',
        late: true,
        disposition: 'settled',
      });
      expect(await readBill(bill)).toMatchObject({ status: 'paid', late: true });
      expect(await alarms()).toEqual(['paid_after_closed']);
    });

    it('a query that knows it first and a notification that follows are one payment', async () => {
      clinic.weather({ notify_delay_ms: 20_000 });
      const bill = await clinic.bill();
      const opened = await clinic.open(bill, method);
      clinic.pay(opened.qr_code_content);
      await clinic.world.advance(5_000);
      const seen = await clinic.status(opened.session_id);
      expect(seen.status).toBe('paid');
      await clinic.world.doze(40_000);
      expect(await clinic.status(opened.session_id)).toMatchObject({ status: 'paid', version: seen.version });
      const kept = await clinic.store.read((tx) =>
        tx.all<{ source: string; result: string }>('SELECT source, result FROM evidence ORDER BY id'),
      );
      expect(kept).toEqual([
        { source: 'query', result: 'settled' },
        { source: 'notification', result: 'no_change' },
      ]);
      expect(await alarms()).toEqual([]);
    });

    it('an answer that calls a paid order unpaid takes nothing back', async () => {
      clinic.weather({ stale_unpaid: 1 });
      const opened = await clinic.open(await clinic.bill(), method);
      clinic.pay(opened.qr_code_content);
      await clinic.world.advance(1_000);
      expect((await clinic.status(opened.session_id)).status).toBe('paid');
      await clinic.call('POST', `${API}/payment-sessions/${opened.session_id}/inquiry`, {});
      await clinic.world.advance(5_000);
      expect((await clinic.status(opened.session_id)).status).toBe('paid');
    });

    it('a cancel against a payment that the channel does not tell yet ends in the truth', async () => {
      clinic.weather({ stale_unpaid: 1, notify_lose: 1 });
      const bill = await clinic.bill();
      const opened = await clinic.open(bill, method);
      clinic.pay(opened.qr_code_content);
      const cancelled = await clinic.cancel(opened.session_id);
      const paid = cancelled.status === 200 && cancelled.body.result === 'paid';
      expect(paid || cancelled.body.code === 'retire_unfinished').toBe(true);
      await clinic.world.doze(15_000);
      expect(await clinic.status(opened.session_id)).toMatchObject({ status: 'paid', late: false });
    });
  });

  it('an unscanned Alipay code that was photographed before it left the screen pays its bill, late', async () => {
    const bill = await clinic.bill();
    const opened = await clinic.open(bill, 'alipay');
    expect((await clinic.cancel(opened.session_id)).body.result).toBe('withdrawn');
    clinic.pay(opened.qr_code_content, 'photographer');
    await clinic.world.advance(2_000);
    expect(await clinic.status(opened.session_id)).toMatchObject({ status: 'paid', late: true });
  });

  it('of three codes of one bill that are all paid one settles and two are surplus', async () => {
    const bill = await clinic.bill();
    const opened = [];
    for (let index = 0; index < 3; index += 1) {
      opened.push(await clinic.open(bill, 'alipay', { refresh: true }));
    }
    for (const one of opened) clinic.pay(one.qr_code_content, one.session_id);
    await clinic.world.advance(3_000);
    const states = await Promise.all(opened.map((one) => clinic.session(one.session_id)));
    expect(states.map(({ disposition }) => disposition).toSorted()).toEqual([
      'settled',
      'surplus',
      'surplus',
    ]);
    expect(await readBill(bill)).toMatchObject({ status: 'paid', paid_fen: 12_850, surplus_fen: 25_700 });
  });
});
