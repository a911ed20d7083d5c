import type { Statement } from '../store.ts';

export interface BillRow {
  id: number;
  clinic_id: number;
  bill_no: string;
  external_bill_no: string | null;
  prescription_id: number | null;
  patient_name: string;
  patient_no: string;
  department: string;
  doctor: string;
  status: 'unpaid' | 'paid' | 'void';
  total_fen: number;
  discount_fen: number;
  fund_pay_fen: number;
  account_pay_fen: number;
  payable_fen: number;
  paid_fen: number;
  refunded_fen: number;
  void_reason: string | null;
  valid_until: number | null;
  created_at: number;
  version: number;
}

/** A bill with what its payments came to. */
export interface BillSummaryRow extends BillRow {
  /** Money that came beside the one payment. */
  surplus_fen: number;
  payment_method: 'alipay' | 'wechat' | null;
  paid_at: number | null;
  late: number;
}

export interface BillLineRow {
  line_no: number;
  fee_class: '01' | '02' | '03' | '04' | '05' | '06' | '07' | '08' | '09' | '10' | '11' | '12' | '13' | '14';
  name: string;
  spec: string;
  quantity: string;
  unit: string;
  unit_price: string;
  amount_fen: number;
}

export interface BillSessionRow {
  session_id: string;
  payment_method: 'alipay' | 'wechat';
  status: 'pending' | 'paid' | 'expired' | 'cancelled';
  phase: 'creating' | 'ready' | 'scanned' | 'confirming' | 'ended';
  shown: number;
  expires_at: number;
  created_at: number;
  disposition: 'settled' | 'surplus' | 'disputed' | null;
  late: number;
  out_trade_no: string;
  channel_trade_no: string | null;
  paid_at: number | null;
}

/** create-bill. The unique keys on both numbers let one of many racers through (money-safety.md A1). */
export const insertBill: Statement = `
  INSERT INTO bills (clinic_id, bill_no, external_bill_no, content_digest, prescription_id, patient_name, patient_no,
    department, doctor, total_fen, discount_fen, fund_pay_fen, account_pay_fen, payable_fen, valid_until,
    version, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`;

