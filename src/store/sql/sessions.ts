import type { Statement } from '../store.ts';

export interface SessionRow {
  id: number;
  clinic_id: number;
  public_id: string;
  bill_id: number;
  payment_id: number;
  payment_method: 'alipay' | 'wechat';
  qr_code_content: string;
  expires_at: number;
  status: 'pending' | 'paid' | 'expired' | 'cancelled';
  phase: 'creating' | 'ready' | 'scanned' | 'confirming' | 'ended';
  end_reason: string | null;
  retiring: string | null;
  insisted: number;
  shown_bill_id: number | null;
  replaced_by: string | null;
  request_key: string | null;
  watched_until: number;
  version: number;
  created_at: number;
  updated_at: number;
}

/** A session with what its page shows of payment and clinic; never anything of the patient. */
export interface SessionView extends SessionRow {
  amount_fen: number;
  payment_state: string;
  disposition: 'settled' | 'surplus' | 'disputed' | null;
  late: number;
  paid_at: number | null;
  clinic_name: string;
}

/** Opening a session. The unique key on shown_bill_id lets one racer through. */
export const insertSession: Statement = `
  INSERT INTO payment_sessions (clinic_id, public_id, bill_id, payment_id, payment_method, expires_at,
    shown_bill_id, request_key, watched_until, version, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`;

/** Following and applying a report. */
export const sessionByPayment: Statement = `SELECT * FROM payment_sessions WHERE payment_id = ?`;

/** Retiring, cancelling. */
export const sessionByPublicId: Statement = `SELECT * FROM payment_sessions WHERE public_id = ?`;

/** The one code that stands on the bill's screens: opening, voiding, settling. */
export const shownSession: Statement = `SELECT * FROM payment_sessions WHERE shown_bill_id = ?`;

/** A repeated request finds the session that its first run made. */
export const sessionByRequest: Statement = `SELECT * FROM payment_sessions WHERE request_key = ?`;

const view = `
  SELECT s.*, p.amount_fen, p.state AS payment_state, p.disposition, p.late, p.paid_at, c.name AS clinic_name
  FROM payment_sessions s
  JOIN payments p ON p.id = s.payment_id
  JOIN clinics c ON c.id = s.clinic_id`;

/** Status, events and the patient's page. */
export const sessionView: Statement = `${view} WHERE s.public_id = ?`;

/** The paid session that a 409 bill_already_paid names. */
export const settledSessionOfBill: Statement = `${view} WHERE s.bill_id = ? AND s.status = 'paid' AND p.disposition = 'settled'`;

/**
 * The one way a session moves; a guard on version, as for payments. `shown_bill_id` leaves with the
 * end of the session and never comes back.
 */
export const moveSession: Statement = `
  UPDATE payment_sessions SET status = ?, phase = ?, retiring = ?, end_reason = ?, shown_bill_id = ?,
    qr_code_content = ?, insisted = ?, replaced_by = ?, version = version + 1, updated_at = ?
  WHERE id = ? AND version = ?`;

/** Somebody looks: written at most every five seconds for a session. */
export const watchSession: Statement = `
  UPDATE payment_sessions SET watched_until = ? WHERE public_id = ? AND watched_until < ?`;

/** How many sessions `versionsOf` may ask about at once; the last is the most. */
const versionSizes = [16, 128, 500] as const;

/**
 * Instances share only the database: which of the sessions that our own pages watch have moved on?
 * MySQL keeps every text prepared for the life of its connection, so there are three of them, filled
 * up with '', which is nobody's id.
 */
export function versionsOf(publicIds: readonly string[]): { statement: string; values: string[] } {
  const size = versionSizes.find((most) => publicIds.length <= most);
  if (size === undefined) throw new Error(`${publicIds.length} sessions at once`);
  const marks = Array(size).fill('?').join(', ');
  return {
    statement: `SELECT public_id, version FROM payment_sessions WHERE public_id IN (${marks})`,
    values: [...publicIds, ...Array<string>(size - publicIds.length).fill('')],
  };
}
