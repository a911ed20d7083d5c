import { recordEvent } from '#sql/events';
import {
  lockPrescription,
  movePrescription as moveRow,
  prescriptionById,
  type PrescriptionRow,
} from '#sql/prescriptions';
import { Conflict, type Tx } from '#store';
import type { Happening, PrescriptionState } from './states.ts';

/** The prescription, held still until the transaction ends. */
export async function lockedPrescription(tx: Tx, id: number): Promise<PrescriptionRow | undefined> {
  await tx.run(lockPrescription, id);
  return tx.one<PrescriptionRow>(prescriptionById, id);
}

export interface Move {
  happening: Happening;
  to: PrescriptionState;
  reviewNote?: string | undefined;
  voidReason?: string | undefined;
  actor: string;
  atMs: number;
}

/** Writes a change that the grid allowed, with its event. */
export async function movePrescription(tx: Tx, row: PrescriptionRow, move: Move): Promise<void> {
  const { to, actor, atMs, reviewNote = null, voidReason = null } = move;
  const { rows } = await tx.run(moveRow, to, reviewNote, voidReason, atMs, row.id, row.state, row.version);
  if (rows === 0) throw new Conflict(`prescription ${row.id}`);
  await recordEvent(tx, {
    clinicId: row.clinic_id,
    entity: 'prescription',
    entityId: row.id,
    version: row.version + 1,
    happening: move.happening,
    from: row.state,
    to,
    actor,
    reason: reviewNote ?? voidReason,
    atMs,
  });
}
