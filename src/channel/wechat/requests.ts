import { rfc3339Beijing } from '#world';
import type { MerchantAccount, Order } from '../channel.ts';

/** One request of ours. Its bytes are made once: the same are signed, sent and, on the backup host, sent again. */
export interface Call {
  method: 'GET' | 'POST';
  /** Path and query, percent-encoded: signed and sent as they stand. */
  target: string;
  body?: Uint8Array;
  /** Asked before every send. An order must not be repeated once its time is over: that could revive it (wechatpay.md 6.4). */
  mayStillSend?: () => boolean;
}

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

/** 下载平台证书. */
export const certificateList: Call = { method: 'GET', target: '/v3/certificates' };

const DESCRIPTION_BYTES = 127;

/**
 * The subject as WeChat Pay takes it: at most 127 bytes (whether it counts bytes or characters is
 * unconfirmed, so the stricter), never half a character, no character of 4 bytes, which makes the
 * whole request fail, and none that controls (wechatpay.md 1).
 */
export function description(subject: string): string {
  let kept = '';
  let bytes = 0;
  for (const character of subject.toWellFormed()) {
    const size = Buffer.byteLength(character);
    if (size === 4 || /\p{Cc}/u.test(character)) continue;
    if (bytes + size > DESCRIPTION_BYTES) break;
    kept += character;
    bytes += size;
  }
  return kept;
}

/** Our own numbers need no percent-encoding, so no two readers can spell the path differently (2.1). */
function checkNumber(outTradeNo: string): void {
  if (!/^[0-9A-Za-z_-]{6,32}$/.test(outTradeNo)) throw new RangeError('not an order number of ours');
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
