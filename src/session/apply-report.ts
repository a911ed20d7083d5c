import { settleBill } from '#bill';
import type { ChannelReport } from '#channel';
import { compareReport, contradicts, movePayment, receiveDebit, type PaymentState } from '#payment';
import { evidenceById, markApplied, type EvidenceRow } from '#sql/evidence';
import { paymentByNumber, type PaymentRow } from '#sql/payments';
import { sessionByPayment, shownSession, type SessionRow } from '#sql/sessions';
import type { Tx } from '#store';
import { moveSession } from './move-session.ts';
import type { Parts } from './parts.ts';
import { raiseAlarm } from './raise-alarm.ts';
import { hasEnded, stageOf } from './states.ts';

/** What believing a report came to. */
export type Applied =
  | 'settled' // the bill is paid by it
  | 'surplus' // the bill was paid or void already
  | 'disputed' // another amount than ours
  | 'closed' // the order will never be paid
  | 'no_change' // told again, or nothing that ends anything
  | 'unknown_order'
  | 'foreign_account'
  | 'applied_before';

/**
 * Believes one piece of kept evidence: the only place where a report changes what we hold true.
 * Notification, query and statement come through here alike, in any order and any number of times,
 * and end in the same state (I-22).
 */
export function applyEvidence(parts: Parts, evidenceId: number): Promise<Applied> {
  return parts.store
    .transact('apply-report', async (tx) => {
      const evidence = await tx.one<EvidenceRow>(evidenceById, evidenceId);
      if (evidence === undefined) throw new Error(`no evidence ${evidenceId}`);
      if (evidence.applied_at !== null || evidence.report === null) return 'applied_before';
      const report = JSON.parse(evidence.report) as ChannelReport;
      const payment = await tx.one<PaymentRow>(paymentByNumber, report.outTradeNo);
      const cause: Cause = { actor: `channel:${report.method}`, atMs: parts.world.now(), evidenceId };
      const applied = await believe(tx, parts, report, payment, cause);
      const { rows } = await tx.run(markApplied, cause.atMs, applied, payment?.id ?? null, evidenceId);
      // Another instance applied it between our reading and now: its transaction did everything.
      if (rows === 0) throw new AppliedMeanwhile();
      return applied;
    })
    .catch((error: unknown) => {
      if (error instanceof AppliedMeanwhile) return 'applied_before' as const;
      throw error;
    });
}

class AppliedMeanwhile extends Error {}

interface Cause {
  actor: string;
  atMs: number;
  evidenceId: number;
}

async function believe(
  tx: Tx,
  parts: Parts,
  report: ChannelReport,
  payment: PaymentRow | undefined,
  cause: Cause,
): Promise<Applied> {
  const { evidenceId, atMs } = cause;
  if (payment === undefined) {
    // Kept, alarmed and acknowledged; after a restored backup the statement brings it home (F11, M6).
    const detail = `${report.method} ${report.outTradeNo} ${report.channelState} ${report.totalFen ?? '?'} fen`;
    await raiseAlarm(tx, parts, {
      code: 'unknown_order',
      entity: 'evidence',
      entityId: evidenceId,
      detail,
      atMs,
    });
    return 'unknown_order';
  }
  const { verdict, differs } = compareReport(payment, report);
  if (verdict === 'foreign') {
    const detail = `payment ${payment.id}: ${differs.join(', ')}`;
    await raiseAlarm(tx, parts, {
      code: 'foreign_account',
      entity: 'evidence',
      entityId: evidenceId,
      detail,
      atMs,
    });
    return 'foreign_account';
  }
  // A refund proves that the money came; when that is the first we hear of it, somebody else has sent
  // (part of) it back already, and only a person can say what the bill is now.
  const settles = verdict === 'equal' && report.about === 'payment';
  if (report.state === 'paid') return takeDebit(tx, parts, report, payment, settles, cause);
  if (report.state === 'closed') return close(tx, parts, report, payment, cause);
  return 'no_change';
}

/** Evidence of a debit beats every state; what becomes of the money is decided here, once. */
async function takeDebit(
  tx: Tx,
  parts: Parts,
  report: ChannelReport,
  payment: PaymentRow,
  equal: boolean,
  cause: Cause,
): Promise<Applied> {
  if (payment.state === 'paid') return confirmDebit(tx, parts, report, payment, cause);
  const session = await sessionOf(tx, payment);
  const late = hasEnded(stageOf(session));
  const before = payment.state;
  const disposition = await disposeOf(tx, payment, equal, cause);
  await receiveDebit(
    tx,
    payment,
    {
      disposition,
      late,
      channelTradeNo: report.channelTradeNo,
      paidAtMs: report.paidAtMs ?? cause.atMs,
      payerFen: report.payerFen,
      evidenceId: cause.evidenceId,
    },
    cause,
  );
  if (disposition === 'settled') {
    await moveSession(tx, parts.hub, session, 'paid', cause);
    await clearScreens(tx, parts, payment, cause);
  } else {
    const endReason = disposition === 'surplus' ? 'paid_elsewhere' : 'disputed';
    await moveSession(tx, parts.hub, session, 'cancel', cause, { endReason });
  }
  await alarmAbout(tx, parts, report, payment, before, disposition, cause.atMs);
  return disposition;
}

