import { createHash } from 'node:crypto';
import { insertWebhook, lastSequence } from '#sql/outbox';
import { Conflict, UniqueViolation, type Tx } from '#store';
import { rfc3339 } from '#world';

/** What the clinic's own system is told of, and nothing else (I-27). */
export type WebhookType =
  | 'bill.paid'
  | 'bill.voided'
  | 'refund.succeeded'
  | 'refund.failed'
  | 'suspense.opened';

export interface WebhookEvent {
  clinicId: number;
  /** The bill in whose order it is told; null for what belongs to no bill. */
  billId: number | null;
  type: WebhookType;
  /** When it happened, epoch milliseconds. */
  atMs: number;
}

/** The body of a delivery, written once and sent word for word ever after. */
export interface WebhookPayload {
  type: WebhookType;
  timestamp: string;
  bill_id: number | null;
  /** Counts the events of one bill from 1, without a gap. */
  sequence: number;
  /** The object as the API shows it, as it stood when this happened. */
  data: object;
}

/**
 * Writes an event into the outbox, in the transaction of the change that it tells of: both are there,
 * or neither is. Whether anybody is configured to hear it does not matter here.
 *
 * `read` gives the object as it stands, and is called after the sequence was looked up. Of two
 * transactions that tell of one bill the second then fails on the unique key, and its Conflict runs it
 * again on what is true by then: the order of the numbers is the order of the states.
 */
export async function enqueue(tx: Tx, event: WebhookEvent, read: () => Promise<object>): Promise<void> {
  const stream = event.billId ?? 0;
  const last = await tx.one<{ sequence: number }>(lastSequence, stream);
  const payload: WebhookPayload = {
    type: event.type,
    timestamp: rfc3339(event.atMs),
    bill_id: event.billId,
    sequence: (last?.sequence ?? 0) + 1,
    data: await read(),
  };
  const body = JSON.stringify(payload);
  const values = [eventId(body), stream, payload.sequence, event.type, body, event.atMs] as const;
  try {
    await tx.run(insertWebhook, event.clinicId, ...values);
  } catch (error) {
    if (error instanceof UniqueViolation) throw new Conflict(`webhooks of bill ${stream}`);
    throw error;
  }
}

/**
 * The id by which the receiver knows a repeat: a digest of what it says. After a restored backup a
 * sequence may be given anew; the same id is given again only if the very same thing is told.
 */
function eventId(body: string): string {
  return `evt_${createHash('sha256').update(body).digest('hex').slice(0, 32)}`;
}
