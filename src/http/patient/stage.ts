import type { sessionStatusReply } from '../present.ts';

/** The public state of a session, as every status read answers it. */
export type PatientStatus = ReturnType<typeof sessionStatusReply>;

/** What a patient is told. Less than a cashier: what went wrong between desk and channel is not theirs. */
export type PatientStage =
  | 'creating'
  | 'ready'
  | 'scanned'
  | 'confirming'
  | 'paid'
  | 'surplus'
  | 'disputed'
  | 'expired'
  | 'replaced'
  | 'settled_elsewhere'
  | 'cancelled';

/** Success is said for the word `paid` alone; a code is shown only while the service shows it. */
export function patientStage(told: PatientStatus): PatientStage {
  if (told.disposition === 'disputed' || told.end_reason === 'disputed') return 'disputed';
  if (told.disposition === 'surplus') return 'surplus';
  if (told.status === 'paid') return 'paid';
  if (told.status === 'pending') {
    if (told.code_shown) return told.phase === 'scanned' ? 'scanned' : 'ready';
    return told.phase === 'creating' ? 'creating' : 'confirming';
  }
  if (told.end_reason === 'paid_elsewhere') return 'settled_elsewhere';
  if (told.replaced_by !== null) return 'replaced';
  return told.status === 'expired' ? 'expired' : 'cancelled';
}
