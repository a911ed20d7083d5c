import type { Order, Outcome, PaymentMethod, RefundRequest } from '#channel';
import {
  changeOrder,
  moveOrder,
  orderOf,
  place,
  queryReport,
  refused,
  returnOf,
  returnReport,
  takeBack,
  unknown,
  type OrderState,
  type ReturnState,
  type WalletOrder,
  type Wallets,
} from './wallets.ts';

/** A request that left and has no answer yet. */
export type Call = {
  readonly method: PaymentMethod;
  readonly sentAtMs: number;
} & (
  | { readonly api: 'create'; readonly order: Order }
  | { readonly api: 'query'; readonly number: string }
  | { readonly api: 'close'; readonly number: string }
  | { readonly api: 'refund'; readonly request: RefundRequest }
  | { readonly api: 'queryRefund'; readonly request: Pick<RefundRequest, 'outTradeNo' | 'outRefundNo'> }
);

/** One thing that may come of a call: what the channel then holds, and what we hear. */
export interface Answer {
  /** `silence`: lost on the way there. `lost`: lost on the way back, after the channel acted. */
  readonly say: string;
  readonly outcome: Outcome<unknown>;
  readonly wallets: Wallets;
}

/**
 * All that can come of a call now; the first is the truth of this moment, in good weather.
 * acted   the channel has acted on it already, and its answer is on the way
 */
export function answersTo(call: Call, wallets: Wallets, nowMs: number, acted: boolean): Answer[] {
  switch (call.api) {
    case 'create':
      return toCreate(call, wallets, nowMs, acted);
    case 'query':
      return toQuery(call, wallets);
    case 'close':
      return toClose(call, wallets, nowMs);
    case 'refund':
      return toRefund(call, wallets, nowMs, acted);
    default:
      return toQueryRefund(call, wallets);
  }
}

/**
 * No request that makes or moves something arrives a minute after it was sent: the product relies on it
 * (`burntAfterMs`, `refundNoneProvesAfterMs`; wechatpay.md 6.7), and so does every proof that a call was lost.
 */
const ARRIVES_WITHIN_MS = 60_000;

type CallOf<A extends Call['api']> = Extract<Call, { api: A }>;

const done = <T>(value: T): Outcome<T> => ({ outcome: 'done', value });
const silence = (wallets: Wallets): Answer => ({ say: 'silence', outcome: unknown('silent'), wallets });

function toCreate(call: CallOf<'create'>, wallets: Wallets, nowMs: number, acted: boolean): Answer[] {
  const { method, order } = call;
  const there = orderOf(wallets, order.outTradeNo);
  const no: Answer = { say: 'refused', outcome: refused(), wallets };
  const content = `qr:${order.outTradeNo}`;
  if (acted) return [{ say: 'done', outcome: done({ content }), wallets }, silence(wallets)];
  if (nowMs - call.sentAtMs >= ARRIVES_WITHIN_MS) return [silence(wallets)];
  // A number with a past: a query decides (wechatpay.md 6.5, alipay.md 2.1).
  if (there !== undefined && there.state !== 'waiting') {
    return [{ say: 'spent', outcome: unknown('number_spent'), wallets }, no];
  }
  const placed = place(wallets, method, order, nowMs);
  const yes: Answer = { say: 'done', outcome: done({ content }), wallets: placed };
  if (there !== undefined) return [yes, no, silence(wallets)];
  const strays = [...wallets.strays, { api: 'create', method, order } as const];
  return [yes, no, silence({ ...wallets, strays }), { ...silence(placed), say: 'lost' }];
}

function toQuery(call: CallOf<'query'>, wallets: Wallets): Answer[] {
  const order = orderOf(wallets, call.number);
  if (order === undefined) {
    const { number, method } = call;
    return [
      { say: 'none', outcome: done(queryReport({ number, method }, 'none')), wallets },
      silence(wallets),
    ];
  }
  const heard = changeOrder(wallets, order, { answeredAskedAtMs: call.sentAtMs });
  const reports = statesSince(order, call.sentAtMs).map((state) => {
    const report = queryReport(order, state);
    return state === 'paid' && isEmptied(order, wallets) ? { ...report, ...emptied } : report;
  });
  const answers = reports.map((report) => ({ say: report.state, outcome: done(report), wallets: heard }));
  const first = answers.filter(({ say }, at) => answers.findIndex((other) => other.say === say) === at);
  return [...first, silence(wallets)];
}

