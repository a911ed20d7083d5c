import { enqueue } from '#outbox';
import type { Tx } from '#store';
import { billIn, billSummaryIn } from './read-bill.ts';
import { billReply, billSummaryReply } from './reply.ts';

/**
 * Tells the clinic's own system what became of a bill, whole, as `GET /bills/{id}` shows it. Part of
 * the caller's transaction, and its last step: the bill is told as that transaction leaves it.
 */
export function tellBill(
  tx: Tx,
  type: 'bill.paid' | 'bill.voided',
  bill: { id: number; clinicId: number },
  atMs: number,
): Promise<void> {
  return enqueue(tx, { clinicId: bill.clinicId, billId: bill.id, type, atMs }, async () => {
    const whole = await billIn(tx, bill.id);
    if (whole === undefined) throw new Error(`bill ${bill.id} is gone`);
    return billReply(whole);
  });
}

/** The bill that something else belongs to, as lists show it; null where it belongs to none. */
export async function billBeside(
  tx: Tx,
  billId: number | null,
): Promise<ReturnType<typeof billSummaryReply> | null> {
  const bill = billId === null ? undefined : await billSummaryIn(tx, billId);
  return bill === undefined ? null : billSummaryReply(bill);
}
