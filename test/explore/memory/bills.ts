import * as bills from '#sql/bills';
import * as clinics from '#sql/clinic';
import type { Value } from '#store';
import { updated, type Tables } from './tables.ts';
import { as, command, insert, pick, query, update } from './teach.ts';

insert(clinics.insertClinic);
update(
  clinics.renameClinic,
  'clinics',
  (row, v) => row.id === v[2],
  (_row, v) => ({ name: as<string>(v[0]), short_name: as<string>(v[1]) }),
);

insert(bills.insertBill);
insert(bills.insertBillLine);
const found = pick('id bill_no content_digest');
query(bills.billByExternalNo, (t, v) =>
  t.bills.filter((bill) => bill.clinic_id === v[0] && bill.external_bill_no === v[1]).map(found),
);

const billOf = (columns: string) => {
  const some = pick(columns);
  return (t: Tables, v: readonly Value[]) => t.bills.filter((bill) => bill.id === v[0]).map(some);
};
query(bills.billToCollect, billOf('id bill_no status payable_fen valid_until'));
query(bills.billState, billOf('clinic_id status version'));
query(bills.refundableBill, billOf('id status settled_payment_id'));

update(
  bills.lockUnpaidBill,
  'bills',
  (row, v) => row.id === v[0] && row.status === 'unpaid',
  () => ({}),
);
command(bills.voidBill, (t, v) =>
  updated(
    t,
    'bills',
    (row) =>
      row.id === v[2] &&
      row.status === 'unpaid' &&
      !t.payment_sessions.some((session) => session.shown_bill_id === v[3]),
    (row) => ({
      status: 'void' as const,
      void_reason: as<string>(v[0]),
      version: row.version + 1,
      updated_at: as<number>(v[1]),
    }),
  ),
);
update(
  bills.settleBill,
  'bills',
  (row, v) => row.id === v[3] && row.status === 'unpaid' && row.payable_fen === v[4],
  (row, v) => ({
    status: 'paid' as const,
    paid_fen: as<number>(v[0]),
    settled_payment_id: as<number>(v[1]),
    version: row.version + 1,
    updated_at: as<number>(v[2]),
  }),
);

const summary =
  pick(`id clinic_id bill_no external_bill_no prescription_id patient_name patient_no department doctor status
  total_fen discount_fen fund_pay_fen account_pay_fen payable_fen paid_fen refunded_fen void_reason valid_until
  created_at version`);
query(bills.billById, (t, v) =>
  t.bills
    .filter((bill) => bill.id === v[0])
    .map((bill) => {
      const by = t.payments.find((payment) => payment.id === bill.settled_payment_id);
      const surplus = t.payments.filter((one) => one.bill_id === bill.id && one.disposition === 'surplus');
      return {
        ...summary(bill),
        payment_method: by?.payment_method ?? null,
        paid_at: by?.paid_at ?? null,
        late: by?.late ?? 0,
        surplus_fen: surplus.reduce((sum, one) => sum + (one.received_fen ?? 0), 0),
      };
    }),
);
const line = pick('line_no fee_class name spec quantity unit unit_price amount_fen');
query(bills.linesOfBill, (t, v) =>
  t.bill_lines
    .filter((one) => one.bill_id === v[0])
    .toSorted((one, other) => one.line_no - other.line_no)
    .map(line),
);
const lineAmount = pick('id amount_fen');
query(bills.lineOfBill, (t, v) =>
  t.bill_lines.filter((one) => one.bill_id === v[0] && one.line_no === v[1]).map(lineAmount),
);
const attempt = pick('payment_method status phase');
const times = pick('expires_at created_at');
const outcome = pick('disposition late out_trade_no channel_trade_no paid_at');
query(bills.sessionsOfBill, (t, v) =>
  t.payment_sessions
    .filter((session) => session.bill_id === v[0])
    .toSorted((one, other) => other.id - one.id)
    .flatMap((session) => {
      const payment = t.payments.find((one) => one.id === session.payment_id);
      if (payment === undefined) return [];
      return {
        session_id: session.public_id,
        ...attempt(session),
        shown: session.shown_bill_id === null ? 0 : 1,
        ...times(session),
        ...outcome(payment),
      };
    }),
);
const publicId = pick('public_id');
query(bills.shownSessionOfBill, (t, v) =>
  t.payment_sessions.filter((one) => one.shown_bill_id === v[0]).map(publicId),
);
