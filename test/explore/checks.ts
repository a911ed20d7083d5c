import type { ChannelReport, Outcome } from '#channel';
import type { PaymentRow } from '#sql/payments';
import type { RefundRow } from '#sql/refunds';
import type { SessionRow } from '#sql/sessions';
import { stageOf } from '../../src/session/states.ts';
import { isPayable, wasShown } from './happenings.ts';
import { checkHistory } from './history.ts';
import { checkMoney } from './money.ts';
import type { Tables } from './memory/tables.ts';
import type { State } from './state.ts';
import type { Deed } from './step.ts';
import { orderOf, returnOf } from './wallets.ts';
import { LIMIT_FEN, traits } from './wishes.ts';

/**
 * The invariants of money-safety.md 3.2 as they can be asked after every single step: of the state, and
 * of the change that led to it. The channels' own memory is the truth that our books are held to.
 */
export function check(before: State, after: State, deed: Deed | undefined): string[] {
  const faults: string[] = [];
  const must = (holds: boolean, words: () => string): void => {
    if (!holds) faults.push(words());
  };
  settledOnce(after.tables, must);
  for (const payment of after.tables.payments) {
    const was = before.tables.payments[payment.id - 1];
    ofPayment(after, payment, must);
    if (was !== undefined && was !== payment) paymentMoved(before, after, was, payment, deed, must);
  }
  for (const session of after.tables.payment_sessions) {
    const was = before.tables.payment_sessions[session.id - 1];
    if (was !== undefined && was !== session) sessionMoved(after, was, session, must);
  }
  for (const refund of after.tables.refunds) {
    const was = before.tables.refunds[refund.id - 1];
    if (was !== refund) refundMoved(after, was, refund, deed, must);
  }
  onScreens(after, must);
  checkMoney(after, must);
  checkHistory(before.tables, after.tables, must);
  if (deed !== undefined) ofDeed(before, after, deed, must);
  return faults;
}

export type Must = (holds: boolean, words: () => string) => void;

/** I-04: one settled payment makes a bill paid, in full, and nothing else does. */
function settledOnce(tables: Tables, must: Must): void {
  for (const bill of tables.bills) {
    const settled = tables.payments.filter((one) => one.bill_id === bill.id && one.disposition === 'settled');
    must(settled.length <= 1, () => `I-04: bill ${bill.id} was settled ${settled.length} times`);
    const whole = settled[0]?.id === bill.settled_payment_id && settled[0].amount_fen === bill.payable_fen;
    must(
      (bill.status === 'paid') === whole,
      () => `I-04: bill ${bill.id} is ${bill.status}, settled ${whole}`,
    );
  }
}

