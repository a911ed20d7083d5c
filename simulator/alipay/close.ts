/** alipay.trade.close (统一收单交易关闭), 2.4: ends an unpaid trade. Before the scan there is none. */
import type { Trade } from './book.ts';
import { Refused, businessFailure, success } from './codes.ts';
import { existingTrade, tradeName } from './desk.ts';
import type { Desk, Operation } from './desk.ts';

export const close: Operation = (desk, call) => {
  const name = tradeName(call);
  const trade = existingTrade(desk, name);
  if (trade.status !== 'WAIT_BUYER_PAY') {
    throw new Refused(businessFailure('ACQ.TRADE_STATUS_ERROR', { out_trade_no: trade.out_trade_no }));
  }
  closeUnpaid(desk, trade);
  return success({ out_trade_no: trade.out_trade_no, trade_no: trade.trade_no });
};

/** Closes an unpaid trade on the merchant's word. The page of this API lists a notification for it. */
export function closeUnpaid(desk: Desk, trade: Trade): void {
  trade.status = 'TRADE_CLOSED';
  trade.closed_at = desk.now();
  desk.book.changed();
  if (desk.weather().alipay_close_notifies) void desk.notices.closed(trade);
}