/** Alipay says TRADE_CLOSED also of a trade whose money all went back (3.3), with the time it was paid. */
const emptied = { state: 'closed', channelState: 'TRADE_CLOSED' } as const;
function isEmptied(order: WalletOrder, wallets: Wallets): boolean {
  if (order.method !== 'alipay' || order.state !== 'paid') return false;
  const gone = wallets.returns.filter((one) => one.orderNumber === order.number);
  return gone.reduce((sum, one) => sum + one.amountFen, 0) === order.paidFen;
}

/** What is now, then what was at any moment since the question left. */
function statesSince<S extends OrderState | ReturnState>(
  thing: { state: S; past: readonly { state: S; untilMs: number }[] },
  sentAtMs: number,
): S[] {
  const before = thing.past.filter(({ untilMs }) => untilMs >= sentAtMs).map(({ state }) => state);
  return [...new Set([thing.state, ...before.toReversed()])];
}

function toClose(call: CallOf<'close'>, wallets: Wallets, nowMs: number): Answer[] {
  const order = orderOf(wallets, call.number);
  const say = (result: 'sent' | 'nothing_to_close' | 'not_closable', after = wallets): Answer => ({
    say: result,
    outcome: done({ result }),
    wallets: after,
  });
  if (order?.state === 'paid') return [say('not_closable'), silence(wallets)];
  if (call.method === 'alipay') {
    if (order?.state === 'closed') return [say('not_closable'), silence(wallets)];
    if (order?.state !== 'scanned') return [say('nothing_to_close'), silence(wallets)];
  }
  // WeChat Pay says 204 to a number that it never heard of, too (wechatpay.md 6.7).
  if (order === undefined || order.state === 'closed') return [say('sent'), silence(wallets)];
  const closed = moveOrder(wallets, order, 'closed', nowMs);
  return [say('sent', closed), silence(wallets), { ...silence(closed), say: 'lost' }];
}

function toRefund(call: CallOf<'refund'>, wallets: Wallets, nowMs: number, acted: boolean): Answer[] {
  const { method, request } = call;
  if (!acted && nowMs - call.sentAtMs >= ARRIVES_WITHIN_MS) return [silence(wallets)];
  const there = returnOf(wallets, request.outRefundNo);
  const taken = takeBack(wallets, method, request, nowMs);
  const now = returnOf(taken, request.outRefundNo);
  const no: Answer = { say: 'refused', outcome: refused(), wallets };
  if (now === undefined) return [no, silence(wallets)];
  // Alipay tells only of money that this very call moved; a repeat says no more than "not by this one" (2.5).
  const told = method === 'alipay' && there !== undefined && !acted ? 'accepted' : now.state;
  const yes: Answer = { say: 'done', outcome: done(returnReport(now, told)), wallets: taken };
  if (acted) return [yes, silence(wallets)];
  if (there !== undefined) return [yes, no, silence(wallets)];
  const strays = [...wallets.strays, { api: 'refund', method, request } as const];
  return [yes, no, silence({ ...wallets, strays }), { ...silence(taken), say: 'lost' }];
}

function toQueryRefund(call: CallOf<'queryRefund'>, wallets: Wallets): Answer[] {
  const { method, request } = call;
  const there = returnOf(wallets, request.outRefundNo);
  const { outTradeNo: orderNumber, outRefundNo: number } = request;
  if (there === undefined) {
    const report = returnReport({ number, orderNumber, method }, 'none');
    return [{ say: 'none', outcome: done(report), wallets }, silence(wallets)];
  }
  const answers = statesSince(there, call.sentAtMs).map((state) => ({
    say: state,
    outcome: done(returnReport(there, state)),
    wallets,
  }));
  return [...answers, silence(wallets)];
}
