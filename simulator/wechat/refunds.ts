/** Money going back: reference, section 9. A 200 means accepted; the refund ends later. */
import type { RefundOrder } from './bodies.ts';
import type { Order, Refund } from './book.ts';
import { refundId } from './identifiers.ts';
import type { Desk } from './orders.ts';
import { done, refusals } from './replies.ts';
import type { Reply } from './replies.ts';
import { rfc3339 } from './time.ts';

const minuteMs = 60_000;
const yearMs = 365 * 24 * 60 * minuteMs;
const mostRefunds = 50;
/** Wallets are paid within five minutes; two seconds let a watcher see PROCESSING. */
const endsAfterMs = 2000;
/** How often a stuck refund looks whether the weather has changed. */
const stuckForMs = 10_000;

/** `POST /v3/refund/domestic/refunds`: accepts once per out_refund_no. */
export function acceptRefund(desk: Desk, request: RefundOrder): Reply {
  const order = findOrder(desk, request);
  const earlier = desk.book.refunds.get(request.out_refund_no);
  if (earlier !== undefined) return repeatRefund(earlier, order, request);
  const refusal = refusalFor(desk, order, request);
  if (refusal !== undefined || order?.paid === undefined) return refusal ?? refusals.refundOrderMissing;
  const { clock, chance } = desk.kernel;
  const refund: Refund = {
    request,
    refund_id: refundId(chance, desk.now()),
    transaction_id: order.paid.transaction_id,
    out_trade_no: order.request.out_trade_no,
    created_at: desk.now(),
    status: 'PROCESSING',
    ends_as: drawEnd(desk),
    ends_at: clock.now() + endsAfterMs + desk.weather().refund_pending_ms,
  };
  order.refunded = true;
  desk.book.refunds.set(request.out_refund_no, refund);
  desk.book.save();
  awaitEnd(desk, refund);
  return done(refundObject(refund, order));
}

/** `GET …/refunds/{out_refund_no}`. */
export function queryRefund(desk: Desk, refund: Refund | undefined): Reply {
  const order = refund === undefined ? undefined : desk.book.orders.get(refund.out_trade_no);
  if (refund === undefined || order === undefined) return refusals.refundMissing;
  const object = refundObject(refund, order);
  if (!desk.kernel.draw(desk.weather().answer_other_order)) return done(object);
  return done({ ...object, out_refund_no: `${refund.request.out_refund_no.slice(0, 60)}_x` });
}

/** After a restart the refunds under way go on to their ends. */
export function resumeRefunds(desk: Desk): void {
  for (const refund of desk.book.refunds.values()) {
    if (refund.status === 'PROCESSING') awaitEnd(desk, refund);
  }
}

/** The same number with the same content is the same refund; with other content it is refused (9.2). */
function repeatRefund(earlier: Refund, order: Order | undefined, { amount }: RefundOrder): Reply {
  const first = earlier.request.amount;
  const same = order?.request.out_trade_no === earlier.out_trade_no;
  if (order === undefined || !same || amount.refund !== first.refund || amount.total !== first.total) {
    return refusals.refundDiffers;
  }
  return done(refundObject(earlier, order));
}

function findOrder({ book }: Desk, { transaction_id, out_trade_no }: RefundOrder): Order | undefined {
  if (transaction_id !== undefined) return book.ordersByTransaction.get(transaction_id);
  return out_trade_no === undefined ? undefined : book.orders.get(out_trade_no);
}

