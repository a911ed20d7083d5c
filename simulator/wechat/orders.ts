/** Ordering, asking, closing: reference, section 6. */
import { isDeepStrictEqual } from 'node:util';
import type { Kernel, Weather } from '../kernel/contract.ts';
import type { NativeOrder } from './bodies.ts';
import type { Book, Order, Paid } from './book.ts';
import { codeUrl } from './identifiers.ts';
import type { WechatMerchant } from './merchant.ts';
import type { Notifications } from './notifications.ts';
import { done, noContent, refusals } from './replies.ts';
import type { Reply } from './replies.ts';
import { parseRfc3339, rfc3339 } from './time.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Native's maximum for `time_expire`, its default, and the age at which an unpaid order closes itself. */
const sevenDaysMs = 7 * dayMs;
/** How long a paid order may still look unpaid to a query (weather `stale_unpaid`). */
const staleMs = 10_000;
/** An amount one can type to be declined: 4.04 yuan. */
const declinedFen = 404;

export type TradeState = 'NOTPAY' | 'SUCCESS' | 'REFUND' | 'CLOSED';

/** What the routes and the wallet work with. */
export interface Desk {
  kernel: Kernel;
  merchant: WechatMerchant;
  book: Book;
  notifications: Notifications;
  /** The channel's own time. */
  now(): number;
  weather(): Weather;
}

export function tradeState(order: Order, nowMs: number): TradeState {
  if (order.paid !== undefined) return order.refunded === true ? 'REFUND' : 'SUCCESS';
  return nowMs >= order.closes_at ? 'CLOSED' : 'NOTPAY';
}

/** `POST /v3/pay/transactions/native`, with the re-entry rules of 6.5. */
export function placeOrder(desk: Desk, request: NativeOrder): Reply {
  if (request.mchid !== desk.merchant.mchid) return refusals.mchidMismatch;
  if (request.appid !== desk.merchant.appid) return refusals.appidMismatch;
  const existing = desk.book.orders.get(request.out_trade_no);
  if (existing !== undefined) return repeatOrder(desk, existing, request);
  if (desk.book.burnt.has(request.out_trade_no) && desk.weather().wechat_204_blocks_late_create) {
    return refusals.orderClosed;
  }
  if (request.amount.total === declinedFen) return refusals.declined;
  const now = desk.now();
  const order: Order = {
    request,
    created_at: now,
    payable_until: payableUntil(request.time_expire, now),
    closes_at: now + sevenDaysMs,
    codes: [],
  };
  return issueCode(desk, order);
}

function repeatOrder(desk: Desk, order: Order, request: NativeOrder): Reply {
  const weather = desk.weather();
  const state = tradeState(order, desk.now());
  if (state === 'SUCCESS' || state === 'REFUND') return refusals.orderPaid;
  const said201 = weather.wechat_number_refused_with_201;
  if (state === 'CLOSED') return said201 ? refusals.number201 : refusals.orderClosed;
  if (!isDeepStrictEqual(order.request, request)) return said201 ? refusals.number201 : refusals.numberUsed;
  if (weather.wechat_repeat_ends_old_code) for (const code of order.codes) code.ended = true;
  if (weather.wechat_repeat_revives_expired && desk.now() > order.payable_until) {
    // The raise to "one minute after the call" is what would explain the revivals merchants report (6.4).
    order.payable_until = payableUntil(request.time_expire, desk.now());
  }
  return issueCode(desk, order);
}

function issueCode(desk: Desk, order: Order): Reply {
  const content = codeUrl(desk.kernel.chance, desk.kernel.draw);
  order.codes.push({ content, issued_at: desk.now(), ended: false });
  desk.book.index(order);
  desk.book.save();
  return done({ code_url: content });
}

/** Too early is raised to a minute from now, too late is cut to the maximum; neither is refused (6.4). */
function payableUntil(timeExpire: string | undefined, nowMs: number): number {
  const wished = (timeExpire === undefined ? undefined : parseRfc3339(timeExpire)) ?? nowMs + sevenDaysMs;
  return Math.min(Math.max(wished, nowMs + minuteMs), nowMs + sevenDaysMs);
}

