import { raiseAlarm } from '#alarm';
import { settleBill, tellBill } from '#bill';
import type { ChannelReport } from '#channel';
import { hasten } from '#job';
import { contradicts, movePayment, receiveDebit } from '#payment';
import { reserveRefund } from '#refund';
import { paymentById, type PaymentRow } from '#sql/payments';
import { sessionByPayment, shownSession, type SessionRow } from '#sql/sessions';
import type { Tx } from '#store';
import { openSuspense } from '#suspense';
import type { Belief, Cause } from './apply-report.ts';
import { moveSession, noteMoney } from './move-session.ts';
import { paidMoment } from './paid-moment.ts';
import type { Parts } from './parts.ts';
import { hasEnded, stageOf } from './states.ts';

type Disposition = 'settled' | 'surplus' | 'disputed';

/** Evidence of a debit beats every state; what becomes of the money is decided here, once. */
export async function takeDebit(
  tx: Tx,
  parts: Parts,
  report: ChannelReport,
  payment: PaymentRow,
  equal: boolean,
  cause: Cause,
): Promise<Belief> {
  if (payment.state === 'paid') return confirmDebit(tx, parts, report, payment, cause);
  const session = await tx.one<SessionRow>(sessionByPayment, payment.id);
  if (session === undefined) throw new Error(`payment ${payment.id} has no session`);
  const before = payment.state;
  const disposition = await dispose(tx, report, payment, equal, cause);
  const receivedFen = report.totalFen ?? payment.amount_fen;
  await receiveDebit(
    tx,
    payment,
    {
      disposition,
      late: hasEnded(stageOf(session)),
      channelTradeNo: report.channelTradeNo,
      paidAtMs: paidMoment(report, cause.atMs),
      payerFen: report.payerFen,
      receivedFen,
      evidenceId: cause.evidenceId,
    },
    cause,
  );
  if (contradicts(before)) {
    const about = { entity: 'payment', entityId: payment.id, atMs: cause.atMs };
    await raiseAlarm(tx, parts, { ...about, code: 'paid_after_closed', detail: `was ${before}` });
  }
  return follow[disposition](tx, parts, payment, session, receivedFen, report, cause);
}

/** Settled when it is equal and the bill still waits; a refund that we hear of first is a person's to judge. */
async function dispose(
  tx: Tx,
  report: ChannelReport,
  payment: PaymentRow,
  equal: boolean,
  cause: Cause,
): Promise<Disposition> {
  if (!equal || report.about !== 'payment' || payment.bill_id === null) return 'disputed';
  const won = await settleBill(tx, {
    billId: payment.bill_id,
    paymentId: payment.id,
    paidFen: payment.amount_fen,
    actor: cause.actor,
    evidenceId: cause.evidenceId,
    atMs: cause.atMs,
  });
  return won ? 'settled' : 'surplus';
}

type Follow = (
  tx: Tx,
  parts: Parts,
  payment: PaymentRow,
  session: SessionRow,
  receivedFen: number,
  report: ChannelReport,
  cause: Cause,
) => Promise<Belief>;

const follow: Record<Disposition, Follow> = {
  async settled(tx, parts, payment, session, _received, _report, cause) {
    await moveSession(tx, parts.hub, session, 'paid', cause);
    if (payment.bill_id !== null) {
      await clearScreens(tx, parts, payment.bill_id, cause);
      await tellBill(tx, 'bill.paid', { id: payment.bill_id, clinicId: parts.clinic.id }, cause.atMs);
    }
    return { applied: 'settled' };
  },

  /** Paid a second time, or for a void bill: it goes back by itself, once (J7). */
  async surplus(tx, parts, payment, session, receivedFen, _report, cause) {
    await endBeside(tx, parts, session, 'surplus', cause);
    await reserveRefund(
      tx,
      parts,
      {
        outRefundNo: cause.refundNo,
        paymentId: payment.id,
        method: payment.payment_method,
        billId: payment.bill_id,
        amountFen: receivedFen,
        kind: 'surplus',
        reason: '重复支付退款',
        requestedBy: 'worker',
        approved: true,
      },
      cause.atMs,
    );
    const about = { entity: 'payment', entityId: payment.id, atMs: cause.atMs };
    await raiseAlarm(tx, parts, {
      ...about,
      code: 'surplus',
      detail: `${receivedFen} fen, bill ${payment.bill_id ?? '?'}`,
    });
    return { applied: 'surplus' };
  },

  async disputed(tx, parts, payment, session, receivedFen, report, cause) {
    await endBeside(tx, parts, session, 'disputed', cause);
    const detail = `ours ${payment.amount_fen} fen, theirs ${report.totalFen ?? 'unsaid'}`;
    const about = { entity: 'payment', entityId: payment.id, atMs: cause.atMs };
    await raiseAlarm(tx, parts, { ...about, code: 'amount_differs', detail });
    const suspenseId = await openSuspense(tx, parts, {
      reason: report.about === 'refund' ? 'refunded_before' : 'amount_differs',
      subject: `payment:${payment.id}`,
      evidenceId: cause.evidenceId,
      paymentId: payment.id,
      amountFen: receivedFen,
      detail,
      actor: cause.actor,
      atMs: cause.atMs,
    });
    return { applied: 'disputed', suspenseId };
  },
};

/** The bill is paid, and the code that paid it is off the screens: another code of it that still stands on a screen leaves at once and is watched to its end. */
export async function clearScreens(
  tx: Tx,
  parts: Pick<Parts, 'hub'>,
  billId: number,
  cause: { actor: string; atMs: number },
): Promise<void> {
  const other = await tx.one<SessionRow>(shownSession, billId);
  if (other === undefined) return;
  const theirs = await tx.one<PaymentRow>(paymentById, other.payment_id);
  // Refused while its create call is on its way: the answer of that call then finds the session ended.
  if (theirs !== undefined) await movePayment(tx, theirs, 'retire', { ...cause, reason: 'paid_elsewhere' });
  await moveSession(tx, parts.hub, other, 'cancel', cause, { endReason: 'paid_elsewhere' });
  await hasten(tx, 'follow_payment', other.payment_id, cause.atMs, cause.atMs);
}

/** The session of money that settles nothing is over; the pages of one that was over already still hear of it. */
async function endBeside(
  tx: Tx,
  parts: Pick<Parts, 'hub'>,
  session: SessionRow,
  disposition: 'surplus' | 'disputed',
  cause: Cause,
): Promise<void> {
  const endReason = disposition === 'surplus' ? 'paid_elsewhere' : 'disputed';
  const moved = await moveSession(tx, parts.hub, session, 'cancel', cause, { endReason });
  if (moved === 'stayed') await noteMoney(tx, parts.hub, session, disposition, cause);
}

/** A debit told again. A second trade, or another amount, under one number cannot be: a person looks. */
async function confirmDebit(
  tx: Tx,
  parts: Parts,
  report: ChannelReport,
  payment: PaymentRow,
  cause: Cause,
): Promise<Belief> {
  const otherTrade =
    report.channelTradeNo !== undefined &&
    payment.channel_trade_no !== null &&
    report.channelTradeNo !== payment.channel_trade_no;
  if (otherTrade || (report.totalFen !== undefined && report.totalFen !== payment.received_fen)) {
    const detail = `${payment.out_trade_no}: ${report.channelTradeNo ?? '?'} ${report.totalFen ?? '?'} fen`;
    const about = { entity: 'payment', entityId: payment.id, atMs: cause.atMs };
    await raiseAlarm(tx, parts, { ...about, code: 'report_contradicts', detail });
  }
  return { applied: 'no_change' };
}
