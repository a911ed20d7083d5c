import type { ChannelReport } from '#channel';
import type { PaymentRow } from '#sql/payments';

/** The one kind that we order: WeChat Pay Native, a code that the merchant shows (money-safety.md F2). */
const CODE_TRADE = 'NATIVE';

/**
 * Holds a report against what is pinned on the payment (I-07). A field that this messenger does not
 * carry is passed over; one that it carries must be equal.
 * equal    all of it: the money may settle
 * amount   all but the amount: the money is this payment's, and a person decides
 * foreign  another app, merchant, currency or kind of trade: this is not our payment, whatever its number says
 */
export function compareReport(
  payment: Pick<
    PaymentRow,
    'payment_method' | 'out_trade_no' | 'app_id' | 'merchant_id' | 'amount_fen' | 'currency'
  >,
  report: ChannelReport,
): { verdict: 'equal' | 'amount' | 'foreign'; differs: string[] } {
  const differs: string[] = [];
  if (report.method !== payment.payment_method) differs.push('payment_method');
  if (report.outTradeNo !== payment.out_trade_no) differs.push('out_trade_no');
  if (report.appId !== undefined && report.appId !== payment.app_id) differs.push('app_id');
  if (
    report.merchantId !== undefined &&
    payment.merchant_id !== '' &&
    report.merchantId !== payment.merchant_id
  ) {
    differs.push('merchant_id');
  }
  if (report.currency !== undefined && report.currency !== payment.currency) differs.push('currency');
  if (report.tradeType !== undefined && report.tradeType !== CODE_TRADE) differs.push('trade_type');
  if (differs.length > 0) return { verdict: 'foreign', differs };
  if (report.totalFen !== payment.amount_fen) return { verdict: 'amount', differs: ['amount'] };
  return { verdict: 'equal', differs };
}
