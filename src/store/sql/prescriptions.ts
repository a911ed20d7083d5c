import type { Statement } from '../store.ts';

/** A prescription as it is shown. Identity numbers are written and never read here. */
export interface PrescriptionRow {
  id: number;
  clinic_id: number;
  prescription_no: string;
  state: 'issued' | 'approved' | 'returned' | 'void';
  review_required: number;
  patient_name: string;
  patient_no: string;
  sex: 'male' | 'female';
  birth_date: string;
  age: string;
  weight_grams: number | null;
  fee_type: string;
  department: string;
  doctor: string;
  diagnosis: string;
  rx_type: 'western' | 'herbal';
  rx_class: 'normal' | 'emergency' | 'child' | 'narcotic' | 'psychotropic_1' | 'psychotropic_2';
  valid_until: number;
  long_supply_reason: string;
  doses: number | null;
  decoction: string;
  amount_fen: number;
  review_note: string | null;
  void_reason: string | null;
  version: number;
  created_at: number;
  bill_id: number | null;
  bill_status: 'unpaid' | 'paid' | 'void' | null;
}

export interface PrescriptionLineRow {
  line_no: number;
  drug_code: string;
  generic_name: string;
  trade_name: string;
  form: string;
  spec: string;
  kind: 'western' | 'patent' | 'herb';
  dose: string;
  dose_unit: string;
  route: string;
  frequency: string;
  days: number | null;
  quantity: string;
  unit: string;
  unit_price: string;
  amount_fen: number;
  footnote: string;
  skin_test: number;
  advice: string;
}

/** issue-prescription. The unique request_key lets the first of many repeats through. */
export const insertPrescription: Statement = `
  INSERT INTO prescriptions (clinic_id, prescription_no, request_key, review_required, patient_name, patient_no, sex,
    birth_date, age, weight_grams, fee_type, department, doctor, diagnosis, rx_type, rx_class, valid_until,
    long_supply_reason, doses, decoction, identity_no, agent_name, agent_identity_no, amount_fen,
    version, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`;

/** issue-prescription. */
export const insertPrescriptionLine: Statement = `
  INSERT INTO prescription_lines (clinic_id, prescription_id, line_no, drug_code, generic_name, trade_name, form, spec,
    kind, dose, dose_unit, route, frequency, days, quantity, unit, unit_price, amount_fen, footnote, skin_test, advice)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** issue-prescription: a repeated request finds the prescription that its first run made. */
export const prescriptionByRequest: Statement = `SELECT id, prescription_no FROM prescriptions WHERE request_key = ?`;

/**
 * review-prescription and void-prescription: takes the row lock and changes nothing, so the state that
 * is read next stands until the transaction ends. It comes before the bill's lock (see `lockUnpaidBill`).
 */
export const lockPrescription: Statement = `UPDATE prescriptions SET updated_at = updated_at WHERE id = ?`;

/** review-prescription and void-prescription, under the lock; the guard on state says it once more. */
export const movePrescription: Statement = `
  UPDATE prescriptions SET state = ?, review_note = COALESCE(?, review_note), void_reason = ?,
    version = version + 1, updated_at = ?
  WHERE id = ? AND state = ? AND version = ?`;

const shown = `
  SELECT r.id, r.clinic_id, r.prescription_no, r.state, r.review_required, r.patient_name, r.patient_no, r.sex,
    r.birth_date, r.age, r.weight_grams, r.fee_type, r.department, r.doctor, r.diagnosis, r.rx_type, r.rx_class,
    r.valid_until, r.long_supply_reason, r.doses, r.decoction, r.amount_fen, r.review_note, r.void_reason, r.version,
    r.created_at, b.id AS bill_id, b.status AS bill_status`;
const withBill = `LEFT JOIN bills b ON b.clinic_id = r.clinic_id AND b.prescription_id = r.id`;

/** read-prescriptions, and under the lock review and void. */
export const prescriptionById: Statement = `${shown} FROM prescriptions r ${withBill} WHERE r.id = ?`;

/** read-prescriptions, and the approval's bill. */
export const linesOfPrescription: Statement = `
  SELECT line_no, drug_code, generic_name, trade_name, form, spec, kind, dose, dose_unit, route, frequency, days,
    quantity, unit, unit_price, amount_fen, footnote, skin_test, advice
  FROM prescription_lines WHERE prescription_id = ? ORDER BY line_no`;

/** list-prescriptions: clinic, id before which to begin, limit. The plus: see `billPage`. */
export const prescriptionPage: Statement = `
  ${shown} FROM prescriptions r ${withBill}
  WHERE +r.clinic_id = ? AND r.id < ? ORDER BY r.id DESC LIMIT ?`;

/** list-prescriptions: clinic, state, id before which to begin, limit. */
export const prescriptionPageOfState: Statement = `
  ${shown} FROM prescriptions r ${withBill}
  WHERE r.clinic_id = ? AND r.state = ? AND r.id < ? ORDER BY r.id DESC LIMIT ?`;

// As for bills: a prefix is a range, each branch walks one index.
const found = ['prescription_no', 'patient_no', 'patient_name']
  .map((column) => `SELECT id FROM prescriptions WHERE clinic_id = ? AND ${column} >= ? AND ${column} < ?`)
  .join(' UNION ');

/** list-prescriptions: three times clinic, first and past-the-last text; then id before which to begin, limit. */
export const foundPrescriptionPage: Statement = `
  ${shown} FROM (${found}) f JOIN prescriptions r ON r.id = f.id ${withBill}
  WHERE r.id < ? ORDER BY r.id DESC LIMIT ?`;

/** list-prescriptions: as `foundPrescriptionPage`, with the state before the id. */
export const foundPrescriptionPageOfState: Statement = `
  ${shown} FROM (${found}) f JOIN prescriptions r ON r.id = f.id ${withBill}
  WHERE r.state = ? AND r.id < ? ORDER BY r.id DESC LIMIT ?`;
