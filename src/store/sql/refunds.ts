import type { Statement } from '../store.ts';

export interface RefundRow {
  id: number;
  clinic_id: number;
  payment_id: number;
  bill_id: number | null;
  out_refund_no: string;
  amount_fen: number;
  kind: 'bill' | 'surplus' | 'suspense' | 'external';
  reason: string;
  requested_by: string;
  approved_by: string | null;
  state:
    | 'requested'
    | 'approved'
    | 'cancelled'
    | 'submitted'
    | 'unknown'
    | 'failed'
    | 'abnormal'
    | 'succeeded';
  surplus_of: number | null;
  request_key: string | null;
  sends: number;
  sent_at: number | null;
  refused_at: number | null;
  asked_at: number | null;
  silences: number;
  channel_refund_no: string | null;
  refunded_at: number | null;
  fault_code: string | null;
  /** When its amount was added to the sums of its payment: not yet, while another refund holds the room. */
  counted_at: number | null;
  version: number;
  created_at: number;
  updated_at: number;
}

/**
 * The reservation: the guard in the WHERE is the whole protection of I-08. Two clerks who refund the
 * rest at once find one of them refused here, on every engine, before any channel is called.
 */
export const reserveRefund: Statement = `
  UPDATE payments SET refund_reserved_fen = refund_reserved_fen + ?
  WHERE id = ? AND state = 'paid' AND refund_reserved_fen + ? <= received_fen`;

/** A refund that failed or was cancelled gives its amount free. */
export const releaseRefund: Statement = `
  UPDATE payments SET refund_reserved_fen = refund_reserved_fen - ? WHERE id = ? AND refund_reserved_fen - refunded_fen >= ?`;

/** Money went back: the payment's sum. */
export const addRefundedToPayment: Statement = `
  UPDATE payments SET refunded_fen = refunded_fen + ? WHERE id = ? AND refunded_fen + ? <= refund_reserved_fen`;

/** And the bill's, where this payment settled it: never more than the bill was paid with. */
export const addRefundedToBill: Statement = `
  UPDATE bills SET refunded_fen = CASE WHEN refunded_fen + ? > paid_fen THEN paid_fen ELSE refunded_fen + ? END, updated_at = ?
  WHERE id = ? AND settled_payment_id = ?`;

export const noteRefundCounted: Statement = `UPDATE refunds SET counted_at = ? WHERE id = ? AND counted_at IS NULL`;

/** What went back and found no room on its payment, oldest first. */
export const uncountedRefunds: Statement = `
  SELECT * FROM refunds WHERE payment_id = ? AND state = 'succeeded' AND counted_at IS NULL ORDER BY id`;

export const insertRefund: Statement = `
  INSERT INTO refunds (clinic_id, payment_id, bill_id, out_refund_no, amount_fen, kind, reason, requested_by, approved_by,
    state, surplus_of, request_key, version, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`;

/** Money that went back by a refund that is not ours: born as it ended. */
export const adoptRefund: Statement = `
  INSERT INTO refunds (clinic_id, payment_id, bill_id, out_refund_no, amount_fen, kind, reason, requested_by,
    state, channel_refund_no, refunded_at, version, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, 'external', ?, ?, 'succeeded', ?, ?, 1, ?, ?)`;

export const insertRefundLine: Statement = `
  INSERT INTO refund_lines (clinic_id, refund_id, bill_line_id, amount_fen) VALUES (?, ?, ?, ?)`;

export const refundById: Statement = `SELECT * FROM refunds WHERE id = ?`;
export const refundByNumber: Statement = `SELECT * FROM refunds WHERE out_refund_no = ?`;
export const refundByRequest: Statement = `SELECT * FROM refunds WHERE request_key = ?`;

/** The bill's page, newest last. */
export const refundsOfBill: Statement = `SELECT * FROM refunds WHERE bill_id = ? ORDER BY id`;

/** Their count: a channel may allow only so many. */
export const refundsOfPayment: Statement = `SELECT * FROM refunds WHERE payment_id = ? ORDER BY id`;

/** Their spacing: when another refund of the payment than this one last went out. */
export const lastSendBeside: Statement = `
  SELECT sent_at FROM refunds WHERE payment_id = ? AND id <> ? AND sent_at IS NOT NULL ORDER BY sent_at DESC LIMIT 1`;

/** What already went back, or is on its way, for one line of a bill. */
export const refundedOfLine: Statement = `
  SELECT COALESCE(SUM(l.amount_fen), 0) AS fen FROM refund_lines l
  JOIN refunds r ON r.id = l.refund_id
  WHERE l.bill_line_id = ? AND r.state NOT IN ('cancelled', 'failed')`;

/**
 * The one way a refund's state moves. What a happening does not tell stays as it was; the number of a
 * surplus leaves `surplus_of` when it failed, so that a new one may be made.
 */
export const moveRefund: Statement = `
  UPDATE refunds SET state = ?, version = version + 1, updated_at = ?,
    approved_by = COALESCE(?, approved_by),
    channel_refund_no = COALESCE(?, channel_refund_no),
    refunded_at = COALESCE(?, refunded_at),
    fault_code = COALESCE(?, fault_code),
    surplus_of = CASE WHEN ? IN ('failed', 'cancelled') THEN NULL ELSE surplus_of END
  WHERE id = ? AND state = ? AND version = ?`;

/** Written before each call: the intent to send, and how often. */
export const noteRefundSent: Statement = `
  UPDATE refunds SET sends = sends + 1, sent_at = ?, refused_at = NULL WHERE id = ?`;

/** A verified, definite no to the last call: a later query that knows nothing of it makes it final. */
export const noteRefundRefused: Statement = `UPDATE refunds SET refused_at = ?, fault_code = ? WHERE id = ?`;

export const noteRefundAsked: Statement = `UPDATE refunds SET asked_at = ?, silences = ?, fault_code = COALESCE(?, fault_code) WHERE id = ?`;
