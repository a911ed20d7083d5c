-- The schema as the migrations leave it, to be read by people. Made by scripts/schema-snapshot.ts.

CREATE TABLE schema_migrations (
  version INTEGER NOT NULL PRIMARY KEY,
  name TEXT CHECK (length(name) <= 128) NOT NULL,
  digest TEXT CHECK (length(digest) <= 64) NOT NULL,
  statements INTEGER NOT NULL,
  applied_at INTEGER
) STRICT;

CREATE TABLE installation (
  name TEXT CHECK (length(name) <= 32) NOT NULL,
  value TEXT CHECK (length(value) <= 200) NOT NULL,
  CONSTRAINT installation_name PRIMARY KEY (name)
) STRICT;

CREATE TABLE clinics (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT CHECK (length(name) <= 64) NOT NULL,
  short_name TEXT CHECK (length(short_name) <= 16) NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE bills (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  bill_no TEXT CHECK (length(bill_no) <= 32) NOT NULL,
  external_bill_no TEXT CHECK (length(external_bill_no) <= 64),
  content_digest TEXT CHECK (length(content_digest) <= 64) NOT NULL,
  prescription_id INTEGER,
  patient_name TEXT CHECK (length(patient_name) <= 64) NOT NULL,
  patient_no TEXT CHECK (length(patient_no) <= 64) NOT NULL DEFAULT '',
  department TEXT CHECK (length(department) <= 64) NOT NULL DEFAULT '',
  doctor TEXT CHECK (length(doctor) <= 64) NOT NULL DEFAULT '',
  total_fen INTEGER NOT NULL,
  discount_fen INTEGER NOT NULL DEFAULT 0,
  fund_pay_fen INTEGER NOT NULL DEFAULT 0,
  account_pay_fen INTEGER NOT NULL DEFAULT 0,
  payable_fen INTEGER NOT NULL,
  paid_fen INTEGER NOT NULL DEFAULT 0,
  refunded_fen INTEGER NOT NULL DEFAULT 0,
  status TEXT CHECK (length(status) <= 16) NOT NULL DEFAULT 'unpaid',
  void_reason TEXT CHECK (length(void_reason) <= 200),
  valid_until INTEGER,
  settled_payment_id INTEGER,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT bills_bill_no UNIQUE (clinic_id, bill_no),
  CONSTRAINT bills_external_bill_no UNIQUE (clinic_id, external_bill_no),
  CONSTRAINT bills_prescription UNIQUE (clinic_id, prescription_id),
  CONSTRAINT bills_status CHECK (status IN ('unpaid', 'paid', 'void')),
  CONSTRAINT bills_payable CHECK (payable_fen >= 1 AND payable_fen <= 10000000000 AND payable_fen = total_fen - discount_fen - fund_pay_fen - account_pay_fen),
  CONSTRAINT bills_shares CHECK (discount_fen >= 0 AND fund_pay_fen >= 0 AND account_pay_fen >= 0),
  CONSTRAINT bills_paid CHECK (
    (status = 'paid' AND paid_fen = payable_fen AND settled_payment_id IS NOT NULL)
    OR (status <> 'paid' AND paid_fen = 0 AND settled_payment_id IS NULL)
  ),
  CONSTRAINT bills_refunded CHECK (refunded_fen >= 0 AND refunded_fen <= paid_fen),
  CONSTRAINT bills_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE INDEX bills_by_status ON bills (clinic_id, status, id);

CREATE INDEX bills_by_creation ON bills (clinic_id, created_at);

CREATE TRIGGER bills_unchanged BEFORE UPDATE OF id, clinic_id, bill_no, external_bill_no, content_digest, prescription_id, patient_name, patient_no, department, doctor, total_fen, discount_fen, fund_pay_fen, account_pay_fen, payable_fen, valid_until, created_at ON bills
WHEN OLD.id IS NOT NEW.id OR OLD.clinic_id IS NOT NEW.clinic_id OR OLD.bill_no IS NOT NEW.bill_no OR OLD.external_bill_no IS NOT NEW.external_bill_no OR OLD.content_digest IS NOT NEW.content_digest OR OLD.prescription_id IS NOT NEW.prescription_id OR OLD.patient_name IS NOT NEW.patient_name OR OLD.patient_no IS NOT NEW.patient_no OR OLD.department IS NOT NEW.department OR OLD.doctor IS NOT NEW.doctor OR OLD.total_fen IS NOT NEW.total_fen OR OLD.discount_fen IS NOT NEW.discount_fen OR OLD.fund_pay_fen IS NOT NEW.fund_pay_fen OR OLD.account_pay_fen IS NOT NEW.account_pay_fen OR OLD.payable_fen IS NOT NEW.payable_fen OR OLD.valid_until IS NOT NEW.valid_until OR OLD.created_at IS NOT NEW.created_at
BEGIN SELECT RAISE(ABORT, 'bills: what was written never changes'); END;

CREATE TRIGGER bills_kept BEFORE DELETE ON bills
BEGIN SELECT RAISE(ABORT, 'bills: no row is ever deleted'); END;

CREATE TABLE bill_lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  bill_id INTEGER NOT NULL,
  line_no INTEGER NOT NULL,
  fee_class TEXT CHECK (length(fee_class) <= 2) NOT NULL,
  name TEXT CHECK (length(name) <= 128) NOT NULL,
  spec TEXT CHECK (length(spec) <= 128) NOT NULL DEFAULT '',
  quantity TEXT CHECK (length(quantity) <= 16) NOT NULL,
  unit TEXT CHECK (length(unit) <= 16) NOT NULL,
  unit_price TEXT CHECK (length(unit_price) <= 16) NOT NULL,
  amount_fen INTEGER NOT NULL,
  insurance_level TEXT CHECK (length(insurance_level) <= 2) NOT NULL DEFAULT '',
  CONSTRAINT bill_lines_no UNIQUE (bill_id, line_no),
  CONSTRAINT bill_lines_class CHECK (fee_class IN ('01','02','03','04','05','06','07','08','09','10','11','12','13','14')),
  CONSTRAINT bill_lines_amount CHECK (amount_fen >= 0 AND amount_fen <= 10000000000),
  CONSTRAINT bill_lines_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT bill_lines_bill_id FOREIGN KEY (bill_id) REFERENCES bills (id)
) STRICT;

CREATE TRIGGER bill_lines_unchanged BEFORE UPDATE ON bill_lines
BEGIN SELECT RAISE(ABORT, 'bill_lines: what was written never changes'); END;

CREATE TRIGGER bill_lines_kept BEFORE DELETE ON bill_lines
BEGIN SELECT RAISE(ABORT, 'bill_lines: no row is ever deleted'); END;

CREATE TABLE payments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  bill_id INTEGER,
  out_trade_no TEXT CHECK (length(out_trade_no) <= 64) NOT NULL,
  payment_method TEXT CHECK (length(payment_method) <= 16) NOT NULL,
  payment_mode TEXT CHECK (length(payment_mode) <= 16) NOT NULL DEFAULT 'redirect',
  amount_fen INTEGER NOT NULL,
  currency TEXT CHECK (length(currency) <= 3) NOT NULL DEFAULT 'CNY',
  qr_code_url TEXT CHECK (length(qr_code_url) <= 1024) NOT NULL DEFAULT '',
  qr_code_expires_at INTEGER NOT NULL,
  app_id TEXT CHECK (length(app_id) <= 32) NOT NULL,
  merchant_id TEXT CHECK (length(merchant_id) <= 32) NOT NULL,
  configuration_id TEXT CHECK (length(configuration_id) <= 64) NOT NULL,
  subject TEXT CHECK (length(subject) <= 64) NOT NULL,
  attach TEXT CHECK (length(attach) <= 64) NOT NULL,
  notify_url TEXT CHECK (length(notify_url) <= 255) NOT NULL,
  state TEXT CHECK (length(state) <= 16) NOT NULL,
  disposition TEXT CHECK (length(disposition) <= 16),
  late INTEGER NOT NULL DEFAULT 0,
  channel_trade_no TEXT CHECK (length(channel_trade_no) <= 64),
  paid_at INTEGER,
  paid_evidence_id INTEGER,
  payer_fen INTEGER,
  received_fen INTEGER,
  refund_reserved_fen INTEGER NOT NULL DEFAULT 0,
  refunded_fen INTEGER NOT NULL DEFAULT 0,
  fault_code TEXT CHECK (length(fault_code) <= 32),
  create_ended_at INTEGER,
  asked_at INTEGER,
  answers INTEGER NOT NULL DEFAULT 0,
  silences INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT payments_out_trade_no UNIQUE (out_trade_no),
  CONSTRAINT payments_method CHECK (payment_method IN ('alipay', 'wechat')),
  CONSTRAINT payments_amount CHECK (amount_fen >= 1 AND amount_fen <= 10000000000 AND currency = 'CNY'),
  CONSTRAINT payments_state CHECK (state IN ('intent', 'creating', 'open', 'create_unknown', 'create_rejected', 'closing', 'closed', 'paid')),
  CONSTRAINT payments_disposition CHECK (
    (state = 'paid' AND paid_evidence_id IS NOT NULL AND disposition IS NOT NULL AND disposition IN ('settled', 'surplus', 'disputed'))
    OR (state <> 'paid' AND disposition IS NULL AND paid_evidence_id IS NULL)
  ),
  CONSTRAINT payments_late CHECK (late IN (0, 1)),
  CONSTRAINT payments_received CHECK (
    (state = 'paid' AND received_fen IS NOT NULL AND received_fen >= 1) OR (state <> 'paid' AND received_fen IS NULL)
  ),
  CONSTRAINT payments_settled_amount CHECK (disposition IS NULL OR disposition <> 'settled' OR bill_id IS NOT NULL),
  CONSTRAINT payments_refunds CHECK (
    refunded_fen >= 0 AND refunded_fen <= refund_reserved_fen AND (refund_reserved_fen = 0 OR refund_reserved_fen <= received_fen)
  ),
  CONSTRAINT payments_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT payments_bill_id FOREIGN KEY (bill_id) REFERENCES bills (id)
) STRICT;

