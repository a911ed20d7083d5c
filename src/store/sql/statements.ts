import type { Statement } from '../store.ts';

export interface StatementRow {
  id: number;
  clinic_id: number;
  payment_method: 'alipay' | 'wechat';
  business_day: string;
  state: 'waiting' | 'loaded' | 'empty' | 'applied';
  digest: string | null;
  line_count: number;
  version: number;
}

/** One row for a channel's day; the unique key lets one instance make it. */
export const insertStatement: Statement = `
  INSERT INTO statements (clinic_id, payment_method, business_day, version, created_at, updated_at) VALUES (?, ?, ?, 1, ?, ?)`;

export const statementOfDay: Statement = `
  SELECT id FROM statements WHERE clinic_id = ? AND payment_method = ? AND business_day = ?`;

export const statementById: Statement = `
  SELECT id, clinic_id, payment_method, business_day, state, digest, line_count, version FROM statements WHERE id = ?`;

/** The day is whole: kept as it came, before any of its lines is believed. */
export const loadStatement: Statement = `
  UPDATE statements SET state = ?, digest = ?, bytes = ?, fetched_at = ?, version = version + 1, updated_at = ?
  WHERE id = ? AND state IN ('waiting', 'loaded')`;

export const finishStatement: Statement = `
  UPDATE statements SET state = 'applied', line_count = ?, version = version + 1, updated_at = ? WHERE id = ? AND state = 'loaded'`;

/** Since when this database keeps books: no earlier day is asked for. */
export const booksBeganAt: Statement = `SELECT created_at AS at FROM clinics WHERE id = ?`;

/** Since when a channel is used here: of the days before, only the last few are asked for. */
export const firstPaymentAt: Statement = `
  SELECT created_at AS at FROM payments WHERE payment_method = ? ORDER BY id LIMIT 1`;

/** Whether our own books hold money of a channel's day: then a statement of it cannot be empty. */
export const moneyOfDay: Statement = `
  SELECT id FROM payments WHERE payment_method = ? AND state = 'paid' AND paid_at >= ? AND paid_at < ? LIMIT 1`;

/** A line that tells only what we know is counted, not kept. */
export const knownPayment: Statement = `
  SELECT id FROM payments WHERE out_trade_no = ? AND state = 'paid' AND received_fen = ? AND (channel_trade_no IS NULL OR channel_trade_no = ?)`;

export const knownRefund: Statement = `SELECT id FROM refunds WHERE out_refund_no = ? AND state = 'succeeded' AND amount_fen = ?`;
