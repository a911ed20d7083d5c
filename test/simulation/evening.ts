import type { Store } from '#store';
import type { Connection } from '../../src/store/sqlite-connection.ts';
import type { LedgerEntry } from '../../simulator/kernel/contract.ts';
import { audit } from '../audit.ts';
import { noticeId } from '../support/notice-id.ts';
import { unfinishedNow } from '../support/unfinished.ts';
import type { Day } from './day.ts';
import type { Tally } from './tally.ts';

const minute = 60_000;
const day = 86_400_000;
/** Clinic midnight falls eight hours before midnight in UTC. */
const beijing = 8 * 3_600_000;

/** I-23: whatever has not come to its end. */
export function unfinished(connection: Connection, rewound: boolean, kind = 'follow_payment'): string[] {
  return connection.all(unfinishedNow, [rewound ? 1 : 0, kind]).map((row) => String(row['what']));
}

/** Z: the sums with nothing unseen, the whole audit of the journeys, and every acknowledgement kept (I-20). */
export async function endOfDay(
  world: Day,
  store: Pick<Store, 'read'>,
  connection: Connection,
): Promise<string[]> {
  const { books, gateways, site } = world;
  const breaches: string[] = [];
  const { unseenDebitsFen, unseenRefundsFen } = books.sums();
  if (unseenDebitsFen !== 0 || unseenRefundsFen !== 0) {
    const before = new Set(
      connection
        .all(
          `SELECT r.out_refund_no AS number FROM suspense s JOIN refunds r ON r.id = s.refund_id
           WHERE s.reason = 'refund_exceeds' AND r.state = 'succeeded'`,
          [],
        )
        .map(({ number }) => String(number)),
    );
    const unseen = books.unseenRefunds().filter((number) => !before.has(number));
    if (unseenDebitsFen !== 0 || unseen.length > 0)
      breaches.push(`I-01: at the end ${unseenDebitsFen} fen came, ${unseen.join(', ')} went, unseen`);
  }
  breaches.push(
    ...(await audit(
      { store, ledger: () => gateways.ledger, calls: books.calls, sim: gateways },
      { clocksLie: true },
    )),
  );
  if (!world.rewound) {
    for (const { method, body } of site.acknowledged) {
      const id = noticeId(method, body);
      if (
        id !== undefined &&
        connection.one('SELECT 1 FROM evidence WHERE notification_id = ?', [id]) === undefined
      )
        breaches.push(`I-20: ${method} notification ${id} was acknowledged and is not kept`);
    }
  }
  return breaches;
}

/** What the tables tell of the situations that a run must have met. */
export function countSituations(connection: Connection, tally: Tally): void {
  const count = (text: string): number => Number(connection.one(text, [])?.['n'] ?? 0);
  const add = (name: Parameters<Tally['came']>[0], times: number): void => {
    for (let turn = 0; turn < times; turn += 1) tally.came(name);
  };
  add('late_settled', count(`SELECT COUNT(*) AS n FROM payments WHERE disposition = 'settled' AND late = 1`));
  add('double_paid', count(`SELECT COUNT(*) AS n FROM payments WHERE disposition = 'surplus'`));
  add(
    'paid_around_midnight',
    count(`SELECT COUNT(*) AS n FROM payments WHERE state = 'paid'
      AND (paid_at + ${beijing} + ${minute}) % ${day} < ${2 * minute}`),
  );
  add('verified_by_new_key', count(`SELECT COUNT(*) AS n FROM evidence WHERE key_id LIKE 'PUB_KEY_ID_%'`));
}

const told = [
  'SELECT entity, entity_id, version, happening, from_state, to_state, actor, reason, at FROM events ORDER BY id',
  'SELECT id, out_trade_no, state, disposition, received_fen, refunded_fen, version FROM payments ORDER BY id',
  'SELECT id, public_id, status, phase, version FROM payment_sessions ORDER BY id',
  'SELECT id, status, paid_fen, refunded_fen, version FROM bills ORDER BY id',
  'SELECT id, out_refund_no, state, amount_fen, version FROM refunds ORDER BY id',
  'SELECT id, kind, state, fence, due_at FROM jobs ORDER BY id',
];

/** All that a day left behind, in words. Keys are new in each process, so nothing that they touch is in it. */
export function digestOf(connection: Connection, ledger: readonly LedgerEntry[]): string {
  return JSON.stringify([...told.map((text) => connection.all(text, [])), ledger]);
}
