import type { Statement } from '../store.ts';

export interface EvidenceRow {
  id: number;
  clinic_id: number;
  payment_method: 'alipay' | 'wechat';
  source: 'notification' | 'query' | 'statement';
  verdict: 'genuine' | 'refused';
  reason: string | null;
  detail: string | null;
  out_trade_no: string | null;
  payment_id: number | null;
  notification_id: string | null;
  report: string | null;
  words: string | null;
  received_at: number;
  repeats: number;
  applied_at: number | null;
  result: string | null;
}

/** The inbox: kept word for word, before anybody acts on it. */
export const insertEvidence: Statement = `
  INSERT INTO evidence (clinic_id, payment_method, source, dedupe_key, verdict, reason, detail, out_trade_no,
    notification_id, key_id, headers, body, words, report, received_at, last_received_at, applied_at, result)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The same word again: compared, then counted. */
export const evidenceByKey: Statement = `SELECT id, words, report, applied_at FROM evidence WHERE dedupe_key = ?`;

export const countRepeat: Statement = `UPDATE evidence SET repeats = repeats + 1, last_received_at = ? WHERE id = ?`;

/** Applying a report. */
export const evidenceById: Statement = `
  SELECT id, clinic_id, payment_method, source, verdict, reason, detail, out_trade_no, payment_id, notification_id,
    report, words, received_at, repeats, applied_at, result
  FROM evidence WHERE id = ?`;

/** One applier writes the result; another finds it written. */
export const markApplied: Statement = `
  UPDATE evidence SET applied_at = ?, result = ?, payment_id = ?, suspense_id = ? WHERE id = ? AND applied_at IS NULL`;

/** The worker's sweep for what a crash left between the acknowledgement and the second transaction. */
export const evidenceToApply: Statement = `
  SELECT id FROM evidence WHERE applied_at IS NULL AND received_at <= ? ORDER BY id LIMIT 64`;
