import { voidBillRow } from '#bill';
import type { Tx } from '#store';
import { refuse, type Refusal } from '#trouble';
import { lockedPrescription, movePrescription } from './move-prescription.ts';
import { grid, stay } from './states.ts';

export type VoidPrescriptionRefusal = Refusal<
  'prescription_not_found' | 'prescription_paid' | 'retire_unfinished'
>;

/**
 * Voids a prescription and its unpaid bill, with their events, inside the caller's transaction. The
 * bill's code is retired before (`bill_id` of readPrescription).
 * returns  `voided` false when it was void already: the first reason stays
 * refuses  prescription_not_found, prescription_paid, retire_unfinished (a code of its bill still
 *          stands on a screen; nothing has changed)
 */
export async function voidPrescriptionRow(
  tx: Tx,
  id: number,
  reason: string,
  actor: string,
  nowMs: number,
): Promise<{ voided: boolean } | VoidPrescriptionRefusal> {
  const row = await lockedPrescription(tx, id);
  if (row === undefined) return refuse('prescription_not_found');
  if (grid[row.state].void === stay) return { voided: false };
  if (row.bill_id !== null) {
    const bill = await voidBillRow(tx, row.bill_id, reason, actor, nowMs);
    if ('refused' in bill) {
      if (bill.refused === 'retire_unfinished')
        return refuse('retire_unfinished', { facts: bill.facts ?? {} });
      if (bill.refused === 'bill_already_paid') return refuse('prescription_paid');
      throw new Error(`bill ${row.bill_id} of prescription ${id} is gone`);
    }
  }
  await movePrescription(tx, row, { happening: 'void', to: 'void', voidReason: reason, actor, atMs: nowMs });
  return { voided: true };
}
