import { mintBillNo } from '#bill';
import { linesOfPrescription, type PrescriptionLineRow, type PrescriptionRow } from '#sql/prescriptions';
import { UniqueViolation, type Tx } from '#store';
import { invalidInput, isRefusal, refuse, type Refusal } from '#trouble';
import { pricePrescription } from './bill-lines.ts';
import type { Parts } from './issue-prescription.ts';
import { makeBill } from './make-bill.ts';
import { lockedPrescription, movePrescription } from './move-prescription.ts';
import { wholePrescription, type Prescription } from './read-prescriptions.ts';
import { grid, refusal, stay } from './states.ts';

export interface Review {
  decision: 'approve' | 'return';
  note?: string | undefined;
}

type ReviewRefusal = Refusal<
  'invalid_input' | 'prescription_not_found' | 'prescription_not_reviewable' | 'prescription_void'
>;

const NUMBER_TRIES = 5;

/**
 * A pharmacist approves a prescription, which makes its bill in the same transaction, or returns it
 * to the doctor with a reason. The same decision told again changes nothing.
 * refuses  prescription_not_found, prescription_void, prescription_not_reviewable (decided otherwise,
 *          never to be reviewed, or no longer valid), invalid_input (a return without a note)
 * source   处方审核规范 (2018): no charge before the review
 */
export async function reviewPrescription(
  parts: Omit<Parts, 'reviewRequired'>,
  id: number,
  review: Review,
  actor: string,
): Promise<Prescription | ReviewRefusal> {
  if (review.decision === 'return' && review.note === undefined) {
    return invalidInput('note', '退回处方须说明理由', 'required when a prescription is returned');
  }
  for (let tries = 0; tries < NUMBER_TRIES; tries += 1) {
    const now = parts.world.now();
    const billNo = mintBillNo(parts.world, now);
    try {
      const refused = await parts.store.transact('review-prescription', (tx) =>
        decide(tx, id, review, actor, billNo, now),
      );
      return refused ?? (await wholePrescription(parts, id));
    } catch (error) {
      if (!(error instanceof UniqueViolation)) throw error; // the bill number is taken: draw another
    }
  }
  throw new Error('no free bill number found');
}

async function decide(
  tx: Tx,
  id: number,
  { decision, note }: Review,
  actor: string,
  billNo: string,
  now: number,
): Promise<ReviewRefusal | undefined> {
  const row = await lockedPrescription(tx, id);
  if (row === undefined) return refuse('prescription_not_found');
  if (row.state === 'void') return refuse('prescription_void');
  const to = grid[row.state][decision];
  if (to === stay) return undefined;
  const late = decision === 'approve' && now > row.valid_until;
  if (to === refusal || row.review_required === 0 || late) {
    return refuse('prescription_not_reviewable', { facts: { state: row.state, valid: !late } });
  }
  await movePrescription(tx, row, { happening: decision, to, reviewNote: note, actor, atMs: now });
  if (decision === 'approve') await billApproved(tx, row, actor, billNo, now);
  return undefined;
}

async function billApproved(
  tx: Tx,
  row: PrescriptionRow,
  actor: string,
  billNo: string,
  now: number,
): Promise<void> {
  const lines = await tx.all<PrescriptionLineRow>(linesOfPrescription, row.id);
  const priced = pricePrescription(lines, row.doses ?? undefined);
  // It was priced from the same digits when it was issued.
  if (isRefusal(priced)) throw new Error(`prescription ${row.id} can no longer be priced: ${priced.field}`);
  if (priced.total_fen !== row.amount_fen)
    throw new Error(`prescription ${row.id} comes to another amount now`);
  const {
    clinic_id: clinicId,
    id: prescriptionId,
    patient_name,
    patient_no,
    department,
    doctor,
    valid_until,
  } = row;
  const who = { patient_name, patient_no, department, doctor };
  await makeBill(
    tx,
    { clinicId, billNo, prescriptionId, ...who, priced, validUntilMs: valid_until },
    actor,
    now,
  );
}
