-- One schema for both engines. {braces} are the few words that differ; dialect.ts spells them out.
-- Instants are epoch milliseconds, amounts are fen, ids and numbers compare by their bytes.
-- Every state change carries its row in `events`; `version` counts those rows.
-- A statement ends with a semicolon and an empty line.

CREATE TABLE clinics (
  id {id},
  name {text:64} NOT NULL,
  short_name {text:16} NOT NULL,
  created_at BIGINT NOT NULL
){table};

-- What a bill of the clinic says never changes: see the trigger. A correction voids it and makes another.
CREATE TABLE bills (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  bill_no {text:32} NOT NULL,
  external_bill_no {text:64},
  content_digest {text:64} NOT NULL,
  prescription_id BIGINT,
  patient_name {text:64} NOT NULL,
  patient_no {text:64} NOT NULL DEFAULT '',
  department {text:64} NOT NULL DEFAULT '',
  doctor {text:64} NOT NULL DEFAULT '',
  total_fen BIGINT NOT NULL,
  discount_fen BIGINT NOT NULL DEFAULT 0,
  fund_pay_fen BIGINT NOT NULL DEFAULT 0,
  account_pay_fen BIGINT NOT NULL DEFAULT 0,
  payable_fen BIGINT NOT NULL,
  paid_fen BIGINT NOT NULL DEFAULT 0,
  refunded_fen BIGINT NOT NULL DEFAULT 0,
  status {text:16} NOT NULL DEFAULT 'unpaid',
  void_reason {text:200},
  valid_until BIGINT,
  settled_payment_id BIGINT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
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
  CONSTRAINT bills_refunded CHECK (refunded_fen >= 0 AND refunded_fen <= paid_fen)
){table};

CREATE INDEX bills_by_status ON bills (clinic_id, status, id);

CREATE INDEX bills_by_creation ON bills (clinic_id, created_at);

{immutable bills: clinic_id, bill_no, external_bill_no, content_digest, prescription_id, patient_name, patient_no, department, doctor, total_fen, discount_fen, fund_pay_fen, account_pay_fen, payable_fen, valid_until, created_at};

CREATE TABLE bill_lines (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  bill_id BIGINT NOT NULL REFERENCES bills (id),
  line_no BIGINT NOT NULL,
  fee_class {text:2} NOT NULL,
  name {text:128} NOT NULL,
  spec {text:128} NOT NULL DEFAULT '',
  quantity {text:16} NOT NULL,
  unit {text:16} NOT NULL,
  unit_price {text:16} NOT NULL,
  amount_fen BIGINT NOT NULL,
  insurance_level {text:2} NOT NULL DEFAULT '',
  CONSTRAINT bill_lines_no UNIQUE (bill_id, line_no),
  CONSTRAINT bill_lines_class CHECK (fee_class IN ('01','02','03','04','05','06','07','08','09','10','11','12','13','14')),
  CONSTRAINT bill_lines_amount CHECK (amount_fen >= 0 AND amount_fen <= 10000000000)
){table};

{append_only bill_lines};

-- One order at one channel: one number, one amount, for life. Without a bill only when it was adopted:
-- money that came to our account under a number that this database does not know (a restored backup).
CREATE TABLE payments (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  bill_id BIGINT REFERENCES bills (id),
  out_trade_no {text:64} NOT NULL,
  payment_method {text:16} NOT NULL,
  payment_mode {text:16} NOT NULL DEFAULT 'redirect',
  amount_fen BIGINT NOT NULL,
  currency {text:3} NOT NULL DEFAULT 'CNY',
  qr_code_url {text:1024} NOT NULL DEFAULT '',
  qr_code_expires_at BIGINT NOT NULL,
  app_id {text:32} NOT NULL,
  merchant_id {text:32} NOT NULL,
  configuration_id {text:64} NOT NULL,
  subject {text:64} NOT NULL,
  attach {text:64} NOT NULL,
  notify_url {text:255} NOT NULL,
  state {text:16} NOT NULL,
  disposition {text:16},
  late BIGINT NOT NULL DEFAULT 0,
  channel_trade_no {text:64},
  paid_at BIGINT,
  paid_evidence_id BIGINT,
  payer_fen BIGINT,
  received_fen BIGINT,
  refund_reserved_fen BIGINT NOT NULL DEFAULT 0,
  refunded_fen BIGINT NOT NULL DEFAULT 0,
  fault_code {text:32},
  create_ended_at BIGINT,
  asked_at BIGINT,
  answers BIGINT NOT NULL DEFAULT 0,
  silences BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
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
  )
){table};

CREATE INDEX payments_by_bill ON payments (bill_id);

CREATE INDEX payments_by_disposition ON payments (disposition, paid_at);

{immutable payments: clinic_id, out_trade_no, payment_method, payment_mode, amount_fen, currency, qr_code_expires_at, app_id, merchant_id, configuration_id, subject, attach, notify_url, created_at};

-- What stands on a screen. `shown_bill_id` is the bill while it is shown, else NULL: one a bill.
CREATE TABLE payment_sessions (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  public_id {text:32} NOT NULL,
  bill_id BIGINT NOT NULL REFERENCES bills (id),
  payment_id BIGINT NOT NULL REFERENCES payments (id),
  payment_method {text:16} NOT NULL,
  qr_code_content {text:1024} NOT NULL DEFAULT '',
  expires_at BIGINT NOT NULL,
  status {text:16} NOT NULL DEFAULT 'pending',
  phase {text:16} NOT NULL DEFAULT 'creating',
  end_reason {text:16},
  retiring {text:16},
  insisted BIGINT NOT NULL DEFAULT 0,
  shown_bill_id BIGINT,
  replaced_by {text:32},
  request_key {text:64},
  watched_until BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
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
  CONSTRAINT payment_sessions_shown_pending CHECK (shown_bill_id IS NULL OR status = 'pending')
){table};