function ofPayment(state: State, payment: PaymentRow, must: Must): void {
  const { tables, wallets } = state;
  const order = orderOf(wallets, payment.out_trade_no);
  const name = `payment ${payment.id}`;
  if (payment.state === 'paid') {
    proven(tables, payment, must);
    must(order?.state === 'paid', () => `I-07: ${name} is paid, and nobody was debited`);
  }
  // I-08, in our books and in the channels'.
  const refunds = tables.refunds.filter((one) => one.payment_id === payment.id);
  const alive = refunds.filter(({ state: stands }) => stands !== 'failed' && stands !== 'cancelled');
  const reserved = sum(alive.map(({ amount_fen }) => amount_fen));
  must(reserved <= (payment.received_fen ?? 0), () => `I-08: ${name} has ${reserved} fen to go back`);
  must(
    reserved === payment.refund_reserved_fen,
    () => `I-08: ${name} reserves ${payment.refund_reserved_fen} fen, its refunds ${reserved}`,
  );
  const returned = sum(
    refunds.filter((one) => one.state === 'succeeded').map(({ amount_fen }) => amount_fen),
  );
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

function paymentMoved(
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

/** I-21 for screens: nothing that a screen had expires before the channel was asked after its time. */
function sessionMoved(state: State, was: SessionRow, is: SessionRow, must: Must): void {
  must(was.status !== 'paid' || is.status === 'paid', () => `I-22: session ${is.id} is paid no more`);
  must(
    was.shown_bill_id !== null || is.shown_bill_id === null,
    () => `I-13: session ${is.id} is shown again`,
  );
  if (is.status === was.status || is.status !== 'expired' || is.insisted === 1 || is.qr_code_content === '')
    return;
  const payment = state.tables.payments[is.payment_id - 1];
  const order = orderOf(state.wallets, payment?.out_trade_no ?? '');
  const asked = (order?.answeredAskedAtMs ?? -1) >= is.expires_at || order?.state === 'closed';
  must(asked, () => `I-21: session ${is.id} expired unasked`);
}

function refundMoved(
  state: State,
  was: RefundRow | undefined,
  is: RefundRow,
  deed: Deed | undefined,
  must: Must,
): void {
  const name = `refund ${is.id}`;
  if (was === undefined) {
    newIntent(state.tables, is, must);
    const small = is.kind === 'surplus' || is.amount_fen <= LIMIT_FEN;
    must(
      is.state === (small ? 'approved' : 'requested'),
      () => `section 5: ${name} of ${is.amount_fen} fen was born ${is.state}`,
    );
    return;
  }
  for (const column of ['payment_id', 'out_refund_no', 'amount_fen', 'kind', 'created_at'] as const) {
    must(was[column] === is[column], () => `I-09: ${name} has another ${column}`);
  }
  must(was.state !== 'succeeded' || is.state === 'succeeded', () => `I-22: ${name} succeeded no more`);
  if (was.state === is.state) return;
  const there = returnOf(state.wallets, is.out_refund_no);
  if (is.state === 'succeeded')
    must(there?.state === 'succeeded', () => `I-07: ${name} succeeded, there it is ${there?.state}`);
  if (is.state === 'abnormal')
    must(
      there !== undefined && there.state !== 'accepted',
      () => `I-07: ${name} is abnormal, there ${there?.state}`,
    );
  if (is.state === 'succeeded' && (was.state === 'cancelled' || was.state === 'failed')) {
    const alarmed = state.tables.alarms.some(
      (one) => one.code === 'refund_contradicts' && one.entity_id === is.id,
    );
    must(alarmed, () => `section 5: ${name} succeeded after ${was.state}, and no alarm says so`);
  }
  if (is.state === 'submitted') must(is.sent_at !== null, () => `I-19: ${name} was sent, nobody knows when`);
  if (is.state === 'failed' && there?.brokeItsWord !== true) {
    const given = there === undefined && provenUnknown(was, deed);
    must(there?.state === 'closed' || given, () => `I-21: ${name} was given up, there it is ${there?.state}`);
  }
}

/** A definite no, and a query that was sent later than any call could still arrive, which knows nothing of it. */
function provenUnknown(was: RefundRow, deed: Deed | undefined): boolean {
  const asked = deed?.heard.findLast(({ call }) => call.api === 'queryRefund');
  const none = saidOfRefund(asked?.outcome) === 'none';
  const late =
    (asked?.call.sentAtMs ?? -1) >= (was.sent_at ?? Infinity) + traits.wechat.refundNoneProvesAfterMs;
  return was.refused_at !== null && none && late;
}

function saidOfRefund(outcome: Outcome<unknown> | undefined): string | undefined {
  if (outcome?.outcome !== 'done') return undefined;
  return (outcome.value as ChannelReport).refund?.state;
}

/** I-10: one intent at a time for one surplus. */
function newIntent(tables: Tables, refund: RefundRow, must: Must): void {
  if (refund.kind !== 'surplus') return;
  const same = tables.refunds.filter((one) => one.kind === 'surplus' && one.payment_id === refund.payment_id);
  const alive = same.filter(({ state }) => state !== 'failed' && state !== 'cancelled');
  must(
    alive.length === 1,
    () => `I-10: surplus payment ${refund.payment_id} goes back ${alive.length} times`,
  );
}

/** I-13: one code of a bill on its screens, and what may be paid beside it is being closed (see `ofPayment`). */
function onScreens(state: State, must: Must): void {
  const shown = state.tables.payment_sessions.filter(({ shown_bill_id }) => shown_bill_id !== null);
  must(shown.length <= 1, () => `I-13: one bill shows ${shown.length} codes`);
  const [bill] = state.tables.bills;
  for (const session of shown) {
    must(
      bill?.status === 'unpaid',
      () => `section 6: session ${session.id} is shown for a bill that is ${bill?.status}`,
    );
  }
}

/** I-19 and I-20, and that no operation ended in a way that nobody foresaw. */
function ofDeed(before: State, after: State, deed: Deed, must: Must): void {
  for (const { call, committed: tables } of deed.calls) {
    if (tables === undefined) continue;
    if (call.api === 'create') {
      const row = tables.payments.find(({ out_trade_no }) => out_trade_no === call.order.outTradeNo);
      must(row !== undefined, () => `I-19: a create call left before its payment was committed`);
      if (row === undefined) continue;
      const same =
        row.amount_fen === call.order.amountFen &&
        row.qr_code_expires_at === call.order.expiresAtMs &&
        row.subject === call.order.subject &&
        row.attach === call.order.attach &&
        row.notify_url === call.order.notifyUrl;
      must(same, () => `I-11: payment ${row.id} was ordered with another content`);
      // A late repeat brings an expired number back to life (wechatpay.md 6.4).
      must(call.sentAtMs < row.qr_code_expires_at, () => `6.4: payment ${row.id} was ordered after its time`);
      must(
        ['creating', 'create_unknown'].includes(row.state),
        () => `I-19: payment ${row.id} was ordered while ${row.state}`,
      );
    } else if (call.api === 'refund') {
      const row = tables.refunds.find(({ out_refund_no }) => out_refund_no === call.request.outRefundNo);
      const sent = row?.state === 'submitted' && row.amount_fen === call.request.amountFen;
      must(sent, () => `I-19: a refund left while its row was ${row?.state}`);
    } else {
      const number = call.api === 'queryRefund' ? call.request.outTradeNo : call.number;
      must(
        tables.payments.some((one) => one.out_trade_no === number),
        () => `I-19: ${call.api} of a number that we do not have`,
      );
    }
  }
  if (deed.wish.do === 'deliver') {
    const { id } = deed.wish.notice;
    must(
      after.tables.evidence.some((one) => one.notification_id === id),
      () => `I-20: a notice was taken and not kept`,
    );
  }
  const { ended } = deed;
  const bad = ended !== undefined && 'error' in ended && !isForeseen((ended.error as Error).message);
  must(!bad, () => `an operation failed: ${String((ended as { error: Error }).error.stack)}`);
  for (const words of deed.complaints) must(isForeseen(words), () => `an operation failed quietly: ${words}`);
  if (ended !== undefined && 'value' in ended) told(before, after, deed, ended.value, must);
}

/** Overtaken by another holder: its transaction was rolled back, and the other goes on. */
function isForeseen(words: string): boolean {
  return words.includes('lease lost');
}

/** What a caller was told is true. */
function told(_before: State, after: State, { wish }: Deed, value: unknown, must: Must): void {
  if (typeof value !== 'object' || value === null) return;
  const answer = value as {
    result?: string;
    refused?: string;
    session?: SessionRow;
    facts?: { session_id?: string };
  };
  if (wish.do === 'cancel' && answer.result !== undefined) {
    const session = after.tables.payment_sessions[wish.session - 1];
    const payment = after.tables.payments[(session?.payment_id ?? 0) - 1];
    const order = orderOf(after.wallets, payment?.out_trade_no ?? '');
    if (answer.result === 'paid')
      must(payment?.state === 'paid', () => `section 6: told "paid", it is ${payment?.state}`);
    if (answer.result === 'closed') {
      const dead =
        order === undefined || order.state === 'closed' || order.brokeItsWord || !isPayable(after, order);
      must(dead, () => `section 6: told "closed", it is ${order?.state}`);
    }
    must(session?.shown_bill_id === null, () => `section 6: told "${answer.result}", and it is shown`);
  }
  if (answer.refused === 'bill_already_paid')
    must(after.tables.bills[0]?.status === 'paid', () => `told "paid", the bill is not`);
  if (wish.do === 'open' && answer.session !== undefined) {
    const { id } = answer.session;
    const now = after.tables.payment_sessions[id - 1];
    must(now?.qr_code_content !== '', () => `session ${id} was handed out without a code`);
    must(
      now === undefined || stageOf(now) !== 'retiring' || wasShown(after, ''),
      () => `session ${id} was handed out while it is retired`,
    );
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