CREATE INDEX payments_by_bill ON payments (bill_id);

CREATE INDEX payments_by_disposition ON payments (disposition, paid_at);

CREATE TRIGGER payments_unchanged BEFORE UPDATE OF id, clinic_id, out_trade_no, payment_method, payment_mode, amount_fen, currency, qr_code_expires_at, app_id, merchant_id, configuration_id, subject, attach, notify_url, created_at ON payments
WHEN OLD.id IS NOT NEW.id OR OLD.clinic_id IS NOT NEW.clinic_id OR OLD.out_trade_no IS NOT NEW.out_trade_no OR OLD.payment_method IS NOT NEW.payment_method OR OLD.payment_mode IS NOT NEW.payment_mode OR OLD.amount_fen IS NOT NEW.amount_fen OR OLD.currency IS NOT NEW.currency OR OLD.qr_code_expires_at IS NOT NEW.qr_code_expires_at OR OLD.app_id IS NOT NEW.app_id OR OLD.merchant_id IS NOT NEW.merchant_id OR OLD.configuration_id IS NOT NEW.configuration_id OR OLD.subject IS NOT NEW.subject OR OLD.attach IS NOT NEW.attach OR OLD.notify_url IS NOT NEW.notify_url OR OLD.created_at IS NOT NEW.created_at
BEGIN SELECT RAISE(ABORT, 'payments: what was written never changes'); END;

