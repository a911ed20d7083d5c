import * as refunds from '#sql/refunds';
import { as, insert, n, or, query, select, update } from './teach.ts';

update(
  refunds.reserveRefund,
  'payments',
  (row, v) =>
    row.id === v[1] &&
    row.state === 'paid' &&
    row.received_fen !== null &&
    row.refund_reserved_fen + n(v[2]) <= row.received_fen,
  (row, v) => ({ refund_reserved_fen: row.refund_reserved_fen + n(v[0]) }),
);
update(
  refunds.releaseRefund,
  'payments',
  (row, v) => row.id === v[1] && row.refund_reserved_fen - row.refunded_fen >= n(v[2]),
  (row, v) => ({ refund_reserved_fen: row.refund_reserved_fen - n(v[0]) }),
);
update(
  refunds.addRefundedToPayment,
  'payments',
  (row, v) => row.id === v[1] && row.refunded_fen + n(v[2]) <= row.refund_reserved_fen,
  (row, v) => ({ refunded_fen: row.refunded_fen + n(v[0]) }),
);
update(
  refunds.addRefundedToBill,
  'bills',
  (row, v) => row.id === v[3] && row.settled_payment_id === v[4],
  (row, v) => ({
    refunded_fen: row.refunded_fen + n(v[0]) > row.paid_fen ? row.paid_fen : row.refunded_fen + n(v[1]),
    updated_at: as<number>(v[2]),
  }),
);
update(
  refunds.noteRefundCounted,
  'refunds',
  (row, v) => row.id === v[1] && row.counted_at === null,
  (_row, v) => ({ counted_at: as<number>(v[0]) }),
);
select(
  refunds.uncountedRefunds,
  'refunds',
  (row, v) => row.payment_id === v[0] && row.state === 'succeeded' && row.counted_at === null,
);
insert(refunds.insertRefund);
insert(refunds.adoptRefund);
insert(refunds.insertRefundLine);
select(refunds.refundById, 'refunds', (row, v) => row.id === v[0]);
select(refunds.refundByNumber, 'refunds', (row, v) => row.out_refund_no === v[0]);
select(refunds.refundByRequest, 'refunds', (row, v) => row.request_key !== null && row.request_key === v[0]);
select(refunds.refundsOfBill, 'refunds', (row, v) => row.bill_id !== null && row.bill_id === v[0]);
select(refunds.refundsOfPayment, 'refunds', (row, v) => row.payment_id === v[0]);
query(refunds.lastSendBeside, (t, v) =>
  t.refunds
    .filter((row) => row.payment_id === v[0] && row.id !== v[1] && row.sent_at !== null)
    .map(({ sent_at }) => ({ sent_at }))
    .toSorted((one, other) => n(other.sent_at) - n(one.sent_at))
    .slice(0, 1),
);
query(refunds.refundedOfLine, (t, v) => {
  const alive = new Set(
    t.refunds.filter(({ state }) => state !== 'cancelled' && state !== 'failed').map(({ id }) => id),
  );
  const lines = t.refund_lines.filter((line) => line.bill_line_id === v[0] && alive.has(line.refund_id));
  return [{ fen: lines.reduce((sum, line) => sum + line.amount_fen, 0) }];
});
update(
  refunds.moveRefund,
  'refunds',
  (row, v) => row.id === v[7] && row.state === v[8] && row.version === v[9],
  (row, v) => ({
    state: as<typeof row.state>(v[0]),
    version: row.version + 1,
    updated_at: as<number>(v[1]),
    approved_by: or(v[2], row.approved_by),
    channel_refund_no: or(v[3], row.channel_refund_no),
    refunded_at: or(v[4], row.refunded_at),
    fault_code: or(v[5], row.fault_code),
    surplus_of: v[6] === 'failed' || v[6] === 'cancelled' ? null : row.surplus_of,
  }),
);
update(
  refunds.noteRefundSent,
  'refunds',
  (row, v) => row.id === v[1],
  (row, v) => ({ sends: row.sends + 1, sent_at: as<number>(v[0]), refused_at: null }),
);
update(
  refunds.noteRefundRefused,
  'refunds',
  (row, v) => row.id === v[2],
  (_row, v) => ({ refused_at: as<number>(v[0]), fault_code: as<string>(v[1]) }),
);
update(
  refunds.noteRefundAsked,
  'refunds',
  (row, v) => row.id === v[3],
  (row, v) => ({
    asked_at: as<number>(v[0]),
    silences: as<number>(v[1]),
    fault_code: or(v[2], row.fault_code),
  }),
);
