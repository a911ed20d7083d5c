import { wakeJob } from '#job';
import { refundableBill, type RefundableBill } from '#sql/bills';
import {
  refundById,
  refundByNumber,
  refundByRequest,
  refundedOfLine,
  refundsOfPayment,
  type RefundRow,
} from '#sql/refunds';
import { lockPayment, paymentById, type PaymentRow } from '#sql/payments';
import { lineOfBill } from '#sql/bills';
import type { Tx } from '#store';
import { isRefusal, refuse, type Refusal } from '#trouble';
import { moveRefund } from './move-refund.ts';
import type { Parts } from './parts.ts';
import { mintRefundNo, reserveRefund } from './reserve-refund.ts';
import { isReleased } from './states.ts';

export interface RequestRefund {
  billId: number;
  /** Fen; or give `lines`, whose sum it then is. */
  amountFen?: number | undefined;
  lines?: readonly { lineNo: number; amountFen: number }[] | undefined;
  reason: string;
  actor: string;
  requestKey?: string | undefined;
}

export type RefundRefusal = Refusal<
  | 'bill_not_found'
  | 'bill_not_paid'
  | 'refund_exceeds_paid'
  | 'refund_too_many'
  | 'refund_too_late'
  | 'method_not_configured'
  | 'invalid_input'
>;

/**
 * Sends money of a paid bill back the way it came: writes it down and reserves it; the worker sends.
 * Above the limit it waits for a second person.
 * refuses  bill_not_found, bill_not_paid, refund_exceeds_paid (with `refundable_fen`), refund_too_many
 *          (WeChat Pay: 50), refund_too_late (a year), invalid_input (a line that is not there, or
 *          more than it cost)
 * source   WeChat Pay v3 申请退款; alipay.trade.refund (read 2026-09)
 */
export async function requestRefund(parts: Parts, wish: RequestRefund): Promise<RefundRow | RefundRefusal> {
  const outRefundNo = mintRefundNo(parts.world);
  return parts.store.transact('request-refund', async (tx) => {
    const atMs = parts.world.now();
    // Ours already: by an earlier request with this key, or by this one, whose COMMIT went unanswered.
    const mine =
      wish.requestKey === undefined
        ? await tx.one<RefundRow>(refundByNumber, outRefundNo)
        : await tx.one<RefundRow>(refundByRequest, wish.requestKey);
    if (mine !== undefined) return mine;
    const bill = await tx.one<RefundableBill>(refundableBill, wish.billId);
    if (bill === undefined) return refuse('bill_not_found');
    if (bill.settled_payment_id === null) return refuse('bill_not_paid');
    const payment = await tx.one<PaymentRow>(paymentById, bill.settled_payment_id);
    if (payment === undefined) throw new Error(`bill ${bill.id} is settled by a payment that is not there`);
    // Holds the payment still: two clerks who name one line are asked one after the other.
    await tx.run(lockPayment, payment.id);
    const forbidden = await mayNot(tx, parts, payment, atMs);
    if (forbidden !== undefined) return forbidden;
    const lines = await linesOf(tx, wish);
    if (isRefusal(lines)) return lines;
    const amountFen = wish.amountFen ?? lines.reduce((total, line) => total + line.amountFen, 0);
    const id = await reserveRefund(
      tx,
      parts,
      {
        outRefundNo,
        paymentId: payment.id,
        method: payment.payment_method,
        billId: bill.id,
        amountFen,
        kind: 'bill',
        reason: wish.reason,
        requestedBy: wish.actor,
        approved: amountFen <= parts.refundLimitFen,
        requestKey: wish.requestKey,
        lines,
      },
      atMs,
    );
    if (id === undefined) {
      const left = (payment.received_fen ?? 0) - payment.refund_reserved_fen;
      return refuse('refund_exceeds_paid', { facts: { refundable_fen: left } });
    }
    return whole(tx, id);
  });
}

