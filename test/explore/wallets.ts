import type { ChannelFault, ChannelReport, Order, Outcome, PaymentMethod, RefundRequest } from '#channel';
import { fen } from '#money';

/**
 * Both channels in small: what they hold of our orders, as one value that is never changed. Their answers
 * come from here, and so does the truth that the books are held to. Not the simulators: a third reading
 * of alipay.md 2 to 4 and wechatpay.md 6 to 9, without a wire.
 */
export interface Wallets {
  readonly orders: readonly WalletOrder[];
  readonly returns: readonly WalletReturn[];
  readonly notices: readonly Notice[];
  /** Requests that were given up unanswered and may still arrive. */
  readonly strays: readonly Stray[];
}

/** `waiting`: there is a code (Alipay: and no trade yet). `scanned`: Alipay's trade before the password. */
export type OrderState = 'none' | 'waiting' | 'scanned' | 'paid' | 'closed';

export interface WalletOrder {
  readonly method: PaymentMethod;
  readonly number: string;
  readonly amountFen: number;
  readonly expiresAtMs: number;
  readonly state: OrderState;
  /** What it was before, and until when: an answer may be as old as its question. */
  readonly past: readonly { state: OrderState; untilMs: number }[];
  readonly paidFen: number;
  readonly paidAtMs: number;
  /** The channel took money for an order that it had called dead, or refused. Against all its documents. */
  readonly brokeItsWord: boolean;
  /** When the last question was sent that the channel answered; -1 before. */
  readonly answeredAskedAtMs: number;
}

export type ReturnState = 'none' | 'accepted' | 'succeeded' | 'abnormal' | 'closed';

export interface WalletReturn {
  readonly method: PaymentMethod;
  readonly number: string;
  readonly orderNumber: string;
  readonly amountFen: number;
  readonly totalFen: number;
  readonly state: ReturnState;
  readonly past: readonly { state: ReturnState; untilMs: number }[];
  /** The channel gave money back that it was not asked for, or had refused to. Against all its documents. */
  readonly brokeItsWord: boolean;
}

/** What a channel tells of itself, as often as it likes, from now on. */
export interface Notice {
  readonly id: string;
  readonly report: ChannelReport;
  readonly delivered: boolean;
}

export type Stray =
  | { readonly api: 'create'; readonly method: PaymentMethod; readonly order: Order }
  | { readonly api: 'refund'; readonly method: PaymentMethod; readonly request: RefundRequest };

export const emptyWallets: Wallets = { orders: [], returns: [], notices: [], strays: [] };

export const account = { appId: 'app', merchantId: 'merchant' } as const;

export function orderOf(wallets: Wallets, number: string): WalletOrder | undefined {
  return wallets.orders.find((order) => order.number === number);
}

export function returnOf(wallets: Wallets, number: string): WalletReturn | undefined {
  return wallets.returns.find((one) => one.number === number);
}

// ── what happens at a channel ──────────────────────────────────────────────────────────────────────

/** A create call arrives. The same number again finds its order. */
export function place(wallets: Wallets, method: PaymentMethod, order: Order, nowMs: number): Wallets {
  if (orderOf(wallets, order.outTradeNo) !== undefined) return wallets;
  const { outTradeNo: number, amountFen, expiresAtMs } = order;
  const past = [{ state: 'none', untilMs: nowMs }] as const;
  const made: WalletOrder = {
    ...{ method, number, amountFen, expiresAtMs, past, state: 'waiting' },
    ...{ paidFen: 0, paidAtMs: 0, brokeItsWord: false, answeredAskedAtMs: -1 },
  };
  return { ...wallets, orders: [...wallets.orders, made] };
}

export function moveOrder(
  wallets: Wallets,
  order: WalletOrder,
  state: OrderState,
  nowMs: number,
  more: Partial<WalletOrder> = {},
): Wallets {
  const past = [...order.past, { state: order.state, untilMs: nowMs }];
  return changeOrder(wallets, order, { ...more, state, past });
}

