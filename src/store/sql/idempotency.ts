import type { Statement } from '../store.ts';

export interface IdempotencyRow {
  id: number;
  body_digest: string;
  lease_until: number;
  status: number | null;
  answer: string | null;
}

/** The first request with a key; the unique key lets one through. */
export const insertIdempotencyKey: Statement = `
  INSERT INTO idempotency_keys (clinic_id, client, endpoint, idempotency_key, body_digest, lease_until, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;

export const idempotencyKey: Statement = `
  SELECT id, body_digest, lease_until, status, answer FROM idempotency_keys
  WHERE client = ? AND endpoint = ? AND idempotency_key = ?`;

/** A request that died half-way is resumed by the next with its key. */
export const takeOverIdempotencyKey: Statement = `
  UPDATE idempotency_keys SET lease_until = ? WHERE id = ? AND status IS NULL AND lease_until = ?`;

/** The answer, word for word, for every repeat. */
export const keepAnswerOfKey: Statement = `UPDATE idempotency_keys SET status = ?, answer = ? WHERE id = ? AND status IS NULL`;

/** 5xx and invalid input are not kept: the same key may be tried again. */
export const forgetIdempotencyKey: Statement = `DELETE FROM idempotency_keys WHERE id = ? AND status IS NULL`;

/** After thirty days and a margin (I-17). */
export const pruneIdempotencyKeys: Statement = `DELETE FROM idempotency_keys WHERE created_at < ?`;
