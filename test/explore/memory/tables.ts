import type { BillLineRow, BillRow } from '#sql/bills';
import type { EvidenceRow } from '#sql/evidence';
import type { JobRow } from '#sql/jobs';
import type { WebhookRow } from '#sql/outbox';
import type { PaymentRow } from '#sql/payments';
import type { RefundRow } from '#sql/refunds';
import type { SessionRow } from '#sql/sessions';
import type { SuspenseRow } from '#sql/suspense';
import { ConstraintViolation, UniqueViolation, type Row, type Value } from '#store';
import { rules } from './rules.ts';

/** One moment of the database. Nothing in it is ever changed: a write makes a new moment beside the old. */
export interface Tables {
  readonly clinics: readonly Clinic[];
  readonly bills: readonly StoredBill[];
  readonly bill_lines: readonly StoredBillLine[];
  readonly payments: readonly PaymentRow[];
  readonly payment_sessions: readonly SessionRow[];
  readonly evidence: readonly StoredEvidence[];
  readonly events: readonly StoredEvent[];
  readonly alarms: readonly StoredAlarm[];
  readonly jobs: readonly StoredJob[];
  readonly refunds: readonly RefundRow[];
  readonly refund_lines: readonly StoredRefundLine[];
  readonly suspense: readonly SuspenseRow[];
  readonly outbox: readonly WebhookRow[];
}

export type TableName = keyof Tables;
export type StoredRow<T extends TableName> = Tables[T][number];

interface Clinic {
  id: number;
  name: string;
  short_name: string;
  created_at: number;
}

export interface StoredBill extends BillRow {
  content_digest: string;
  settled_payment_id: number | null;
  updated_at: number;
}

interface StoredBillLine extends BillLineRow {
  id: number;
  clinic_id: number;
  bill_id: number;
  insurance_level: string;
}

export interface StoredEvidence extends EvidenceRow {
  dedupe_key: string;
  key_id: string | null;
  headers: string | null;
  body: Uint8Array | null;
  last_received_at: number;
  suspense_id: number | null;
}

export interface StoredEvent {
  id: number;
  clinic_id: number;
  entity: string;
  entity_id: number;
  version: number;
  happening: string;
  from_state: string | null;
  to_state: string;
  actor: string;
  reason: string | null;
  evidence_id: number | null;
  at: number;
}

export interface StoredAlarm {
  id: number;
  clinic_id: number;
  code: string;
  entity: string;
  entity_id: number;
  detail: string;
  times: number;
  raised_at: number;
  last_raised_at: number;
}

export interface StoredJob extends JobRow {
  clinic_id: number;
  lane: string;
  lease_owner: string | null;
  parked_reason: string | null;
  created_at: number;
  updated_at: number;
}

interface StoredRefundLine {
  id: number;
  clinic_id: number;
  refund_id: number;
  bill_line_id: number;
  amount_fen: number;
}

export const noTables: Tables = {
  clinics: [],
  bills: [],
  bill_lines: [],
  payments: [],
  payment_sessions: [],
  evidence: [],
  events: [],
  alarms: [],
  jobs: [],
  refunds: [],
  refund_lines: [],
  suspense: [],
  outbox: [],
};

/** Rows are kept as objects of named fields; statements and rules look at them as that and no more. */
export const asRow = (row: object): Row => row as Row;

/** What a write came to: the moment after it, and what `run` answers. */
export interface Written {
  tables: Tables;
  rows: number;
  id: number;
}

/** Writes one row, with the defaults of its table. Throws what both engines throw. */
export function inserted(tables: Tables, table: TableName, given: Row): Written {
  const { defaults, columns, unique } = rules[table];
  const id = typeof given.id === 'number' ? given.id : tables[table].length + 1;
  const row: Row = { id };
  for (const column of columns) row[column] = given[column] ?? defaults[column] ?? null;
  check(table, row);
  for (const [name, key] of unique) refuseTwin(tables[table], row, name, key, false);
  return { tables: { ...tables, [table]: [...tables[table], row] }, rows: 1, id };
}

/** Changes the rows that `found` picks. Rows are counted as found, whether anything in them changed or not. */
export function updated<T extends TableName>(
  tables: Tables,
  table: T,
  found: (row: StoredRow<T>) => boolean,
  change: (row: StoredRow<T>) => Partial<StoredRow<T>>,
): Written {
  let rows = 0;
  let next = tables;
  const all: readonly StoredRow<T>[] = tables[table];
  for (const [index, row] of all.entries()) {
    if (!found(row)) continue;
    rows += 1;
    const patch = change(row);
    const after = { ...row, ...patch };
    refuseChange(table, asRow(row), asRow(patch));
    check(table, asRow(after));
    for (const [name, key] of rules[table].unique) {
      if (key.some((column) => column in patch)) refuseTwin(next[table], asRow(after), name, key, true);
    }
    next = { ...next, [table]: replaced(next[table], index, after) };
  }
  return { tables: next, rows, id: 0 };
}

function replaced(rows: readonly object[], index: number, row: object): object[] {
  const copy = rows.slice();
  copy[index] = row;
  return copy;
}

/** What a trigger says: only a column that the statement names is looked at, and only when it would change. */
function refuseChange(table: TableName, row: Row, patch: Row): void {
  for (const column of Object.keys(patch)) {
    if (patch[column] !== row[column] && rules[table].immutable.includes(column)) {
      throw new ConstraintViolation(`${table}: what was written never changes (${column})`);
    }
  }
}

function check(table: TableName, row: Row): void {
  for (const [name, holds] of rules[table].checks) {
    if (!holds(row)) throw new ConstraintViolation(`CHECK constraint failed: ${name}`);
  }
}

/** NULL equals nothing, itself included: that is how `shown_bill_id` lets many hidden sessions be. */
function refuseTwin(
  rows: readonly object[],
  row: Row,
  name: string,
  key: readonly string[],
  mayBeItself: boolean,
): void {
  const values: readonly (Value | undefined)[] = key.map((column) => row[column]);
  if (values.includes(null)) return;
  for (const object of rows) {
    const other = asRow(object);
    if (mayBeItself && other.id === row.id) continue;
    if (key.every((column, at) => other[column] === values[at])) throw new UniqueViolation(name);
  }
}
