import { wakeJob } from '#job';
import { newWebhooks, planWebhook, type WebhookRow } from '#sql/outbox';
import type { Parts } from './parts.ts';

type Found = Pick<WebhookRow, 'id' | 'clinic_id' | 'bill_id'>;

/**
 * Gives new events a job that delivers them: one for each bill, so that its events keep their order
 * and hold up nobody else's. It runs only where a receiver is configured; a clinic without one writes
 * its events down and pays for nothing more, and one that is configured later hears them all.
 */
export async function planDeliveries(parts: Pick<Parts, 'store' | 'world'>): Promise<void> {
  const found = await parts.store.read((tx) => tx.all<Found>(newWebhooks));
  if (found.length === 0) return;
  const bills = Map.groupBy(found, ({ bill_id }) => bill_id);
  for (const events of bills.values()) {
    await parts.store.transact('plan-deliveries', async (tx) => {
      const [first] = events;
      if (first === undefined) return;
      // The job first, as everywhere in this part: its row is the lock that keeps two of us in turn.
      const now = parts.world.now();
      const work = {
        clinicId: first.clinic_id,
        kind: 'deliver_webhooks',
        lane: 'webhook',
        subjectId: first.bill_id,
      } as const;
      await wakeJob(tx, work, now, now);
      for (const event of events) await tx.run(planWebhook, event.id);
    });
  }
}
