import { fen, yuan } from '#money';
import type { RefundRow } from '#sql/refunds';
import { rfc3339 } from '#world';

/** How the API writes a refund: instants as RFC 3339 text, the amount also as yuan; nothing of how it is sent. */
export function refundReply(row: RefundRow) {
  return {
    id: row.id,
    bill_id: row.bill_id,
    out_refund_no: row.out_refund_no,
    amount_fen: row.amount_fen,
    amount: yuan(fen(row.amount_fen)),
    kind: row.kind,
    state: row.state,
    reason: row.reason,
    requested_by: row.requested_by,
    approved_by: row.approved_by,
    channel_refund_no: row.channel_refund_no,
    refunded_at: row.refunded_at === null ? null : rfc3339(row.refunded_at),
    fault_code: row.fault_code,
    created_at: rfc3339(row.created_at),
    version: row.version,
  };
}
