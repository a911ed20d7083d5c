import { isFen, type Fen } from '#money';
import { z } from 'zod';
import type {
  ChannelFault,
  ChannelFaultCode,
  ChannelReport,
  MerchantAccount,
  Outcome,
  TradeState,
} from '../channel.ts';
import { isJsonObject } from '#json';
import { isNews, meaningOf, type Api } from './codes.ts';
import type { Answer } from './gateway.ts';

/** 订单金额: whole fen, never a text or a fraction. */
export const AmountInFen = z.custom<Fen>(isFen);

/** The transaction object of the query and of the notification, as far as we keep books on it (wechatpay.md 6.6). */
export const Transaction = z.object({
  appid: z.string(),
  mchid: z.string(),
  out_trade_no: z.string(),
  trade_state: z.string(),
  transaction_id: z.string().nullish(),
  trade_type: z.string().nullish(),
  attach: z.string().nullish(),
  success_time: z.string().nullish(),
  amount: z
    .object({
      total: AmountInFen.optional(),
      currency: z.string().optional(),
      payer_total: AmountInFen.optional().catch(undefined), // informational: it must not hide a payment
    })
    .optional(),
});
export type Transaction = z.infer<typeof Transaction>;

/** trade_state (wechatpay.md 7). What is not in here is not final, an unknown word least of all. */
const tradeStates: Readonly<Record<string, TradeState>> = {
  SUCCESS: 'paid',
  REFUND: 'paid', // refunds were accepted; paid it was
  CLOSED: 'closed',
  REVOKED: 'closed',
  NOTPAY: 'waiting',
  USERPAYING: 'waiting',
  PAYERROR: 'waiting',
  ACCEPT: 'waiting',
};

/**
 * A transaction as a report. Undefined when it says "paid" without saying how much or under which
 * number: a report that pins nothing must not settle anything.
 */
export function transactionReport(
  source: 'notification' | 'query',
  transaction: Transaction,
): ChannelReport | undefined {
  const state = Object.hasOwn(tradeStates, transaction.trade_state)
    ? (tradeStates[transaction.trade_state] ?? 'waiting')
    : 'waiting';
  const { transaction_id, amount } = transaction;
  if (state === 'paid' && (!transaction_id || amount?.total === undefined)) return undefined;
  return {
    method: 'wechat',
    source,
    about: 'payment',
    outTradeNo: transaction.out_trade_no,
    state,
    channelState: transaction.trade_state,
    appId: transaction.appid,
    merchantId: transaction.mchid,
    ...carried({
      totalFen: amount?.total,
      currency: amount?.currency || undefined,
      tradeType: transaction.trade_type || undefined,
      channelTradeNo: transaction_id || undefined,
      paidAtMs: instant(transaction.success_time),
      payerFen: state === 'paid' ? amount?.payer_total : undefined,
      // Carried once paid only; before, the gateway leaves it out or empty.
      attach: state === 'paid' ? (transaction.attach ?? undefined) : undefined,
    }),
  };
}

