import { z } from 'zod';
import type {
  Acknowledgement,
  ChannelReport,
  NotificationReading,
  NotificationRefusal,
  RawNotification,
  RefundReport,
} from '../channel.ts';
import { readJson, readUtf8 } from '#json';
import { openSealed, Sealed } from './keys.ts';
import { AmountInFen, carried, instant, Transaction, transactionReport } from './translate.ts';
import type { Verdict } from './verify.ts';

/** The status decides: a 200 with FAIL in it would end the repeats (wechatpay.md 11.5). */
export const accepted: Acknowledgement = { status: 204, contentType: 'application/json', body: '' };
export const rejected: Acknowledgement = {
  status: 500,
  contentType: 'application/json',
  body: '{"code":"FAIL","message":"未能验证或保存，请稍后重发"}',
};

/** The envelope (wechatpay.md 11.2). What it is about stands sealed in `resource`. */
const Envelope = z.object({
  id: z.string().min(1).max(64),
  event_type: z.string().min(1).max(64),
  resource: z.unknown(),
});

/** The refund of a notification is not the refund object of the API: `refund_status`, no currency, no appid (11.3). */
const Refund = z.object({
  mchid: z.string(),
  out_trade_no: z.string(),
  transaction_id: z.string().nullish(),
  out_refund_no: z.string(),
  refund_id: z.string().nullish(),
  refund_status: z.string(),
  success_time: z.string().nullish(),
  amount: z.object({ total: AmountInFen.optional(), refund: AmountInFen }),
});

/** The event decides; `refund_status` is CLOSED on some pages and CLOSE on others. */
const refundEvents: Readonly<Record<string, RefundReport['state']>> = {
  'REFUND.SUCCESS': 'succeeded',
  'REFUND.ABNORMAL': 'abnormal',
  'REFUND.CLOSED': 'closed',
};

/**
 * Reads a notification whose signature has been judged: first the verdict, then strict JSON, then the
 * seal, then the event.
 * source   WeChat Pay v3, 支付成功回调通知 and 退款结果通知 (wechatpay.md 11)
 */
export function readVerified(
  raw: RawNotification,
  verdict: Verdict,
  apiV3Keys: readonly string[],
): NotificationReading {
  if (!verdict.good) return refused(verdict.reason, verdict.detail);
  const text = readUtf8(raw.body);
  const envelope = Envelope.safeParse(readJson(text));
  if (text === undefined || !envelope.success) return refused('malformed', 'the body is no notification');

  const { id, event_type, resource } = envelope.data;
  const genuine = (report: ChannelReport | undefined, words: string): NotificationReading => ({
    verdict: 'genuine',
    notificationId: id,
    report,
    words,
    keyId: verdict.keyId,
  });
  const sealed = Sealed.safeParse(resource);
  const opened = sealed.success ? openSealed(sealed.data, apiV3Keys) : undefined;
  const words = opened && readUtf8(opened);
  if (!isKnown(event_type)) return genuine(undefined, words ?? text);

  if (!sealed.success) return refused('malformed', 'the resource is not sealed as documented');
  if (opened === undefined) return refused('undecryptable', 'the resource does not open with the APIv3 key');
  const report = reportOf(event_type, readJson(words));
  if (words === undefined || report === undefined) {
    return refused('malformed', `the content of ${event_type} is not what the pages list`);
  }
  return genuine(report, words);
}

function isKnown(event: string): boolean {
  return event === 'TRANSACTION.SUCCESS' || Object.hasOwn(refundEvents, event);
}

function reportOf(event: string, content: unknown): ChannelReport | undefined {
  if (event !== 'TRANSACTION.SUCCESS') return refundReport(event, content);
  const transaction = Transaction.safeParse(content);
  const report = transaction.success ? transactionReport('notification', transaction.data) : undefined;
  return report?.state === 'paid' ? report : undefined;
}

function refundReport(event: string, content: unknown): ChannelReport | undefined {
  const parsed = Refund.safeParse(content);
  if (!parsed.success) return undefined;
  const refund = parsed.data;
  return {
    method: 'wechat',
    source: 'notification',
    about: 'refund',
    outTradeNo: refund.out_trade_no,
    state: 'paid', // a refund is only taken of what was paid
    channelState: refund.refund_status,
    merchantId: refund.mchid,
    ...carried({
      totalFen: refund.amount.total,
      channelTradeNo: refund.transaction_id || undefined,
    }),
    refund: {
      outRefundNo: refund.out_refund_no,
      state: refundEvents[event] ?? 'unknown',
      amountFen: refund.amount.refund,
      ...carried({
        channelRefundNo: refund.refund_id || undefined,
        refundedAtMs: instant(refund.success_time),
      }),
    },
  };
}

function refused(reason: NotificationRefusal, detail: string): NotificationReading {
  return { verdict: 'refused', reason, detail };
}
