import type { ChannelReport } from '#channel';
import type { PaymentRow } from '#sql/payments';
import { isPayable, wasShown } from '../happenings.ts';
import type { Tables } from '../memory/tables.ts';
import type { State } from '../state.ts';
import type { Deed } from '../step.ts';
import { orderOf } from '../wallets.ts';
import { traits } from '../wishes.ts';
import type { Must } from './must.ts';

/** I-04: one settled payment makes a bill paid, in full, and nothing else does. */
export function settledOnce(tables: Tables, must: Must): void {
  for (const bill of tables.bills) {
    const settled = tables.payments.filter((one) => one.bill_id === bill.id && one.disposition === 'settled');
    must(settled.length <= 1, () => `I-04: bill ${bill.id} was settled ${settled.length} times`);
    const [by] = settled;
    const stands = by === undefined ? bill.settled_payment_id === null : bill.settled_payment_id === by.id;
    const paid = by !== undefined && by.amount_fen === bill.payable_fen;
    must(
      stands && (bill.status === 'paid') === paid,
      () => `I-04: bill ${bill.id} is ${bill.status}, settled by ${by?.id}`,
    );
  }
}

export function ofPayment(state: State, payment: PaymentRow, must: Must): void {
  const { tables, wallets } = state;
  const order = orderOf(wallets, payment.out_trade_no);
  const name = `payment ${payment.id}`;
  if (payment.state === 'paid') {
    proven(tables, payment, must);
    must(order?.state === 'paid', () => `I-07: ${name} is paid, and nobody was debited`);
  }
  // I-08, in our books and in the channels'.
  const refunds = tables.refunds.filter((one) => one.payment_id === payment.id);
  const alive = refunds.filter(
    ({ state: stands, counted_at: counted }) =>
      stands !== 'failed' && stands !== 'cancelled' && (stands !== 'succeeded' || counted !== null),
  );
  const reserved = sum(alive.map(({ amount_fen }) => amount_fen));
  must(reserved <= (payment.received_fen ?? 0), () => `I-08: ${name} has ${reserved} fen to go back`);
  must(
    reserved === payment.refund_reserved_fen,
    () => `I-08: ${name} reserves ${payment.refund_reserved_fen} fen, its refunds ${reserved}`,
  );
  const returned = sum(refunds.filter((one) => one.counted_at !== null).map(({ amount_fen }) => amount_fen));
  must(
    returned === payment.refunded_fen,
    () => `I-08: ${name} counts ${payment.refunded_fen} fen as returned, its refunds ${returned}`,
  );
  const back = wallets.returns.filter(
    (one) => one.orderNumber === payment.out_trade_no && one.state !== 'closed',
  );
  must(
    sum(back.map(({ amountFen }) => amountFen)) <= (order?.paidFen ?? 0),
    () => `I-08: ${name}: more went back than came`,
  );
  // I-12: what is over for us can be paid by nobody, whoever has its code.
  if (order !== undefined && !order.brokeItsWord && isPayable(state, order)) {
    const watched = ['creating', 'create_unknown', 'open', 'closing'].includes(payment.state);
    must(watched, () => `I-12: ${name} is ${payment.state} here and can still be paid there`);
    if (!wasShown(state, payment.out_trade_no)) return;
    const session = tables.payment_sessions.find(({ payment_id }) => payment_id === payment.id);
    const shown = session !== undefined && session.shown_bill_id !== null;
    must(
      shown || payment.state === 'closing',
      () => `I-13: ${name} is on no screen, payable, and ${payment.state}`,
    );
  }
}

/** I-05 and I-07: kept and verified evidence, equal in all that is pinned; or before a person. */
function proven(tables: Tables, payment: PaymentRow, must: Must): void {
  const proof = tables.evidence[(payment.paid_evidence_id ?? 0) - 1];
  const report = JSON.parse(proof?.report ?? '{}') as Partial<ChannelReport>;
  const same = (said: unknown, ours: unknown): boolean => said === undefined || said === ours;
  const equal =
    proof?.verdict === 'genuine' &&
    report.state === 'paid' &&
    report.outTradeNo === payment.out_trade_no &&
    report.method === payment.payment_method &&
    same(report.appId, payment.app_id) &&
    same(report.merchantId, payment.merchant_id) &&
    same(report.currency, 'CNY');
  must(equal, () => `I-07: payment ${payment.id} is paid without proof`);
  const whole = report.totalFen === payment.amount_fen;
  must(
    whole === (payment.disposition !== 'disputed'),
    () => `I-05: payment ${payment.id} is ${payment.disposition}, with ${report.totalFen} fen told`,
  );
  if (payment.disposition !== 'disputed') return;
  const before = tables.suspense.some((one) => one.payment_id === payment.id);
  must(before, () => `I-05: disputed payment ${payment.id} is before nobody`);
}

const pinned = [
  'bill_id', 'out_trade_no', 'payment_method', 'amount_fen', 'currency', 'qr_code_expires_at', 'app_id', 'merchant_id',
  'configuration_id', 'subject', 'attach', 'notify_url', 'created_at',
] as const; // prettier-ignore

export function paymentMoved(
  before: State,
  after: State,
  was: PaymentRow,
  is: PaymentRow,
  deed: Deed | undefined,
  must: Must,
): void {
  const name = `payment ${is.id}`;
  for (const column of pinned) must(was[column] === is[column], () => `I-11: ${name} has another ${column}`);
  must(
    was.disposition === null || was.disposition === is.disposition,
    () => `I-05: ${name} was ${was.disposition}`,
  );
  must(was.state !== 'paid' || is.state === 'paid', () => `I-22: ${name} is paid no more`);
  if (was.state === is.state) return;
  const order = orderOf(after.wallets, is.out_trade_no);
  if (is.state === 'closed') {
    // I-21: by the channel's own word, or by "no trade" once nobody can open one any more.
    const ended = after.tables.events.findLast((one) => one.entity === 'payment' && one.entity_id === is.id);
    const proof = after.tables.evidence[(ended?.evidence_id ?? 0) - 1];
    const said = (JSON.parse(proof?.report ?? '{}') as Partial<ChannelReport>).state;
    const last =
      is.payment_method === 'wechat' && is.qr_code_url === ''
        ? (is.create_ended_at ?? Infinity) + traits.wechat.burntAfterMs
        : is.qr_code_expires_at + traits.alipay.deadAfterExpiryMs;
    const asked = deed?.heard.findLast(({ call }) => call.api === 'query')?.call.sentAtMs ?? -1;
    must(
      said === 'closed' || (said === 'none' && asked >= last),
      () => `I-21: ${name} was closed, told ${said}`,
    );
    must(
      order === undefined || order.state === 'closed' || !isPayable(after, order),
      () => `I-12: ${name} was closed and is ${order?.state} there`,
    );
  }
  if (is.state === 'create_rejected') {
    const no = deed?.heard.some(
      ({ call, outcome }) => call.api === 'create' && outcome.outcome === 'refused',
    );
    must(no === true, () => `I-21: ${name} was rejected, and the channel never refused it`);
  }
  if ((was.state === 'closed' || was.state === 'create_rejected') && is.state === 'paid') {
    const alarmed = after.tables.alarms.some(
      (one) => one.code === 'paid_after_closed' && one.entity_id === is.id,
    );
    must(alarmed, () => `section 5: ${name} was paid after ${was.state}, and no alarm says so`);
  }
  if (is.disposition === 'surplus') {
    const back = after.tables.refunds.filter((one) => one.surplus_of === is.id);
    must(back.length === 1, () => `I-10: surplus ${name} has ${back.length} refunds`);
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