async function disposeOf(
  tx: Tx,
  payment: PaymentRow,
  equal: boolean,
  cause: Cause,
): Promise<'settled' | 'surplus' | 'disputed'> {
  if (!equal) return 'disputed';
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

/** The bill is paid: another code of it that still stands on a screen leaves at once and is watched to its end. */
async function clearScreens(tx: Tx, parts: Parts, payment: PaymentRow, cause: Cause): Promise<void> {
  const other = await tx.one<SessionRow>(shownSession, payment.bill_id);
  if (other === undefined || other.payment_id === payment.id) return;
  await moveSession(tx, parts.hub, other, 'cancel', cause, { endReason: 'paid_elsewhere' });
}

/** A debit told again. A second trade, or another amount, under one number cannot be: a person looks. */
async function confirmDebit(
  tx: Tx,
  parts: Parts,
  report: ChannelReport,
  payment: PaymentRow,
  cause: Cause,
): Promise<Applied> {
  const otherTrade =
    report.channelTradeNo !== undefined &&
    payment.channel_trade_no !== null &&
    report.channelTradeNo !== payment.channel_trade_no;
  const otherAmount = report.totalFen !== payment.amount_fen && payment.disposition !== 'disputed';
  if (otherTrade || otherAmount) {
    const detail = `${payment.out_trade_no}: ${report.channelTradeNo ?? '?'} ${report.totalFen ?? '?'} fen`;
    await raiseAlarm(tx, parts, {
      code: 'report_contradicts',
      entity: 'payment',
      entityId: payment.id,
      detail,
      atMs: cause.atMs,
    });
  }
  return 'no_change';
}

/** A verified "closed". An open order that the channel ends by itself passes through closing. */
async function close(
  tx: Tx,
  parts: Parts,
  report: ChannelReport,
  payment: PaymentRow,
  cause: Cause,
): Promise<Applied> {
  if (report.paidAtMs !== undefined && payment.state !== 'paid') {
    const detail = `${payment.out_trade_no}: closed, and paid before that, which we never heard`;
    await raiseAlarm(tx, parts, {
      code: 'report_contradicts',
      entity: 'payment',
      entityId: payment.id,
      detail,
      atMs: cause.atMs,
    });
  }
  if (payment.state === 'open' || payment.state === 'create_unknown')
    await movePayment(tx, payment, 'retire', cause);
  const moved = await movePayment(tx, payment, 'closed', cause);
  if (moved !== 'moved') return 'no_change';
  await endSession(tx, parts, await sessionOf(tx, payment), cause);
  return 'closed';
}

/** The order behind a session is dead: so is the session, for the reason that it was retired. */
export async function endSession(
  tx: Tx,
  parts: Parts,
  session: SessionRow,
  cause: { actor: string; atMs: number },
): Promise<void> {
  const reason = (session.retiring ?? 'timeout') as 'timeout' | 'refresh' | 'switch' | 'cancel' | 'void';
  await moveSession(tx, parts.hub, session, reason === 'timeout' ? 'expire' : 'cancel', cause, {
    endReason: reason,
  });
}

async function alarmAbout(
  tx: Tx,
  parts: Parts,
  report: ChannelReport,
  payment: PaymentRow,
  before: PaymentState,
  disposition: 'settled' | 'surplus' | 'disputed',
  atMs: number,
): Promise<void> {
  const about = { entity: 'payment', entityId: payment.id, atMs } as const;
  if (contradicts(before))
    await raiseAlarm(tx, parts, { ...about, code: 'paid_after_closed', detail: `was ${before}` });
  if (disposition === 'surplus') {
    await raiseAlarm(tx, parts, {
      ...about,
      code: 'surplus',
      detail: `${payment.amount_fen} fen, bill ${payment.bill_id}`,
    });
  }
  if (disposition === 'disputed') {
    const detail = `ours ${payment.amount_fen} fen, theirs ${report.totalFen ?? 'unsaid'}`;
    await raiseAlarm(tx, parts, { ...about, code: 'amount_differs', detail });
  }
}

async function sessionOf(tx: Tx, payment: PaymentRow): Promise<SessionRow> {
  const session = await tx.one<SessionRow>(sessionByPayment, payment.id);
  if (session === undefined) throw new Error(`payment ${payment.id} has no session`);
  return session;
}