/** Limits of the channel, known before it is asked (J10). */
async function mayNot(
  tx: Tx,
  parts: Parts,
  payment: PaymentRow,
  atMs: number,
): Promise<Refusal<'refund_too_many' | 'refund_too_late' | 'method_not_configured'> | undefined> {
  const traits = parts.channels.get(payment.payment_method)?.traits;
  if (traits === undefined) return refuse('method_not_configured');
  if (atMs - (payment.paid_at ?? atMs) > traits.refundWindowMs) return refuse('refund_too_late');
  const earlier = await tx.all<RefundRow>(refundsOfPayment, payment.id);
  const counted = earlier.filter((refund) => !isReleased(refund.state)).length;
  if (counted >= traits.refundsAtMost) return refuse('refund_too_many');
  return undefined;
}

async function linesOf(
  tx: Tx,
  wish: RequestRefund,
): Promise<{ billLineId: number; amountFen: number }[] | Refusal<'invalid_input' | 'refund_exceeds_paid'>> {
  const lines: { billLineId: number; amountFen: number }[] = [];
  for (const [at, asked] of (wish.lines ?? []).entries()) {
    const line = await tx.one<{ id: number; amount_fen: number }>(lineOfBill, wish.billId, asked.lineNo);
    const field = `lines.${at}`;
    if (line === undefined)
      return refuse('invalid_input', {
        field: `${field}.line_no`,
        rule: '账单没有这一行 · the bill has no such line',
      });
    const gone = (await tx.one<{ fen: number }>(refundedOfLine, line.id))?.fen ?? 0;
    if (asked.amountFen > line.amount_fen - gone) {
      const rule = `该行最多可退 ${line.amount_fen - gone} 分 · at most ${line.amount_fen - gone} fen of this line may go back`;
      return refuse('invalid_input', { field: `${field}.amount_fen`, rule });
    }
    lines.push({ billLineId: line.id, amountFen: asked.amountFen });
  }
  return lines;
}

type StateRefusal = Refusal<
  'refund_not_found' | 'refund_not_waiting' | 'refund_same_person' | 'refund_must_go_back' | 'refund_sent'
>;

/** A second person lets a refund go. refuses refund_not_found, refund_not_waiting, refund_same_person */
export function approveRefund(parts: Parts, id: number, actor: string): Promise<RefundRow | StateRefusal> {
  return parts.store.transact('approve-refund', async (tx) => {
    const refund = await tx.one<RefundRow>(refundById, id);
    if (refund === undefined) return refuse('refund_not_found');
    if (refund.requested_by === actor && refund.state === 'requested') return refuse('refund_same_person');
    const atMs = parts.world.now();
    const moved = await moveRefund(tx, parts, refund, 'approve', { actor, atMs }, { approvedBy: actor });
    if (moved === 'illegal') return refuse('refund_not_waiting');
    const payment = await tx.one<PaymentRow>(paymentById, refund.payment_id);
    if (payment === undefined) throw new Error(`refund ${id} has no payment`);
    const work = {
      clinicId: parts.clinic.id,
      kind: 'follow_refund',
      lane: payment.payment_method,
      subjectId: id,
    } as const;
    if (moved === 'moved') await wakeJob(tx, work, atMs, atMs);
    return whole(tx, id);
  });
}

/**
 * Takes a refund back that was not sent: its money stays on its bill. Money that is on no bill, surplus and
 * what a person sent back, has no other home than its way back (I-01).
 * refuses  refund_not_found, refund_must_go_back, refund_sent
 */
export function cancelRefund(parts: Parts, id: number, actor: string): Promise<RefundRow | StateRefusal> {
  return parts.store.transact('cancel-refund', async (tx) => {
    const refund = await tx.one<RefundRow>(refundById, id);
    if (refund === undefined) return refuse('refund_not_found');
    if (refund.kind !== 'bill') return refuse('refund_must_go_back');
    const moved = await moveRefund(tx, parts, refund, 'cancel', { actor, atMs: parts.world.now() });
    return moved === 'illegal' ? refuse('refund_sent') : whole(tx, id);
  });
}

async function whole(tx: Tx, id: number): Promise<RefundRow> {
  const refund = await tx.one<RefundRow>(refundById, id);
  if (refund === undefined) throw new Error(`refund ${id} is gone`);
  return refund;
}
