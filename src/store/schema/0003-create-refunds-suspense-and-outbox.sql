-- Money going back. One number for life; the amount is reserved on its payment before the channel is called.
CREATE TABLE refunds (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  payment_id BIGINT NOT NULL REFERENCES payments (id),
  bill_id BIGINT REFERENCES bills (id),
  out_refund_no {text:64} NOT NULL,
  amount_fen BIGINT NOT NULL,
  kind {text:16} NOT NULL,
  reason {text:100} NOT NULL,
  requested_by {text:64} NOT NULL,
  approved_by {text:64},
  state {text:16} NOT NULL,
  surplus_of BIGINT,
  request_key {text:64},
  sends BIGINT NOT NULL DEFAULT 0,
  sent_at BIGINT,
  refused_at BIGINT,
  asked_at BIGINT,
  silences BIGINT NOT NULL DEFAULT 0,
  channel_refund_no {text:64},
  refunded_at BIGINT,
  fault_code {text:32},
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT refunds_out_refund_no UNIQUE (out_refund_no),
  CONSTRAINT refunds_surplus_once UNIQUE (surplus_of),
  CONSTRAINT refunds_request UNIQUE (request_key),
  CONSTRAINT refunds_amount CHECK (amount_fen >= 1 AND amount_fen <= 10000000000),
  CONSTRAINT refunds_kind CHECK (kind IN ('bill', 'surplus', 'suspense', 'external')),
  CONSTRAINT refunds_state CHECK (state IN ('requested', 'approved', 'cancelled', 'submitted', 'unknown', 'failed', 'abnormal', 'succeeded')),
  CONSTRAINT refunds_bill CHECK (kind <> 'bill' OR bill_id IS NOT NULL),
  CONSTRAINT refunds_surplus CHECK (surplus_of IS NULL OR (surplus_of = payment_id AND state NOT IN ('failed', 'cancelled')))
){table};

CREATE INDEX refunds_by_payment ON refunds (payment_id, id);

CREATE INDEX refunds_by_bill ON refunds (bill_id, id);

CREATE INDEX refunds_by_state ON refunds (state, id);

{immutable refunds: clinic_id, payment_id, out_refund_no, amount_fen, kind, reason, requested_by, created_at};

-- Which lines of the bill the money goes back for; their sum is the refund's amount.
CREATE TABLE refund_lines (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  refund_id BIGINT NOT NULL REFERENCES refunds (id),
  bill_line_id BIGINT NOT NULL REFERENCES bill_lines (id),
  amount_fen BIGINT NOT NULL,
  CONSTRAINT refund_lines_once UNIQUE (refund_id, bill_line_id),
  CONSTRAINT refund_lines_amount CHECK (amount_fen >= 1)
){table};

{append_only refund_lines};

-- Suspense: money that a person must find a home for. Nobody may acknowledge money without one of
-- a payment that settled, a surplus on its way back, or a row here (evidence_has_home).
CREATE TABLE suspense (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  reason {text:32} NOT NULL,
  subject {text:32} NOT NULL,
  evidence_id BIGINT,
  payment_id BIGINT REFERENCES payments (id),
  refund_id BIGINT REFERENCES refunds (id),
  amount_fen BIGINT NOT NULL,
  detail {text:500} NOT NULL,
  state {text:16} NOT NULL DEFAULT 'open',
  owner {text:64},
  note {text:200},
  opened_at BIGINT NOT NULL,
  closed_at BIGINT,
  version BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT suspense_once UNIQUE (reason, subject),
  CONSTRAINT suspense_reason CHECK (reason IN ('amount_differs', 'unknown_order', 'foreign_account', 'refunded_before', 'refund_abnormal', 'refund_failed', 'refund_unknown', 'refund_exceeds')),
  CONSTRAINT suspense_state CHECK (state IN ('open', 'held', 'posted', 'refunded', 'closed')),
  CONSTRAINT suspense_closed CHECK ((state IN ('open', 'held') AND closed_at IS NULL) OR (state NOT IN ('open', 'held') AND closed_at IS NOT NULL AND owner IS NOT NULL))
){table};

CREATE INDEX suspense_by_state ON suspense (state, id);

-- What the clinic's own system is told: written with the change it tells of, delivered at least once,
-- in the order of `sequence` for each bill (0: what belongs to none).
CREATE TABLE outbox (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  event_id {text:36} NOT NULL,
  bill_id BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  type {text:32} NOT NULL,
  payload {long} NOT NULL,
  state {text:16} NOT NULL DEFAULT 'new',
  attempts BIGINT NOT NULL DEFAULT 0,
  last_status {text:100},
  created_at BIGINT NOT NULL,
  first_tried_at BIGINT,
  last_tried_at BIGINT,
  delivered_at BIGINT,
  CONSTRAINT outbox_event UNIQUE (event_id),
  CONSTRAINT outbox_sequence UNIQUE (bill_id, sequence),
  CONSTRAINT outbox_state CHECK (
    (state = 'delivered' AND delivered_at IS NOT NULL) OR (state IN ('new', 'waiting', 'parked') AND delivered_at IS NULL)
  )
){table};

CREATE INDEX outbox_by_state ON outbox (state, id);

CREATE INDEX outbox_of_bill ON outbox (bill_id, state, sequence);

{immutable outbox: clinic_id, event_id, bill_id, sequence, type, payload, created_at};

-- A channel's day, fetched whole or not at all.
CREATE TABLE statements (
  id {id},
  clinic_id BIGINT NOT NULL REFERENCES clinics (id),
  payment_method {text:16} NOT NULL,
  business_day {text:10} NOT NULL,
  state {text:16} NOT NULL DEFAULT 'waiting',
  digest {text:64},
  line_count BIGINT NOT NULL DEFAULT 0,
  bytes {bytes},
  fetched_at BIGINT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT statements_day UNIQUE (clinic_id, payment_method, business_day),
  CONSTRAINT statements_state CHECK (state IN ('waiting', 'loaded', 'empty', 'applied'))
){table};
