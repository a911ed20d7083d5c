import type { Statement } from '../store.ts';

/** Command line: a new key. Only the digest is kept. */
export const insertApiKey: Statement = `
  INSERT INTO api_keys (clinic_id, name, prefix, digest, scopes, created_at) VALUES (?, ?, ?, ?, ?, ?)`;

/** Every request that carries a key. */
export const apiKeyByDigest: Statement = `
  SELECT id, name, scopes FROM api_keys WHERE digest = ? AND revoked_at IS NULL`;

/** `npm start` and `login-link`. */
export const insertLoginLink: Statement = `
  INSERT INTO login_links (clinic_id, digest, created_at, expires_at) VALUES (?, ?, ?, ?)`;

/** One use: the guard lets one caller through. */
export const useLoginLink: Statement = `
  UPDATE login_links SET used_at = ? WHERE digest = ? AND used_at IS NULL AND expires_at > ?`;

export const insertStaffSession: Statement = `
  INSERT INTO staff_sessions (clinic_id, digest, actor, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`;

/** Every request that carries the cookie. */
export const staffSessionByDigest: Statement = `
  SELECT id, actor, seen_at FROM staff_sessions WHERE digest = ? AND ended_at IS NULL AND expires_at > ? AND seen_at > ?`;

/** Idle time is counted from here; written at most once a minute for a session. */
export const seeStaffSession: Statement = `UPDATE staff_sessions SET seen_at = ? WHERE id = ?`;

export const endStaffSession: Statement = `UPDATE staff_sessions SET ended_at = ? WHERE digest = ? AND ended_at IS NULL`;
