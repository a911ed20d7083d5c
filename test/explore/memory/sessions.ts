import * as sessions from '#sql/sessions';
import type { Row } from '#store';
import { asRow, type StoredRow, type Tables } from './tables.ts';
import { as, insert, n, query, select, update } from './teach.ts';

insert(sessions.insertSession);
select(sessions.sessionByPayment, 'payment_sessions', (row, v) => row.payment_id === v[0]);
select(sessions.sessionByPublicId, 'payment_sessions', (row, v) => row.public_id === v[0]);
select(sessions.shownSession, 'payment_sessions', (row, v) => row.shown_bill_id === v[0]);
select(
  sessions.sessionByRequest,
  'payment_sessions',
  (row, v) => row.request_key !== null && row.request_key === v[0],
);

function viewOf(t: Tables, session: StoredRow<'payment_sessions'>): Row[] {
  const payment = t.payments.find((one) => one.id === session.payment_id);
  const clinic = t.clinics.find((one) => one.id === session.clinic_id);
  if (payment === undefined || clinic === undefined) return [];
  const { amount_fen, state: payment_state, disposition, late, paid_at } = payment;
  const beside = { amount_fen, payment_state, disposition, late, paid_at, clinic_name: clinic.name };
  return [{ ...asRow(session), ...beside }];
}
query(sessions.sessionView, (t, v) =>
  t.payment_sessions.filter((one) => one.public_id === v[0]).flatMap((one) => viewOf(t, one)),
);
query(sessions.settledSessionOfBill, (t, v) =>
  t.payment_sessions
    .filter((one) => one.bill_id === v[0] && one.status === 'paid')
    .flatMap((one) => viewOf(t, one))
    .filter((view) => view.disposition === 'settled'),
);
update(
  sessions.moveSession,
  'payment_sessions',
  (row, v) => row.id === v[9] && row.version === v[10],
  (row, v) => ({
    status: as<typeof row.status>(v[0]),
    phase: as<typeof row.phase>(v[1]),
    retiring: as<string | null>(v[2]),
    end_reason: as<string | null>(v[3]),
    shown_bill_id: as<number | null>(v[4]),
    qr_code_content: as<string>(v[5]),
    insisted: as<number>(v[6]),
    replaced_by: as<string | null>(v[7]),
    version: row.version + 1,
    updated_at: as<number>(v[8]),
  }),
);
update(
  sessions.watchSession,
  'payment_sessions',
  (row, v) => row.public_id === v[1] && row.watched_until < n(v[2]),
  (_row, v) => ({ watched_until: as<number>(v[0]) }),
);
