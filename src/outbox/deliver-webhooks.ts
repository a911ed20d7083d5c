import { raiseAlarm } from '#alarm';
import { keepLease, release, underLease, type Lease } from '#job';
import { markDelivered, markTried, nextWebhook, type WebhookRow } from '#sql/outbox';
import type { Tx } from '#store';
import { NetworkFault } from '#world';
import { nextTry, TROUBLING } from './ladder.ts';
import type { CourierParts } from './parts.ts';
import { signedHeaders } from './sign.ts';

/** For the whole exchange, the look-up of the name included. */
const TIMEOUT_MS = 10_000;

/** What became of one try. `words` are ours: the status, or the kind of silence; never the answer's body. */
interface Try {
  heard: boolean;
  words: string;
}

/**
 * Delivers what one bill has to tell, strictly in its order, under the lease of its job. A failure ends
 * the round and is tried again by the ladder; a parked event holds back what comes after it.
 * At least once: it is sent first and marked then, so a crash between the two sends it again, under
 * the same id.
 */
export async function deliverWebhooks(parts: CourierParts, lease: Lease): Promise<void> {
  for (;;) {
    const event = await parts.store.read((tx) => tx.one<WebhookRow>(nextWebhook, lease.subjectId));
    if (!isOnItsWay(event)) return rest(parts, lease);
    await keepLease(parts, lease);
    const tried = await send(parts, event);
    if (!tried.heard) return tryLater(parts, lease, event, tried.words);
    await underLease(parts, lease, 'webhook-delivered', async (tx) => {
      const now = parts.world.now();
      await tx.run(markDelivered, tried.words, now, now, now, event.id);
    });
  }
}

function isOnItsWay(event: WebhookRow | undefined): event is WebhookRow {
  return event !== undefined && event.state !== 'parked';
}

/** 2xx is heard, and anything else is not; a redirect is not followed, and what the answer says is not read. */
async function send({ world, webhook }: CourierParts, event: WebhookRow): Promise<Try> {
  try {
    const answer = await world.send({
      method: 'POST',
      url: webhook.url,
      headers: signedHeaders(webhook.secrets, event.event_id, event.payload, world.now()),
      body: Buffer.from(event.payload),
      timeoutMs: TIMEOUT_MS,
      mayConnect: webhook.mayConnect,
    });
    return { heard: answer.status >= 200 && answer.status < 300, words: `HTTP ${answer.status}` };
  } catch (error) {
    if (!(error instanceof NetworkFault)) throw error;
    return { heard: false, words: `${error.trouble}: ${error.detail}`.slice(0, 100) };
  }
}

/**
 * Nothing is left to tell. The job's row is taken first: who plans for this bill in this instant waits
 * for us and wakes the job again, or was faster, and then his event is seen here.
 */
function rest({ store, world }: CourierParts, lease: Lease): Promise<void> {
  return store.transact('webhooks-rest', async (tx) => {
    const now = world.now();
    await release(tx, lease, 'done', now);
    if (isOnItsWay(await tx.one<WebhookRow>(nextWebhook, lease.subjectId)))
      await release(tx, lease, { dueAtMs: now, attempts: 0 }, now);
  });
}

function tryLater(parts: CourierParts, lease: Lease, event: WebhookRow, words: string): Promise<void> {
  const now = parts.world.now();
  const attempts = event.attempts + 1;
  const next = nextTry(parts.world, { attempts, firstTriedAtMs: event.first_tried_at ?? now });
  const parked = next === 'park';
  return parts.store.transact('webhook-failed', async (tx) => {
    await release(tx, lease, parked ? 'done' : { dueAtMs: next, attempts }, now);
    await tx.run(markTried, parked ? 'parked' : 'waiting', words, now, now, event.id);
    if (parked || attempts === TROUBLING) await callPerson(tx, parts, event, parked, words);
  });
}

async function callPerson(
  tx: Tx,
  parts: CourierParts,
  event: WebhookRow,
  parked: boolean,
  words: string,
): Promise<void> {
  const detail = `${event.type} of bill ${event.bill_id}, number ${event.sequence}: ${words}`;
  const about = { entity: 'webhook', detail, atMs: parts.world.now() };
  if (parked) await raiseAlarm(tx, parts, { ...about, code: 'webhook_parked', entityId: event.id });
  // One receiver that does not hear is one trouble, however many events wait for it.
  else await raiseAlarm(tx, parts, { ...about, code: 'webhook_failing', entityId: 0 });
}