CREATE INDEX payment_sessions_by_bill ON payment_sessions (bill_id, id);

{immutable payment_sessions: clinic_id, public_id, bill_id, payment_id, payment_method, expires_at, created_at};

-- What a channel told us, kept word for word before anybody acts on it.
CREATE TABLE evidence (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  payment_method {text:16} NOT NULL,
  source {text:16} NOT NULL,
  dedupe_key {text:128} NOT NULL,
  verdict {text:16} NOT NULL,
  reason {text:32},
  detail {text:500},
  out_trade_no {text:64},
  payment_id BIGINT,
  notification_id {text:128},
  key_id {text:64},
  headers {long},
  body {bytes},
  words {long},
  report {long},
  received_at BIGINT NOT NULL,
  repeats BIGINT NOT NULL DEFAULT 0,
  last_received_at BIGINT NOT NULL,
  applied_at BIGINT,
  result {text:32},
  suspense_id BIGINT,
  CONSTRAINT evidence_dedupe UNIQUE (dedupe_key),
  CONSTRAINT evidence_source CHECK (source IN ('notification', 'query', 'statement')),
  CONSTRAINT evidence_verdict CHECK (verdict IN ('genuine', 'refused')),
  CONSTRAINT evidence_result CHECK (result IS NULL OR applied_at IS NOT NULL),
  CONSTRAINT evidence_has_home CHECK (
    result IS NULL OR result NOT IN ('unknown_order', 'foreign_account', 'disputed') OR suspense_id IS NOT NULL
  )
){table};

CREATE INDEX evidence_to_apply ON evidence (applied_at, id);

CREATE INDEX evidence_by_payment ON evidence (payment_id, id);

CREATE INDEX evidence_by_number ON evidence (out_trade_no);

{immutable evidence: clinic_id, payment_method, source, dedupe_key, verdict, out_trade_no, notification_id, key_id, headers, body, words, report, received_at};

-- Every change of state, for good: who, when, why.
CREATE TABLE events (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  entity {text:16} NOT NULL,
  entity_id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  happening {text:32} NOT NULL,
  from_state {text:16},
  to_state {text:16} NOT NULL,
  actor {text:64} NOT NULL,
  reason {text:200},
  evidence_id BIGINT,
  at BIGINT NOT NULL,
  CONSTRAINT events_version UNIQUE (entity, entity_id, version)
){table};

{append_only events};

-- What a person should look at. One row for one thing; told again, it counts up.
CREATE TABLE alarms (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  code {text:48} NOT NULL,
  entity {text:16} NOT NULL,
  entity_id BIGINT NOT NULL,
  detail {text:500} NOT NULL,
  times BIGINT NOT NULL DEFAULT 1,
  raised_at BIGINT NOT NULL,
  last_raised_at BIGINT NOT NULL,
  CONSTRAINT alarms_once UNIQUE (code, entity, entity_id)
){table};

-- Work without a request. Taken by a guarded update on `fence`; a holder whose fence is old changes nothing.
-- `lane` is whom the work talks to: a silent one holds up nobody else's.
CREATE TABLE jobs (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  kind {text:32} NOT NULL,
  lane {text:16} NOT NULL,
  subject_id BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  lease_owner {text:32},
  lease_until BIGINT NOT NULL DEFAULT 0,
  fence BIGINT NOT NULL DEFAULT 0,
  attempts BIGINT NOT NULL DEFAULT 0,
  state {text:16} NOT NULL DEFAULT 'waiting',
  parked_reason {text:200},
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT jobs_subject UNIQUE (kind, subject_id),
  CONSTRAINT jobs_lane CHECK (lane IN ('alipay', 'wechat', 'webhook')),
  CONSTRAINT jobs_state CHECK (state IN ('waiting', 'parked', 'done'))
){table};

CREATE INDEX jobs_due ON jobs (lane, state, due_at, id);

CREATE TABLE idempotency_keys (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  client {text:64} NOT NULL,
  endpoint {text:128} NOT NULL,
  idempotency_key {text:128} NOT NULL,
  body_digest {text:64} NOT NULL,
  lease_until BIGINT NOT NULL,
  status BIGINT,
  answer {long},
  created_at BIGINT NOT NULL,
  CONSTRAINT idempotency_keys_once UNIQUE (client, endpoint, idempotency_key)
){table};

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Only digests: who reads the database cannot sign in with what he finds.
CREATE TABLE api_keys (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  name {text:64} NOT NULL,
  prefix {text:16} NOT NULL,
  digest {text:64} NOT NULL,
  scopes {text:200} NOT NULL,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT,
  CONSTRAINT api_keys_digest UNIQUE (digest)
){table};

CREATE TABLE login_links (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  digest {text:64} NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  CONSTRAINT login_links_digest UNIQUE (digest)
){table};

CREATE TABLE staff_sessions (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  digest {text:64} NOT NULL,
  actor {text:64} NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT,
  CONSTRAINT staff_sessions_digest UNIQUE (digest)
){table};
