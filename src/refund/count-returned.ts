import type { Log } from '#log';
import {
  addRefundedToBill,
  addRefundedToPayment,
  noteRefundCounted,
  reserveRefund,
  uncountedRefunds,
  type RefundRow,
} from '#sql/refunds';
import type { Tx } from '#store';
import { openSuspense } from '#suspense';
import { tellRefund } from './tell-refund.ts';

interface Given {
  clinic: { id: number };
  log: Log;
}

interface Cause {
  actor: string;
  atMs: number;
  evidenceId?: number;
}

/** What is counted of a refund, and where. */
export type Returned = Pick<RefundRow, 'id' | 'clinic_id' | 'payment_id' | 'bill_id' | 'amount_fen' | 'kind'>;

/**
 * Money went back by a refund that held its amount until now: adds it to the sums of its payment and of the
 * bill that the money had paid, and tells the clinic's own system. What never paid a bill, surplus and the
 * rest of disputed money, is on its way back beside the bill and is not taken from it.
 */
export async function countReturned(tx: Tx, row: Returned, atMs: number): Promise<void> {
  const { id, amount_fen: fen, payment_id: paymentId } = row;
  const counted = await tx.run(addRefundedToPayment, fen, paymentId, fen);
  if (counted.rows === 0) throw new Error(`refund ${id} returned what was not reserved`);
  if (row.kind === 'bill' || row.kind === 'external')
    await tx.run(addRefundedToBill, fen, fen, atMs, row.bill_id, paymentId);
  await tx.run(noteRefundCounted, atMs, id);
  await tellRefund(tx, 'refund.succeeded', row, atMs);
}

/**
 * Money went back by a refund that held nothing: given up here, or not made here. It takes the room that
 * is left. Where another refund has taken that, a person gets the case, and `countLeftOut` counts it as
 * soon as the other one gives its amount free.
 */
export async function countUnreserved(tx: Tx, parts: Given, row: Returned, cause: Cause): Promise<void> {
  if (await takesRoom(tx, row)) {
    await countReturned(tx, row, cause.atMs);
    return;
  }
  await openSuspense(tx, parts, {
    reason: 'refund_exceeds',
    subject: `refund:${row.id}`,
    evidenceId: cause.evidenceId,
    paymentId: row.payment_id,
    refundId: row.id,
    amountFen: row.amount_fen,
    detail: `${row.amount_fen} fen went back, which is more than is left of payment ${row.payment_id}`,
    actor: cause.actor,
    atMs: cause.atMs,
  });
}

/** An amount came free: refunds that went back and found no room are counted now, the oldest first. */
export async function countLeftOut(tx: Tx, paymentId: number, atMs: number): Promise<void> {
  for (const row of await tx.all<RefundRow>(uncountedRefunds, paymentId)) {
    if (await takesRoom(tx, row)) await countReturned(tx, row, atMs);
  }
}

async function takesRoom(tx: Tx, row: Returned): Promise<boolean> {
  const { rows } = await tx.run(reserveRefund, row.amount_fen, row.payment_id, row.amount_fen);
  return rows > 0;
}