/** `GET …/out-trade-no/{}` and `…/id/{}`. */
export function queryOrder(desk: Desk, order: Order | undefined): Reply {
  const { draw } = desk.kernel;
  const weather = desk.weather();
  if (order === undefined) return refusals.orderMissing;
  if (order.paid === undefined && order.scanned_by !== undefined && draw(weather.not_exist_after_scan)) {
    return refusals.orderMissing;
  }
  if (draw(weather.answer_other_order)) return done(anotherOrder(desk, order));
  if (order.paid !== undefined && desk.now() - order.paid.at < staleMs && draw(weather.stale_unpaid)) {
    const { paid: _, ...unpaid } = order;
    return done(transactionObject(unpaid, desk.now()));
  }
  return done(transactionObject(order, desk.now()));
}

/**
 * `POST …/close`. A 204 proves little on purpose: unknown numbers get it too, and the order may stay
 * NOTPAY, and payable, for a while after it (6.7).
 */
export function closeOrder(desk: Desk, outTradeNo: string, mchid: string): Reply {
  if (mchid !== desk.merchant.mchid) return refusals.mchidMismatch;
  const weather = desk.weather();
  const order = desk.book.orders.get(outTradeNo);
  if (order === undefined) {
    if (!weather.wechat_close_unknown_gives_204) return refusals.orderMissing;
    desk.book.burnt.add(outTradeNo);
    desk.book.save();
    return noContent;
  }
  if (order.paid !== undefined) return refusals.orderPaid;
  if (isBeingPaid(desk, order)) return stillPaying(desk);
  order.closes_at = Math.min(order.closes_at, desk.now() + weather.wechat_not_closed_after_204_ms);
  desk.book.save();
  return noContent;
}

function isBeingPaid(desk: Desk, order: Order): boolean {
  const open = tradeState(order, desk.now()) === 'NOTPAY';
  return open && order.scanned_by !== undefined && desk.kernel.draw(desk.weather().wechat_close_while_paying);
}

/** Both answers are reported for a payer at the password page: a 2xx that is no success, and a limit. */
function stillPaying(desk: Desk): Reply {
  if (desk.kernel.draw(0.5)) return refusals.throttled;
  return { kind: 'done', status: 202, body: { code: 'USERPAYING', message: '用户支付中，需要输入密码' } };
}

const stateWords: Record<TradeState, string> = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  REFUND: '订单发生过退款',
  CLOSED: '订单已关闭',
};

/** The transaction object of 6.6, its keys in the order that live answers have. */
export function transactionObject(order: Order, nowMs: number): object {
  const { mchid, appid, out_trade_no, attach, amount } = order.request;
  const trade_state = tradeState(order, nowMs);
  const named = { mchid, appid, out_trade_no };
  const state = { trade_state, trade_state_desc: stateWords[trade_state] };
  if (order.paid === undefined) {
    const unpaid = { total: amount.total, currency: 'CNY', payer_currency: 'CNY' };
    return { ...named, trade_type: 'NATIVE', ...state, attach: attach ?? '', amount: unpaid };
  }
  return {
    ...named,
    transaction_id: order.paid.transaction_id,
    trade_type: 'NATIVE',
    ...state,
    bank_type: 'OTHERS',
    attach: attach ?? '',
    success_time: rfc3339(order.paid.at),
    payer: { openid: order.paid.openid },
    amount: paidAmount(order.paid),
  };
}

/** Called `payer_total` because coupons may lower it; the simulator's payers have none. */
function paidAmount(paid: Paid): object {
  const total = paid.amount_fen;
  return { total, payer_total: total, currency: 'CNY', payer_currency: 'CNY' };
}

/** Weather `answer_other_order`: a genuine answer to a question that nobody asked. */
function anotherOrder(desk: Desk, order: Order): object {
  for (const other of desk.book.orders.values()) {
    if (other !== order) return transactionObject(other, desk.now());
  }
  const request = { ...order.request, out_trade_no: `${order.request.out_trade_no.slice(0, 30)}_x` };
  return transactionObject({ ...order, request }, desk.now());
}
