import { fen, yuan } from '#money';
import { rfc3339 } from '#world';
import type { Prescription } from './read-prescriptions.ts';

/** How the API writes a prescription: instants as RFC 3339 text, the amount also as yuan. */
export function prescriptionReply(prescription: Prescription) {
  const { clinic_id: _clinic, void_reason: _reason, weight_grams: _weight, ...rest } = prescription;
  return {
    ...rest,
    amount: yuan(fen(prescription.amount_fen)),
    valid_until: rfc3339(prescription.valid_until),
    created_at: rfc3339(prescription.created_at),
  };
}

export function prescriptionPageReply(page: {
  prescriptions: Prescription[];
  next_before_id: number | null;
}) {
  return { prescriptions: page.prescriptions.map(prescriptionReply), next_before_id: page.next_before_id };
}
