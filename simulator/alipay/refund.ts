/** alipay.trade.refund (统一收单交易退款), 2.5, and alipay.trade.fastpay.refund.query, 2.6. */
import { refundedFen } from './book.ts';
import type { Refund, Trade } from './book.ts';
import { Refused, businessFailure, success } from './codes.ts';
import type { Fields } from './codes.ts';
import {
  buyerId,
  buyerLogonId,
  existingTrade,
  optionalText,
  requiredFen,
  requiredText,
  tradeName,
} from './desk.ts';
import type { Desk, Operation } from './desk.ts';
import { beijing, yuan } from './text.ts';

/** A failed refund carries these amounts all the same. */
const NOTHING = { refund_fee: '0.00', send_back_fee: '0.00' };

export const refund: Operation = (desk, call) => {
  const amountFen = requiredFen(call, 'refund_amount');
  const ownNumber = optionalText(call, 'out_request_no', 64);
  const reason = optionalText(call, 'refund_reason', 256);
  const trade = existingTrade(desk, tradeName(call), NOTHING);
  const requestNo = ownNumber ?? trade.out_trade_no;

  const before = trade.refunds.find((one) => one.out_request_no === requestNo);
  if (before !== undefined) {
    if (before.amount_fen !== amountFen) throw refusal('ACQ.DISCORDANT_REPEAT_REQUEST');
    return answer(trade, 'N');
  }
  refuseUnrefundable(desk, trade, amountFen, ownNumber);
  if (desk.kernel.draw(desk.weather().refund_no_balance)) throw refusal('ACQ.SELLER_BALANCE_NOT_ENOUGH');

  const wish: Refund = { out_request_no: requestNo, amount_fen: amountFen, asked_at: desk.now() };
  if (reason !== undefined) wish.reason = reason;
  giveBack(desk, trade, wish);
  return answer(trade, wish.done_at === undefined ? 'N' : 'Y');
};

function refuseUnrefundable(
  desk: Desk,
  trade: Trade,
  amountFen: number,
  ownNumber: string | undefined,
): void {
  if (trade.status === 'WAIT_BUYER_PAY') throw refusal('ACQ.TRADE_STATUS_ERROR');
  if (trade.status === 'TRADE_CLOSED') throw refusal('ACQ.TRADE_HAS_CLOSE');
  if (trade.status === 'TRADE_FINISHED') throw refusal('ACQ.TRADE_HAS_FINISHED');
  // Money still on its way is spoken for: a second refund must not reach for it.
  const promisedFen = trade.refunds.reduce((sum, one) => sum + one.amount_fen, 0);
  if (ownNumber === undefined && amountFen !== trade.total_fen)
    throw refusal('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL');
  if (amountFen > trade.total_fen - promisedFen) throw refusal('ACQ.REASON_TRADE_REFUND_FEE_ERR');
}

/** refund_fee is the sum of all refunds of the trade that have succeeded, not of this call. */
function answer(trade: Trade, fundChange: 'Y' | 'N'): Fields {
  const last = trade.refunds.findLast((one) => one.done_at !== undefined)?.done_at;
  return success({
    buyer_logon_id: buyerLogonId(trade.payer),
    buyer_user_id: buyerId(trade.payer),
    fund_change: fundChange,
    gmt_refund_pay: last === undefined ? undefined : beijing(last),
    out_trade_no: trade.out_trade_no,
    refund_fee: yuan(refundedFen(trade)),
    send_back_fee: '0.00',
    trade_no: trade.trade_no,
  });
}

/** How often a refund that is stuck looks whether it may go on. */
const STUCK_LOOK_MS = 5000;

/** Starts a refund: the money moves now, or when the weather lets it. */
export function giveBack(desk: Desk, trade: Trade, wish: Refund): void {
  trade.refunds.push(wish);
  desk.book.changed();
  const waitMs = desk.weather().refund_pending_ms;
  if (waitMs === 0) arriveUnlessStuck(desk, trade, wish);
  else desk.kernel.clock.after(waitMs, () => arriveUnlessStuck(desk, trade, wish));
}

function arriveUnlessStuck(desk: Desk, trade: Trade, wish: Refund): void {
  if (desk.weather().refund_stuck) {
    desk.kernel.clock.after(STUCK_LOOK_MS, () => arriveUnlessStuck(desk, trade, wish));
  } else arrive(desk, trade, wish);
}

/** After a restart: refunds that were on their way arrive now. */
export function arriveOverdue(desk: Desk): void {
  for (const trade of desk.book.trades()) {
    for (const one of trade.refunds) if (one.done_at === undefined) arrive(desk, trade, one);
  }
}

function arrive(desk: Desk, trade: Trade, one: Refund): void {
  one.done_at = desk.now();
  if (refundedFen(trade) >= trade.total_fen) {
    trade.status = 'TRADE_CLOSED';
    trade.closed_at = one.done_at;
  }
  desk.book.changed();
  desk.kernel.ledger.add({
    kind: 'refund',
    channel: 'alipay',
    out_trade_no: trade.out_trade_no,
    out_refund_no: one.out_request_no,
    channel_trade_no: trade.trade_no,
    amount_fen: one.amount_fen,
    payer: trade.payer,
    at: one.done_at,
  });
  void desk.notices.refunded(trade, one);
}

/** An unknown number is answered with bare success: "not refunded so far". */
export const refundQuery: Operation = (desk, call) => {
  const requestNo = requiredText(call, 'out_request_no', 64);
  const trade = existingTrade(desk, tradeName(call));
  const found = trade.refunds.find((one) => one.out_request_no === requestNo);
  if (found?.done_at === undefined) return success({});
  const options = Array.isArray(call.biz['query_options']) ? call.biz['query_options'] : [];
  return success({
    gmt_refund_pay: options.includes('gmt_refund_pay') ? beijing(found.done_at) : undefined,
    out_request_no: found.out_request_no,
    out_trade_no: trade.out_trade_no,
    refund_amount: yuan(found.amount_fen),
    refund_reason: found.reason,
    refund_status: 'REFUND_SUCCESS',
    total_amount: yuan(trade.total_fen),
    trade_no: trade.trade_no,
  });
};

function refusal(subCode: string): Refused {
  return new Refused(businessFailure(subCode, NOTHING));
}