/** create-bill. */
export const insertBillLine: Statement = `
  INSERT INTO bill_lines (clinic_id, bill_id, line_no, fee_class, name, spec, quantity, unit, unit_price, amount_fen)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** create-bill, after its insert was refused: whose number is it, and with which content? */
export const billByExternalNo: Statement = `
  SELECT id, bill_no, content_digest FROM bills WHERE clinic_id = ? AND external_bill_no = ?`;

/** What opening a session must know of a bill. */
export interface BillToCollect {
  id: number;
  bill_no: string;
  status: 'unpaid' | 'paid' | 'void';
  payable_fen: number;
  valid_until: number | null;
}

/** open-session. */
export const billToCollect: Statement = `SELECT id, bill_no, status, payable_fen, valid_until FROM bills WHERE id = ?`;

/** What a change of state needs for its event; read after the change, or under the lock. */
export interface BillStateRow {
  clinic_id: number;
  status: 'unpaid' | 'paid' | 'void';
  version: number;
}

/** void-bill and settle-bill. */
export const billState: Statement = `SELECT clinic_id, status, version FROM bills WHERE id = ?`;

/**
 * Takes the bill's row lock and changes nothing; 0 rows when the bill is not unpaid. Opening a session
 * and voiding a bill both begin with it, so on every engine one of them waits for the other's end:
 * SQLite has one writer; InnoDB locks the row that an UPDATE finds, changed or not, until the
 * transaction ends. At READ COMMITTED each later statement sees what was committed before it began,
 * so the second comer sees the first one's session, or its void, whichever it was. A guard inside one
 * statement alone would not do: its subquery may be read before the row lock is granted.
 * Locks are taken in the order prescription, bill, payment, session.
 */
export const lockUnpaidBill: Statement = `UPDATE bills SET updated_at = updated_at WHERE id = ? AND status = 'unpaid'`;

/** void-bill, under the lock. A code that is shown forbids it: it must be retired first (design.md section 3). */
export const voidBill: Statement = `
  UPDATE bills SET status = 'void', void_reason = ?, version = version + 1, updated_at = ?
  WHERE id = ? AND status = 'unpaid'
    AND NOT EXISTS (SELECT 1 FROM payment_sessions s WHERE s.shown_bill_id = ?)`;

/** apply-report: a bill is paid once, by one payment, in full (I-04). */
export const settleBill: Statement = `
  UPDATE bills SET status = 'paid', paid_fen = ?, settled_payment_id = ?, version = version + 1, updated_at = ?
  WHERE id = ? AND status = 'unpaid' AND payable_fen = ?`;

// SUM is a DECIMAL on MySQL; the cast brings it back to a whole number and does nothing on SQLite.
const summary = `
  SELECT b.id, b.clinic_id, b.bill_no, b.external_bill_no, b.prescription_id, b.patient_name, b.patient_no,
    b.department, b.doctor, b.status, b.total_fen, b.discount_fen, b.fund_pay_fen, b.account_pay_fen,
    b.payable_fen, b.paid_fen, b.refunded_fen, b.void_reason, b.valid_until, b.created_at, b.version,
    p.payment_method, p.paid_at, COALESCE(p.late, 0) AS late,
    (SELECT CAST(COALESCE(SUM(x.received_fen), 0) AS SIGNED) FROM payments x
      WHERE x.bill_id = b.id AND x.disposition = 'surplus') AS surplus_fen`;
const settledBy = `LEFT JOIN payments p ON p.id = b.settled_payment_id`;

/** read-bill. */
export const billById: Statement = `${summary} FROM bills b ${settledBy} WHERE b.id = ?`;

/** read-bill. */
export const linesOfBill: Statement = `
  SELECT line_no, fee_class, name, spec, quantity, unit, unit_price, amount_fen
  FROM bill_lines WHERE bill_id = ? ORDER BY line_no`;

/** read-bill: every attempt to collect it, newest first. */
export const sessionsOfBill: Statement = `
  SELECT s.public_id AS session_id, s.payment_method, s.status, s.phase,
    CASE WHEN s.shown_bill_id IS NULL THEN 0 ELSE 1 END AS shown,
    s.expires_at, s.created_at, p.disposition, p.late, p.out_trade_no, p.channel_trade_no, p.paid_at
  FROM payment_sessions s JOIN payments p ON p.id = s.payment_id
  WHERE s.bill_id = ? ORDER BY s.id DESC`;

/** void-bill: the code that is in the way. */
export const shownSessionOfBill: Statement = `SELECT public_id FROM payment_sessions WHERE shown_bill_id = ?`;

// A page is found as ids first: sums and joins are then done for its rows alone, not for all that match.
const page = (ids: string, id: string): Statement => `
  ${summary}
  FROM (${ids} ORDER BY ${id} DESC LIMIT ?) page JOIN bills b ON b.id = page.id ${settledBy}
  ORDER BY b.id DESC`;

/**
 * list-bills: clinic, id before which to begin, limit. The plus keeps both engines from choosing an
 * index that begins with the clinic and then sorting every bill it ever made.
 */
export const billPage = page('SELECT x.id FROM bills x WHERE +x.clinic_id = ? AND x.id < ?', 'x.id');

/** list-bills: clinic, status, id before which to begin, limit. */
export const billPageOfStatus = page(
  'SELECT x.id FROM bills x WHERE x.clinic_id = ? AND x.status = ? AND x.id < ?',
  'x.id',
);

// A prefix is a range, so each branch walks one index; LIKE would not (SQLite folds case).
const found = ['bill_no', 'external_bill_no', 'patient_no', 'patient_name']
  .map((column) => `SELECT id FROM bills WHERE clinic_id = ? AND ${column} >= ? AND ${column} < ?`)
  .join(' UNION ');

/** list-bills: four times clinic, first and past-the-last text; then id before which to begin, limit. */
export const foundBillPage = page(`SELECT f.id FROM (${found}) f WHERE f.id < ?`, 'f.id');

/** list-bills: as `foundBillPage`, with the status before the id. */
export const foundBillPageOfStatus = page(
  `SELECT x.id FROM (${found}) f JOIN bills x ON x.id = f.id WHERE x.status = ? AND x.id < ?`,
  'x.id',
);

/** What a refund of a bill begins with. */
export interface RefundableBill {
  id: number;
  status: 'unpaid' | 'paid' | 'void';
  settled_payment_id: number | null;
}

export const refundableBill: Statement = `SELECT id, status, settled_payment_id FROM bills WHERE id = ?`;

/** A refund by lines names them as the bill prints them. */
export const lineOfBill: Statement = `SELECT id, amount_fen FROM bill_lines WHERE bill_id = ? AND line_no = ?`;