export function changeOrder(wallets: Wallets, order: WalletOrder, more: Partial<WalletOrder>): Wallets {
  const orders = wallets.orders.map((one) => (one.number === order.number ? { ...one, ...more } : one));
  return { ...wallets, orders };
}

/** The payer's account is debited, and the channel begins to tell us. */
export function pay(
  wallets: Wallets,
  order: WalletOrder,
  nowMs: number,
  more: { paidFen: number; brokeItsWord?: boolean },
): Wallets {
  const paid = moveOrder(wallets, order, 'paid', nowMs, { paidAtMs: nowMs, ...more });
  const told = orderOf(paid, order.number);
  return told === undefined ? paid : tell(paid, `paid ${order.number}`, noticeOf(told));
}

/** A refund call arrives: at once with Alipay, accepted with WeChat Pay. The same number again finds its refund. */
export function takeBack(
  wallets: Wallets,
  method: PaymentMethod,
  request: RefundRequest,
  nowMs: number,
): Wallets {
  const order = orderOf(wallets, request.outTradeNo);
  if (returnOf(wallets, request.outRefundNo) !== undefined || order?.state !== 'paid') return wallets;
  const sums = wallets.returns.filter((one) => one.orderNumber === order.number && one.state !== 'closed');
  const gone = sums.reduce((sum, one) => sum + one.amountFen, 0);
  if (gone + request.amountFen > order.paidFen) return wallets;
  const made: WalletReturn = {
    method,
    number: request.outRefundNo,
    orderNumber: order.number,
    amountFen: request.amountFen,
    totalFen: request.totalFen,
    state: 'accepted',
    past: [{ state: 'none', untilMs: nowMs }],
    brokeItsWord: false,
  };
  const taken = { ...wallets, returns: [...wallets.returns, made] };
  return method === 'alipay' ? moveReturn(taken, made, 'succeeded', nowMs) : taken;
}

/** A refund that nobody asked for by this number, or that had ended. */
export function breakReturn(
  wallets: Wallets,
  asked: Pick<WalletReturn, 'method' | 'number' | 'orderNumber' | 'amountFen' | 'totalFen'>,
  state: 'succeeded' | 'abnormal' | 'closed',
  nowMs: number,
): Wallets {
  const one: WalletReturn = {
    ...asked,
    state: 'accepted',
    past: [{ state: 'none', untilMs: nowMs }],
    brokeItsWord: true,
  };
  const returns = [...wallets.returns.filter(({ number }) => number !== one.number), one];
  return moveReturn({ ...wallets, returns }, one, state, nowMs);
}

export function moveReturn(
  wallets: Wallets,
  one: WalletReturn,
  state: 'succeeded' | 'abnormal' | 'closed',
  nowMs: number,
): Wallets {
  // Alipay has no "accepted": between nothing and success nobody ever saw it.
  const past = one.method === 'alipay' ? one.past : [...one.past, { state: one.state, untilMs: nowMs }];
  const moved: WalletReturn = { ...one, state, past };
  const returns = wallets.returns.map((other) => (other.number === one.number ? moved : other));
  return tell({ ...wallets, returns }, `${state} ${one.number}`, returnNotice(wallets, moved));
}

function tell(wallets: Wallets, id: string, report: ChannelReport): Wallets {
  return { ...wallets, notices: [...wallets.notices, { id, report, delivered: false }] };
}

/** Alipay ends what was scanned and not paid in time, and says so; WeChat Pay leaves that to us. */
export function endOverdue(wallets: Wallets, order: WalletOrder, nowMs: number): Wallets {
  const closed = moveOrder(wallets, order, 'closed', nowMs);
  const told = orderOf(closed, order.number);
  return told === undefined ? closed : tell(closed, `closed ${order.number}`, noticeOf(told));
}

// ── reports ────────────────────────────────────────────────────────────────────────────────────────

