import { hasten, wakeJob } from '#job';
import { parkedWebhooks, replayWebhook as replayRow, webhookById, type WebhookRow } from '#sql/outbox';
import type { Tx } from '#store';
import { refuse, type Refusal } from '#trouble';
import { webhookOf, type Webhook } from './list-webhooks.ts';
import type { Parts } from './parts.ts';

type Given = Pick<Parts, 'store' | 'world' | 'clinic'>;
type Found = Pick<WebhookRow, 'id' | 'clinic_id' | 'bill_id'>;

const AT_ONCE = 100;

/**
 * Delivers an event once more, with three days of tries before it: one that was parked, or one that
 * the receiver lost after it had said 2xx. Id, number and content are the same; later events of the
 * bill that still wait come after it.
 * refuses  webhook_not_found
 */
export function replayWebhook(parts: Given, id: number): Promise<Webhook | Refusal<'webhook_not_found'>> {
  return parts.store.transact('replay-webhook', async (tx) => {
    const event = await tx.one<WebhookRow>(webhookById, parts.clinic.id, id);
    if (event === undefined) return refuse('webhook_not_found');
    await replay(tx, event, parts.world.now());
    const replayed = await tx.one<WebhookRow>(webhookById, parts.clinic.id, id);
    return webhookOf(replayed ?? event);
  });
}

/** After a long silence of the receiver: delivers once more all that was parked. Answers how many. */
export async function replayParked(parts: Given): Promise<number> {
  let replayed = 0;
  for (let after = 0; ;) {
    const found = await parts.store.read((tx) =>
      tx.all<Found>(parkedWebhooks, parts.clinic.id, after, AT_ONCE),
    );
    const last = found.at(-1);
    if (last === undefined) return replayed;
    await parts.store.transact('replay-parked', async (tx) => {
      for (const event of found) await replay(tx, event, parts.world.now());
    });
    after = last.id;
    replayed += found.length;
  }
}

/** The job first, as everywhere in this part: its row is the lock that keeps two of us in turn. */
async function replay(tx: Tx, event: Found, nowMs: number): Promise<void> {
  const work = {
    clinicId: event.clinic_id,
    kind: 'deliver_webhooks',
    lane: 'webhook',
    subjectId: event.bill_id,
  } as const;
  await wakeJob(tx, work, nowMs, nowMs);
  await hasten(tx, 'deliver_webhooks', event.bill_id, nowMs, nowMs);
  await tx.run(replayRow, event.id);
}
