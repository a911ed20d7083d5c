import type { Statement } from '../store.ts';

export interface DrugRow {
  code: string;
  generic_name: string;
  trade_name: string;
  form: string;
  spec: string;
  kind: 'western' | 'patent' | 'herb';
  unit: string;
  unit_price: string;
  dose_unit: string;
}

export interface PatientRow {
  patient_no: string;
  name: string;
  sex: 'male' | 'female';
  birth_date: string;
}

/** ensure-clinic, at each start. */
export const insertClinic: Statement = `INSERT INTO clinics (id, name, short_name, created_at) VALUES (?, ?, ?, ?)`;

/** ensure-clinic: the name that patients read may change. */
export const renameClinic: Statement = `UPDATE clinics SET name = ?, short_name = ? WHERE id = ?`;

/** seed. */
export const insertPatient: Statement = `
  INSERT INTO patients (clinic_id, patient_no, name, initials, sex, birth_date, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`;

/** seed. */
export const insertDrug: Statement = `
  INSERT INTO drugs (clinic_id, code, generic_name, trade_name, initials, form, spec, kind, unit, unit_price, dose_unit, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

// The lists are a clinic's own, hundreds of rows: a scan is quick, and instr needs no escaping.

/** find-drugs: clinic; the words three times, twice in small letters; limit. */
export const foundDrugs: Statement = `
  SELECT code, generic_name, trade_name, form, spec, kind, unit, unit_price, dose_unit FROM drugs
  WHERE clinic_id = ? AND (instr(generic_name, ?) > 0 OR instr(trade_name, ?) > 0 OR instr(code, ?) > 0
    OR instr(lower(code), ?) > 0 OR instr(initials, ?) > 0)
  ORDER BY generic_name, code LIMIT ?`;

/** find-patients: clinic; the words twice, twice in small letters; limit. */
export const foundPatients: Statement = `
  SELECT patient_no, name, sex, birth_date FROM patients
  WHERE clinic_id = ? AND (instr(name, ?) > 0 OR instr(patient_no, ?) > 0 OR instr(lower(patient_no), ?) > 0
    OR instr(initials, ?) > 0)
  ORDER BY patient_no LIMIT ?`;