CREATE TRIGGER payments_kept BEFORE DELETE ON payments
BEGIN SELECT RAISE(ABORT, 'payments: no row is ever deleted'); END;

CREATE TABLE payment_sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  public_id TEXT CHECK (length(public_id) <= 32) NOT NULL,
  bill_id INTEGER NOT NULL,
  payment_id INTEGER NOT NULL,
  payment_method TEXT CHECK (length(payment_method) <= 16) NOT NULL,
  qr_code_content TEXT CHECK (length(qr_code_content) <= 1024) NOT NULL DEFAULT '',
  expires_at INTEGER NOT NULL,
  status TEXT CHECK (length(status) <= 16) NOT NULL DEFAULT 'pending',
  phase TEXT CHECK (length(phase) <= 16) NOT NULL DEFAULT 'creating',
  end_reason TEXT CHECK (length(end_reason) <= 16),
  retiring TEXT CHECK (length(retiring) <= 16),
  insisted INTEGER NOT NULL DEFAULT 0,
  shown_bill_id INTEGER,
  replaced_by TEXT CHECK (length(replaced_by) <= 32),
  request_key TEXT CHECK (length(request_key) <= 64),
  watched_until INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT payment_sessions_public_id UNIQUE (public_id),
  CONSTRAINT payment_sessions_payment UNIQUE (payment_id),
  CONSTRAINT payment_sessions_shown UNIQUE (shown_bill_id),
  CONSTRAINT payment_sessions_request UNIQUE (request_key),
  CONSTRAINT payment_sessions_method CHECK (payment_method IN ('alipay', 'wechat')),
  CONSTRAINT payment_sessions_status CHECK (status IN ('pending', 'paid', 'expired', 'cancelled')),
  CONSTRAINT payment_sessions_phase CHECK (
    (status = 'pending' AND phase IN ('creating', 'ready', 'scanned', 'confirming'))
    OR (status <> 'pending' AND phase = 'ended')
  ),
  CONSTRAINT payment_sessions_shown_bill CHECK (shown_bill_id IS NULL OR shown_bill_id = bill_id),
  CONSTRAINT payment_sessions_shown_pending CHECK (shown_bill_id IS NULL OR status = 'pending'),
  CONSTRAINT payment_sessions_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT payment_sessions_bill_id FOREIGN KEY (bill_id) REFERENCES bills (id),
  CONSTRAINT payment_sessions_payment_id FOREIGN KEY (payment_id) REFERENCES payments (id)
) STRICT;

CREATE INDEX payment_sessions_by_bill ON payment_sessions (bill_id, id);

CREATE TRIGGER payment_sessions_unchanged BEFORE UPDATE OF id, clinic_id, public_id, bill_id, payment_id, payment_method, expires_at, created_at ON payment_sessions
WHEN OLD.id IS NOT NEW.id OR OLD.clinic_id IS NOT NEW.clinic_id OR OLD.public_id IS NOT NEW.public_id OR OLD.bill_id IS NOT NEW.bill_id OR OLD.payment_id IS NOT NEW.payment_id OR OLD.payment_method IS NOT NEW.payment_method OR OLD.expires_at IS NOT NEW.expires_at OR OLD.created_at IS NOT NEW.created_at
BEGIN SELECT RAISE(ABORT, 'payment_sessions: what was written never changes'); END;

CREATE TRIGGER payment_sessions_kept BEFORE DELETE ON payment_sessions
BEGIN SELECT RAISE(ABORT, 'payment_sessions: no row is ever deleted'); END;

