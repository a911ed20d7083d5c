import { billBeside } from '#bill';
import { enqueue } from '#outbox';
import { refundById, type RefundRow } from '#sql/refunds';
import type { Tx } from '#store';
import { refundReply } from './reply.ts';

/**
 * Tells the clinic's own system how a refund ended, with the bill as it then stands. Part of the
 * caller's transaction, after all sums were changed.
 */
export async function tellRefund(
  tx: Tx,
  type: 'refund.succeeded' | 'refund.failed',
  refund: Pick<RefundRow, 'id' | 'clinic_id' | 'bill_id'>,
  atMs: number,
): Promise<void> {
  const event = { clinicId: refund.clinic_id, billId: refund.bill_id, type, atMs };
  await enqueue(tx, event, async () => {
    const row = await tx.one<RefundRow>(refundById, refund.id);
    if (row === undefined) throw new Error(`refund ${refund.id} is gone`);
    return { ...refundReply(row), bill: await billBeside(tx, row.bill_id) };
  });
}
