import type { Log } from '#log';
import { billBeside } from '#bill';
import { enqueue } from '#outbox';
import { recordEvent } from '#sql/events';
import { paymentById, type PaymentRow } from '#sql/payments';
import { insertSuspense, suspenseById, suspenseBySubject, type SuspenseRow } from '#sql/suspense';
import type { Tx } from '#store';
import { suspenseReply } from './reply.ts';

/** Why money, or a refund, stands before a person. */
export type SuspenseReason =
  | 'amount_differs' // our payment, another amount
  | 'unknown_order' // money to our account under a number that we do not know; adopted as a payment
  | 'foreign_account' // a genuine report for another app, merchant or currency: evidence without a payment
  | 'refunded_before' // the first that we hear of a payment is its refund
  | 'refund_abnormal' // the payer's account cannot take it
  | 'refund_failed' // a definite no, confirmed
  | 'refund_unknown' // money went back by a refund that we never asked for
  | 'refund_exceeds'; // more went back than there is room for: another refund holds the amount

export interface Opening {
  reason: SuspenseReason;
  /** What it is about, once for each reason: `payment:5`, `refund:7`, `evidence:12`. */
  subject: string;
  evidenceId?: number | undefined;
  paymentId?: number | undefined;
  refundId?: number | undefined;
  amountFen: number;
  detail: string;
  actor: string;
  atMs: number;
}

/** Puts money before a person (悬账), once for one subject and reason. Part of the caller's transaction. */
export async function openSuspense(
  tx: Tx,
  parts: { clinic: { id: number }; log: Log },
  opening: Opening,
): Promise<number> {
  const known = await tx.one<SuspenseRow>(suspenseBySubject, opening.reason, opening.subject);
  if (known !== undefined) return known.id;
  const { id } = await tx.run(
    insertSuspense,
    parts.clinic.id,
    opening.reason,
    opening.subject,
    opening.evidenceId ?? null,
    opening.paymentId ?? null,
    opening.refundId ?? null,
    opening.amountFen,
    opening.detail.slice(0, 500),
    opening.atMs,
    opening.atMs,
  );
  await recordEvent(tx, {
    clinicId: parts.clinic.id,
    entity: 'suspense',
    entityId: id,
    version: 1,
    happening: 'open',
    from: null,
    to: 'open',
    actor: opening.actor,
    reason: opening.reason,
    evidenceId: opening.evidenceId ?? null,
    atMs: opening.atMs,
  });
  await tell(tx, id, parts.clinic.id, opening);
  tx.afterCommit(() => parts.log.warn('suspense-opened', { suspense_id: id, reason: opening.reason }));
  return id;
}

/** The clinic's own system hears of it too, in the order of the bill that the payment was for, if any. */
async function tell(tx: Tx, id: number, clinicId: number, { paymentId, atMs }: Opening): Promise<void> {
  const payment = paymentId === undefined ? undefined : await tx.one<PaymentRow>(paymentById, paymentId);
  const billId = payment?.bill_id ?? null;
  await enqueue(tx, { clinicId, billId, type: 'suspense.opened', atMs }, async () => {
    const row = await tx.one<SuspenseRow>(suspenseById, id);
    if (row === undefined) throw new Error(`suspense ${id} is gone`);
    return { ...suspenseReply(row, atMs), bill: await billBeside(tx, billId) };
  });
}
