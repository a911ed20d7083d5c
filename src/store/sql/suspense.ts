import type { Statement } from '../store.ts';

export interface SuspenseRow {
  id: number;
  clinic_id: number;
  reason: string;
  subject: string;
  evidence_id: number | null;
  payment_id: number | null;
  refund_id: number | null;
  amount_fen: number;
  detail: string;
  state: 'open' | 'held' | 'posted' | 'refunded' | 'closed';
  owner: string | null;
  note: string | null;
  opened_at: number;
  closed_at: number | null;
  version: number;
  updated_at: number;
}

export const insertSuspense: Statement = `
  INSERT INTO suspense (clinic_id, reason, subject, evidence_id, payment_id, refund_id, amount_fen, detail, opened_at, version, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)`;

/** The same trouble told again finds its first row. */
export const suspenseBySubject: Statement = `SELECT * FROM suspense WHERE reason = ? AND subject = ?`;

export const suspenseById: Statement = `SELECT * FROM suspense WHERE id = ?`;

/** The accountant's list, oldest first: age is what matters. */
export const suspensePage: Statement = `
  SELECT * FROM suspense WHERE clinic_id = ? AND state IN ('open', 'held') AND id > ? ORDER BY id LIMIT ?`;

export const moveSuspense: Statement = `
  UPDATE suspense SET state = ?, owner = ?, note = ?, closed_at = ?, version = version + 1, updated_at = ?
  WHERE id = ? AND version = ?`;
