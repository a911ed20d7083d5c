/** alipay.trade.cancel (统一收单交易撤销), 2.3: ends an unpaid trade, gives back a paid one. */
import type { Trade } from './book.ts';
import { Refused, businessFailure, success } from './codes.ts';
import { closeUnpaid } from './close.ts';
import { findTrade, tradeName } from './desk.ts';
import type { Desk, Operation } from './desk.ts';
import { giveBack } from './refund.ts';

/** Counted from the creation of the order; afterwards only a refund helps. */
const CANCEL_PERIOD_MS = 24 * 3_600_000;

export const cancel: Operation = (desk, call) => {
  const name = tradeName(call);
  const trade = findTrade(desk, name);
  if (trade === undefined) {
    if (name.tradeNo !== undefined) throw refusal('ACQ.TRADE_NOT_EXIST');
    return nothingToCancel(desk, name.outTradeNo ?? '');
  }
  const action = trade.cancelled ?? cancelTrade(desk, trade);
  return success({ action, out_trade_no: trade.out_trade_no, retry_flag: 'N', trade_no: trade.trade_no });
};

/** Success without an action: it says nothing about the code, which stays payable (3.4) unless the weather says else. */
function nothingToCancel(desk: Desk, outTradeNo: string): Record<string, unknown> {
  if (desk.weather().alipay_cancel_ends_unscanned_code) {
    for (const code of desk.book.codesOf(outTradeNo)) code.ended = true;
    desk.book.changed();
  }
  return success({ out_trade_no: outTradeNo, retry_flag: 'N' });
}

function cancelTrade(desk: Desk, trade: Trade): 'close' | 'refund' {
  if (trade.status === 'WAIT_BUYER_PAY') {
    trade.cancelled = 'close';
    closeUnpaid(desk, trade);
    return 'close';
  }
  if (trade.paid_at === undefined) return 'close';
  if (desk.now() - trade.opened_at > CANCEL_PERIOD_MS) throw refusal('ACQ.TRADE_CANCEL_TIME_OUT');
  if (trade.status === 'TRADE_FINISHED') throw refusal('ACQ.TRADE_HAS_FINISHED');
  if (trade.refunds.length > 0) throw refusal('ACQ.REASON_TRADE_REFUND_FEE_ERR');
  if (desk.kernel.draw(desk.weather().refund_no_balance)) throw refusal('ACQ.SELLER_BALANCE_NOT_ENOUGH', 'Y');
  trade.cancelled = 'refund';
  giveBack(desk, trade, {
    out_request_no: trade.out_trade_no,
    amount_fen: trade.total_fen,
    asked_at: desk.now(),
  });
  return 'refund';
}

/** Failures carry retry_flag as well: `Y` where the same call may yet succeed. */
function refusal(subCode: string, retryFlag: 'Y' | 'N' = 'N'): Refused {
  return new Refused(businessFailure(subCode, { retry_flag: retryFlag }));
}
