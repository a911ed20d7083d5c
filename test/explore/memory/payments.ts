import * as payments from '#sql/payments';
import { as, insert, or, select, update } from './teach.ts';

insert(payments.insertPayment);
insert(payments.adoptPayment);
select(payments.paymentById, 'payments', (row, v) => row.id === v[0]);
select(payments.paymentByNumber, 'payments', (row, v) => row.out_trade_no === v[0]);
update(
  payments.lockPayment,
  'payments',
  (row, v) => row.id === v[0],
  () => ({}),
);
update(
  payments.movePayment,
  'payments',
  (row, v) => row.id === v[5] && row.state === v[6] && row.version === v[7],
  (row, v) => ({
    state: as<typeof row.state>(v[0]),
    version: row.version + 1,
    updated_at: as<number>(v[1]),
    qr_code_url: or(v[2], row.qr_code_url),
    fault_code: or(v[3], row.fault_code),
    create_ended_at: or(v[4], row.create_ended_at),
  }),
);
update(
  payments.payPayment,
  'payments',
  (row, v) => row.id === v[8] && row.state === v[9] && row.version === v[10],
  (row, v) => ({
    state: 'paid' as const,
    version: row.version + 1,
    updated_at: as<number>(v[0]),
    disposition: as<typeof row.disposition>(v[1]),
    late: as<number>(v[2]),
    channel_trade_no: as<string | null>(v[3]),
    paid_at: as<number>(v[4]),
    paid_evidence_id: as<number>(v[5]),
    payer_fen: as<number | null>(v[6]),
    received_fen: as<number>(v[7]),
  }),
);
update(
  payments.countAnswer,
  'payments',
  (row, v) => row.id === v[1],
  (row, v) => ({ answers: row.answers + 1, silences: 0, asked_at: as<number>(v[0]) }),
);
update(
  payments.countSilence,
  'payments',
  (row, v) => row.id === v[2],
  (row, v) => ({ silences: row.silences + 1, asked_at: as<number>(v[0]), fault_code: as<string>(v[1]) }),
);
update(
  payments.noteCreateSent,
  'payments',
  (row, v) => row.id === v[0],
  () => ({ create_ended_at: null }),
);
update(
  payments.noteCreateEnded,
  'payments',
  (row, v) => row.id === v[2],
  (_row, v) => ({ create_ended_at: as<number>(v[0]), fault_code: as<string>(v[1]) }),
);
update(
  payments.resolveDispute,
  'payments',
  (row, v) =>
    row.id === v[3] &&
    row.disposition === 'disputed' &&
    row.version === v[4] &&
    (row.bill_id === null || row.bill_id === v[5]),
  (row, v) => ({
    disposition: as<typeof row.disposition>(v[0]),
    bill_id: as<number | null>(v[1]),
    version: row.version + 1,
    updated_at: as<number>(v[2]),
  }),
);
