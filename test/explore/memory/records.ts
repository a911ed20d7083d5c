import * as alarms from '#sql/alarms';
import * as evidence from '#sql/evidence';
import { recordEvent } from '#sql/events';
import * as outbox from '#sql/outbox';
import * as suspense from '#sql/suspense';
import type { Statement, Tx } from '#store';
import { as, insert, n, pick, query, select, update } from './teach.ts';

insert(evidence.insertEvidence);
const first = pick('id words report applied_at');
const piece = pick(
  'id clinic_id payment_method source verdict reason detail out_trade_no payment_id notification_id report words received_at repeats applied_at result',
);
const idOnly = pick('id');
query(evidence.evidenceByKey, (t, v) => t.evidence.filter((row) => row.dedupe_key === v[0]).map(first));
query(evidence.evidenceById, (t, v) => t.evidence.filter((row) => row.id === v[0]).map(piece));
query(evidence.evidenceToApply, (t, v) =>
  t.evidence
    .filter((row) => row.applied_at === null && row.received_at <= n(v[0]))
    .slice(0, 64)
    .map(idOnly),
);
update(
  evidence.countRepeat,
  'evidence',
  (row, v) => row.id === v[1],
  (row, v) => ({ repeats: row.repeats + 1, last_received_at: as<number>(v[0]) }),
);
update(
  evidence.markApplied,
  'evidence',
  (row, v) => row.id === v[4] && row.applied_at === null,
  (_row, v) => ({
    applied_at: as<number>(v[0]),
    result: as<string>(v[1]),
    payment_id: as<number | null>(v[2]),
    suspense_id: as<number | null>(v[3]),
  }),
);

insert(alarms.insertAlarm);
update(
  alarms.repeatAlarm,
  'alarms',
  (row, v) => row.code === v[2] && row.entity === v[3] && row.entity_id === v[4],
  (row, v) => ({ times: row.times + 1, last_raised_at: as<number>(v[0]), detail: as<string>(v[1]) }),
);

insert(suspense.insertSuspense);
select(suspense.suspenseBySubject, 'suspense', (row, v) => row.reason === v[0] && row.subject === v[1]);
select(suspense.suspenseById, 'suspense', (row, v) => row.id === v[0]);
update(
  suspense.moveSuspense,
  'suspense',
  (row, v) => row.id === v[5] && row.version === v[6],
  (row, v) => ({
    state: as<typeof row.state>(v[0]),
    owner: as<string>(v[1]),
    note: as<string>(v[2]),
    closed_at: as<number | null>(v[3]),
    version: row.version + 1,
    updated_at: as<number>(v[4]),
  }),
);

query(outbox.lastSequence, (t, v) => [
  { sequence: Math.max(0, ...t.outbox.filter((one) => one.bill_id === v[0]).map((one) => one.sequence)) },
]);
insert(outbox.insertWebhook);

/** The one statement that has no name of its own outside its file: it is met by calling its operation. */
export async function findInsertEvent(): Promise<Statement> {
  let found: Statement | undefined;
  const listener: Pick<Tx, 'run'> = {
    run: (statement) => {
      found = statement;
      return Promise.resolve({ rows: 1, id: 1 });
    },
  };
  const event = { clinicId: 1, entity: 'bill', entityId: 1, version: 1, happening: '', from: null } as const;
  await recordEvent(listener as Tx, { ...event, to: '', actor: '', atMs: 0 });
  if (found === undefined) throw new Error('recordEvent writes nothing');
  return found;
}
insert(await findInsertEvent());
