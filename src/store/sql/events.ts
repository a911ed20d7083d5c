import type { Statement, Tx } from '../store.ts';

/** What has a state and therefore a history. */
export type Entity = 'bill' | 'payment' | 'session' | 'prescription' | 'refund' | 'suspense';

export interface EventRow {
  clinicId: number;
  entity: Entity;
  entityId: number;
  /** The version that the entity has after this change: its first event is 1. */
  version: number;
  happening: string;
  from: string | null;
  to: string;
  /** Who or what did it: `staff:…`, `key:…`, `channel:alipay`, `worker`. */
  actor: string;
  reason?: string | null;
  evidenceId?: number | null;
  atMs: number;
}

/** Every change of state, in every part. The unique (entity, id, version) refuses a second teller. */
const insertEvent: Statement = `
  INSERT INTO events (clinic_id, entity, entity_id, version, happening, from_state, to_state, actor, reason, evidence_id, at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Writes the history row of a change; call it in the transaction that makes the change, never alone. */
export async function recordEvent(tx: Tx, event: EventRow): Promise<void> {
  await tx.run(
    insertEvent,
    event.clinicId,
    event.entity,
    event.entityId,
    event.version,
    event.happening,
    event.from,
    event.to,
    event.actor,
    event.reason ?? null,
    event.evidenceId ?? null,
    event.atMs,
  );
}

/** The history of one entity, oldest first: detail pages and the auditor. */
export const eventsOf: Statement = `
  SELECT version, happening, from_state, to_state, actor, reason, evidence_id, at
  FROM events WHERE entity = ? AND entity_id = ? ORDER BY version`;
