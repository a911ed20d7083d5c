-- Prescriptions carry what 处方管理办法 (2007) asks of front, middle and back of the paper.
-- Patients and drugs are the small clinic's own lists; a prescription copies from them and never looks back.

CREATE TABLE patients (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  patient_no {text:64} NOT NULL,
  name {text:64} NOT NULL,
  initials {text:16} NOT NULL DEFAULT '',
  sex {text:8} NOT NULL,
  birth_date {text:10} NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT patients_patient_no UNIQUE (clinic_id, patient_no),
  CONSTRAINT patients_sex CHECK (sex IN ('male', 'female'))
){table};

-- `initials` are the first letters of the name's pinyin, as people type them at a counter.
CREATE TABLE drugs (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  code {text:64} NOT NULL,
  generic_name {text:64} NOT NULL,
  trade_name {text:64} NOT NULL DEFAULT '',
  initials {text:32} NOT NULL DEFAULT '',
  form {text:32} NOT NULL DEFAULT '',
  spec {text:64} NOT NULL,
  kind {text:8} NOT NULL,
  unit {text:16} NOT NULL,
  unit_price {text:16} NOT NULL,
  dose_unit {text:16} NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT drugs_code UNIQUE (clinic_id, code),
  CONSTRAINT drugs_kind CHECK (kind IN ('western', 'patent', 'herb'))
){table};

-- What was issued never changes. Its bill knows it (bills.prescription_id, one bill a prescription).
CREATE TABLE prescriptions (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  prescription_no {text:32} NOT NULL,
  request_key {text:64},
  state {text:16} NOT NULL DEFAULT 'issued',
  review_required BIGINT NOT NULL,
  patient_name {text:64} NOT NULL,
  patient_no {text:64} NOT NULL,
  sex {text:8} NOT NULL,
  birth_date {text:10} NOT NULL,
  age {text:16} NOT NULL,
  weight_grams BIGINT,
  fee_type {text:16} NOT NULL,
  department {text:64} NOT NULL,
  doctor {text:64} NOT NULL,
  diagnosis {text:200} NOT NULL,
  rx_type {text:16} NOT NULL,
  rx_class {text:16} NOT NULL,
  valid_until BIGINT NOT NULL,
  long_supply_reason {text:100} NOT NULL DEFAULT '',
  doses BIGINT,
  decoction {text:100} NOT NULL DEFAULT '',
  identity_no {text:32},
  agent_name {text:64},
  agent_identity_no {text:32},
  amount_fen BIGINT NOT NULL,
  review_note {text:200},
  void_reason {text:200},
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT prescriptions_prescription_no UNIQUE (clinic_id, prescription_no),
  CONSTRAINT prescriptions_request UNIQUE (request_key),
  CONSTRAINT prescriptions_state CHECK (state IN ('issued', 'approved', 'returned', 'void')),
  CONSTRAINT prescriptions_review CHECK (review_required IN (0, 1) AND (review_required = 1 OR state IN ('issued', 'void'))),
  CONSTRAINT prescriptions_sex CHECK (sex IN ('male', 'female')),
  CONSTRAINT prescriptions_type CHECK (rx_type IN ('western', 'herbal')),
  CONSTRAINT prescriptions_class CHECK (rx_class IN ('normal', 'emergency', 'child', 'narcotic', 'psychotropic_1', 'psychotropic_2')),
  CONSTRAINT prescriptions_doses CHECK ((rx_type = 'herbal' AND doses IS NOT NULL AND doses >= 1) OR (rx_type = 'western' AND doses IS NULL)),
  CONSTRAINT prescriptions_amount CHECK (amount_fen >= 1 AND amount_fen <= 10000000000),
  CONSTRAINT prescriptions_void CHECK ((state = 'void' AND void_reason IS NOT NULL) OR (state <> 'void' AND void_reason IS NULL))
){table};

CREATE INDEX prescriptions_by_state ON prescriptions (clinic_id, state, id);

CREATE INDEX prescriptions_by_patient_no ON prescriptions (clinic_id, patient_no);

CREATE INDEX prescriptions_by_patient_name ON prescriptions (clinic_id, patient_name);

{immutable prescriptions: clinic_id, prescription_no, request_key, review_required, patient_name, patient_no, sex, birth_date, age, weight_grams, fee_type, department, doctor, diagnosis, rx_type, rx_class, valid_until, long_supply_reason, doses, decoction, identity_no, agent_name, agent_identity_no, amount_fen, created_at};

-- One drug a line. `quantity` is what the doctor wrote: of herbs for one dose (剂), of all else in whole.
CREATE TABLE prescription_lines (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  prescription_id BIGINT NOT NULL REFERENCES prescriptions (id),
  line_no BIGINT NOT NULL,
  drug_code {text:64} NOT NULL DEFAULT '',
  generic_name {text:64} NOT NULL,
  trade_name {text:64} NOT NULL DEFAULT '',
  form {text:32} NOT NULL DEFAULT '',
  spec {text:64} NOT NULL,
  kind {text:8} NOT NULL,
  dose {text:32} NOT NULL,
  dose_unit {text:16} NOT NULL,
  route {text:32} NOT NULL,
  frequency {text:32} NOT NULL,
  days BIGINT,
  quantity {text:16} NOT NULL,
  unit {text:16} NOT NULL,
  unit_price {text:16} NOT NULL,
  amount_fen BIGINT NOT NULL,
  footnote {text:32} NOT NULL DEFAULT '',
  skin_test BIGINT NOT NULL DEFAULT 0,
  advice {text:100} NOT NULL DEFAULT '',
  CONSTRAINT prescription_lines_no UNIQUE (prescription_id, line_no),
  CONSTRAINT prescription_lines_kind CHECK (kind IN ('western', 'patent', 'herb')),
  CONSTRAINT prescription_lines_skin_test CHECK (skin_test IN (0, 1)),
  CONSTRAINT prescription_lines_amount CHECK (amount_fen >= 0 AND amount_fen <= 10000000000)
){table};

{append_only prescription_lines};

-- The counter finds a bill by what the patient says.
CREATE INDEX bills_by_patient_no ON bills (clinic_id, patient_no);

CREATE INDEX bills_by_patient_name ON bills (clinic_id, patient_name);
