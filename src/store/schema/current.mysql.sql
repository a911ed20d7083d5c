-- The schema as the migrations leave it, to be read by people. Made by scripts/schema-snapshot.ts.

CREATE TABLE clinics (
  id bigint NOT NULL AUTO_INCREMENT,
  name varchar(64) NOT NULL,
  short_name varchar(16) NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE drugs (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  code varchar(64) NOT NULL,
  generic_name varchar(64) NOT NULL,
  trade_name varchar(64) NOT NULL DEFAULT '',
  initials varchar(32) NOT NULL DEFAULT '',
  form varchar(32) NOT NULL DEFAULT '',
  spec varchar(64) NOT NULL,
  kind varchar(8) NOT NULL,
  unit varchar(16) NOT NULL,
  unit_price varchar(16) NOT NULL,
  dose_unit varchar(16) NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY drugs_code (clinic_id,code),
  CONSTRAINT drugs_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT drugs_kind CHECK (kind in ('western','patent','herb'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE events (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  entity varchar(16) NOT NULL,
  entity_id bigint NOT NULL,
  version bigint NOT NULL,
  happening varchar(32) NOT NULL,
  from_state varchar(16) DEFAULT NULL,
  to_state varchar(16) NOT NULL,
  actor varchar(64) NOT NULL,
  reason varchar(200) DEFAULT NULL,
  evidence_id bigint DEFAULT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY events_version (entity,entity_id,version),
  KEY events_clinic_id (clinic_id),
  CONSTRAINT events_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE evidence (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  payment_method varchar(16) NOT NULL,
  source varchar(16) NOT NULL,
  dedupe_key varchar(128) NOT NULL,
  verdict varchar(16) NOT NULL,
  reason varchar(32) DEFAULT NULL,
  detail varchar(500) DEFAULT NULL,
  out_trade_no varchar(64) DEFAULT NULL,
  payment_id bigint DEFAULT NULL,
  notification_id varchar(128) DEFAULT NULL,
  key_id varchar(64) DEFAULT NULL,
  headers mediumtext DEFAULT NULL,
  body mediumblob DEFAULT NULL,
  words mediumtext DEFAULT NULL,
  report mediumtext DEFAULT NULL,
  received_at bigint NOT NULL,
  repeats bigint NOT NULL DEFAULT 0,
  last_received_at bigint NOT NULL,
  applied_at bigint DEFAULT NULL,
  result varchar(32) DEFAULT NULL,
  suspense_id bigint DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY evidence_dedupe (dedupe_key),
  KEY evidence_clinic_id (clinic_id),
  KEY evidence_to_apply (applied_at,id),
  KEY evidence_by_payment (payment_id,id),
  KEY evidence_by_number (out_trade_no),
  CONSTRAINT evidence_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT evidence_source CHECK (source in ('notification','query','statement')),
  CONSTRAINT evidence_verdict CHECK (verdict in ('genuine','refused')),
  CONSTRAINT evidence_result CHECK (result is null or applied_at is not null),
  CONSTRAINT evidence_has_home CHECK (result is null or result not in ('unknown_order','foreign_account','disputed') or suspense_id is not null)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE idempotency_keys (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  client varchar(64) NOT NULL,
  endpoint varchar(128) NOT NULL,
  idempotency_key varchar(128) NOT NULL,
  body_digest varchar(64) NOT NULL,
  lease_until bigint NOT NULL,
  status bigint DEFAULT NULL,
  answer mediumtext DEFAULT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idempotency_keys_once (client,endpoint,idempotency_key),
  KEY idempotency_keys_clinic_id (clinic_id),
  KEY idempotency_keys_by_age (created_at),
  CONSTRAINT idempotency_keys_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE installation (
  name varchar(32) NOT NULL,
  value varchar(200) NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE jobs (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  kind varchar(32) NOT NULL,
  lane varchar(16) NOT NULL,
  subject_id bigint NOT NULL,
  due_at bigint NOT NULL,
  lease_owner varchar(32) DEFAULT NULL,
  lease_until bigint NOT NULL DEFAULT 0,
  fence bigint NOT NULL DEFAULT 0,
  attempts bigint NOT NULL DEFAULT 0,
  state varchar(16) NOT NULL DEFAULT 'waiting',
  parked_reason varchar(200) DEFAULT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY jobs_subject (kind,subject_id),
  KEY jobs_clinic_id (clinic_id),
  KEY jobs_due (lane,state,due_at,id),
  CONSTRAINT jobs_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT jobs_lane CHECK (lane in ('alipay','wechat','webhook')),
  CONSTRAINT jobs_state CHECK (state in ('waiting','parked','done'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE login_links (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  digest varchar(64) NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  used_at bigint DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY login_links_digest (digest),
  KEY login_links_clinic_id (clinic_id),
  CONSTRAINT login_links_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE outbox (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  event_id varchar(36) NOT NULL,
  bill_id bigint NOT NULL,
  sequence bigint NOT NULL,
  type varchar(32) NOT NULL,
  payload mediumtext NOT NULL,
  state varchar(16) NOT NULL DEFAULT 'new',
  attempts bigint NOT NULL DEFAULT 0,
  last_status varchar(100) DEFAULT NULL,
  created_at bigint NOT NULL,
  first_tried_at bigint DEFAULT NULL,
  last_tried_at bigint DEFAULT NULL,
  delivered_at bigint DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY outbox_event (event_id),
  UNIQUE KEY outbox_sequence (bill_id,sequence),
  KEY outbox_clinic_id (clinic_id),
  KEY outbox_by_state (state,id),
  KEY outbox_of_bill (bill_id,state,sequence),
  CONSTRAINT outbox_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT outbox_state CHECK (state = 'delivered' and delivered_at is not null or state in ('new','waiting','parked') and delivered_at is null)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE patients (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  patient_no varchar(64) NOT NULL,
  name varchar(64) NOT NULL,
  initials varchar(16) NOT NULL DEFAULT '',
  sex varchar(8) NOT NULL,
  birth_date varchar(10) NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY patients_patient_no (clinic_id,patient_no),
  CONSTRAINT patients_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT patients_sex CHECK (sex in ('male','female'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE prescriptions (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  prescription_no varchar(32) NOT NULL,
  request_key varchar(64) DEFAULT NULL,
  state varchar(16) NOT NULL DEFAULT 'issued',
  review_required bigint NOT NULL,
  patient_name varchar(64) NOT NULL,
  patient_no varchar(64) NOT NULL,
  sex varchar(8) NOT NULL,
  birth_date varchar(10) NOT NULL,
  age varchar(16) NOT NULL,
  weight_grams bigint DEFAULT NULL,
  fee_type varchar(16) NOT NULL,
  department varchar(64) NOT NULL,
  doctor varchar(64) NOT NULL,
  diagnosis varchar(200) NOT NULL,
  rx_type varchar(16) NOT NULL,
  rx_class varchar(16) NOT NULL,
  valid_until bigint NOT NULL,
  long_supply_reason varchar(100) NOT NULL DEFAULT '',
  doses bigint DEFAULT NULL,
  decoction varchar(100) NOT NULL DEFAULT '',
  identity_no varchar(32) DEFAULT NULL,
  agent_name varchar(64) DEFAULT NULL,
  agent_identity_no varchar(32) DEFAULT NULL,
  amount_fen bigint NOT NULL,
  review_note varchar(200) DEFAULT NULL,
  void_reason varchar(200) DEFAULT NULL,
  version bigint NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY prescriptions_prescription_no (clinic_id,prescription_no),
  UNIQUE KEY prescriptions_request (request_key),
  KEY prescriptions_by_state (clinic_id,state,id),
  KEY prescriptions_by_patient_no (clinic_id,patient_no),
  KEY prescriptions_by_patient_name (clinic_id,patient_name),
  CONSTRAINT prescriptions_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT prescriptions_state CHECK (state in ('issued','approved','returned','void')),
  CONSTRAINT prescriptions_review CHECK (review_required in (0,1) and (review_required = 1 or state in ('issued','void'))),
  CONSTRAINT prescriptions_sex CHECK (sex in ('male','female')),
  CONSTRAINT prescriptions_type CHECK (rx_type in ('western','herbal')),
  CONSTRAINT prescriptions_class CHECK (rx_class in ('normal','emergency','child','narcotic','psychotropic_1','psychotropic_2')),
  CONSTRAINT prescriptions_doses CHECK (rx_type = 'herbal' and doses is not null and doses >= 1 or rx_type = 'western' and doses is null),
  CONSTRAINT prescriptions_amount CHECK (amount_fen >= 1 and amount_fen <= 10000000000),
  CONSTRAINT prescriptions_void CHECK (state = 'void' and void_reason is not null or state <> 'void' and void_reason is null)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE prescription_lines (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  prescription_id bigint NOT NULL,
  line_no bigint NOT NULL,
  drug_code varchar(64) NOT NULL DEFAULT '',
  generic_name varchar(64) NOT NULL,
  trade_name varchar(64) NOT NULL DEFAULT '',
  form varchar(32) NOT NULL DEFAULT '',
  spec varchar(64) NOT NULL,
  kind varchar(8) NOT NULL,
  dose varchar(32) NOT NULL,
  dose_unit varchar(16) NOT NULL,
  route varchar(32) NOT NULL,
  frequency varchar(32) NOT NULL,
  days bigint DEFAULT NULL,
  quantity varchar(16) NOT NULL,
  unit varchar(16) NOT NULL,
  unit_price varchar(16) NOT NULL,
  amount_fen bigint NOT NULL,
  footnote varchar(32) NOT NULL DEFAULT '',
  skin_test bigint NOT NULL DEFAULT 0,
  advice varchar(100) NOT NULL DEFAULT '',
  PRIMARY KEY (id),
  UNIQUE KEY prescription_lines_no (prescription_id,line_no),
  KEY prescription_lines_clinic_id (clinic_id),
  CONSTRAINT prescription_lines_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT prescription_lines_prescription_id FOREIGN KEY (prescription_id) REFERENCES prescriptions (id),
  CONSTRAINT prescription_lines_kind CHECK (kind in ('western','patent','herb')),
  CONSTRAINT prescription_lines_skin_test CHECK (skin_test in (0,1)),
  CONSTRAINT prescription_lines_amount CHECK (amount_fen >= 0 and amount_fen <= 10000000000)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE schema_migrations (
  version bigint NOT NULL,
  name varchar(128) NOT NULL,
  digest varchar(64) NOT NULL,
  statements bigint NOT NULL,
  applied_at bigint DEFAULT NULL,
  PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE staff_sessions (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  digest varchar(64) NOT NULL,
  actor varchar(64) NOT NULL,
  created_at bigint NOT NULL,
  seen_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  ended_at bigint DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY staff_sessions_digest (digest),
  KEY staff_sessions_clinic_id (clinic_id),
  CONSTRAINT staff_sessions_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE statements (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  payment_method varchar(16) NOT NULL,
  business_day varchar(10) NOT NULL,
  state varchar(16) NOT NULL DEFAULT 'waiting',
  digest varchar(64) DEFAULT NULL,
  line_count bigint NOT NULL DEFAULT 0,
  bytes mediumblob DEFAULT NULL,
  fetched_at bigint DEFAULT NULL,
  version bigint NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY statements_day (clinic_id,payment_method,business_day),
  CONSTRAINT statements_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT statements_state CHECK (state in ('waiting','loaded','empty','applied'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE alarms (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  code varchar(48) NOT NULL,
  entity varchar(16) NOT NULL,
  entity_id bigint NOT NULL,
  detail varchar(500) NOT NULL,
  times bigint NOT NULL DEFAULT 1,
  raised_at bigint NOT NULL,
  last_raised_at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY alarms_once (code,entity,entity_id),
  KEY alarms_clinic_id (clinic_id),
  CONSTRAINT alarms_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE api_keys (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  name varchar(64) NOT NULL,
  prefix varchar(16) NOT NULL,
  digest varchar(64) NOT NULL,
  scopes varchar(200) NOT NULL,
  created_at bigint NOT NULL,
  revoked_at bigint DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY api_keys_digest (digest),
  KEY api_keys_clinic_id (clinic_id),
  CONSTRAINT api_keys_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE bills (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  bill_no varchar(32) NOT NULL,
  external_bill_no varchar(64) DEFAULT NULL,
  content_digest varchar(64) NOT NULL,
  prescription_id bigint DEFAULT NULL,
  patient_name varchar(64) NOT NULL,
  patient_no varchar(64) NOT NULL DEFAULT '',
  department varchar(64) NOT NULL DEFAULT '',
  doctor varchar(64) NOT NULL DEFAULT '',
  total_fen bigint NOT NULL,
  discount_fen bigint NOT NULL DEFAULT 0,
  fund_pay_fen bigint NOT NULL DEFAULT 0,
  account_pay_fen bigint NOT NULL DEFAULT 0,
  payable_fen bigint NOT NULL,
  paid_fen bigint NOT NULL DEFAULT 0,
  refunded_fen bigint NOT NULL DEFAULT 0,
  status varchar(16) NOT NULL DEFAULT 'unpaid',
  void_reason varchar(200) DEFAULT NULL,
  valid_until bigint DEFAULT NULL,
  settled_payment_id bigint DEFAULT NULL,
  version bigint NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY bills_bill_no (clinic_id,bill_no),
  UNIQUE KEY bills_external_bill_no (clinic_id,external_bill_no),
  UNIQUE KEY bills_prescription (clinic_id,prescription_id),
  KEY bills_by_status (clinic_id,status,id),
  KEY bills_by_creation (clinic_id,created_at),
  KEY bills_by_patient_no (clinic_id,patient_no),
  KEY bills_by_patient_name (clinic_id,patient_name),
  CONSTRAINT bills_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT bills_status CHECK (status in ('unpaid','paid','void')),
  CONSTRAINT bills_payable CHECK (payable_fen >= 1 and payable_fen <= 10000000000 and payable_fen = total_fen - discount_fen - fund_pay_fen - account_pay_fen),
  CONSTRAINT bills_shares CHECK (discount_fen >= 0 and fund_pay_fen >= 0 and account_pay_fen >= 0),
  CONSTRAINT bills_paid CHECK (status = 'paid' and paid_fen = payable_fen and settled_payment_id is not null or status <> 'paid' and paid_fen = 0 and settled_payment_id is null),
  CONSTRAINT bills_refunded CHECK (refunded_fen >= 0 and refunded_fen <= paid_fen)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE bill_lines (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  bill_id bigint NOT NULL,
  line_no bigint NOT NULL,
  fee_class varchar(2) NOT NULL,
  name varchar(128) NOT NULL,
  spec varchar(128) NOT NULL DEFAULT '',
  quantity varchar(16) NOT NULL,
  unit varchar(16) NOT NULL,
  unit_price varchar(16) NOT NULL,
  amount_fen bigint NOT NULL,
  insurance_level varchar(2) NOT NULL DEFAULT '',
  PRIMARY KEY (id),
  UNIQUE KEY bill_lines_no (bill_id,line_no),
  KEY bill_lines_clinic_id (clinic_id),
  CONSTRAINT bill_lines_bill_id FOREIGN KEY (bill_id) REFERENCES bills (id),
  CONSTRAINT bill_lines_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT bill_lines_class CHECK (fee_class in ('01','02','03','04','05','06','07','08','09','10','11','12','13','14')),
  CONSTRAINT bill_lines_amount CHECK (amount_fen >= 0 and amount_fen <= 10000000000)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE payments (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  bill_id bigint DEFAULT NULL,
  out_trade_no varchar(64) NOT NULL,
  payment_method varchar(16) NOT NULL,
  payment_mode varchar(16) NOT NULL DEFAULT 'redirect',
  amount_fen bigint NOT NULL,
  currency varchar(3) NOT NULL DEFAULT 'CNY',
  qr_code_url varchar(1024) NOT NULL DEFAULT '',
  qr_code_expires_at bigint NOT NULL,
  app_id varchar(32) NOT NULL,
  merchant_id varchar(32) NOT NULL,
  configuration_id varchar(64) NOT NULL,
  subject varchar(64) NOT NULL,
  attach varchar(64) NOT NULL,
  notify_url varchar(255) NOT NULL,
  state varchar(16) NOT NULL,
  disposition varchar(16) DEFAULT NULL,
  late bigint NOT NULL DEFAULT 0,
  channel_trade_no varchar(64) DEFAULT NULL,
  paid_at bigint DEFAULT NULL,
  paid_evidence_id bigint DEFAULT NULL,
  payer_fen bigint DEFAULT NULL,
  received_fen bigint DEFAULT NULL,
  refund_reserved_fen bigint NOT NULL DEFAULT 0,
  refunded_fen bigint NOT NULL DEFAULT 0,
  fault_code varchar(32) DEFAULT NULL,
  create_ended_at bigint DEFAULT NULL,
  asked_at bigint DEFAULT NULL,
  answers bigint NOT NULL DEFAULT 0,
  silences bigint NOT NULL DEFAULT 0,
  version bigint NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY payments_out_trade_no (out_trade_no),
  KEY payments_clinic_id (clinic_id),
  KEY payments_by_bill (bill_id),
  KEY payments_by_disposition (disposition,paid_at),
  CONSTRAINT payments_bill_id FOREIGN KEY (bill_id) REFERENCES bills (id),
  CONSTRAINT payments_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT payments_method CHECK (payment_method in ('alipay','wechat')),
  CONSTRAINT payments_amount CHECK (amount_fen >= 1 and amount_fen <= 10000000000 and currency = 'CNY'),
  CONSTRAINT payments_state CHECK (state in ('intent','creating','open','create_unknown','create_rejected','closing','closed','paid')),
  CONSTRAINT payments_disposition CHECK (state = 'paid' and paid_evidence_id is not null and disposition is not null and disposition in ('settled','surplus','disputed') or state <> 'paid' and disposition is null and paid_evidence_id is null),
  CONSTRAINT payments_late CHECK (late in (0,1)),
  CONSTRAINT payments_received CHECK (state = 'paid' and received_fen is not null and received_fen >= 1 or state <> 'paid' and received_fen is null),
  CONSTRAINT payments_settled_amount CHECK (disposition is null or disposition <> 'settled' or bill_id is not null),
  CONSTRAINT payments_refunds CHECK (refunded_fen >= 0 and refunded_fen <= refund_reserved_fen and (refund_reserved_fen = 0 or refund_reserved_fen <= received_fen))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE payment_sessions (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  public_id varchar(32) NOT NULL,
  bill_id bigint NOT NULL,
  payment_id bigint NOT NULL,
  payment_method varchar(16) NOT NULL,
  qr_code_content varchar(1024) NOT NULL DEFAULT '',
  expires_at bigint NOT NULL,
  status varchar(16) NOT NULL DEFAULT 'pending',
  phase varchar(16) NOT NULL DEFAULT 'creating',
  end_reason varchar(16) DEFAULT NULL,
  retiring varchar(16) DEFAULT NULL,
  insisted bigint NOT NULL DEFAULT 0,
  shown_bill_id bigint DEFAULT NULL,
  replaced_by varchar(32) DEFAULT NULL,
  request_key varchar(64) DEFAULT NULL,
  watched_until bigint NOT NULL DEFAULT 0,
  version bigint NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY payment_sessions_public_id (public_id),
  UNIQUE KEY payment_sessions_payment (payment_id),
  UNIQUE KEY payment_sessions_shown (shown_bill_id),
  UNIQUE KEY payment_sessions_request (request_key),
  KEY payment_sessions_clinic_id (clinic_id),
  KEY payment_sessions_by_bill (bill_id,id),
  CONSTRAINT payment_sessions_bill_id FOREIGN KEY (bill_id) REFERENCES bills (id),
  CONSTRAINT payment_sessions_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT payment_sessions_payment_id FOREIGN KEY (payment_id) REFERENCES payments (id),
  CONSTRAINT payment_sessions_method CHECK (payment_method in ('alipay','wechat')),
  CONSTRAINT payment_sessions_status CHECK (status in ('pending','paid','expired','cancelled')),
  CONSTRAINT payment_sessions_phase CHECK (status = 'pending' and phase in ('creating','ready','scanned','confirming') or status <> 'pending' and phase = 'ended'),
  CONSTRAINT payment_sessions_shown_bill CHECK (shown_bill_id is null or shown_bill_id = bill_id),
  CONSTRAINT payment_sessions_shown_pending CHECK (shown_bill_id is null or status = 'pending')
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE refunds (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  payment_id bigint NOT NULL,
  bill_id bigint DEFAULT NULL,
  out_refund_no varchar(64) NOT NULL,
  amount_fen bigint NOT NULL,
  kind varchar(16) NOT NULL,
  reason varchar(100) NOT NULL,
  requested_by varchar(64) NOT NULL,
  approved_by varchar(64) DEFAULT NULL,
  state varchar(16) NOT NULL,
  surplus_of bigint DEFAULT NULL,
  request_key varchar(64) DEFAULT NULL,
  sends bigint NOT NULL DEFAULT 0,
  sent_at bigint DEFAULT NULL,
  refused_at bigint DEFAULT NULL,
  asked_at bigint DEFAULT NULL,
  silences bigint NOT NULL DEFAULT 0,
  channel_refund_no varchar(64) DEFAULT NULL,
  refunded_at bigint DEFAULT NULL,
  fault_code varchar(32) DEFAULT NULL,
  version bigint NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  counted_at bigint DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY refunds_out_refund_no (out_refund_no),
  UNIQUE KEY refunds_surplus_once (surplus_of),
  UNIQUE KEY refunds_request (request_key),
  KEY refunds_clinic_id (clinic_id),
  KEY refunds_by_payment (payment_id,id),
  KEY refunds_by_bill (bill_id,id),
  KEY refunds_by_state (state,id),
  CONSTRAINT refunds_bill_id FOREIGN KEY (bill_id) REFERENCES bills (id),
  CONSTRAINT refunds_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT refunds_payment_id FOREIGN KEY (payment_id) REFERENCES payments (id),
  CONSTRAINT refunds_amount CHECK (amount_fen >= 1 and amount_fen <= 10000000000),
  CONSTRAINT refunds_kind CHECK (kind in ('bill','surplus','suspense','external')),
  CONSTRAINT refunds_state CHECK (state in ('requested','approved','cancelled','submitted','unknown','failed','abnormal','succeeded')),
  CONSTRAINT refunds_bill CHECK (kind <> 'bill' or bill_id is not null),
  CONSTRAINT refunds_surplus CHECK (surplus_of is null or surplus_of = payment_id and state not in ('failed','cancelled'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE refund_lines (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  refund_id bigint NOT NULL,
  bill_line_id bigint NOT NULL,
  amount_fen bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY refund_lines_once (refund_id,bill_line_id),
  KEY refund_lines_clinic_id (clinic_id),
  KEY refund_lines_bill_line_id (bill_line_id),
  CONSTRAINT refund_lines_bill_line_id FOREIGN KEY (bill_line_id) REFERENCES bill_lines (id),
  CONSTRAINT refund_lines_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT refund_lines_refund_id FOREIGN KEY (refund_id) REFERENCES refunds (id),
  CONSTRAINT refund_lines_amount CHECK (amount_fen >= 1)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE suspense (
  id bigint NOT NULL AUTO_INCREMENT,
  clinic_id bigint NOT NULL,
  reason varchar(32) NOT NULL,
  subject varchar(32) NOT NULL,
  evidence_id bigint DEFAULT NULL,
  payment_id bigint DEFAULT NULL,
  refund_id bigint DEFAULT NULL,
  amount_fen bigint NOT NULL,
  detail varchar(500) NOT NULL,
  state varchar(16) NOT NULL DEFAULT 'open',
  owner varchar(64) DEFAULT NULL,
  note varchar(200) DEFAULT NULL,
  opened_at bigint NOT NULL,
  closed_at bigint DEFAULT NULL,
  version bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY suspense_once (reason,subject),
  KEY suspense_clinic_id (clinic_id),
  KEY suspense_payment_id (payment_id),
  KEY suspense_refund_id (refund_id),
  KEY suspense_by_state (state,id),
  CONSTRAINT suspense_clinic_id FOREIGN KEY (clinic_id) REFERENCES clinics (id),
  CONSTRAINT suspense_payment_id FOREIGN KEY (payment_id) REFERENCES payments (id),
  CONSTRAINT suspense_refund_id FOREIGN KEY (refund_id) REFERENCES refunds (id),
  CONSTRAINT suspense_reason CHECK (reason in ('amount_differs','unknown_order','foreign_account','refunded_before','refund_abnormal','refund_failed','refund_unknown','refund_exceeds')),
  CONSTRAINT suspense_state CHECK (state in ('open','held','posted','refunded','closed')),
  CONSTRAINT suspense_closed CHECK (state in ('open','held') and closed_at is null or state not in ('open','held') and closed_at is not null and owner is not null)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TRIGGER bills_kept BEFORE DELETE ON bills FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bills: no row is ever deleted';

CREATE TRIGGER bills_unchanged BEFORE UPDATE ON bills FOR EACH ROW
IF NOT (OLD.id <=> NEW.id AND OLD.clinic_id <=> NEW.clinic_id AND OLD.bill_no <=> NEW.bill_no AND OLD.external_bill_no <=> NEW.external_bill_no AND OLD.content_digest <=> NEW.content_digest AND OLD.prescription_id <=> NEW.prescription_id AND OLD.patient_name <=> NEW.patient_name AND OLD.patient_no <=> NEW.patient_no AND OLD.department <=> NEW.department AND OLD.doctor <=> NEW.doctor AND OLD.total_fen <=> NEW.total_fen AND OLD.discount_fen <=> NEW.discount_fen AND OLD.fund_pay_fen <=> NEW.fund_pay_fen AND OLD.account_pay_fen <=> NEW.account_pay_fen AND OLD.payable_fen <=> NEW.payable_fen AND OLD.valid_until <=> NEW.valid_until AND OLD.created_at <=> NEW.created_at) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bills: what was written never changes'; END IF;

CREATE TRIGGER bill_lines_kept BEFORE DELETE ON bill_lines FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bill_lines: no row is ever deleted';

CREATE TRIGGER bill_lines_unchanged BEFORE UPDATE ON bill_lines FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bill_lines: what was written never changes';

CREATE TRIGGER events_kept BEFORE DELETE ON events FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'events: no row is ever deleted';

CREATE TRIGGER events_unchanged BEFORE UPDATE ON events FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'events: what was written never changes';

CREATE TRIGGER evidence_kept BEFORE DELETE ON evidence FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'evidence: no row is ever deleted';

CREATE TRIGGER evidence_unchanged BEFORE UPDATE ON evidence FOR EACH ROW
IF NOT (OLD.id <=> NEW.id AND OLD.clinic_id <=> NEW.clinic_id AND OLD.payment_method <=> NEW.payment_method AND OLD.source <=> NEW.source AND OLD.dedupe_key <=> NEW.dedupe_key AND OLD.verdict <=> NEW.verdict AND OLD.out_trade_no <=> NEW.out_trade_no AND OLD.notification_id <=> NEW.notification_id AND OLD.key_id <=> NEW.key_id AND OLD.headers <=> NEW.headers AND OLD.body <=> NEW.body AND OLD.words <=> NEW.words AND OLD.report <=> NEW.report AND OLD.received_at <=> NEW.received_at) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'evidence: what was written never changes'; END IF;

CREATE TRIGGER outbox_kept BEFORE DELETE ON outbox FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'outbox: no row is ever deleted';

CREATE TRIGGER outbox_unchanged BEFORE UPDATE ON outbox FOR EACH ROW
IF NOT (OLD.id <=> NEW.id AND OLD.clinic_id <=> NEW.clinic_id AND OLD.event_id <=> NEW.event_id AND OLD.bill_id <=> NEW.bill_id AND OLD.sequence <=> NEW.sequence AND OLD.type <=> NEW.type AND OLD.payload <=> NEW.payload AND OLD.created_at <=> NEW.created_at) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'outbox: what was written never changes'; END IF;

CREATE TRIGGER payments_kept BEFORE DELETE ON payments FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'payments: no row is ever deleted';

CREATE TRIGGER payments_unchanged BEFORE UPDATE ON payments FOR EACH ROW
IF NOT (OLD.id <=> NEW.id AND OLD.clinic_id <=> NEW.clinic_id AND OLD.out_trade_no <=> NEW.out_trade_no AND OLD.payment_method <=> NEW.payment_method AND OLD.payment_mode <=> NEW.payment_mode AND OLD.amount_fen <=> NEW.amount_fen AND OLD.currency <=> NEW.currency AND OLD.qr_code_expires_at <=> NEW.qr_code_expires_at AND OLD.app_id <=> NEW.app_id AND OLD.merchant_id <=> NEW.merchant_id AND OLD.configuration_id <=> NEW.configuration_id AND OLD.subject <=> NEW.subject AND OLD.attach <=> NEW.attach AND OLD.notify_url <=> NEW.notify_url AND OLD.created_at <=> NEW.created_at) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'payments: what was written never changes'; END IF;

CREATE TRIGGER payment_sessions_kept BEFORE DELETE ON payment_sessions FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'payment_sessions: no row is ever deleted';

CREATE TRIGGER payment_sessions_unchanged BEFORE UPDATE ON payment_sessions FOR EACH ROW
IF NOT (OLD.id <=> NEW.id AND OLD.clinic_id <=> NEW.clinic_id AND OLD.public_id <=> NEW.public_id AND OLD.bill_id <=> NEW.bill_id AND OLD.payment_id <=> NEW.payment_id AND OLD.payment_method <=> NEW.payment_method AND OLD.expires_at <=> NEW.expires_at AND OLD.created_at <=> NEW.created_at) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'payment_sessions: what was written never changes'; END IF;

CREATE TRIGGER prescriptions_kept BEFORE DELETE ON prescriptions FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'prescriptions: no row is ever deleted';

CREATE TRIGGER prescriptions_unchanged BEFORE UPDATE ON prescriptions FOR EACH ROW
IF NOT (OLD.id <=> NEW.id AND OLD.clinic_id <=> NEW.clinic_id AND OLD.prescription_no <=> NEW.prescription_no AND OLD.request_key <=> NEW.request_key AND OLD.review_required <=> NEW.review_required AND OLD.patient_name <=> NEW.patient_name AND OLD.patient_no <=> NEW.patient_no AND OLD.sex <=> NEW.sex AND OLD.birth_date <=> NEW.birth_date AND OLD.age <=> NEW.age AND OLD.weight_grams <=> NEW.weight_grams AND OLD.fee_type <=> NEW.fee_type AND OLD.department <=> NEW.department AND OLD.doctor <=> NEW.doctor AND OLD.diagnosis <=> NEW.diagnosis AND OLD.rx_type <=> NEW.rx_type AND OLD.rx_class <=> NEW.rx_class AND OLD.valid_until <=> NEW.valid_until AND OLD.long_supply_reason <=> NEW.long_supply_reason AND OLD.doses <=> NEW.doses AND OLD.decoction <=> NEW.decoction AND OLD.identity_no <=> NEW.identity_no AND OLD.agent_name <=> NEW.agent_name AND OLD.agent_identity_no <=> NEW.agent_identity_no AND OLD.amount_fen <=> NEW.amount_fen AND OLD.created_at <=> NEW.created_at) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'prescriptions: what was written never changes'; END IF;

CREATE TRIGGER prescription_lines_kept BEFORE DELETE ON prescription_lines FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'prescription_lines: no row is ever deleted';

CREATE TRIGGER prescription_lines_unchanged BEFORE UPDATE ON prescription_lines FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'prescription_lines: what was written never changes';

CREATE TRIGGER refunds_kept BEFORE DELETE ON refunds FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refunds: no row is ever deleted';

CREATE TRIGGER refunds_unchanged BEFORE UPDATE ON refunds FOR EACH ROW
IF NOT (OLD.id <=> NEW.id AND OLD.clinic_id <=> NEW.clinic_id AND OLD.payment_id <=> NEW.payment_id AND OLD.out_refund_no <=> NEW.out_refund_no AND OLD.amount_fen <=> NEW.amount_fen AND OLD.kind <=> NEW.kind AND OLD.reason <=> NEW.reason AND OLD.requested_by <=> NEW.requested_by AND OLD.created_at <=> NEW.created_at) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refunds: what was written never changes'; END IF;

CREATE TRIGGER refund_lines_kept BEFORE DELETE ON refund_lines FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refund_lines: no row is ever deleted';

CREATE TRIGGER refund_lines_unchanged BEFORE UPDATE ON refund_lines FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refund_lines: what was written never changes';
