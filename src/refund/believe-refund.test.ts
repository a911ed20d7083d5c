import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RefundReport } from '#channel';
import { fen } from '#money';
import { paymentById, type PaymentRow } from '#sql/payments';
import type { Row } from '#store';
import { openClinic, type Clinic, type Parsed } from '../../test/clinic.ts';
import { sqlite } from '../../test/engines.ts';
import { believeRefund } from './believe-refund.ts';

const PAID = 12_850;

describe('a genuine report of a refund', () => {
  let clinic: Clinic;
  let bill: number;
  let payment: PaymentRow;
  beforeEach(async () => {
    clinic = await openClinic(sqlite, { env: { ZHENFU_REFUND_LIMIT_FEN: '20000' } });
    bill = await clinic.bill(PAID);
    const opened = await clinic.open(bill, 'wechat');
    clinic.pay(opened.qr_code_content);
    await clinic.world.advance(3_000);
    await clinic.app.worker.stop();
    payment = await read((await clinic.session(opened.session_id)).payment_id);
  });
  afterEach(() => clinic.close());

  const all = (text: string): Promise<Row[]> => clinic.store.read((tx) => tx.all(text));
  const sums = async () =>
    (await all('SELECT refund_reserved_fen AS held, refunded_fen AS gone FROM payments'))[0];
  async function read(id: number): Promise<PaymentRow> {
    const row = await clinic.store.read((tx) => tx.one<PaymentRow>(paymentById, id));
    if (row === undefined) throw new Error('no such payment');
    return row;
  }
  const cause = { actor: 'channel:wechat', atMs: 1_000, evidenceId: 1 };
  const believe = (report: RefundReport, of: PaymentRow = payment): Promise<void> =>
    clinic.store.transact('believe', (tx) => believeRefund(tx, clinic.app.parts, of, report, cause));
  const asked = async (amount: number): Promise<Parsed> =>
    (
      await clinic.call('POST', `/api/v1/finance/bills/${bill}/refunds`, {
        amount_fen: amount,
        reason: '退药',
      })
    ).body;
  const back = { outRefundNo: 'ELSEWHERE-1', state: 'succeeded', amountFen: fen(3_000) } as const;

  describe('that was not made here', () => {
    it('is written down as it happened, counted, told, and put before a person', async () => {
      await believe(back);
      expect(await all('SELECT * FROM refunds')).toMatchObject([
        {
          out_refund_no: 'ELSEWHERE-1',
          payment_id: payment.id,
          bill_id: bill,
          amount_fen: 3_000,
          kind: 'external',
          state: 'succeeded',
          reason: '渠道侧退款',
          requested_by: 'channel:wechat',
          approved_by: null,
          surplus_of: null,
          channel_refund_no: null,
          refunded_at: 1_000,
          version: 1,
        },
      ]);
      expect(await sums()).toEqual({ held: 3_000, gone: 3_000 });
      expect(await all('SELECT refunded_fen FROM bills')).toEqual([{ refunded_fen: 3_000 }]);
      expect(await all(`SELECT * FROM events WHERE entity = 'refund'`)).toMatchObject([
        {
          version: 1,
          happening: 'succeed',
          from_state: null,
          to_state: 'succeeded',
          actor: 'channel:wechat',
          evidence_id: 1,
          at: 1_000,
        },
      ]);
      expect(await all('SELECT type, bill_id FROM outbox ORDER BY id')).toEqual([
        { type: 'bill.paid', bill_id: bill },
        { type: 'refund.succeeded', bill_id: bill },
        { type: 'suspense.opened', bill_id: bill },
      ]);
      expect(await all('SELECT * FROM suspense')).toMatchObject([
        {
          reason: 'refund_unknown',
          subject: 'refund:1',
          refund_id: 1,
          payment_id: payment.id,
          amount_fen: 3_000,
        },
      ]);
    });

    it('is counted once, however often it is told', async () => {
      await believe(back);
      await believe(back);
      expect(await sums()).toEqual({ held: 3_000, gone: 3_000 });
    });

    it('and finds another in its place is written down, stands before a person, and is counted when there is room', async () => {
      const other = await asked(PAID - 2_999);
      await believe(back);
      expect(await all('SELECT state, counted_at FROM refunds')).toEqual([
        { state: 'approved', counted_at: null },
        { state: 'succeeded', counted_at: null },
      ]);
      expect(await sums()).toEqual({ held: PAID - 2_999, gone: 0 });
      expect(await all('SELECT reason, subject, refund_id, amount_fen FROM suspense ORDER BY id')).toEqual([
        { reason: 'refund_exceeds', subject: 'refund:2', refund_id: 2, amount_fen: 3_000 },
        { reason: 'refund_unknown', subject: 'refund:2', refund_id: 2, amount_fen: 3_000 },
      ]);
      const newest = async () => (await all('SELECT type FROM outbox ORDER BY id DESC'))[0];
      expect(await newest()).toEqual({ type: 'suspense.opened' });
      await clinic.call('POST', `/api/v1/finance/refunds/${other.id}/cancellation`, {});
      expect(await sums()).toEqual({ held: 3_000, gone: 3_000 });
      expect(await all('SELECT refunded_fen FROM bills')).toEqual([{ refunded_fen: 3_000 }]);
      expect(await all('SELECT id, counted_at FROM refunds WHERE counted_at IS NOT NULL')).toEqual([
        { id: 2, counted_at: clinic.world.now() },
      ]);
      expect((await all('SELECT type FROM outbox ORDER BY id DESC'))[0]).toEqual({
        type: 'refund.succeeded',
      });
    });

    it.each(['accepted', 'none', 'unknown', 'abnormal', 'closed'] as const)(
      'and is only %s changes nothing',
      async (state) => {
        await believe({ ...back, state });
        expect(await all('SELECT id FROM refunds')).toEqual([]);
        expect(await all('SELECT id FROM suspense')).toEqual([]);
      },
    );

    it.each([
      ['number', { state: 'succeeded', amountFen: fen(3_000) }],
      ['amount', { state: 'succeeded', outRefundNo: 'ELSEWHERE-1', cumulativeFen: fen(3_000) }],
    ] as [string, RefundReport][])('and has no %s alarms somebody', async (_what, report) => {
      await believe(report);
      expect(await all('SELECT id FROM refunds')).toEqual([]);
      expect(await all('SELECT code, entity, entity_id FROM alarms')).toEqual([
        { code: 'refund_contradicts', entity: 'payment', entity_id: payment.id },
      ]);
    });
  });

  describe('of ours', () => {
    it('with another amount, or of another payment, stays as it is: a person looks', async () => {
      const refund = await asked(3_000);
      const number = refund.out_refund_no;
      await believe({ ...back, outRefundNo: number, amountFen: fen(2_999) });
      await believe({ ...back, outRefundNo: number }, { ...payment, id: payment.id + 1 });
      expect(await all('SELECT state FROM refunds')).toEqual([{ state: 'approved' }]);
      expect(await sums()).toEqual({ held: 3_000, gone: 0 });
      expect(await all('SELECT reason, subject FROM suspense')).toEqual([
        { reason: 'refund_unknown', subject: `refund:${refund.id}` },
      ]);
      expect(await all('SELECT code, entity, times FROM alarms')).toEqual([
        { code: 'refund_trouble', entity: 'refund', times: 2 },
      ]);
    });

    it.each([
      ['abnormal', 'abnormal', 'refund_abnormal', 'the payer cannot be reached by the channel'],
      ['closed', 'failed', 'refund_failed', 'the channel closed the refund'],
    ] as const)(
      'that the channel calls %s is %s, and before a person',
      async (told, state, reason, detail) => {
        const refund = await asked(3_000);
        await clinic.store.transact('sent', async (tx) => {
          await tx.run(`UPDATE refunds SET state = 'submitted' WHERE id = ?`, refund.id);
        });
        const report = { outRefundNo: refund.out_refund_no, state: told, amountFen: fen(3_000) };
        await believe({ ...report, channelRefundNo: '5030' });
        expect(await all('SELECT state FROM refunds')).toEqual([{ state }]);
        expect(await all('SELECT reason, subject, evidence_id, amount_fen, detail FROM suspense')).toEqual([
          { reason, subject: `refund:${refund.id}`, evidence_id: 1, amount_fen: 3_000, detail },
        ]);
        expect(await all('SELECT code, entity_id, detail FROM alarms')).toEqual([
          { code: 'refund_trouble', entity_id: refund.id, detail },
        ]);
        const [event] = await all(`SELECT * FROM events WHERE entity = 'refund' ORDER BY id DESC`);
        expect(event).toMatchObject({ to_state: state, actor: 'channel:wechat', evidence_id: 1, at: 1_000 });
      },
    );

    it('that two signed words contradict is counted as soon as the one in its place has failed', async () => {
      const first = await asked(8_000);
      const number = first.out_refund_no;
      await clinic.store.transact('sent', async (tx) => {
        await tx.run(`UPDATE refunds SET state = 'submitted' WHERE id = ?`, first.id);
      });
      await believe({ outRefundNo: number, state: 'closed', amountFen: fen(8_000) });
      const second = await asked(9_000);
      await believe({ outRefundNo: number, state: 'succeeded', amountFen: fen(8_000) });
      expect(await all('SELECT state, counted_at FROM refunds')).toEqual([
        { state: 'succeeded', counted_at: null },
        { state: 'approved', counted_at: null },
      ]);
      expect(await sums()).toEqual({ held: 9_000, gone: 0 });
      expect(await all(`SELECT subject FROM suspense WHERE reason = 'refund_exceeds'`)).toEqual([
        { subject: `refund:${first.id}` },
      ]);
      const elsewhere = { outRefundNo: 'ELSEWHERE-2', state: 'succeeded', amountFen: fen(12_000) } as const;
      await believe(elsewhere);
      await clinic.call('POST', `/api/v1/finance/refunds/${second.id}/cancellation`, {});
      // The oldest first; what then finds no room any more stays before its person.
      expect(await sums()).toEqual({ held: 8_000, gone: 8_000 });
      expect(await all(`SELECT id FROM refunds WHERE state = 'succeeded' AND counted_at IS NULL`)).toEqual([
        { id: 3 },
      ]);
    });

    it('that succeeded is counted, with the time that the channel says', async () => {
      const refund = await asked(3_000);
      await believe({ ...back, outRefundNo: refund.out_refund_no, channelRefundNo: '5030', refundedAtMs: 7 });
      expect(await all('SELECT state, refunded_at, channel_refund_no FROM refunds')).toEqual([
        { state: 'succeeded', refunded_at: 7, channel_refund_no: '5030' },
      ]);
      expect(await sums()).toEqual({ held: 3_000, gone: 3_000 });
      const other = await asked(1_000);
      await believe({ ...back, outRefundNo: other.out_refund_no, amountFen: fen(1_000) });
      expect((await all('SELECT refunded_at FROM refunds WHERE id = 2'))[0]).toEqual({ refunded_at: 1_000 });
    });

    it('without an amount makes us ask at once, also about one that was taken back', async () => {
      const refund = await asked(3_000);
      const job = () => all(`SELECT state, due_at, attempts FROM jobs WHERE kind = 'follow_refund'`);
      await clinic.store.transact('later', async (tx) => {
        await tx.run(`UPDATE jobs SET due_at = 99999999999999, attempts = 5 WHERE kind = 'follow_refund'`);
      });
      const told: RefundReport = { state: 'succeeded', outRefundNo: refund.out_refund_no };
      await believe(told);
      expect(await job()).toEqual([{ state: 'waiting', due_at: 1_000, attempts: 0 }]);
      await clinic.call('POST', `/api/v1/finance/refunds/${refund.id}/cancellation`, {});
      await clinic.store.transact('over', async (tx) => {
        await tx.run(`UPDATE jobs SET state = 'done', due_at = 5 WHERE kind = 'follow_refund'`);
      });
      await believe(told);
      expect(await job()).toMatchObject([{ state: 'waiting', due_at: 1_000 }]);
      await believe({ ...told, amountFen: fen(3_000) });
      await clinic.store.transact('over', async (tx) => {
        await tx.run(`UPDATE jobs SET state = 'done' WHERE kind = 'follow_refund'`);
      });
      await believe(told);
      expect(await job()).toMatchObject([{ state: 'done' }]);
    });
  });
});
