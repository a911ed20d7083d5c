import { UniqueViolation, type Tx } from '#store';
import { insertAlarm, repeatAlarm } from '#sql/alarms';
import type { Log } from '#log';

export type AlarmCode =
  | 'paid_after_closed' // the channel had said that this could never be paid
  | 'illegal_edge' // a happening that the grid forbids: a bug, or a channel beyond its documents
  | 'unknown_order' // money for a number that we never minted
  | 'foreign_account' // our number, another app, merchant or currency
  | 'amount_differs' // our payment, another amount: disputed
  | 'surplus' // paid a second time, or for a void bill: to go back
  | 'report_contradicts' // two reports of one debit that cannot both be true
  | 'channel_configuration' // the channel refuses our keys or our account
  | 'refund_contradicts' // money went back by a refund that we had given up, or twice
  | 'refund_trouble' // a refund that a person must look after
  | 'webhook_failing' // the clinic's own system does not hear
  | 'webhook_parked' // an event given up after three days: replay it
  | 'number_never_arrived'; // a number given up because the channel never knew it

/** Puts something before a person, once for one thing; told again it is counted. Part of the caller's transaction. */
export async function raiseAlarm(
  tx: Tx,
  parts: { clinic: { id: number }; log: Log },
  alarm: { code: AlarmCode; entity: string; entityId: number; detail: string; atMs: number },
): Promise<void> {
  const detail = alarm.detail.slice(0, 500);
  const again = await tx.run(repeatAlarm, alarm.atMs, detail, alarm.code, alarm.entity, alarm.entityId);
  if (again.rows === 0) {
    try {
      await tx.run(
        insertAlarm,
        parts.clinic.id,
        alarm.code,
        alarm.entity,
        alarm.entityId,
        detail,
        alarm.atMs,
        alarm.atMs,
      );
    } catch (error) {
      // Two instances raise the first alarm together: the other's row says it all.
      if (!(error instanceof UniqueViolation)) throw error;
    }
  }
  tx.afterCommit(() =>
    parts.log.warn('alarm', { code: alarm.code, entity: alarm.entity, entity_id: alarm.entityId }),
  );
}
