import type { Row, Value } from '#store';
import type { TableName } from './tables.ts';

/** What a table refuses, and what it fills in: the schema of `src/store/schema`, read a second time. */
export interface TableRules {
  /** Every column but `id`. */
  columns: readonly string[];
  defaults: Readonly<Record<string, Value>>;
  unique: readonly (readonly [name: string, key: readonly string[]])[];
  /** A CHECK holds unless it is false: what compares with NULL is not. */
  checks: readonly (readonly [name: string, holds: (row: Row) => boolean])[];
  /** Columns that a trigger guards; `['*']` in spirit where nothing is ever updated. */
  immutable: readonly string[];
}

const words = (text: string): string[] => text.trim().split(/\s+/);
const oneOf = (column: string, values: string): ((row: Row) => boolean) => {
  const known = new Set<unknown>([null, ...words(values)]);
  return (row) => known.has(row[column]);
};
const between = (value: Value | undefined, low: number, high: number): boolean =>
  typeof value !== 'number' || (value >= low && value <= high);
const MOST = 10_000_000_000;

const amount = (column: string, least: number): readonly [string, (row: Row) => boolean] => [
  `${column}_range`,
  (row) => between(row[column], least, MOST),
];
const num = (row: Row, column: string): number => Number(row[column] ?? 0);

const beforePersons = new Set<unknown>(words('unknown_order foreign_account disputed'));
const isDisposition = oneOf('disposition', 'settled surplus disputed');
const isPendingPhase = oneOf('phase', 'creating ready scanned confirming');
const isOnItsWay = oneOf('state', 'new waiting parked');

