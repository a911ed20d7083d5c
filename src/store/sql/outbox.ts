import type { Statement } from '../store.ts';

/**
 * new        written with its change; no courier has looked yet
 * waiting    on its way: a job of its bill is due some time
 * delivered  the clinic's system said 2xx
 * parked     given up after three days of trying: a person replays it
 */
export type WebhookState = 'new' | 'waiting' | 'delivered' | 'parked';

export interface WebhookRow {
  id: number;
  clinic_id: number;
  event_id: string;
  /** 0 for what belongs to no bill. */
  bill_id: number;
  sequence: number;
  type: 'bill.paid' | 'bill.voided' | 'refund.succeeded' | 'refund.failed' | 'suspense.opened';
  payload: string;
  state: WebhookState;
  attempts: number;
  last_status: string | null;
  created_at: number;
  first_tried_at: number | null;
  last_tried_at: number | null;
  delivered_at: number | null;
}

/** enqueue: the sequence that the next event of the bill takes. Its unique key lets one of many through. */
export const lastSequence: Statement = `
  SELECT COALESCE(MAX(sequence), 0) AS sequence FROM outbox WHERE bill_id = ?`;

/** enqueue, in the transaction of the change that it tells of (I-27). */
export const insertWebhook: Statement = `
  INSERT INTO outbox (clinic_id, event_id, bill_id, sequence, type, payload, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`;

/** plan-deliveries: bills with something new, the longest waiting first. */
export const newWebhooks: Statement = `
  SELECT id, clinic_id, bill_id FROM outbox WHERE state = 'new' ORDER BY id LIMIT 100`;

/** plan-deliveries, with the job that delivers it. */
export const planWebhook: Statement = `UPDATE outbox SET state = 'waiting' WHERE id = ? AND state = 'new'`;

/**
 * deliver-webhooks: what the bill's receiver must hear next. A parked event holds back all after it:
 * order is kept, and a person has been called.
 */
export const nextWebhook: Statement = `
  SELECT * FROM outbox WHERE bill_id = ? AND state IN ('new', 'waiting', 'parked') ORDER BY sequence LIMIT 1`;

/** deliver-webhooks. What another marked meanwhile stays as it is. */
export const markDelivered: Statement = `
  UPDATE outbox SET state = 'delivered', attempts = attempts + 1, last_status = ?, delivered_at = ?,
    first_tried_at = COALESCE(first_tried_at, ?), last_tried_at = ?
  WHERE id = ? AND state IN ('new', 'waiting')`;

/** deliver-webhooks: tried again later, or parked. */
export const markTried: Statement = `
  UPDATE outbox SET state = ?, attempts = attempts + 1, last_status = ?,
    first_tried_at = COALESCE(first_tried_at, ?), last_tried_at = ?
  WHERE id = ? AND state IN ('new', 'waiting')`;

/** replay-webhook: as if it were new, with a ladder of its own; its id, number and content are the same. */
export const replayWebhook: Statement = `
  UPDATE outbox SET state = 'waiting', attempts = 0, first_tried_at = NULL, delivered_at = NULL WHERE id = ?`;

/** replay-webhook and the list. */
export const webhookById: Statement = `SELECT * FROM outbox WHERE clinic_id = ? AND id = ?`;

/** replay-parked. */
export const parkedWebhooks: Statement = `
  SELECT id, clinic_id, bill_id FROM outbox WHERE clinic_id = ? AND state = 'parked' AND id > ? ORDER BY id LIMIT ?`;

// The plus keeps both engines from an index that begins with the clinic: they would sort all it ever told.
const page = (states: number, more = ''): Statement => {
  const ofState =
    states === 0 ? '' : ` AND state IN (${Array.from({ length: states }, () => '?').join(', ')})`;
  return `SELECT * FROM outbox WHERE +clinic_id = ? AND id < ?${ofState}${more} ORDER BY id DESC LIMIT ?`;
};

/** list-webhooks, newest first: clinic, id before which to begin, so many states (0: any), limit. */
export const webhookPage = (states: number): Statement => page(states);

/** list-webhooks: clinic, id before which to begin, so many states, bill, limit. */
export const webhookPageOfBill = (states: number): Statement => page(states, ' AND bill_id = ?');