/** Why not, in the order of the table in 9.1; undefined when the refund may be accepted. */
function refusalFor(desk: Desk, order: Order | undefined, request: RefundOrder): Reply | undefined {
  const { out_trade_no, amount } = request;
  if (order?.paid === undefined) return refusals.refundOrderMissing;
  if (out_trade_no !== undefined && out_trade_no !== order.request.out_trade_no)
    return refusals.refundTwoOrders;
  if (desk.kernel.draw(desk.weather().wechat_refund_passing_404)) return refusals.refundOrderMissing;
  if (desk.now() - order.paid.at > yearMs) return refusals.refundTooOld;
  if (amount.total !== order.paid.amount_fen) return refusals.refundTotalDiffers;
  const earlier = desk.book.refundsOf(order.request.out_trade_no);
  const standing = earlier.filter((one) => one.status !== 'CLOSED');
  const left = order.paid.amount_fen - standing.reduce((sum, one) => sum + one.request.amount.refund, 0);
  if (left === 0) return refusals.refundedWhole;
  if (amount.refund > left) return refusals.refundTooMuch;
  if (earlier.length >= mostRefunds) return refusals.refundTooMany;
  if (earlier.some((one) => desk.now() - one.created_at < minuteMs)) return refusals.refundTooSoon;
  return desk.kernel.draw(desk.weather().refund_no_balance) ? refusals.refundUnfunded : undefined;
}

function drawEnd(desk: Desk): Refund['ends_as'] {
  if (desk.kernel.draw(desk.weather().refund_abnormal)) return 'ABNORMAL';
  return desk.kernel.draw(desk.weather().wechat_refund_closed) ? 'CLOSED' : 'SUCCESS';
}

function awaitEnd(desk: Desk, refund: Refund): void {
  desk.kernel.clock.after(refund.ends_at - desk.kernel.clock.now(), () => end(desk, refund));
}

function end(desk: Desk, refund: Refund): void {
  const order = desk.book.orders.get(refund.out_trade_no);
  if (order?.paid === undefined) return;
  if (desk.weather().refund_stuck) {
    desk.kernel.clock.after(stuckForMs, () => end(desk, refund));
    return;
  }
  refund.status = refund.ends_as;
  refund.ended_at = desk.now();
  if (refund.status === 'SUCCESS') {
    desk.kernel.ledger.add({
      kind: 'refund',
      channel: 'wechat',
      out_trade_no: refund.out_trade_no,
      out_refund_no: refund.request.out_refund_no,
      channel_trade_no: refund.transaction_id,
      amount_fen: refund.request.amount.refund,
      payer: order.paid.payer,
      at: refund.ended_at,
    });
  }
  desk.book.save();
  const { notify_url } = refund.request;
  // Without a notify_url the real gateway may send v2 XML to an address set elsewhere, or nothing (9.1).
  if (notify_url === undefined) return;
  void desk.notifications.tell(notify_url, `REFUND.${refund.ends_as}`, noticeOf(desk, refund));
}

/** The refund object of 9.1. `success_time` only with SUCCESS: an empty text breaks strict readers. */
function refundObject(refund: Refund, order: Order): object {
  const { amount, out_refund_no } = refund.request;
  const total = order.paid?.amount_fen ?? amount.total;
  return {
    refund_id: refund.refund_id,
    out_refund_no,
    transaction_id: refund.transaction_id,
    out_trade_no: refund.out_trade_no,
    channel: 'ORIGINAL',
    user_received_account: '支付用户零钱',
    ...successTime(refund),
    create_time: rfc3339(refund.created_at),
    status: refund.status,
    funds_account: 'UNSETTLED',
    amount: {
      total,
      refund: amount.refund,
      from: [],
      payer_total: total,
      payer_refund: amount.refund,
      settlement_refund: amount.refund,
      settlement_total: total,
      discount_refund: 0,
      currency: 'CNY',
      refund_fee: 0,
    },
    promotion_detail: [],
  };
}

/** What a refund notification decrypts to: `refund_status`, and neither appid, channel nor currency (11.3). */
function noticeOf(desk: Desk, refund: Refund): object {
  const { refund: refunded, total } = refund.request.amount;
  return {
    mchid: desk.merchant.mchid,
    out_trade_no: refund.out_trade_no,
    transaction_id: refund.transaction_id,
    out_refund_no: refund.request.out_refund_no,
    refund_id: refund.refund_id,
    refund_status: refund.status,
    ...successTime(refund),
    user_received_account: '支付用户零钱',
    amount: { total, refund: refunded, payer_total: total, payer_refund: refunded },
  };
}

function successTime({ status, ended_at }: Refund): { success_time?: string } {
  if (status !== 'SUCCESS' || ended_at === undefined) return {};
  return { success_time: rfc3339(ended_at) };
}