// oxfmt-ignore
export const rules: Readonly<Record<TableName, TableRules>> = {
  clinics: table('name short_name created_at', {}, [['PRIMARY', ['id']]]),
  bills: table(
    `clinic_id bill_no external_bill_no content_digest prescription_id patient_name patient_no department doctor
     total_fen discount_fen fund_pay_fen account_pay_fen payable_fen paid_fen refunded_fen status void_reason
     valid_until settled_payment_id version created_at updated_at`,
    { patient_no: '', department: '', doctor: '', discount_fen: 0, fund_pay_fen: 0, account_pay_fen: 0, paid_fen: 0, refunded_fen: 0, status: 'unpaid' },
    [['bills_bill_no', ['clinic_id', 'bill_no']], ['bills_external_bill_no', ['clinic_id', 'external_bill_no']], ['bills_prescription', ['clinic_id', 'prescription_id']]],
    [
      ['bills_status', oneOf('status', 'unpaid paid void')],
      ['bills_payable', (row) => between(row.payable_fen, 1, MOST) && row.payable_fen === num(row, 'total_fen') - num(row, 'discount_fen') - num(row, 'fund_pay_fen') - num(row, 'account_pay_fen')],
      ['bills_paid', (row) => row.status === 'paid' ? row.paid_fen === row.payable_fen && row.settled_payment_id !== null : row.paid_fen === 0 && row.settled_payment_id === null],
      ['bills_refunded', (row) => between(row.refunded_fen, 0, num(row, 'paid_fen'))],
    ],
    `clinic_id bill_no external_bill_no content_digest prescription_id patient_name patient_no department doctor
     total_fen discount_fen fund_pay_fen account_pay_fen payable_fen valid_until created_at`,
  ),
  bill_lines: table(
    'clinic_id bill_id line_no fee_class name spec quantity unit unit_price amount_fen insurance_level',
    { spec: '', insurance_level: '' },
    [['bill_lines_no', ['bill_id', 'line_no']]],
    [amount('amount_fen', 0)],
  ),
  payments: table(
    `clinic_id bill_id out_trade_no payment_method payment_mode amount_fen currency qr_code_url qr_code_expires_at
     app_id merchant_id configuration_id subject attach notify_url state disposition late channel_trade_no paid_at
     paid_evidence_id payer_fen received_fen refund_reserved_fen refunded_fen fault_code create_ended_at asked_at
     answers silences version created_at updated_at`,
    { payment_mode: 'redirect', currency: 'CNY', qr_code_url: '', late: 0, refund_reserved_fen: 0, refunded_fen: 0, answers: 0, silences: 0 },
    [['payments_out_trade_no', ['out_trade_no']]],
    [
      amount('amount_fen', 1),
      ['payments_method', oneOf('payment_method', 'alipay wechat')],
      ['payments_state', oneOf('state', 'intent creating open create_unknown create_rejected closing closed paid')],
      ['payments_disposition', (row) => row.state === 'paid'
        ? row.paid_evidence_id !== null && row.disposition !== null && isDisposition(row)
        : row.disposition === null && row.paid_evidence_id === null],
      ['payments_late', (row) => row.late === 0 || row.late === 1],
      ['payments_received', (row) => row.state === 'paid' ? num(row, 'received_fen') >= 1 : row.received_fen === null],
      ['payments_settled_amount', (row) => row.disposition !== 'settled' || row.bill_id !== null],
      ['payments_refunds', (row) => num(row, 'refunded_fen') >= 0 && num(row, 'refunded_fen') <= num(row, 'refund_reserved_fen')
        && (row.refund_reserved_fen === 0 || row.received_fen === null || num(row, 'refund_reserved_fen') <= num(row, 'received_fen'))],
    ],
    `clinic_id out_trade_no payment_method payment_mode amount_fen currency qr_code_expires_at app_id merchant_id
     configuration_id subject attach notify_url created_at`,
  ),
  payment_sessions: table(
    `clinic_id public_id bill_id payment_id payment_method qr_code_content expires_at status phase end_reason retiring
     insisted shown_bill_id replaced_by request_key watched_until version created_at updated_at`,
    { qr_code_content: '', status: 'pending', phase: 'creating', insisted: 0, watched_until: 0 },
    [['payment_sessions_public_id', ['public_id']], ['payment_sessions_payment', ['payment_id']], ['payment_sessions_shown', ['shown_bill_id']], ['payment_sessions_request', ['request_key']]],
    [
      ['payment_sessions_method', oneOf('payment_method', 'alipay wechat')],
      ['payment_sessions_status', oneOf('status', 'pending paid expired cancelled')],
      ['payment_sessions_phase', (row) => row.status === 'pending' ? isPendingPhase(row) : row.phase === 'ended'],
      ['payment_sessions_shown_bill', (row) => row.shown_bill_id === null || row.shown_bill_id === row.bill_id],
      ['payment_sessions_shown_pending', (row) => row.shown_bill_id === null || row.status === 'pending'],
    ],
    'clinic_id public_id bill_id payment_id payment_method expires_at created_at',
  ),
  evidence: table(
    `clinic_id payment_method source dedupe_key verdict reason detail out_trade_no payment_id notification_id key_id
     headers body words report received_at repeats last_received_at applied_at result suspense_id`,
    { repeats: 0 },
    [['evidence_dedupe', ['dedupe_key']]],
    [
      ['evidence_source', oneOf('source', 'notification query statement')],
      ['evidence_verdict', oneOf('verdict', 'genuine refused')],
      ['evidence_result', (row) => row.result === null || row.applied_at !== null],
      ['evidence_has_home', (row) => row.suspense_id !== null || !beforePersons.has(row.result)],
    ],
    `clinic_id payment_method source dedupe_key verdict out_trade_no notification_id key_id headers body words report
     received_at`,
  ),
  events: table(
    'clinic_id entity entity_id version happening from_state to_state actor reason evidence_id at',
    {},
    [['events_version', ['entity', 'entity_id', 'version']]],
  ),
  alarms: table(
    'clinic_id code entity entity_id detail times raised_at last_raised_at',
    { times: 1 },
    [['alarms_once', ['code', 'entity', 'entity_id']]],
  ),
  jobs: table(
    `clinic_id kind lane subject_id due_at lease_owner lease_until fence attempts state parked_reason created_at updated_at`,
    { lease_until: 0, fence: 0, attempts: 0, state: 'waiting' },
    [['jobs_subject', ['kind', 'subject_id']]],
    [['jobs_state', oneOf('state', 'waiting parked done')], ['jobs_lane', oneOf('lane', 'alipay wechat webhook')]],
  ),
  refunds: table(
    `clinic_id payment_id bill_id out_refund_no amount_fen kind reason requested_by approved_by state surplus_of
     request_key sends sent_at refused_at asked_at silences channel_refund_no refunded_at fault_code counted_at version
     created_at updated_at`,
    { sends: 0, silences: 0 },
    [['refunds_out_refund_no', ['out_refund_no']], ['refunds_surplus_once', ['surplus_of']], ['refunds_request', ['request_key']]],
    [
      amount('amount_fen', 1),
      ['refunds_kind', oneOf('kind', 'bill surplus suspense external')],
      ['refunds_state', oneOf('state', 'requested approved cancelled submitted unknown failed abnormal succeeded')],
      ['refunds_bill', (row) => row.kind !== 'bill' || row.bill_id !== null],
      ['refunds_surplus', (row) => row.surplus_of === null || (row.surplus_of === row.payment_id && row.state !== 'failed' && row.state !== 'cancelled')],
    ],
    'clinic_id payment_id out_refund_no amount_fen kind reason requested_by created_at',
  ),
  refund_lines: table('clinic_id refund_id bill_line_id amount_fen', {}, [['refund_lines_once', ['refund_id', 'bill_line_id']]], [amount('amount_fen', 1)]),
  suspense: table(
    `clinic_id reason subject evidence_id payment_id refund_id amount_fen detail state owner note opened_at closed_at
     version updated_at`,
    { state: 'open' },
    [['suspense_once', ['reason', 'subject']]],
    [
      ['suspense_state', oneOf('state', 'open held posted refunded closed')],
      ['suspense_closed', (row) => row.state === 'open' || row.state === 'held' ? row.closed_at === null : row.closed_at !== null && row.owner !== null],
    ],
  ),
  outbox: table(
    `clinic_id event_id bill_id sequence type payload state attempts last_status created_at first_tried_at last_tried_at
     delivered_at`,
    { state: 'new', attempts: 0 },
    [['outbox_event', ['event_id']], ['outbox_sequence', ['bill_id', 'sequence']]],
    [['outbox_state', (row) => row.state === 'delivered' ? row.delivered_at !== null : isOnItsWay(row) && row.delivered_at === null]],
    'clinic_id event_id bill_id sequence type payload created_at',
  ),
};

function table(
  columns: string,
  defaults: Readonly<Record<string, Value>>,
  unique: TableRules['unique'] = [],
  checks: TableRules['checks'] = [],
  immutable = '',
): TableRules {
  return {
    columns: words(columns),
    defaults,
    unique,
    checks,
    immutable: immutable === '' ? [] : words(immutable),
  };
}
