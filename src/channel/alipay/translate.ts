import { fenFromYuan, type Fen } from '#money';
import { parseBeijing } from '#world';
import type { ChannelReport, Outcome, TradeState } from '../channel.ts';
import { faultOf, textOf, without, type Exchange } from './gateway.ts';

/** alipay.trade.precreate: the text of the code, once a verified answer gives it for this very order. */
export function codeFrom(exchange: Exchange, outTradeNo: string): Outcome<{ content: string }> {
  if (exchange.reading !== 'done') return aboutAnother(exchange, outTradeNo) ?? without(exchange);
  const content = textOf(exchange.node, 'qr_code');
  if (content === undefined || content.length > 1024) return strange(exchange, 'no qr_code in a success');
  return aboutThis(exchange, outTradeNo) ?? { outcome: 'done', value: { content } };
}

/** alipay.trade.query: the report. No trade is a report too, which proves nothing by itself (3.4). */
export function tradeFrom(exchange: Exchange, outTradeNo: string): Outcome<ChannelReport> {
  if (exchange.reading === 'no_trade') {
    return aboutAnother(exchange, outTradeNo) ?? { outcome: 'done', value: noTrade(exchange, outTradeNo) };
  }
  if (exchange.reading !== 'done') return without(exchange);
  const foreign = aboutThis(exchange, outTradeNo);
  if (foreign !== undefined) return foreign;

  const channelState = textOf(exchange.node, 'trade_status') ?? '';
  const state = stateOf(channelState);
  const totalFen = fenFromYuan(textOf(exchange.node, 'total_amount') ?? '');
  if (state === undefined) return strange(exchange, `trade_status ${channelState.slice(0, 32)}`);
  if (totalFen === undefined) return strange(exchange, 'total_amount is no amount');
  const currency = textOf(exchange.node, 'trans_currency');
  const channelTradeNo = textOf(exchange.node, 'trade_no');
  // TRADE_CLOSED is "closed unpaid" or "refunded in full" (3.3). Either way no money is with us, so
  // `closed` is safe for both: it never makes a bill paid without money, and cannot un-pay a payment
  // known as paid. A time of payment on a closed report says that money came and went back (2.2, not
  // confirmed for all products): a contradiction to look into, never a settlement.
  const paidAtMs = parseBeijing(textOf(exchange.node, 'send_pay_date') ?? '');
  const payerFen = amountTold(textOf(exchange.node, 'buyer_pay_amount'));
  return {
    outcome: 'done',
    value: {
      method: 'alipay',
      source: 'query',
      about: 'payment',
      outTradeNo,
      state,
      channelState,
      totalFen,
      ...(currency !== undefined && { currency }),
      ...(channelTradeNo !== undefined && { channelTradeNo }),
      ...(paidAtMs !== undefined && { paidAtMs }),
      ...(payerFen !== undefined && { payerFen }),
    },
  };
}

function noTrade(exchange: Exchange, outTradeNo: string): ChannelReport {
  return {
    method: 'alipay',
    source: 'query',
    about: 'payment',
    outTradeNo,
    state: 'none',
    channelState: exchange.channelCode ?? 'ACQ.TRADE_NOT_EXIST',
  };
}

/** alipay.trade.close. Accepted alone proves nothing: the next query does. */
export function closingFrom(
  exchange: Exchange,
  outTradeNo: string,
): Outcome<{ result: 'sent' | 'nothing_to_close' | 'not_closable' }> {
  const results = { done: 'sent', no_trade: 'nothing_to_close', not_closable: 'not_closable' } as const;
  const { reading } = exchange;
  if (reading === 'done' || reading === 'no_trade' || reading === 'not_closable') {
    return aboutAnother(exchange, outTradeNo) ?? { outcome: 'done', value: { result: results[reading] } };
  }
  return without(exchange);
}

/**
 * alipay.trade.cancel (2.3).
 * closed     was unpaid, is closed now
 * refunded   was paid, all of it has gone back
 * nothing    no trade found. Not "cancelled": an unscanned code stays payable
 * unfinished call again with the same number
 */
export type CancelResult = 'closed' | 'refunded' | 'nothing' | 'unfinished';

export function cancelFrom(exchange: Exchange, outTradeNo: string): Outcome<{ result: CancelResult }> {
  if (exchange.reading !== 'done') return without(exchange);
  const foreign = aboutThis(exchange, outTradeNo);
  if (foreign !== undefined) return foreign;
  const action = textOf(exchange.node, 'action');
  const retry = textOf(exchange.node, 'retry_flag');
  if (retry === 'Y') return { outcome: 'done', value: { result: 'unfinished' } };
  if (retry !== 'N') return strange(exchange, 'retry_flag is neither Y nor N');
  if (action === undefined) return { outcome: 'done', value: { result: 'nothing' } };
  if (action === 'close') return { outcome: 'done', value: { result: 'closed' } };
  if (action === 'refund') return { outcome: 'done', value: { result: 'refunded' } };
  return strange(exchange, `action ${action.slice(0, 32)}`);
}

/** alipay.md 3.3. Undefined for a word that no page lists. */
export function stateOf(tradeStatus: string): TradeState | undefined {
  switch (tradeStatus) {
    case 'WAIT_BUYER_PAY': // exists only because somebody scanned
      return 'scanned';
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return 'paid';
    case 'TRADE_CLOSED':
      return 'closed';
    default:
      return undefined;
  }
}

/** A success must name our order. */
export function aboutThis(exchange: Exchange, outTradeNo: string): Outcome<never> | undefined {
  if (textOf(exchange.node, 'out_trade_no') === undefined) return strange(exchange, 'no out_trade_no');
  return aboutAnother(exchange, outTradeNo);
}

/** Whatever names another order is nothing about ours, though its signature is right (money-safety.md G6). */
export function aboutAnother(exchange: Exchange, outTradeNo: string): Outcome<never> | undefined {
  const named = textOf(exchange.node, 'out_trade_no');
  if (named === undefined || named === outTradeNo || exchange.reading === 'unverified') return undefined;
  return { outcome: 'unknown', fault: faultOf(exchange, 'foreign_answer', `about ${named.slice(0, 64)}`) };
}

/** A success without the shape that Alipay documents: nothing may be concluded. */
export function strange(exchange: Exchange, detail: string): Outcome<never> {
  return { outcome: 'unknown', fault: faultOf(exchange, 'undocumented', detail) };
}

/** An informational amount. `0.00` means "not told" where the contract opens no fund details (2.2). */
export function amountTold(text: string | undefined): Fen | undefined {
  const amount = fenFromYuan(text ?? '');
  return amount === 0 ? undefined : amount;
}