CREATE TABLE evidence (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  payment_method TEXT CHECK (length(payment_method) <= 16) NOT NULL,
  source TEXT CHECK (length(source) <= 16) NOT NULL,
  dedupe_key TEXT CHECK (length(dedupe_key) <= 128) NOT NULL,
  verdict TEXT CHECK (length(verdict) <= 16) NOT NULL,
  reason TEXT CHECK (length(reason) <= 32),
  detail TEXT CHECK (length(detail) <= 500),
  out_trade_no TEXT CHECK (length(out_trade_no) <= 64),
  payment_id INTEGER,
  notification_id TEXT CHECK (length(notification_id) <= 128),
  key_id TEXT CHECK (length(key_id) <= 64),
  headers TEXT,
  body BLOB,
  words TEXT,
  report TEXT,
  received_at INTEGER NOT NULL,
  repeats INTEGER NOT NULL DEFAULT 0,
  last_received_at INTEGER NOT NULL,
  applied_at INTEGER,
  result TEXT CHECK (length(result) <= 32),
  suspense_id INTEGER,
  CONSTRAINT evidence_dedupe UNIQUE (dedupe_key),
  CONSTRAINT evidence_source CHECK (source IN ('notification', 'query', 'statement')),
  CONSTRAINT evidence_verdict CHECK (verdict IN ('genuine', 'refused')),
  CONSTRAINT evidence_result CHECK (result IS NULL OR applied_at IS NOT NULL),
  CONSTRAINT evidence_has_home CHECK (
    result IS NULL OR result NOT IN ('unknown_order', 'foreign_account', 'disputed') OR suspense_id IS NOT NULL
  ),
  CONSTRAINT evidence_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE INDEX evidence_to_apply ON evidence (applied_at, id);

CREATE INDEX evidence_by_payment ON evidence (payment_id, id);

CREATE INDEX evidence_by_number ON evidence (out_trade_no);

CREATE TRIGGER evidence_unchanged BEFORE UPDATE OF id, clinic_id, payment_method, source, dedupe_key, verdict, out_trade_no, notification_id, key_id, headers, body, words, report, received_at ON evidence
WHEN OLD.id IS NOT NEW.id OR OLD.clinic_id IS NOT NEW.clinic_id OR OLD.payment_method IS NOT NEW.payment_method OR OLD.source IS NOT NEW.source OR OLD.dedupe_key IS NOT NEW.dedupe_key OR OLD.verdict IS NOT NEW.verdict OR OLD.out_trade_no IS NOT NEW.out_trade_no OR OLD.notification_id IS NOT NEW.notification_id OR OLD.key_id IS NOT NEW.key_id OR OLD.headers IS NOT NEW.headers OR OLD.body IS NOT NEW.body OR OLD.words IS NOT NEW.words OR OLD.report IS NOT NEW.report OR OLD.received_at IS NOT NEW.received_at
BEGIN SELECT RAISE(ABORT, 'evidence: what was written never changes'); END;

CREATE TRIGGER evidence_kept BEFORE DELETE ON evidence
BEGIN SELECT RAISE(ABORT, 'evidence: no row is ever deleted'); END;

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  entity TEXT CHECK (length(entity) <= 16) NOT NULL,
  entity_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  happening TEXT CHECK (length(happening) <= 32) NOT NULL,
  from_state TEXT CHECK (length(from_state) <= 16),
  to_state TEXT CHECK (length(to_state) <= 16) NOT NULL,
  actor TEXT CHECK (length(actor) <= 64) NOT NULL,
  reason TEXT CHECK (length(reason) <= 200),
  evidence_id INTEGER,
  at INTEGER NOT NULL,
  CONSTRAINT events_version UNIQUE (entity, entity_id, version),
  CONSTRAINT events_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE TRIGGER events_unchanged BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events: what was written never changes'); END;

CREATE TRIGGER events_kept BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events: no row is ever deleted'); END;

CREATE TABLE alarms (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  code TEXT CHECK (length(code) <= 48) NOT NULL,
  entity TEXT CHECK (length(entity) <= 16) NOT NULL,
  entity_id INTEGER NOT NULL,
  detail TEXT CHECK (length(detail) <= 500) NOT NULL,
  times INTEGER NOT NULL DEFAULT 1,
  raised_at INTEGER NOT NULL,
  last_raised_at INTEGER NOT NULL,
  CONSTRAINT alarms_once UNIQUE (code, entity, entity_id),
  CONSTRAINT alarms_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  kind TEXT CHECK (length(kind) <= 32) NOT NULL,
  lane TEXT CHECK (length(lane) <= 16) NOT NULL,
  subject_id INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  lease_owner TEXT CHECK (length(lease_owner) <= 32),
  lease_until INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  state TEXT CHECK (length(state) <= 16) NOT NULL DEFAULT 'waiting',
  parked_reason TEXT CHECK (length(parked_reason) <= 200),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT jobs_subject UNIQUE (kind, subject_id),
  CONSTRAINT jobs_lane CHECK (lane IN ('alipay', 'wechat', 'webhook')),
  CONSTRAINT jobs_state CHECK (state IN ('waiting', 'parked', 'done')),
  CONSTRAINT jobs_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE INDEX jobs_due ON jobs (lane, state, due_at, id);

CREATE TABLE idempotency_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  client TEXT CHECK (length(client) <= 64) NOT NULL,
  endpoint TEXT CHECK (length(endpoint) <= 128) NOT NULL,
  idempotency_key TEXT CHECK (length(idempotency_key) <= 128) NOT NULL,
  body_digest TEXT CHECK (length(body_digest) <= 64) NOT NULL,
  lease_until INTEGER NOT NULL,
  status INTEGER,
  answer TEXT,
  created_at INTEGER NOT NULL,
  CONSTRAINT idempotency_keys_once UNIQUE (client, endpoint, idempotency_key),
  CONSTRAINT idempotency_keys_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  name TEXT CHECK (length(name) <= 64) NOT NULL,
  prefix TEXT CHECK (length(prefix) <= 16) NOT NULL,
  digest TEXT CHECK (length(digest) <= 64) NOT NULL,
  scopes TEXT CHECK (length(scopes) <= 200) NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER,
  CONSTRAINT api_keys_digest UNIQUE (digest),
  CONSTRAINT api_keys_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE TABLE login_links (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  digest TEXT CHECK (length(digest) <= 64) NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  CONSTRAINT login_links_digest UNIQUE (digest),
  CONSTRAINT login_links_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE TABLE staff_sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  digest TEXT CHECK (length(digest) <= 64) NOT NULL,
  actor TEXT CHECK (length(actor) <= 64) NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended_at INTEGER,
  CONSTRAINT staff_sessions_digest UNIQUE (digest),
  CONSTRAINT staff_sessions_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE TABLE patients (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  patient_no TEXT CHECK (length(patient_no) <= 64) NOT NULL,
  name TEXT CHECK (length(name) <= 64) NOT NULL,
  initials TEXT CHECK (length(initials) <= 16) NOT NULL DEFAULT '',
  sex TEXT CHECK (length(sex) <= 8) NOT NULL,
  birth_date TEXT CHECK (length(birth_date) <= 10) NOT NULL,
  created_at INTEGER NOT NULL,
  CONSTRAINT patients_patient_no UNIQUE (clinic_id, patient_no),
  CONSTRAINT patients_sex CHECK (sex IN ('male', 'female')),
  CONSTRAINT patients_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE TABLE drugs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  code TEXT CHECK (length(code) <= 64) NOT NULL,
  generic_name TEXT CHECK (length(generic_name) <= 64) NOT NULL,
  trade_name TEXT CHECK (length(trade_name) <= 64) NOT NULL DEFAULT '',
  initials TEXT CHECK (length(initials) <= 32) NOT NULL DEFAULT '',
  form TEXT CHECK (length(form) <= 32) NOT NULL DEFAULT '',
  spec TEXT CHECK (length(spec) <= 64) NOT NULL,
  kind TEXT CHECK (length(kind) <= 8) NOT NULL,
  unit TEXT CHECK (length(unit) <= 16) NOT NULL,
  unit_price TEXT CHECK (length(unit_price) <= 16) NOT NULL,
  dose_unit TEXT CHECK (length(dose_unit) <= 16) NOT NULL,
  created_at INTEGER NOT NULL,
  CONSTRAINT drugs_code UNIQUE (clinic_id, code),
  CONSTRAINT drugs_kind CHECK (kind IN ('western', 'patent', 'herb')),
  CONSTRAINT drugs_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE TABLE prescriptions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  prescription_no TEXT CHECK (length(prescription_no) <= 32) NOT NULL,
  request_key TEXT CHECK (length(request_key) <= 64),
  state TEXT CHECK (length(state) <= 16) NOT NULL DEFAULT 'issued',
  review_required INTEGER NOT NULL,
  patient_name TEXT CHECK (length(patient_name) <= 64) NOT NULL,
  patient_no TEXT CHECK (length(patient_no) <= 64) NOT NULL,
  sex TEXT CHECK (length(sex) <= 8) NOT NULL,
  birth_date TEXT CHECK (length(birth_date) <= 10) NOT NULL,
  age TEXT CHECK (length(age) <= 16) NOT NULL,
  weight_grams INTEGER,
  fee_type TEXT CHECK (length(fee_type) <= 16) NOT NULL,
  department TEXT CHECK (length(department) <= 64) NOT NULL,
  doctor TEXT CHECK (length(doctor) <= 64) NOT NULL,
  diagnosis TEXT CHECK (length(diagnosis) <= 200) NOT NULL,
  rx_type TEXT CHECK (length(rx_type) <= 16) NOT NULL,
  rx_class TEXT CHECK (length(rx_class) <= 16) NOT NULL,
  valid_until INTEGER NOT NULL,
  long_supply_reason TEXT CHECK (length(long_supply_reason) <= 100) NOT NULL DEFAULT '',
  doses INTEGER,
  decoction TEXT CHECK (length(decoction) <= 100) NOT NULL DEFAULT '',
  identity_no TEXT CHECK (length(identity_no) <= 32),
  agent_name TEXT CHECK (length(agent_name) <= 64),
  agent_identity_no TEXT CHECK (length(agent_identity_no) <= 32),
  amount_fen INTEGER NOT NULL,
  review_note TEXT CHECK (length(review_note) <= 200),
  void_reason TEXT CHECK (length(void_reason) <= 200),
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT prescriptions_prescription_no UNIQUE (clinic_id, prescription_no),
  CONSTRAINT prescriptions_request UNIQUE (request_key),
  CONSTRAINT prescriptions_state CHECK (state IN ('issued', 'approved', 'returned', 'void')),
  CONSTRAINT prescriptions_review CHECK (review_required IN (0, 1) AND (review_required = 1 OR state IN ('issued', 'void'))),
  CONSTRAINT prescriptions_sex CHECK (sex IN ('male', 'female')),
  CONSTRAINT prescriptions_type CHECK (rx_type IN ('western', 'herbal')),
  CONSTRAINT prescriptions_class CHECK (rx_class IN ('normal', 'emergency', 'child', 'narcotic', 'psychotropic_1', 'psychotropic_2')),
  CONSTRAINT prescriptions_doses CHECK ((rx_type = 'herbal' AND doses IS NOT NULL AND doses >= 1) OR (rx_type = 'western' AND doses IS NULL)),
  CONSTRAINT prescriptions_amount CHECK (amount_fen >= 1 AND amount_fen <= 10000000000),
  CONSTRAINT prescriptions_void CHECK ((state = 'void' AND void_reason IS NOT NULL) OR (state <> 'void' AND void_reason IS NULL)),
  CONSTRAINT prescriptions_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE INDEX prescriptions_by_state ON prescriptions (clinic_id, state, id);

CREATE INDEX prescriptions_by_patient_no ON prescriptions (clinic_id, patient_no);

CREATE INDEX prescriptions_by_patient_name ON prescriptions (clinic_id, patient_name);

CREATE TRIGGER prescriptions_unchanged BEFORE UPDATE OF id, clinic_id, prescription_no, request_key, review_required, patient_name, patient_no, sex, birth_date, age, weight_grams, fee_type, department, doctor, diagnosis, rx_type, rx_class, valid_until, long_supply_reason, doses, decoction, identity_no, agent_name, agent_identity_no, amount_fen, created_at ON prescriptions
WHEN OLD.id IS NOT NEW.id OR OLD.clinic_id IS NOT NEW.clinic_id OR OLD.prescription_no IS NOT NEW.prescription_no OR OLD.request_key IS NOT NEW.request_key OR OLD.review_required IS NOT NEW.review_required OR OLD.patient_name IS NOT NEW.patient_name OR OLD.patient_no IS NOT NEW.patient_no OR OLD.sex IS NOT NEW.sex OR OLD.birth_date IS NOT NEW.birth_date OR OLD.age IS NOT NEW.age OR OLD.weight_grams IS NOT NEW.weight_grams OR OLD.fee_type IS NOT NEW.fee_type OR OLD.department IS NOT NEW.department OR OLD.doctor IS NOT NEW.doctor OR OLD.diagnosis IS NOT NEW.diagnosis OR OLD.rx_type IS NOT NEW.rx_type OR OLD.rx_class IS NOT NEW.rx_class OR OLD.valid_until IS NOT NEW.valid_until OR OLD.long_supply_reason IS NOT NEW.long_supply_reason OR OLD.doses IS NOT NEW.doses OR OLD.decoction IS NOT NEW.decoction OR OLD.identity_no IS NOT NEW.identity_no OR OLD.agent_name IS NOT NEW.agent_name OR OLD.agent_identity_no IS NOT NEW.agent_identity_no OR OLD.amount_fen IS NOT NEW.amount_fen OR OLD.created_at IS NOT NEW.created_at
BEGIN SELECT RAISE(ABORT, 'prescriptions: what was written never changes'); END;

CREATE TRIGGER prescriptions_kept BEFORE DELETE ON prescriptions
BEGIN SELECT RAISE(ABORT, 'prescriptions: no row is ever deleted'); END;

CREATE TABLE prescription_lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  prescription_id INTEGER NOT NULL,
  line_no INTEGER NOT NULL,
  drug_code TEXT CHECK (length(drug_code) <= 64) NOT NULL DEFAULT '',
  generic_name TEXT CHECK (length(generic_name) <= 64) NOT NULL,
  trade_name TEXT CHECK (length(trade_name) <= 64) NOT NULL DEFAULT '',
  form TEXT CHECK (length(form) <= 32) NOT NULL DEFAULT '',
  spec TEXT CHECK (length(spec) <= 64) NOT NULL,
  kind TEXT CHECK (length(kind) <= 8) NOT NULL,
  dose TEXT CHECK (length(dose) <= 32) NOT NULL,
  dose_unit TEXT CHECK (length(dose_unit) <= 16) NOT NULL,
  route TEXT CHECK (length(route) <= 32) NOT NULL,
  frequency TEXT CHECK (length(frequency) <= 32) NOT NULL,
  days INTEGER,
  quantity TEXT CHECK (length(quantity) <= 16) NOT NULL,
  unit TEXT CHECK (length(unit) <= 16) NOT NULL,
  unit_price TEXT CHECK (length(unit_price) <= 16) NOT NULL,
  amount_fen INTEGER NOT NULL,
  footnote TEXT CHECK (length(footnote) <= 32) NOT NULL DEFAULT '',
  skin_test INTEGER NOT NULL DEFAULT 0,
  advice TEXT CHECK (length(advice) <= 100) NOT NULL DEFAULT '',
  CONSTRAINT prescription_lines_no UNIQUE (prescription_id, line_no),
  CONSTRAINT prescription_lines_kind CHECK (kind IN ('western', 'patent', 'herb')),
  CONSTRAINT prescription_lines_skin_test CHECK (skin_test IN (0, 1)),
  CONSTRAINT prescription_lines_amount CHECK (amount_fen >= 0 AND amount_fen <= 10000000000),
  CONSTRAINT prescription_lines_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT prescription_lines_prescription_id FOREIGN KEY (prescription_id) REFERENCES prescriptions (id)
) STRICT;

CREATE TRIGGER prescription_lines_unchanged BEFORE UPDATE ON prescription_lines
BEGIN SELECT RAISE(ABORT, 'prescription_lines: what was written never changes'); END;

CREATE TRIGGER prescription_lines_kept BEFORE DELETE ON prescription_lines
BEGIN SELECT RAISE(ABORT, 'prescription_lines: no row is ever deleted'); END;

CREATE INDEX bills_by_patient_no ON bills (clinic_id, patient_no);

CREATE INDEX bills_by_patient_name ON bills (clinic_id, patient_name);

CREATE TABLE refunds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  payment_id INTEGER NOT NULL,
  bill_id INTEGER,
  out_refund_no TEXT CHECK (length(out_refund_no) <= 64) NOT NULL,
  amount_fen INTEGER NOT NULL,
  kind TEXT CHECK (length(kind) <= 16) NOT NULL,
  reason TEXT CHECK (length(reason) <= 100) NOT NULL,
  requested_by TEXT CHECK (length(requested_by) <= 64) NOT NULL,
  approved_by TEXT CHECK (length(approved_by) <= 64),
  state TEXT CHECK (length(state) <= 16) NOT NULL,
  surplus_of INTEGER,
  request_key TEXT CHECK (length(request_key) <= 64),
  sends INTEGER NOT NULL DEFAULT 0,
  sent_at INTEGER,
  refused_at INTEGER,
  asked_at INTEGER,
  silences INTEGER NOT NULL DEFAULT 0,
  channel_refund_no TEXT CHECK (length(channel_refund_no) <= 64),
  refunded_at INTEGER,
  fault_code TEXT CHECK (length(fault_code) <= 32),
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, counted_at INTEGER,
  CONSTRAINT refunds_out_refund_no UNIQUE (out_refund_no),
  CONSTRAINT refunds_surplus_once UNIQUE (surplus_of),
  CONSTRAINT refunds_request UNIQUE (request_key),
  CONSTRAINT refunds_amount CHECK (amount_fen >= 1 AND amount_fen <= 10000000000),
  CONSTRAINT refunds_kind CHECK (kind IN ('bill', 'surplus', 'suspense', 'external')),
  CONSTRAINT refunds_state CHECK (state IN ('requested', 'approved', 'cancelled', 'submitted', 'unknown', 'failed', 'abnormal', 'succeeded')),
  CONSTRAINT refunds_bill CHECK (kind <> 'bill' OR bill_id IS NOT NULL),
  CONSTRAINT refunds_surplus CHECK (surplus_of IS NULL OR (surplus_of = payment_id AND state NOT IN ('failed', 'cancelled'))),
  CONSTRAINT refunds_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT refunds_payment_id FOREIGN KEY (payment_id) REFERENCES payments (id),
  CONSTRAINT refunds_bill_id FOREIGN KEY (bill_id) REFERENCES bills (id)
) STRICT;

CREATE INDEX refunds_by_payment ON refunds (payment_id, id);

CREATE INDEX refunds_by_bill ON refunds (bill_id, id);

CREATE INDEX refunds_by_state ON refunds (state, id);

CREATE TRIGGER refunds_unchanged BEFORE UPDATE OF id, clinic_id, payment_id, out_refund_no, amount_fen, kind, reason, requested_by, created_at ON refunds
WHEN OLD.id IS NOT NEW.id OR OLD.clinic_id IS NOT NEW.clinic_id OR OLD.payment_id IS NOT NEW.payment_id OR OLD.out_refund_no IS NOT NEW.out_refund_no OR OLD.amount_fen IS NOT NEW.amount_fen OR OLD.kind IS NOT NEW.kind OR OLD.reason IS NOT NEW.reason OR OLD.requested_by IS NOT NEW.requested_by OR OLD.created_at IS NOT NEW.created_at
BEGIN SELECT RAISE(ABORT, 'refunds: what was written never changes'); END;

CREATE TRIGGER refunds_kept BEFORE DELETE ON refunds
BEGIN SELECT RAISE(ABORT, 'refunds: no row is ever deleted'); END;

CREATE TABLE refund_lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  refund_id INTEGER NOT NULL,
  bill_line_id INTEGER NOT NULL,
  amount_fen INTEGER NOT NULL,
  CONSTRAINT refund_lines_once UNIQUE (refund_id, bill_line_id),
  CONSTRAINT refund_lines_amount CHECK (amount_fen >= 1),
  CONSTRAINT refund_lines_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT refund_lines_refund_id FOREIGN KEY (refund_id) REFERENCES refunds (id),
  CONSTRAINT refund_lines_bill_line_id FOREIGN KEY (bill_line_id) REFERENCES bill_lines (id)
) STRICT;

CREATE TRIGGER refund_lines_unchanged BEFORE UPDATE ON refund_lines
BEGIN SELECT RAISE(ABORT, 'refund_lines: what was written never changes'); END;

CREATE TRIGGER refund_lines_kept BEFORE DELETE ON refund_lines
BEGIN SELECT RAISE(ABORT, 'refund_lines: no row is ever deleted'); END;

CREATE TABLE suspense (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  reason TEXT CHECK (length(reason) <= 32) NOT NULL,
  subject TEXT CHECK (length(subject) <= 32) NOT NULL,
  evidence_id INTEGER,
  payment_id INTEGER,
  refund_id INTEGER,
  amount_fen INTEGER NOT NULL,
  detail TEXT CHECK (length(detail) <= 500) NOT NULL,
  state TEXT CHECK (length(state) <= 16) NOT NULL DEFAULT 'open',
  owner TEXT CHECK (length(owner) <= 64),
  note TEXT CHECK (length(note) <= 200),
  opened_at INTEGER NOT NULL,
  closed_at INTEGER,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT suspense_once UNIQUE (reason, subject),
  CONSTRAINT suspense_reason CHECK (reason IN ('amount_differs', 'unknown_order', 'foreign_account', 'refunded_before', 'refund_abnormal', 'refund_failed', 'refund_unknown', 'refund_exceeds')),
  CONSTRAINT suspense_state CHECK (state IN ('open', 'held', 'posted', 'refunded', 'closed')),
  CONSTRAINT suspense_closed CHECK ((state IN ('open', 'held') AND closed_at IS NULL) OR (state NOT IN ('open', 'held') AND closed_at IS NOT NULL AND owner IS NOT NULL)),
  CONSTRAINT suspense_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT suspense_payment_id FOREIGN KEY (payment_id) REFERENCES payments (id),
  CONSTRAINT suspense_refund_id FOREIGN KEY (refund_id) REFERENCES refunds (id)
) STRICT;

CREATE INDEX suspense_by_state ON suspense (state, id);

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  event_id TEXT CHECK (length(event_id) <= 36) NOT NULL,
  bill_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  type TEXT CHECK (length(type) <= 32) NOT NULL,
  payload TEXT NOT NULL,
  state TEXT CHECK (length(state) <= 16) NOT NULL DEFAULT 'new',
  attempts INTEGER NOT NULL DEFAULT 0,
  last_status TEXT CHECK (length(last_status) <= 100),
  created_at INTEGER NOT NULL,
  first_tried_at INTEGER,
  last_tried_at INTEGER,
  delivered_at INTEGER,
  CONSTRAINT outbox_event UNIQUE (event_id),
  CONSTRAINT outbox_sequence UNIQUE (bill_id, sequence),
  CONSTRAINT outbox_state CHECK (
    (state = 'delivered' AND delivered_at IS NOT NULL) OR (state IN ('new', 'waiting', 'parked') AND delivered_at IS NULL)
  ),
  CONSTRAINT outbox_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;

CREATE INDEX outbox_by_state ON outbox (state, id);

CREATE INDEX outbox_of_bill ON outbox (bill_id, state, sequence);

CREATE TRIGGER outbox_unchanged BEFORE UPDATE OF id, clinic_id, event_id, bill_id, sequence, type, payload, created_at ON outbox
WHEN OLD.id IS NOT NEW.id OR OLD.clinic_id IS NOT NEW.clinic_id OR OLD.event_id IS NOT NEW.event_id OR OLD.bill_id IS NOT NEW.bill_id OR OLD.sequence IS NOT NEW.sequence OR OLD.type IS NOT NEW.type OR OLD.payload IS NOT NEW.payload OR OLD.created_at IS NOT NEW.created_at
BEGIN SELECT RAISE(ABORT, 'outbox: what was written never changes'); END;

CREATE TRIGGER outbox_kept BEFORE DELETE ON outbox
BEGIN SELECT RAISE(ABORT, 'outbox: no row is ever deleted'); END;

CREATE TABLE statements (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clinic_id INTEGER NOT NULL,
  payment_method TEXT CHECK (length(payment_method) <= 16) NOT NULL,
  business_day TEXT CHECK (length(business_day) <= 10) NOT NULL,
  state TEXT CHECK (length(state) <= 16) NOT NULL DEFAULT 'waiting',
  digest TEXT CHECK (length(digest) <= 64),
  line_count INTEGER NOT NULL DEFAULT 0,
  bytes BLOB,
  fetched_at INTEGER,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT statements_day UNIQUE (clinic_id, payment_method, business_day),
  CONSTRAINT statements_state CHECK (state IN ('waiting', 'loaded', 'empty', 'applied')),
  CONSTRAINT statements_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) STRICT;
