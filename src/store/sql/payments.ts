import type { Statement } from '../store.ts';

export interface PaymentRow {
  id: number;
  clinic_id: number;
  bill_id: number | null;
  out_trade_no: string;
  payment_method: 'alipay' | 'wechat';
  amount_fen: number;
  currency: string;
  qr_code_url: string;
  qr_code_expires_at: number;
  app_id: string;
  merchant_id: string;
  configuration_id: string;
  subject: string;
  attach: string;
  notify_url: string;
  state:
    | 'intent'
    | 'creating'
    | 'open'
    | 'create_unknown'
    | 'create_rejected'
    | 'closing'
    | 'closed'
    | 'paid';
  disposition: 'settled' | 'surplus' | 'disputed' | null;
  late: number;
  channel_trade_no: string | null;
  paid_at: number | null;
  paid_evidence_id: number | null;
  payer_fen: number | null;
  /** What really came: the order's amount, or another when disputed. */
  received_fen: number | null;
  refund_reserved_fen: number;
  refunded_fen: number;
  fault_code: string | null;
  create_ended_at: number | null;
  asked_at: number | null;
  answers: number;
  silences: number;
  version: number;
  created_at: number;
  updated_at: number;
}

/** Opening a session: the intent, with all that is pinned for life. */
export const insertPayment: Statement = `
  INSERT INTO payments (clinic_id, bill_id, out_trade_no, payment_method, payment_mode, amount_fen,
    qr_code_expires_at, app_id, merchant_id, configuration_id, subject, attach, notify_url, state, version, created_at, updated_at)
  VALUES (?, ?, ?, ?, 'qr_code', ?, ?, ?, ?, ?, ?, ?, ?, 'creating', 2, ?, ?)`;

/** Following, retiring and applying a report all begin here. */
export const paymentById: Statement = `SELECT * FROM payments WHERE id = ?`;

/** A report names its payment by the number that we minted. */
export const paymentByNumber: Statement = `SELECT * FROM payments WHERE out_trade_no = ?`;

/**
 * The one way a payment's state moves. The old state and version stand in the WHERE: whoever read
 * something else changes no row and runs again.
 */
export const movePayment: Statement = `
  UPDATE payments SET state = ?, version = version + 1, updated_at = ?,
    qr_code_url = COALESCE(?, qr_code_url),
    fault_code = COALESCE(?, fault_code),
    create_ended_at = COALESCE(?, create_ended_at)
  WHERE id = ? AND state = ? AND version = ?`;

/** Applying evidence of a debit: the state, what became of the money, and the proof, in one go. */
export const payPayment: Statement = `
  UPDATE payments SET state = 'paid', version = version + 1, updated_at = ?, disposition = ?, late = ?,
    channel_trade_no = ?, paid_at = ?, paid_evidence_id = ?, payer_fen = ?, received_fen = ?
  WHERE id = ? AND state = ? AND version = ?`;

/** A query answer that changes nothing is counted, not kept. */
export const countAnswer: Statement = `UPDATE payments SET answers = answers + 1, silences = 0, asked_at = ? WHERE id = ?`;

/** Silence is counted too: it decides how honest the screen must be, and nothing else. */
export const countSilence: Statement = `UPDATE payments SET silences = silences + 1, asked_at = ?, fault_code = ? WHERE id = ?`;

/** A create call goes out once more: until it ends there is nothing that "burnt" counts from. */
export const noteCreateSent: Statement = `UPDATE payments SET create_ended_at = NULL WHERE id = ?`;

/** A create call that ended without an answer, repeated: the moment from which "burnt" counts. */
export const noteCreateEnded: Statement = `UPDATE payments SET create_ended_at = ?, fault_code = ? WHERE id = ?`;

/** The page header: what was taken in a business day. */
export const takenBetween: Statement = `
  SELECT COUNT(*) AS count, COALESCE(SUM(amount_fen), 0) AS paid_fen FROM payments
  WHERE disposition = 'settled' AND paid_at >= ? AND paid_at < ?`;

/**
 * Money to our own account under a number that this database does not know: adopted as a payment, so
 * that it has a home and can be posted, or sent back, like any other (F11, M6).
 */
export const adoptPayment: Statement = `
  INSERT INTO payments (clinic_id, bill_id, out_trade_no, payment_method, payment_mode, amount_fen, qr_code_expires_at,
    app_id, merchant_id, configuration_id, subject, attach, notify_url, state, disposition, late, channel_trade_no,
    paid_at, paid_evidence_id, payer_fen, received_fen, version, created_at, updated_at)
  VALUES (?, NULL, ?, ?, 'qr_code', ?, ?, ?, ?, ?, '', ?, '', 'paid', 'disputed', 1, ?, ?, ?, ?, ?, 1, ?, ?)`;

/** A named person decides about disputed money (I-05): the only change of a disposition there is. */
export const resolveDispute: Statement = `
  UPDATE payments SET disposition = ?, bill_id = ?, version = version + 1, updated_at = ?
  WHERE id = ? AND disposition = 'disputed' AND version = ? AND (bill_id IS NULL OR bill_id = ?)`;

/** Asking for a refund and sending one: holds the payment's row until the transaction ends, and changes nothing. */
export const lockPayment: Statement = `UPDATE payments SET updated_at = updated_at WHERE id = ?`;
