import { rfc3339Beijing } from '#world';
import type { MerchantAccount, Order, RefundRequest } from '../channel.ts';

/** One request of ours. Its bytes are made once: the same are signed, sent and, on the backup host, sent again. */
export interface Call {
  method: 'GET' | 'POST';
  /** Path and query, percent-encoded: signed and sent as they stand. */
  target: string;
  body?: Uint8Array;
  /** Asked before every send. An order must not be repeated once its time is over: that could revive it (wechatpay.md 6.4). */
  mayStillSend?: () => boolean;
  /** For calls that may take longer than somebody at the counter waits. */
  patience?: Patience;
  /** Only for files, which are no JSON, and longer. */
  accept?: '*/*';
  maxBytes?: number;
  /** Where the channel itself told us to fetch this; otherwise the hosts of the configuration. */
  origin?: string;
}

/** How long each host may take; one host alone takes both. */
export type Patience = readonly [mainMs: number, backupMs: number];

const ORDER_PATH = '/v3/pay/transactions/out-trade-no/';

/** Native下单. Every value comes from the pinned order, so that a repeat is equal to the byte (6.5). */
export function nativeOrder(account: MerchantAccount, order: Order): Call {
  checkNumber(order.outTradeNo);
  if (order.amountFen < 1) throw new RangeError('WeChat Pay takes no order below 1 fen');
  if (Buffer.byteLength(order.attach) > 128) throw new RangeError('attach is longer than 128 bytes');
  return {
    method: 'POST',
    target: '/v3/pay/transactions/native',
    body: json({
      appid: account.appId,
      mchid: account.merchantId,
      description: description(order.subject),
      out_trade_no: order.outTradeNo,
      time_expire: rfc3339Beijing(order.expiresAtMs),
      attach: order.attach,
      notify_url: order.notifyUrl,
      amount: { total: order.amountFen, currency: 'CNY' },
    }),
  };
}

/** 商户订单号查询订单. The merchant number stands in the query string, and is signed with it. */
export function orderQuery(account: MerchantAccount, outTradeNo: string): Call {
  checkNumber(outTradeNo);
  return {
    method: 'GET',
    target: `${ORDER_PATH}${outTradeNo}?mchid=${encodeURIComponent(account.merchantId)}`,
  };
}

/** 关闭订单. Here the merchant number stands in the body. */
export function orderClose(account: MerchantAccount, outTradeNo: string): Call {
  checkNumber(outTradeNo);
  return {
    method: 'POST',
    target: `${ORDER_PATH}${outTradeNo}/close`,
    body: json({ mchid: account.merchantId }),
  };
}

const REFUND_PATH = '/v3/refund/domestic/refunds';

/** A refund may take 20 s to be accepted (wechatpay.md 12). */
const REFUND_PATIENCE: Patience = [12_000, 8_000];
const REASON_BYTES = 80;

/**
 * 退款申请. One of the payment's two numbers, never both; its own is preferred (9.1). Every value comes
 * from the pinned request, so that a repeat is equal to the byte. Always with `notify_url`: without it
 * the result may be told in v2 XML, to an address set elsewhere.
 */
export function refundOrder(request: RefundRequest): Call {
  checkNumber(request.outTradeNo);
  checkRefundNumber(request.outRefundNo);
  const { amountFen, totalFen } = request;
  if (amountFen < 1 || amountFen > totalFen) throw new RangeError('a refund is 1 fen to all that was paid');
  const reason = fitting(request.reason, REASON_BYTES);
  return {
    method: 'POST',
    target: REFUND_PATH,
    patience: REFUND_PATIENCE,
    body: json({
      ...(request.channelTradeNo
        ? { transaction_id: request.channelTradeNo }
        : { out_trade_no: request.outTradeNo }),
      out_refund_no: request.outRefundNo,
      ...(reason !== '' && { reason }),
      notify_url: request.notifyUrl,
      amount: { refund: amountFen, total: totalFen, currency: 'CNY' },
    }),
  };
}

/** 查询单笔退款. */
export function refundQuery(outRefundNo: string): Call {
  checkRefundNumber(outRefundNo);
  return { method: 'GET', target: `${REFUND_PATH}/${outRefundNo}` };
}

/** 申请交易账单: all lines of one day, gzipped. */
export function statementOrder(day: string): Call {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new RangeError('not a day');
  return {
    method: 'GET',
    target: `/v3/bill/tradebill?bill_date=${day}&bill_type=ALL&tar_type=GZIP`,
  };
}

const FILE_PATIENCE: Patience = [40_000, 20_000];
/** Far above any day of a clinic; a longer answer is none (money-safety.md K8). */
const MAX_FILE_BYTES = 128 * 1_048_576;

/** 下载账单: the address exactly as the channel gave it; `origin` undefined keeps to our own gateway. */
export function statementFile(address: URL, origin: string | undefined): Call {
  return {
    method: 'GET',
    target: address.pathname + address.search,
    patience: FILE_PATIENCE,
    accept: '*/*',
    maxBytes: MAX_FILE_BYTES,
    ...(origin !== undefined && { origin }),
  };
}

/** 下载平台证书. */
export const certificateList: Call = { method: 'GET', target: '/v3/certificates' };

const DESCRIPTION_BYTES = 127;

/** The subject, at most 127 bytes: whether WeChat Pay counts bytes or characters is unconfirmed, so the stricter. */
export function description(subject: string): string {
  return fitting(subject, DESCRIPTION_BYTES);
}

/**
 * A text as WeChat Pay takes it: never half a character, no character of 4 bytes, which makes the whole
 * request fail, and none that controls (wechatpay.md 1).
 */
export function fitting(text: string, maxBytes: number): string {
  let kept = '';
  let bytes = 0;
  for (const character of text.toWellFormed()) {
    const size = Buffer.byteLength(character);
    if (size === 4 || /\p{Cc}/u.test(character)) continue;
    if (bytes + size > maxBytes) break;
    kept += character;
    bytes += size;
  }
  return kept;
}

/** Our own numbers need no percent-encoding, so no two readers can spell the path differently (2.1). */
function checkNumber(outTradeNo: string): void {
  if (!/^[0-9A-Za-z_-]{6,32}$/.test(outTradeNo)) throw new RangeError('not an order number of ours');
}

function checkRefundNumber(outRefundNo: string): void {
  if (!/^[0-9A-Za-z_-]{1,64}$/.test(outRefundNo)) throw new RangeError('not a refund number of ours');
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
