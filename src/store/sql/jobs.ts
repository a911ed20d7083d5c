import type { Statement } from '../store.ts';

export interface JobRow {
  id: number;
  kind: string;
  subject_id: number;
  due_at: number;
  lease_until: number;
  fence: number;
  attempts: number;
  state: 'waiting' | 'parked' | 'done';
}

/** Born with the state that needs it, in the same transaction; leased at once by whoever goes on with it. */
export const insertJob: Statement = `
  INSERT INTO jobs (clinic_id, kind, lane, subject_id, due_at, lease_owner, lease_until, fence, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`;

/** Work that nobody holds yet. */
export const addJob: Statement = `
  INSERT INTO jobs (clinic_id, kind, lane, subject_id, due_at, fence, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 0, ?, ?)`;

/** The most that one look finds. */
export const DUE_AT_ONCE = 64;

/**
 * The worker looks for work that nobody holds, lane by lane: a silent channel holds up only its own. The
 * limit stands in the text: SQLite plans a statement anew each time its `LIMIT ?` is bound, which costs
 * twenty times as much as the search itself.
 */
export const dueJobs: Statement = `
  SELECT id, kind, subject_id, due_at, lease_until, fence, attempts, state FROM jobs
  WHERE lane = ? AND state = 'waiting' AND due_at <= ? AND lease_until <= ? ORDER BY due_at, id LIMIT ${DUE_AT_ONCE}`;

export const jobOf: Statement = `
  SELECT id, kind, subject_id, due_at, lease_until, fence, attempts, state FROM jobs WHERE kind = ? AND subject_id = ?`;

/** Taking a lease: the old fence stands in the WHERE, so one of many takers wins, on every engine. */
export const leaseJob: Statement = `
  UPDATE jobs SET lease_owner = ?, lease_until = ?, fence = fence + 1, attempts = attempts + 1, updated_at = ?
  WHERE id = ? AND fence = ? AND state = 'waiting' AND lease_until <= ?`;

/** Giving it back, with the next time it is due. A holder that was overtaken changes no row. */
export const releaseJob: Statement = `
  UPDATE jobs SET lease_owner = NULL, lease_until = 0, due_at = ?, attempts = ?, state = ?, updated_at = ?
  WHERE id = ? AND fence = ?`;

/** True while the holder's fence is the newest: asked inside every transaction that a lease pays for. */
export const holdsLease: Statement = `UPDATE jobs SET updated_at = ? WHERE id = ? AND fence = ?`;

/** Somebody watches, or asks: do it sooner, never later. */
export const hastenJob: Statement = `
  UPDATE jobs SET due_at = ?, attempts = 0, updated_at = ? WHERE kind = ? AND subject_id = ? AND state = 'waiting' AND due_at > ?`;

/**
 * There is work again for a job that was done; one that waits for its time goes on waiting. `state` is
 * set last: MySQL reads what the same statement has set before.
 */
export const wakeJob: Statement = `
  UPDATE jobs SET due_at = CASE WHEN state = 'done' THEN ? ELSE due_at END, updated_at = ?, state = 'waiting'
  WHERE kind = ? AND subject_id = ?`;

/** A holder that is still at work asks for more time; one that was overtaken is told. */
export const renewLease: Statement = `
  UPDATE jobs SET lease_until = ? WHERE id = ? AND fence = ? AND lease_until >= ?`;
