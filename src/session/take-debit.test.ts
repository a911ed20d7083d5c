import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fen } from '#money';
import {
  alarm,
  openReportDesk,
  OURS,
  PAID_AT,
  type ReportDesk,
  type Words,
} from '../../test/support/report-desk.ts';
import { applyEvidence } from './apply-report.ts';

describe('a genuine report of money', () => {
  let desk: ReportDesk;
  beforeEach(async () => {
    desk = await openReportDesk();
  });
  afterEach(() => desk.clinic.close());

  describe('of the sum that we asked for', () => {
    it('settles the bill, once, and is kept with what it came to', async () => {
      const id = await desk.kept();
      expect(await applyEvidence(desk.parts, id)).toBe('settled');
      expect(await desk.payment()).toMatchObject({
        state: 'paid',
        disposition: 'settled',
        late: 0,
        channel_trade_no: '4200',
        paid_at: PAID_AT,
        paid_evidence_id: id,
        payer_fen: OURS - 50,
        received_fen: OURS,
      });
      expect(await desk.session()).toMatchObject({
        status: 'paid',
        phase: 'ended',
        end_reason: null,
        shown_bill_id: null,
      });
      expect(await desk.one('SELECT status, paid_fen, settled_payment_id FROM bills')).toEqual({
        status: 'paid',
        paid_fen: OURS,
        settled_payment_id: 1,
      });
      expect(await desk.evidence()).toEqual({
        id,
        applied_at: desk.now(),
        result: 'settled',
        payment_id: 1,
        suspense_id: null,
      });
      const cause = { actor: 'channel:wechat', at: desk.now() };
      expect(await desk.lastEvents('payment', 1)).toMatchObject([
        {
          ...cause,
          happening: 'paid',
          from_state: 'open',
          to_state: 'paid',
          reason: 'settled',
          evidence_id: id,
        },
      ]);
      expect(await desk.lastEvents('bill', 1)).toMatchObject([
        { ...cause, to_state: 'paid', evidence_id: id },
      ]);
      expect(await desk.lastEvents('session', 1)).toMatchObject([{ ...cause, to_state: 'paid' }]);
      expect(await desk.told()).toEqual(['bill.paid']);
      expect(await applyEvidence(desk.parts, id)).toBe('applied_before');
      expect(await desk.alarms()).toEqual([]);
    });

    it('after its code left the screens settles it all the same, late, and another code leaves them', async () => {
      await desk.set(`UPDATE payment_sessions SET status = 'expired', phase = 'ended', shown_bill_id = NULL`);
      await desk.clinic.open(desk.bill, 'alipay');
      await desk.set(`UPDATE jobs SET due_at = 99999999999999 WHERE kind = 'follow_payment'`);
      expect(await desk.hear()).toBe('settled');
      expect(await desk.payment()).toMatchObject({ disposition: 'settled', late: 1 });
      const [, other] = await desk.all(
        'SELECT status, end_reason, shown_bill_id FROM payment_sessions ORDER BY id',
      );
      expect(other).toEqual({ status: 'cancelled', end_reason: 'paid_elsewhere', shown_bill_id: null });
      expect(await desk.payment(2)).toMatchObject({ state: 'closing' });
      expect((await desk.lastEvents('payment', 1))[0]).toMatchObject({
        entity_id: 2,
        happening: 'retire',
        reason: 'paid_elsewhere',
      });
      const jobs = await desk.all(
        `SELECT subject_id, due_at FROM jobs WHERE kind = 'follow_payment' ORDER BY id`,
      );
      expect(jobs).toEqual([
        { subject_id: 1, due_at: 99999999999999 },
        { subject_id: 2, due_at: desk.now() },
      ]);
      expect(await desk.told()).toEqual(['bill.paid']);
    });

    it.each(['closed', 'create_rejected'])(
      'beats what we believed: it was %s, and a person is told',
      async (was) => {
        await desk.set('UPDATE payments SET state = ?', was);
        expect(await desk.hear()).toBe('settled');
        expect(await desk.alarms()).toEqual([alarm('paid_after_closed', 'payment', 1, `was ${was}`)]);
      },
    );

    it('without the channel’s moment is dated by ours, and by its refund’s where that is told', async () => {
      expect(await desk.hear({ paidAtMs: undefined, channelTradeNo: undefined, payerFen: undefined })).toBe(
        'settled',
      );
      expect(await desk.payment()).toMatchObject({
        paid_at: desk.now(),
        channel_trade_no: null,
        payer_fen: null,
      });
      const back = { state: 'succeeded', outRefundNo: 'R', amountFen: fen(1), refundedAtMs: 77 } as const;
      await desk.hear({ outTradeNo: 'ELSEWHERE', paidAtMs: undefined, refund: back });
      expect(await desk.payment(2)).toMatchObject({ paid_at: 77 });
    });

    it('of a payment that is on no bill waits for a person', async () => {
      await desk.set('UPDATE payments SET bill_id = NULL');
      expect(await desk.hear()).toBe('disputed');
    });

    it('says which payment has no session', async () => {
      await desk.withoutSession();
      await expect(desk.hear({ outTradeNo: 'ALONE' })).rejects.toThrow('payment 2 has no session');
    });
  });

  describe('of a bill that is paid already', () => {
    beforeEach(() =>
      desk.set(
        `UPDATE bills SET status = 'paid', paid_fen = payable_fen, settled_payment_id = 9 WHERE id = ?`,
        desk.bill,
      ),
    );

    it('goes back by itself: all that came, under one number, and somebody is told', async () => {
      const id = await desk.kept();
      expect(await applyEvidence(desk.parts, id)).toBe('surplus');
      expect(await desk.payment()).toMatchObject({
        disposition: 'surplus',
        received_fen: OURS,
        refund_reserved_fen: OURS,
      });
      expect(await desk.refunds()).toMatchObject([
        {
          out_refund_no: expect.stringMatching(/^ZR20261122[0-9A-Za-z]{20}$/),
          payment_id: 1,
          bill_id: desk.bill,
          amount_fen: OURS,
          kind: 'surplus',
          reason: '重复支付退款',
          requested_by: 'worker',
          state: 'approved',
          surplus_of: 1,
          created_at: desk.now(),
        },
      ]);
      expect(await desk.one(`SELECT lane FROM jobs WHERE kind = 'follow_refund'`)).toEqual({
        lane: 'wechat',
      });
      expect(await desk.alarms()).toEqual([alarm('surplus', 'payment', 1, `${OURS} fen, bill ${desk.bill}`)]);
      expect(await desk.session()).toMatchObject({ status: 'cancelled', end_reason: 'paid_elsewhere' });
      expect(await desk.evidence()).toMatchObject({ id, result: 'surplus', suspense_id: null });
      expect(await desk.told()).toEqual([]);
    });

    it('is told to the pages of a code that was over before', async () => {
      await desk.set(
        `UPDATE payment_sessions SET status = 'expired', phase = 'ended', end_reason = 'timeout', shown_bill_id = NULL`,
      );
      const { version } = await desk.session();
      await desk.hear();
      expect(await desk.session()).toEqual({
        status: 'expired',
        phase: 'ended',
        end_reason: 'timeout',
        shown_bill_id: null,
        version: Number(version) + 1,
      });
      expect(await desk.lastEvents('session', 1)).toMatchObject([
        { happening: 'surplus', from_state: 'expired', to_state: 'expired', actor: 'channel:wechat' },
      ]);
    });
  });

  describe('of another sum', () => {
    it('waits for a person, with both sums', async () => {
      const id = await desk.kept({ totalFen: fen(OURS + 1) });
      expect(await applyEvidence(desk.parts, id)).toBe('disputed');
      expect(await desk.payment()).toMatchObject({
        disposition: 'disputed',
        received_fen: OURS + 1,
        late: 0,
      });
      const detail = `ours ${OURS} fen, theirs ${OURS + 1}`;
      expect(await desk.alarms()).toEqual([alarm('amount_differs', 'payment', 1, detail)]);
      expect(await desk.cases()).toEqual([
        {
          reason: 'amount_differs',
          subject: 'payment:1',
          evidence_id: id,
          payment_id: 1,
          amount_fen: OURS + 1,
          detail,
          state: 'open',
          opened_at: desk.now(),
        },
      ]);
      expect(await desk.evidence()).toMatchObject({ result: 'disputed', payment_id: 1, suspense_id: 1 });
      expect(await desk.session()).toMatchObject({ status: 'cancelled', end_reason: 'disputed' });
      expect(await desk.lastEvents('suspense', 1)).toMatchObject([
        { actor: 'channel:wechat', evidence_id: id },
      ]);
      expect(await desk.one('SELECT status FROM bills')).toEqual({ status: 'unpaid' });
      expect(await desk.refunds()).toEqual([]);
    });

    it('is told to the pages of a code that was over before', async () => {
      await desk.set(
        `UPDATE payment_sessions SET status = 'cancelled', phase = 'ended', shown_bill_id = NULL`,
      );
      await desk.hear({ totalFen: fen(1) });
      expect(await desk.lastEvents('session', 1)).toMatchObject([
        { happening: 'disputed', from_state: 'cancelled', to_state: 'cancelled' },
      ]);
    });

    it('and of none that is said is taken as what we asked for', async () => {
      expect(await desk.hear({ totalFen: undefined })).toBe('disputed');
      expect(await desk.payment()).toMatchObject({ received_fen: OURS });
      expect(await desk.cases()).toMatchObject([
        { reason: 'amount_differs', detail: `ours ${OURS} fen, theirs unsaid` },
      ]);
    });
  });

  describe('told again', () => {
    beforeEach(() => desk.hear());

    it.each([
      ['word for word', {}],
      ['without its trade', { channelTradeNo: undefined }],
      ['without its sum', { totalFen: undefined }],
    ] as [string, Words][])('%s changes nothing', async (_what, words) => {
      const { version } = await desk.payment();
      expect(await desk.hear(words)).toBe('no_change');
      expect(await desk.payment()).toMatchObject({ version });
      expect(await desk.alarms()).toEqual([]);
      expect(await desk.evidence()).toMatchObject({ result: 'no_change', payment_id: 1, suspense_id: null });
    });

    it.each([
      ['another trade', { channelTradeNo: '4201' }, `4201 ${OURS} fen`],
      ['another sum', { totalFen: fen(1), channelTradeNo: undefined }, '? 1 fen'],
      ['another trade of no sum', { channelTradeNo: '4201', totalFen: undefined }, '4201 ? fen'],
    ] as [string, Words, string][])('as %s is put before a person', async (_what, words, detail) => {
      expect(await desk.hear(words)).toBe('no_change');
      expect(await desk.alarms()).toEqual([
        alarm('report_contradicts', 'payment', 1, `${desk.number}: ${detail}`),
      ]);
    });

    it('with a trade that we never had the number of contradicts nothing', async () => {
      await desk.set('UPDATE payments SET channel_trade_no = NULL');
      await desk.hear();
      expect(await desk.alarms()).toEqual([]);
    });
  });

  describe('of a refund', () => {
    const back = {
      outRefundNo: 'ELSEWHERE-1',
      state: 'succeeded',
      amountFen: fen(3_000),
      channelRefundNo: '5030',
      refundedAtMs: 99,
    } as const;

    it('of money that we know is believed', async () => {
      await desk.hear();
      expect(await desk.hear({ about: 'refund', refund: back })).toBe('refund');
      expect(await desk.refunds()).toMatchObject([
        {
          out_refund_no: 'ELSEWHERE-1',
          channel_refund_no: '5030',
          kind: 'external',
          state: 'succeeded',
          amount_fen: 3_000,
          refunded_at: 99,
        },
      ]);
      expect(await desk.evidence()).toMatchObject({ result: 'refund', payment_id: 1 });
    });

    it('is no refund where it names none, or is about the payment', async () => {
      await desk.hear();
      expect(await desk.hear({ about: 'refund' })).toBe('no_change');
      expect(await desk.hear({ refund: back })).toBe('no_change');
      expect(await desk.refunds()).toEqual([]);
    });

    it('that is the first that we hear of the money puts the money before a person', async () => {
      expect(await desk.hear({ about: 'refund', refund: back })).toBe('disputed');
      expect(await desk.cases()).toMatchObject([
        { reason: 'refunded_before', subject: 'payment:1', amount_fen: OURS },
        { reason: 'refund_unknown', amount_fen: 3_000 },
      ]);
      expect(await desk.payment()).toMatchObject({ disposition: 'disputed', refunded_fen: 3_000 });
    });
  });
});
