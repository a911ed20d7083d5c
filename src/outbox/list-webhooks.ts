import { webhookById, webhookPage, webhookPageOfBill, type WebhookRow, type WebhookState } from '#sql/outbox';
import type { Statement, Value } from '#store';
import { refuse, type Refusal } from '#trouble';
import type { WebhookType } from './enqueue.ts';
import type { Parts } from './parts.ts';

/** One event, as the API tells of it. Instants are epoch milliseconds. */
export interface Webhook {
  id: number;
  event_id: string;
  bill_id: number | null;
  sequence: number;
  type: WebhookType;
  state: 'waiting' | 'delivered' | 'parked';
  attempts: number;
  /** What the last try came to: `HTTP 503`, `not_sent: ECONNREFUSED`. */
  last_status: string | null;
  created_at: number;
  last_tried_at: number | null;
  delivered_at: number | null;
}

export interface WebhookQuery {
  state?: Webhook['state'] | undefined;
  bill_id?: number | undefined;
  before_id?: number | undefined;
  limit: number;
}

type Given = Pick<Parts, 'store' | 'clinic'>;

/** Events, newest first: of one bill, of one state, or all. `next_before_id` is null at the end. */
export async function listWebhooks(
  parts: Given,
  query: WebhookQuery,
): Promise<{ webhooks: Webhook[]; next_before_id: number | null }> {
  const [statement, ...more] = pageOf(query);
  const from = query.before_id ?? Number.MAX_SAFE_INTEGER;
  const limit = query.limit + 1; // one more tells whether another page follows
  const rows = await parts.store.read((tx) =>
    tx.all<WebhookRow>(statement, parts.clinic.id, from, ...more, limit),
  );
  const webhooks = rows.slice(0, query.limit).map(webhookOf);
  return { webhooks, next_before_id: rows.length > query.limit ? (webhooks.at(-1)?.id ?? null) : null };
}

/** One event with its body, word for word. refuses webhook_not_found */
export async function readWebhook(
  parts: Given,
  id: number,
): Promise<(Webhook & { payload: string }) | Refusal<'webhook_not_found'>> {
  const row = await parts.store.read((tx) => tx.one<WebhookRow>(webhookById, parts.clinic.id, id));
  return row === undefined ? refuse('webhook_not_found') : { ...webhookOf(row), payload: row.payload };
}

function pageOf({ state, bill_id }: WebhookQuery): [Statement, ...Value[]] {
  const states = state === undefined ? [] : ofWord[state];
  if (bill_id !== undefined) return [webhookPageOfBill(states.length), ...states, bill_id];
  return [webhookPage(states.length), ...states];
}

const ofWord: Record<Webhook['state'], readonly WebhookState[]> = {
  waiting: ['new', 'waiting'],
  delivered: ['delivered'],
  parked: ['parked'],
};

/** A row in the API's words. Whether a courier has looked at it yet is nobody's business. */
export function webhookOf(row: WebhookRow): Webhook {
  const { clinic_id: _clinic, payload: _payload, first_tried_at: _first, ...rest } = row;
  return {
    ...rest,
    bill_id: row.bill_id === 0 ? null : row.bill_id,
    state: row.state === 'new' ? 'waiting' : row.state,
  };
}
