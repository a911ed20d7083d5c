import {
  billState,
  lockUnpaidBill as lockRow,
  shownSessionOfBill,
  voidBill as voidRow,
  type BillStateRow,
} from '#sql/bills';
import { recordEvent } from '#sql/events';
import type { Tx } from '#store';
import { refuse, type Refusal } from '#trouble';
import { grid, stay } from './states.ts';
import { tellBill } from './tell-bill.ts';

export type VoidBillRefusal = Refusal<'bill_not_found' | 'bill_already_paid' | 'retire_unfinished'>;

/**
 * Holds the bill still until the transaction ends; false when it is not unpaid. Every flow that opens
 * or voids begins with it; the statement says why that keeps the two apart.
 */
export async function lockUnpaidBill(tx: Tx, billId: number): Promise<boolean> {
  const { rows } = await tx.run(lockRow, billId);
  return rows === 1;
}

/**
 * Voids an unpaid bill, with its event, inside the caller's transaction. Its code is retired before.
 * returns  `voided` false when it was void already: the state is the same, the first reason stays
 * refuses  bill_not_found, bill_already_paid, retire_unfinished (a code still stands on a screen;
 *          `session_id` names it, and nothing has changed)
 */
export async function voidBillRow(
  tx: Tx,
  billId: number,
  reason: string,
  actor: string,
  nowMs: number,
): Promise<{ voided: boolean } | VoidBillRefusal> {
  const locked = await lockUnpaidBill(tx, billId);
  const bill = await tx.one<BillStateRow>(billState, billId);
  if (bill === undefined) return refuse('bill_not_found');
  if (!locked) return grid[bill.status].void === stay ? { voided: false } : refuse('bill_already_paid');
  const { rows } = await tx.run(voidRow, reason, nowMs, billId, billId);
  if (rows === 0) {
    const shown = await tx.one<{ public_id: string }>(shownSessionOfBill, billId);
    return refuse('retire_unfinished', { facts: { session_id: shown?.public_id ?? null } });
  }
  await recordEvent(tx, {
    clinicId: bill.clinic_id,
    entity: 'bill',
    entityId: billId,
    version: bill.version + 1,
    happening: 'void',
    from: bill.status,
    to: 'void',
    actor,
    reason,
    atMs: nowMs,
  });
  await tellBill(tx, 'bill.voided', { id: billId, clinicId: bill.clinic_id }, nowMs);
  return { voided: true };
}
