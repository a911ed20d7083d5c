import { raiseAlarm } from '#alarm';
import type { Acknowledgement, PaymentMethod, RawNotification } from '#channel';
import { keepNotification } from '#inbox';
import { applyEvidence } from './apply-report.ts';
import type { Parts } from './parts.ts';

export interface Received {
  answer: Acknowledgement;
  /** Run after the answer has gone out; a crash before it is the sweep's to mend. */
  apply?: () => Promise<void>;
}

/**
 * The door for what a channel sends by itself: verify over the raw bytes, keep the words in a commit
 * of their own, answer, and only then believe. What is not believed is kept with its reason and
 * answered so that the channel comes again.
 */
export async function receiveNotification(
  parts: Parts,
  method: PaymentMethod,
  raw: RawNotification,
): Promise<Received | 'not_configured'> {
  const channel = parts.channels.get(method);
  if (channel === undefined) return 'not_configured';
  const reading = await channel.readNotification(raw);
  const kept = await keepNotification(parts, method, raw, reading);
  if (reading.verdict === 'refused') {
    parts.log.warn('notification-refused', {
      payment_method: method,
      reason: reading.reason,
      evidence_id: kept.evidenceId,
    });
    return { answer: channel.rejected };
  }
  return {
    answer: channel.accepted,
    apply: async () => {
      if (kept.contradicts) await tellContradiction(parts, kept.evidenceId);
      if (!kept.toApply) return;
      const result = await applyEvidence(parts, kept.evidenceId);
      parts.log.info('notification-applied', {
        payment_method: method,
        result,
        evidence_id: kept.evidenceId,
      });
    },
  };
}

function tellContradiction(parts: Parts, evidenceId: number): Promise<void> {
  return parts.store.transact('contradiction', async (tx) => {
    const detail = 'one notification id came with two contents';
    await raiseAlarm(tx, parts, {
      code: 'report_contradicts',
      entity: 'evidence',
      entityId: evidenceId,
      detail,
      atMs: parts.world.now(),
    });
  });
}