/** Leaves out what this message did not carry, so that nobody compares with nothing. */
export function carried<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Any spelling of RFC 3339 as epoch milliseconds; undefined for everything else. */
export function instant(text: string | null | undefined): number | undefined {
  if (typeof text !== 'string' || !RFC_3339.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : atMs;
}

const Code = z.object({ code_url: z.string().min(1).max(512) });

/** The code is opaque: it goes on the screen as it came. */
export function translateCreate(answer: Answer): Outcome<{ content: string }> {
  if (answer.status !== 200) return translateError('create', answer);
  const code = Code.safeParse(answer.json);
  return code.success
    ? { outcome: 'done', value: { content: code.data.code_url } }
    : unlisted(answer, 'a 200 without a code_url');
}

/** An answer about another order, merchant or app is nobody's answer. */
export function translateQuery(
  answer: Answer,
  account: MerchantAccount,
  outTradeNo: string,
): Outcome<ChannelReport> {
  if (answer.status !== 200) {
    if (meaningOf('query', answer.status, channelCode(answer)) !== 'no_such_order') {
      return translateError('query', answer);
    }
    return { outcome: 'done', value: noSuchOrder(outTradeNo, channelCode(answer) ?? '') };
  }
  const transaction = Transaction.safeParse(answer.json);
  if (!transaction.success) return unlisted(answer, 'a 200 that is no transaction');
  const { appid, mchid, out_trade_no } = transaction.data;
  if (out_trade_no !== outTradeNo || mchid !== account.merchantId || appid !== account.appId) {
    const detail = `asked for ${outTradeNo}, told of ${out_trade_no} of ${mchid} with ${appid}`;
    return foreign(answer, detail);
  }
  const report = transactionReport('query', transaction.data);
  return report === undefined
    ? unlisted(answer, 'paid, without amount or transaction_id')
    : { outcome: 'done', value: report };
}

function noSuchOrder(outTradeNo: string, channelState: string): ChannelReport {
  return { method: 'wechat', source: 'query', about: 'payment', outTradeNo, state: 'none', channelState };
}

/** Only a 204 counts as sent, and proves nothing by itself: query (wechatpay.md 6.7). A 202 closed nothing. */
export function translateClose(
  answer: Answer,
): Outcome<{ result: 'sent' | 'nothing_to_close' | 'not_closable' }> {
  if (answer.status === 204) return { outcome: 'done', value: { result: 'sent' } };
  if (answer.status === 202) return { outcome: 'done', value: { result: 'not_closable' } };
  const meaning = meaningOf('close', answer.status, channelCode(answer));
  if (meaning === 'no_such_order') return { outcome: 'done', value: { result: 'nothing_to_close' } };
  if (meaning === 'not_closable') return { outcome: 'done', value: { result: 'not_closable' } };
  return translateError('close', answer);
}

const UNKNOWN: readonly ChannelFaultCode[] = [
  'silent',
  'throttled',
  'system_error',
  'undocumented',
  'number_spent',
  'short_of_balance',
];

/** An answer that is no success, by the table in `codes.ts`. */
export function translateError(api: Api, answer: Answer): Outcome<never> {
  const code = channelCode(answer);
  const meaning = meaningOf(api, answer.status, code);
  const fault: ChannelFault = {
    code: isNews(meaning) ? 'undocumented' : meaning,
    detail: wordsOf(answer),
    ...traceOf(answer),
    ...(code !== undefined && { channelCode: code }),
  };
  // After a send that nobody answered, a refusal of the second says nothing about the first.
  const definite = !UNKNOWN.includes(fault.code) && !answer.unansweredBefore;
  return { outcome: definite ? 'refused' : 'unknown', fault };
}

/** A verified answer that is not what the pages list. */
export function unlisted(answer: Answer, detail: string): Outcome<never> {
  return {
    outcome: 'unknown',
    fault: { code: 'undocumented', detail: `HTTP ${answer.status}: ${detail}`, ...traceOf(answer) },
  };
}

/** A verified answer about somebody else's affair. */
export function foreign(answer: Answer, detail: string): Outcome<never> {
  return { outcome: 'unknown', fault: { ...traceOf(answer), code: 'foreign_answer', detail } };
}

export function channelCode(answer: Answer): string | undefined {
  if (!isJsonObject(answer.json)) return undefined;
  const { code } = answer.json;
  return typeof code === 'string' && /^[0-9A-Za-z_.-]{1,64}$/.test(code) ? code : undefined;
}

/** For the log alone; nothing ever branches on a message. With a wrong signature, `detail` shows what the gateway saw (2.3). */
function wordsOf(answer: Answer): string {
  const said = isJsonObject(answer.json) ? JSON.stringify(answer.json) : 'no JSON';
  return `HTTP ${answer.status}: ${said.slice(0, 500)}`;
}

function traceOf(answer: Answer): { trace?: string } {
  return answer.trace === undefined ? {} : { trace: answer.trace };
}
