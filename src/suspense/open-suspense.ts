import type { Log } from '#log';
import { recordEvent } from '#sql/events';
import { insertSuspense, suspenseBySubject, type SuspenseRow } from '#sql/suspense';
import type { Tx } from '#store';

/** Why money, or a refund, stands before a person. */
export type SuspenseReason =
  | 'amount_differs' // our payment, another amount
  | 'unknown_order' // money to our account under a number that we do not know; adopted as a payment
  | 'foreign_account' // a genuine report for another app, merchant or currency: evidence without a payment
  | 'refunded_before' // the first that we hear of a payment is its refund
  | 'refund_abnormal' // the payer's account cannot take it
  | 'refund_failed' // a definite no, confirmed
  | 'refund_unknown' // money went back by a refund that we never asked for
  | 'refund_exceeds'; // more went back than came

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
  tx.afterCommit(() => parts.log.warn('suspense-opened', { suspense_id: id, reason: opening.reason }));
  return id;
}
