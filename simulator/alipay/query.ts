/** alipay.trade.query (统一收单交易查询), 2.2. */
import type { Trade } from './book.ts';
import { Refused, businessFailure, success } from './codes.ts';
import { buyerId, buyerLogonId, existingTrade, tradeName } from './desk.ts';
import type { Call, Desk, Operation } from './desk.ts';
import { beijing, yuan } from './text.ts';

const NOTHING = {
  buyer_pay_amount: '0.00',
  invoice_amount: '0.00',
  point_amount: '0.00',
  receipt_amount: '0.00',
};

/** How long a stale answer may still call a paid trade unpaid. */
const STALE_MS = 10_000;

export const query: Operation = (desk, call) => {
  const name = tradeName(call);
  const missing = { ...NOTHING, out_trade_no: name.outTradeNo };
  const trade = existingTrade(desk, name, missing);
  if (trade.status === 'WAIT_BUYER_PAY' && desk.kernel.draw(desk.weather().not_exist_after_scan)) {
    throw new Refused(businessFailure('ACQ.TRADE_NOT_EXIST', missing));
  }
  return success(isStale(desk, trade) ? unpaid(trade) : tradeFields(trade, call));
};

function isStale(desk: Desk, trade: Trade): boolean {
  const justPaid = trade.paid_at !== undefined && desk.now() - trade.paid_at < STALE_MS;
  return justPaid && desk.kernel.draw(desk.weather().stale_unpaid);
}

function tradeFields(trade: Trade, call: Call): Record<string, unknown> {
  if (trade.paid_at === undefined) return unpaid(trade);
  const amount = yuan(trade.total_fen);
  const options = Array.isArray(call.biz['query_options']) ? call.biz['query_options'] : [];
  return {
    ...unpaid(trade),
    trade_status: trade.status,
    buyer_pay_amount: amount,
    invoice_amount: amount,
    receipt_amount: amount,
    send_pay_date: beijing(trade.paid_at),
    ...(options.includes('fund_bill_list')
      ? { fund_bill_list: [{ amount, fund_channel: 'ALIPAYACCOUNT' }] }
      : undefined),
  };
}

function unpaid(trade: Trade): Record<string, unknown> {
  return {
    ...NOTHING,
    buyer_logon_id: buyerLogonId(trade.payer),
    buyer_user_id: buyerId(trade.payer),
    buyer_user_type: 'PRIVATE',
    out_trade_no: trade.out_trade_no,
    store_id: trade.asked.store_id,
    terminal_id: trade.asked.terminal_id,
    total_amount: yuan(trade.total_fen),
    trade_no: trade.trade_no,
    trade_status: trade.paid_at === undefined ? trade.status : 'WAIT_BUYER_PAY',
  };
}
