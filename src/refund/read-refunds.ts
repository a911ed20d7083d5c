import { refundById, refundsOfBill, type RefundRow } from '#sql/refunds';
import { refuse, type Refusal } from '#trouble';
import type { Parts } from './parts.ts';

/** The refunds of a bill, oldest first. */
export function readRefunds(parts: Pick<Parts, 'store'>, billId: number): Promise<RefundRow[]> {
  return parts.store.read((tx) => tx.all<RefundRow>(refundsOfBill, billId));
}

/** refuses refund_not_found */
export async function readRefund(
  parts: Pick<Parts, 'store'>,
  id: number,
): Promise<RefundRow | Refusal<'refund_not_found'>> {
  const row = await parts.store.read((tx) => tx.one<RefundRow>(refundById, id));
  return row ?? refuse('refund_not_found');
}
