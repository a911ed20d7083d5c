import { billState, settleBill as settleRow, type BillStateRow } from '#sql/bills';
import { recordEvent } from '#sql/events';
import type { Tx } from '#store';

export interface Settlement {
  billId: number;
  paymentId: number;
  /** The payment's pinned amount; it is the bill's, which never changes. */
  paidFen: number;
  actor: string;
  evidenceId: number;
  atMs: number;
}

/**
 * Pays an unpaid bill by this payment, with its event, inside the caller's transaction.
 * Returns whether it won: false when the bill is paid or void already, and the money is surplus.
 * Of many payments of one bill exactly one ever wins (I-04).
 */
export async function settleBill(tx: Tx, settlement: Settlement): Promise<boolean> {
  const { billId, paymentId, paidFen, actor, evidenceId, atMs } = settlement;
  const { rows } = await tx.run(settleRow, paidFen, paymentId, atMs, billId, paidFen);
  if (rows === 0) return false;
  const bill = await tx.one<BillStateRow>(billState, billId);
  if (bill === undefined) throw new Error(`bill ${billId} is gone`);
  await recordEvent(tx, {
    clinicId: bill.clinic_id,
    entity: 'bill',
    entityId: billId,
    version: bill.version,
    happening: 'settle',
    from: 'unpaid',
    to: 'paid',
    actor,
    evidenceId,
    atMs,
  });
  return true;
}
