import type { StoredEvent, Tables } from '../memory/tables.ts';
import { isLegal } from '../../simulation/edges.ts';
import { stageOf } from '../../../src/session/states.ts';
import type { Must } from './must.ts';

/** Notes in a history that change no state: a session's page must see them all the same. */
const notes = new Set(['replaced', 'surplus', 'disputed', 'post', 'return']);

/** I-14, I-15: each change of this step has its event, along an edge, and nothing has one without changing. */
export function checkHistory(before: Tables, after: Tables, must: Must): void {
  const fresh = after.events.slice(before.events.length);
  must(
    before.events.every((event, at) => event === after.events[at]),
    () => 'I-14: a history was rewritten',
  );
  const { payments, bills, refunds, suspense, payment_sessions } = after;
  const state = (row: { state: string }): string => row.state;
  checkTable('payment', before.payments, payments, state, fresh, must);
  checkTable('refund', before.refunds, refunds, state, fresh, must);
  checkTable('suspense', before.suspense, suspense, state, fresh, must);
  checkTable('bill', before.bills, bills, (row) => row.status, fresh, must);
  checkTable('session', before.payment_sessions, payment_sessions, stageOf, fresh, must);
  checkOutbox(before, after, fresh, must);
}

function checkTable<R extends { id: number; version: number }>(
  entity: string,
  before: readonly R[],
  after: readonly R[],
  stateOf: (row: R) => string,
  fresh: readonly StoredEvent[],
  must: Must,
): void {
  for (const row of after) {
    const was = before[row.id - 1];
    if (was === row) continue;
    const name = `${entity} ${row.id}`;
    const told = fresh.filter((event) => event.entity === entity && event.entity_id === row.id);
    must(
      row.version - (was?.version ?? 0) === told.length,
      () => `I-15: ${name} has version ${row.version}, ${told.length} events are new`,
    );
    let from = was === undefined ? null : stateOf(was);
    let version = was?.version ?? 0;
    for (const event of told) {
      version += 1;
      must(
        event.version === version,
        () => `I-14: ${name} tells version ${event.version} as number ${version}`,
      );
      must(event.from_state === from, () => `I-14: ${name} tells of ${event.from_state}, it was ${from}`);
      const note = event.to_state === from;
      must(
        isLegal(event) && (!note || notes.has(event.happening)),
        () => `I-14: ${name} went from ${from} to ${event.to_state} by ${event.happening}`,
      );
      from = event.to_state;
    }
    must(from === stateOf(row), () => `I-14: ${name} is ${stateOf(row)}, its events end in ${from}`);
  }
}

const published: Record<string, Record<string, string>> = {
  bill: { paid: 'bill.paid', void: 'bill.voided' },
  refund: { succeeded: 'refund.succeeded', failed: 'refund.failed' },
  suspense: { open: 'suspense.opened' },
};

/** I-27: what the clinic's own system is to be told stands in the outbox, once, with its change. */
function checkOutbox(before: Tables, after: Tables, fresh: readonly StoredEvent[], must: Must): void {
  const due = fresh.flatMap((event) => published[event.entity]?.[event.to_state] ?? []).toSorted();
  const told = after.outbox
    .slice(before.outbox.length)
    .map(({ type }) => type)
    .toSorted();
  must(due.join() === told.join(), () => `I-27: [${due.join()}] happened, [${told.join()}] is told`);
}
