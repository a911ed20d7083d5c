import { fen, yuan } from '#money';
import type { SuspenseRow } from '#sql/suspense';
import { rfc3339 } from '#world';

/** How the API writes a suspense item, `nowMs` giving its age. */
export function suspenseReply(row: SuspenseRow, nowMs: number) {
  return {
    id: row.id,
    reason: row.reason,
    state: row.state,
    amount_fen: row.amount_fen,
    amount: yuan(fen(row.amount_fen)),
    payment_id: row.payment_id,
    refund_id: row.refund_id,
    detail: row.detail,
    owner: row.owner,
    note: row.note,
    opened_at: rfc3339(row.opened_at),
    age_seconds: Math.max(0, Math.floor((nowMs - row.opened_at) / 1000)),
    closed_at: row.closed_at === null ? null : rfc3339(row.closed_at),
    version: row.version,
  };
}
