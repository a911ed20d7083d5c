import type { PaymentMethod } from '#channel';
import { addJob } from '#job';
import { recordEvent } from '#sql/events';
import { insertRefund, insertRefundLine, reserveRefund as reserveRow, type RefundRow } from '#sql/refunds';
import type { Tx } from '#store';
import { alphanumeric, beijingDay, type World } from '#world';
import type { Parts } from './parts.ts';

export interface NewRefund {
  outRefundNo: string;
  paymentId: number;
  /** The channel that the money came by: it goes back the same way. */
  method: PaymentMethod;
  billId: number | null;
  amountFen: number;
  kind: RefundRow['kind'];
  reason: string;
  requestedBy: string;
  /** Born `requested` when a second person must approve, else `approved`. */
  approved: boolean;
  requestKey?: string | undefined;
  lines?: readonly { billLineId: number; amountFen: number }[];
}

/** One number for one intent, for life: minted outside the transaction, committed with its row. */
export function mintRefundNo(world: World): string {
  return `ZR${beijingDay(world.now()).replaceAll('-', '')}${alphanumeric(world, 20)}`;
}

/**
 * Reserves the amount on the payment and writes the refund down, with its event and the job that
 * sends it. Answers undefined when the payment has not that much left: nothing is written then.
 */
export async function reserveRefund(
  tx: Tx,
  parts: Pick<Parts, 'clinic'>,
  refund: NewRefund,
  atMs: number,
): Promise<number | undefined> {
  const { rows } = await tx.run(reserveRow, refund.amountFen, refund.paymentId, refund.amountFen);
  if (rows === 0) return undefined;
  const state = refund.approved ? 'approved' : 'requested';
  const { id } = await tx.run(
    insertRefund,
    parts.clinic.id,
    refund.paymentId,
    refund.billId,
    refund.outRefundNo,
    refund.amountFen,
    refund.kind,
    refund.reason,
    refund.requestedBy,
    refund.approved ? refund.requestedBy : null,
    state,
    refund.kind === 'surplus' ? refund.paymentId : null,
    refund.requestKey ?? null,
    atMs,
    atMs,
  );
  for (const line of refund.lines ?? [])
    await tx.run(insertRefundLine, parts.clinic.id, id, line.billLineId, line.amountFen);
  await recordEvent(tx, {
    clinicId: parts.clinic.id,
    entity: 'refund',
    entityId: id,
    version: 1,
    happening: 'request',
    from: null,
    to: state,
    actor: refund.requestedBy,
    reason: refund.reason,
    atMs,
  });
  if (refund.approved)
    await addJob(
      tx,
      { clinicId: parts.clinic.id, kind: 'follow_refund', lane: refund.method, subjectId: id },
      atMs,
      atMs,
    );
  return id;
}
