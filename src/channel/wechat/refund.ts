import { z } from 'zod';
import type { ChannelReport, Outcome, RefundQuery, RefundReport } from '../channel.ts';
import { meaningOf } from './codes.ts';
import type { Answer } from './gateway.ts';
import {
  AmountInFen,
  carried,
  channelCode,
  foreign,
  instant,
  translateError,
  unlisted,
} from './translate.ts';

/** The refund object of the API, as far as we keep books on it (wechatpay.md 9.1). It names neither merchant nor app. */
const Refund = z.object({
  refund_id: z.string().min(1),
  out_refund_no: z.string(),
  transaction_id: z.string().nullish(),
  out_trade_no: z.string(),
  status: z.string(),
  success_time: z.string().nullish(),
  amount: z.object({ total: AmountInFen, refund: AmountInFen, currency: z.string() }),
});
type Refund = z.infer<typeof Refund>;

/** status (wechatpay.md 9.3). Only SUCCESS is money returned. */
const states: Readonly<Record<string, RefundReport['state']>> = {
  PROCESSING: 'accepted',
  SUCCESS: 'succeeded',
  CLOSED: 'closed',
  ABNORMAL: 'abnormal',
};

/** 200 means accepted, not refunded. The answer of a repeat tells what became of the first. */
export function translateRefund(answer: Answer, asked: RefundQuery): Outcome<ChannelReport> {
  return answer.status === 200 ? refundReport(answer, asked) : translateError('refund', answer);
}

/** 404 is "never accepted so far", and a report: only time and a second look make it a proof (9.4). */
export function translateRefundQuery(answer: Answer, asked: RefundQuery): Outcome<ChannelReport> {
  if (answer.status === 200) return refundReport(answer, asked);
  const code = channelCode(answer);
  if (meaningOf('refund_query', answer.status, code) !== 'no_such_refund') {
    return translateError('refund_query', answer);
  }
  return {
    outcome: 'done',
    value: {
      method: 'wechat',
      source: 'query',
      about: 'refund',
      outTradeNo: asked.outTradeNo,
      state: 'none', // nothing was said of the payment
      channelState: code ?? '',
      refund: { outRefundNo: asked.outRefundNo, state: 'none' },
    },
  };
}

function refundReport(answer: Answer, asked: RefundQuery): Outcome<ChannelReport> {
  const parsed = Refund.safeParse(answer.json);
  if (!parsed.success) return unlisted(answer, 'a 200 that is no refund');
  const refund = parsed.data;
  const differs = differenceOf(refund, asked);
  if (differs !== undefined) {
    return foreign(answer, `asked about refund ${asked.outRefundNo}, told of one with ${differs}`);
  }
  return {
    outcome: 'done',
    value: {
      method: 'wechat',
      source: 'query',
      about: 'refund',
      outTradeNo: refund.out_trade_no,
      state: 'paid', // a refund is only taken of what was paid
      channelState: refund.status,
      totalFen: refund.amount.total,
      currency: refund.amount.currency,
      ...carried({ channelTradeNo: refund.transaction_id || undefined }),
      refund: {
        outRefundNo: refund.out_refund_no,
        channelRefundNo: refund.refund_id,
        state: Object.hasOwn(states, refund.status) ? (states[refund.status] ?? 'unknown') : 'unknown',
        amountFen: refund.amount.refund,
        ...carried({ refundedAtMs: instant(refund.success_time) }),
      },
    },
  };
}

/** The first thing in which an answer is not about the refund that we asked about. */
function differenceOf(refund: Refund, asked: RefundQuery): string | undefined {
  const { amount, transaction_id } = refund;
  if (refund.out_refund_no !== asked.outRefundNo) return `out_refund_no ${refund.out_refund_no}`;
  if (refund.out_trade_no !== asked.outTradeNo) return `out_trade_no ${refund.out_trade_no}`;
  if (asked.channelTradeNo && transaction_id && transaction_id !== asked.channelTradeNo) {
    return `transaction_id ${transaction_id}`;
  }
  if (amount.refund !== asked.amountFen) return `amount.refund ${amount.refund}`;
  if (amount.total !== asked.totalFen) return `amount.total ${amount.total}`;
  return amount.currency === 'CNY' ? undefined : `currency ${amount.currency}`;
}
