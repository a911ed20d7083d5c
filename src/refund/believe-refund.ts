import { raiseAlarm } from '#alarm';
import type { RefundReport } from '#channel';
import { hasten, wakeJob } from '#job';
import { adoptRefund as adoptRow, refundByNumber, type RefundRow } from '#sql/refunds';
import { recordEvent } from '#sql/events';
import type { PaymentRow } from '#sql/payments';
import type { Tx } from '#store';
import { openSuspense } from '#suspense';
import { countUnreserved } from './count-returned.ts';
import { moveRefund, type Cause as MoveCause } from './move-refund.ts';
import type { Parts } from './parts.ts';

type Given = Pick<Parts, 'clinic' | 'log'>;
type Cause = Required<Pick<MoveCause, 'actor' | 'atMs' | 'evidenceId'>>;

/**
 * Believes what a genuine report says of one refund of `payment`, in the transaction that applies the
 * evidence. A report without an amount of its own (Alipay notifications carry the sum) only makes us
 * ask at once.
 */
export async function believeRefund(
  tx: Tx,
  parts: Given,
  payment: PaymentRow,
  report: RefundReport,
  cause: Cause,
): Promise<void> {
  const refund =
    report.outRefundNo === undefined
      ? undefined
      : await tx.one<RefundRow>(refundByNumber, report.outRefundNo);
  if (refund === undefined) {
    if (report.state === 'succeeded') await adoptRefund(tx, parts, payment, report, cause);
    return;
  }
  if (
    refund.payment_id !== payment.id ||
    (report.amountFen !== undefined && report.amountFen !== refund.amount_fen)
  ) {
    await toPerson(
      tx,
      parts,
      refund,
      'refund_unknown',
      `says ${report.amountFen ?? '?'} fen, ours ${refund.amount_fen}`,
      cause,
    );
    return;
  }
  switch (report.state) {
    case 'succeeded':
      if (report.amountFen === undefined) await askAtOnce(tx, payment, refund, cause.atMs);
      else await succeed(tx, parts, refund, report, cause);
      return;
    case 'abnormal':
      if (
        (await moveRefund(tx, parts, refund, 'turn_abnormal', cause, {
          channelRefundNo: report.channelRefundNo,
        })) === 'moved'
      ) {
        await toPerson(
          tx,
          parts,
          refund,
          'refund_abnormal',
          'the payer cannot be reached by the channel',
          cause,
        );
      }
      return;
    case 'closed':
      if (
        (await moveRefund(tx, parts, refund, 'fail', { ...cause, reason: 'closed by the channel' })) ===
        'moved'
      ) {
        await toPerson(tx, parts, refund, 'refund_failed', 'the channel closed the refund', cause);
      }
      return;
    case 'accepted':
    case 'none':
    case 'unknown':
      return;
  }
}

/** The whole answer is fetched, also about a refund that was never sent from here or that was given up. */
async function askAtOnce(tx: Tx, payment: PaymentRow, refund: RefundRow, atMs: number): Promise<void> {
  if (refund.state === 'succeeded') return;
  const { clinic_id: clinicId, id: subjectId } = refund;
  const lane = payment.payment_method;
  await wakeJob(tx, { clinicId, kind: 'follow_refund', lane, subjectId }, atMs, atMs);
  await hasten(tx, 'follow_refund', subjectId, atMs, atMs);
}

async function succeed(
  tx: Tx,
  parts: Given,
  refund: RefundRow,
  report: RefundReport,
  cause: Cause,
): Promise<void> {
  await moveRefund(tx, parts, refund, 'succeed', cause, {
    channelRefundNo: report.channelRefundNo,
    refundedAtMs: report.refundedAtMs ?? cause.atMs,
  });
}

/**
 * Money went back by a refund that this database does not know: made on the channel's own pages, or
 * before a backup was restored. It is written down as it happened, and a person is told.
 */
async function adoptRefund(
  tx: Tx,
  parts: Given,
  payment: PaymentRow,
  report: RefundReport,
  cause: Cause,
): Promise<void> {
  const { amountFen, outRefundNo } = report;
  // A refund without a number, or of nothing, is none that could be written down.
  if (!amountFen || !outRefundNo) {
    const detail = `payment ${payment.id}: ${report.cumulativeFen ?? amountFen ?? '?'} fen in all went back, by a refund we cannot name`;
    await raiseAlarm(tx, parts, {
      code: 'refund_contradicts',
      entity: 'payment',
      entityId: payment.id,
      detail,
      atMs: cause.atMs,
    });
    return;
  }
  const { id } = await tx.run(
    adoptRow,
    parts.clinic.id,
    payment.id,
    payment.bill_id,
    outRefundNo,
    amountFen,
    '渠道侧退款',
    cause.actor,
    report.channelRefundNo ?? null,
    report.refundedAtMs ?? cause.atMs,
    cause.atMs,
    cause.atMs,
  );
  await recordEvent(tx, {
    clinicId: parts.clinic.id,
    entity: 'refund',
    entityId: id,
    version: 1,
    happening: 'succeed',
    from: null,
    to: 'succeeded',
    actor: cause.actor,
    reason: 'not ours',
    evidenceId: cause.evidenceId,
    atMs: cause.atMs,
  });
  const refund = {
    id,
    clinic_id: parts.clinic.id,
    payment_id: payment.id,
    bill_id: payment.bill_id,
    amount_fen: amountFen,
    kind: 'external',
  } as const;
  await countUnreserved(tx, parts, refund, cause);
  await openSuspense(tx, parts, {
    reason: 'refund_unknown',
    subject: `refund:${id}`,
    evidenceId: cause.evidenceId,
    paymentId: payment.id,
    refundId: id,
    amountFen,
    detail: `${outRefundNo}: ${amountFen} fen went back by a refund that was not made here`,
    actor: cause.actor,
    atMs: cause.atMs,
  });
}

export async function toPerson(
  tx: Tx,
  parts: Given,
  refund: RefundRow,
  reason: 'refund_unknown' | 'refund_abnormal' | 'refund_failed',
  detail: string,
  cause: { actor: string; atMs: number; evidenceId?: number | undefined },
): Promise<void> {
  await raiseAlarm(tx, parts, {
    code: 'refund_trouble',
    entity: 'refund',
    entityId: refund.id,
    detail,
    atMs: cause.atMs,
  });
  await openSuspense(tx, parts, {
    reason,
    subject: `refund:${refund.id}`,
    evidenceId: cause.evidenceId,
    paymentId: refund.payment_id,
    refundId: refund.id,
    amountFen: refund.amount_fen,
    detail,
    actor: cause.actor,
    atMs: cause.atMs,
  });
}
