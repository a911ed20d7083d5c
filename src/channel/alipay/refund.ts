import { fenFromYuan } from '#money';
import { parseBeijing } from '#world';
import type { ChannelReport, Outcome, RefundQuery, RefundReport, RefundRequest } from '../channel.ts';
import { faultOf, textOf, without, type Exchange } from './gateway.ts';
import { aboutAnother, aboutThis, amountTold, strange } from './translate.ts';

/**
 * alipay.trade.refund (2.5). Only `fund_change` Y says that this call moved money. N, or none at all, is an
 * earlier refund told again or one still under way, and does not even say which: ask (money-safety.md J5).
 */
export function refundFrom(exchange: Exchange, request: RefundRequest): Outcome<ChannelReport> {
  const { outTradeNo, outRefundNo, amountFen } = request;
  if (exchange.reading !== 'done') return aboutAnother(exchange, outTradeNo) ?? without(exchange);
  const foreign = aboutThis(exchange, outTradeNo) ?? aboutOtherTrade(exchange, request.channelTradeNo);
  if (foreign !== undefined) return foreign;

  const fundChange = textOf(exchange.node, 'fund_change') ?? 'N';
  const cumulativeFen = fenFromYuan(textOf(exchange.node, 'refund_fee') ?? '');
  if (fundChange === 'N') {
    const told = cumulativeFen === undefined ? {} : { cumulativeFen };
    return reportOf(exchange, request, `fund_change ${fundChange}`, {
      outRefundNo,
      state: 'accepted',
      ...told,
    });
  }
  if (fundChange !== 'Y') return strange(exchange, `fund_change ${fundChange.slice(0, 32)}`);
  // `refund_fee` is the sum of all refunds of the trade. Less than this one cannot be.
  if (cumulativeFen === undefined || cumulativeFen < amountFen) {
    return strange(exchange, 'refund_fee does not hold this refund');
  }
  return reportOf(exchange, request, 'fund_change Y', {
    outRefundNo,
    state: 'succeeded',
    amountFen,
    cumulativeFen,
    ...refundTime(exchange),
  });
}

/**
 * alipay.trade.fastpay.refund.query (2.6). A bare success is the answer to a number that Alipay does not
 * know *so far*: not received, failed, or still under way. Answers of the older form tell success by
 * `refund_amount` alone.
 */
export function refundAnswerFrom(exchange: Exchange, query: RefundQuery): Outcome<ChannelReport> {
  const { outTradeNo, outRefundNo } = query;
  const none: RefundReport = { outRefundNo, state: 'none' };
  if (exchange.reading === 'no_trade') {
    const word = exchange.channelCode ?? 'ACQ.TRADE_NOT_EXIST';
    return aboutAnother(exchange, outTradeNo) ?? reportOf(exchange, query, word, none);
  }
  if (exchange.reading !== 'done') return without(exchange);
  const status = textOf(exchange.node, 'refund_status');
  const amount = textOf(exchange.node, 'refund_amount');
  if (status === undefined && (amount === undefined || amountTold(amount) === undefined)) {
    if (amount !== undefined && fenFromYuan(amount) === undefined) {
      return strange(exchange, 'refund_amount is no amount');
    }
    return aboutAnother(exchange, outTradeNo) ?? reportOf(exchange, query, 'no refund_status', none);
  }
  const foreign =
    aboutThis(exchange, outTradeNo) ??
    aboutOtherTrade(exchange, query.channelTradeNo) ??
    aboutOtherRefund(exchange, outRefundNo);
  if (foreign !== undefined) return foreign;
  if (status !== undefined && status !== 'REFUND_SUCCESS') {
    return strange(exchange, `refund_status ${status.slice(0, 32)}`);
  }
  const amountFen = fenFromYuan(amount ?? '');
  if (amountFen === undefined || amountFen === 0) return strange(exchange, 'refund_amount is no amount');
  return reportOf(exchange, query, status ?? 'refund_amount', {
    outRefundNo,
    state: 'succeeded',
    amountFen,
    ...refundTime(exchange),
  });
}

/**
 * A report about a refund. Where money went back or is about to, the payment took place; a refund that is
 * not known says nothing about the trade.
 */
function reportOf(
  exchange: Exchange,
  { outTradeNo }: RefundQuery,
  channelState: string,
  refund: RefundReport,
): Outcome<ChannelReport> {
  const channelTradeNo = textOf(exchange.node, 'trade_no');
  const totalFen = amountTold(textOf(exchange.node, 'total_amount'));
  return {
    outcome: 'done',
    value: {
      method: 'alipay',
      source: 'query',
      about: 'refund',
      outTradeNo,
      state: refund.state === 'none' ? 'none' : 'paid',
      channelState,
      ...(totalFen !== undefined && { totalFen }),
      ...(channelTradeNo !== undefined && { channelTradeNo }),
      refund,
    },
  };
}

function refundTime(exchange: Exchange): { refundedAtMs?: number } {
  const refundedAtMs = parseBeijing(textOf(exchange.node, 'gmt_refund_pay') ?? '');
  return refundedAtMs === undefined ? {} : { refundedAtMs };
}

/** Another `trade_no` than the payment's is another trade, under whatever number of ours. */
function aboutOtherTrade(exchange: Exchange, channelTradeNo: string | undefined): Outcome<never> | undefined {
  const named = textOf(exchange.node, 'trade_no');
  if (channelTradeNo === undefined || named === undefined || named === channelTradeNo) return undefined;
  return { outcome: 'unknown', fault: faultOf(exchange, 'foreign_answer', 'about another trade_no') };
}

/** A refund that is told of must be the one asked about, by its own number. */
function aboutOtherRefund(exchange: Exchange, outRefundNo: string): Outcome<never> | undefined {
  const named = textOf(exchange.node, 'out_request_no');
  if (named === undefined) return strange(exchange, 'no out_request_no');
  if (named === outRefundNo) return undefined;
  const detail = `about refund ${named.slice(0, 64)}`;
  return { outcome: 'unknown', fault: faultOf(exchange, 'foreign_answer', detail) };
}