const tradeWords: Record<PaymentMethod, Record<OrderState, string>> = {
  alipay: {
    none: 'ACQ.TRADE_NOT_EXIST',
    waiting: 'ACQ.TRADE_NOT_EXIST',
    scanned: 'WAIT_BUYER_PAY',
    paid: 'TRADE_SUCCESS',
    closed: 'TRADE_CLOSED',
  },
  wechat: {
    none: 'ORDER_NOT_EXIST',
    waiting: 'NOTPAY',
    scanned: 'NOTPAY',
    paid: 'SUCCESS',
    closed: 'CLOSED',
  },
};

/** The answer to a query, had the order been in this state. */
export function queryReport(
  order: WalletOrder | { number: string; method: PaymentMethod },
  state: OrderState,
): ChannelReport {
  const { method, number } = order;
  const channelState = tradeWords[method][state];
  const base = { method, source: 'query', about: 'payment', outTradeNo: number, channelState } as const;
  // Before the scan Alipay has no trade; before the create call arrived nobody has.
  if (!('amountFen' in order) || state === 'none' || (method === 'alipay' && state === 'waiting')) {
    return { ...base, state: 'none' };
  }
  const mine = method === 'wechat' ? account : {};
  if (state !== 'paid') return { ...base, ...mine, state, totalFen: fen(order.amountFen) };
  return { ...base, ...mine, ...debitOf(order), state };
}

function debitOf(order: WalletOrder) {
  return {
    totalFen: fen(order.paidFen),
    currency: 'CNY',
    channelTradeNo: `T-${order.number}`,
    paidAtMs: order.paidAtMs,
  };
}

function noticeOf(order: WalletOrder): ChannelReport {
  const { method, number, state } = order;
  const base = { method, source: 'notification', about: 'payment', outTradeNo: number, ...account } as const;
  const channelState = tradeWords[method][state];
  return state === 'paid'
    ? { ...base, channelState, state, ...debitOf(order) }
    : { ...base, channelState, state: 'closed', totalFen: fen(order.amountFen) };
}

function returnNotice(wallets: Wallets, one: WalletReturn): ChannelReport {
  if (one.method === 'wechat') return { ...returnReport(one, one.state), source: 'notification' };
  // Alipay tells the sum of all refunds of the trade, not this one's amount.
  const all = wallets.returns.filter((other) => other.orderNumber === one.orderNumber);
  const cumulativeFen = fen(all.reduce((sum, other) => sum + other.amountFen, 0));
  const { method, number: outRefundNo, orderNumber: outTradeNo } = one;
  return {
    ...{ method, source: 'notification', about: 'refund', outTradeNo, state: 'paid', ...account },
    channelState: 'TRADE_SUCCESS',
    totalFen: fen(one.totalFen),
    channelTradeNo: `T-${outTradeNo}`,
    refund: { state: 'succeeded', outRefundNo, cumulativeFen },
  };
}

/** The answer to a refund query, had the refund been in this state. */
export function returnReport(
  one: WalletReturn | { number: string; orderNumber: string; method: PaymentMethod },
  state: ReturnState,
): ChannelReport {
  const { method, orderNumber: outTradeNo, number: outRefundNo } = one;
  const base = { method, source: 'query', about: 'refund', outTradeNo } as const;
  if (!('amountFen' in one) || state === 'none') {
    return { ...base, state: 'none', channelState: 'NOT_EXIST', refund: { outRefundNo, state: 'none' } };
  }
  return {
    ...base,
    state: 'paid',
    channelState: state,
    totalFen: fen(one.totalFen),
    channelTradeNo: `T-${outTradeNo}`,
    refund: { outRefundNo, state, amountFen: fen(one.amountFen) },
  };
}

export function unknown(code: ChannelFault['code']): Outcome<never> {
  return { outcome: 'unknown', fault: { code, detail: code } };
}

export function refused(): Outcome<never> {
  return { outcome: 'refused', fault: { code: 'declined', detail: 'declined' } };
}
