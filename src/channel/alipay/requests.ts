import { yuan } from '#money';
import { beijing, type OutboundRequest } from '#world';
import type { KeyObject } from 'node:crypto';
import type { MerchantAccount, Order, RefundQuery, RefundRequest } from '../channel.ts';
import type { Api } from './codes.ts';
import { signText, stringToSign } from './sign.ts';

/** One call of an API, before it is signed. */
export interface ApiCall {
  api: Api;
  /** Alipay's name of the API; it also names the node of the answer. */
  method: string;
  /** Values that are undefined or empty do not travel. */
  bizContent: Readonly<Record<string, string | readonly string[] | undefined>>;
  notifyUrl?: string;
}

/** Who calls, with what key, where. */
export interface Caller {
  appId: string;
  privateKey: KeyObject;
  gatewayUrl: string;
  /** Certificate mode only: `app_cert_sn` and `alipay_root_cert_sn`. */
  certificateSns?: Readonly<Record<string, string>>;
}

/** The whole exchange. Alipay's own clients give up between 5 and 15 s (alipay.md 1.3, section 7). */
const TIMEOUT_MS = 10_000;
/** The longest real answers are a few kB; certificate chains about ten. */
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * Signs a call and lays it out as Alipay's .NET client does (1.3): everything in the form body, and
 * `charset` in the query as well, because the gateway reads it there before it parses the body. So no
 * order, no signature and no address of ours ever stands in a URL.
 */
export function buildRequest(caller: Caller, call: ApiCall, atMs: number): OutboundRequest {
  const parameters = signedParameters(caller, call, atMs);
  return {
    method: 'POST',
    url: `${caller.gatewayUrl}?charset=utf-8`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded;charset=utf-8',
      accept: 'application/json',
    },
    body: Buffer.from(new URLSearchParams(parameters).toString(), 'utf8'),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_ANSWER_BYTES,
  };
}

/** All parameters of a call with their signature; empty ones left out, as 1.4 demands. */
export function signedParameters(caller: Caller, call: ApiCall, atMs: number): Record<string, string> {
  const parameters = withoutEmpty({
    app_id: caller.appId,
    method: call.method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: beijing(atMs),
    version: '1.0',
    notify_url: call.notifyUrl,
    ...caller.certificateSns,
    biz_content: JSON.stringify(withoutEmpty(call.bizContent)),
  });
  return { ...parameters, sign: signText(stringToSign(parameters), caller.privateKey) };
}

function withoutEmpty<T>(values: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const kept: Record<string, T> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') kept[name] = value;
  }
  return kept;
}

/**
 * alipay.trade.precreate (2.1). Two limits go along (3.4): `time_expire`, the absolute moment that closes
 * a trade opened by a scan, and `qr_code_timeout_express`, the only documented end of a code that
 * nobody scanned.
 */
export function precreateCall(
  order: Order,
  account: MerchantAccount,
  productCode: string,
  atMs: number,
): ApiCall {
  return {
    api: 'precreate',
    method: 'alipay.trade.precreate',
    notifyUrl: order.notifyUrl,
    bizContent: {
      out_trade_no: order.outTradeNo,
      total_amount: yuan(order.amountFen),
      subject: order.subject,
      product_code: productCode,
      seller_id: account.merchantId,
      time_expire: beijing(order.expiresAtMs),
      qr_code_timeout_express: `${minutesUntil(order.expiresAtMs, atMs)}m`,
      passback_params: encodeURIComponent(order.attach),
    },
  };
}

/**
 * The rest of a code's life in whole minutes, the unit Alipay takes, rounded up: the code must not die
 * before the page says so; `time_expire` ends it to the second. From 1 to 120: every code dies at 2 h.
 */
export function minutesUntil(expiresAtMs: number, atMs: number): number {
  return Math.min(120, Math.max(1, Math.ceil((expiresAtMs - atMs) / 60_000)));
}

/** alipay.trade.query (2.2). */
export function queryCall(outTradeNo: string): ApiCall {
  return { api: 'query', method: 'alipay.trade.query', bizContent: { out_trade_no: outTradeNo } };
}

/** alipay.trade.close (2.4). */
export function closeCall(outTradeNo: string): ApiCall {
  return { api: 'close', method: 'alipay.trade.close', bizContent: { out_trade_no: outTradeNo } };
}

/** alipay.trade.cancel (2.3): gives a paid trade's money back. Only for a reviewed path. */
export function cancelCall(outTradeNo: string): ApiCall {
  return { api: 'cancel', method: 'alipay.trade.cancel', bizContent: { out_trade_no: outTradeNo } };
}

/**
 * alipay.trade.refund (2.5). `out_request_no` always: without it Alipay takes out_trade_no, and a second
 * part of the same payment would be no second refund. It has no notify_url of its own.
 */
export function refundCall(request: RefundRequest): ApiCall {
  return {
    api: 'refund',
    method: 'alipay.trade.refund',
    bizContent: {
      out_trade_no: request.outTradeNo,
      out_request_no: request.outRefundNo,
      refund_amount: yuan(request.amountFen),
      refund_reason: request.reason,
    },
  };
}

/** alipay.trade.fastpay.refund.query (2.6), with the time of the refund: it decides its business day. */
export function refundQueryCall(query: RefundQuery): ApiCall {
  return {
    api: 'refund_query',
    method: 'alipay.trade.fastpay.refund.query',
    bizContent: {
      out_trade_no: query.outTradeNo,
      out_request_no: query.outRefundNo,
      query_options: ['gmt_refund_pay'],
    },
  };
}

/** alipay.data.dataservice.bill.downloadurl.query (2.7): where one day's statement lies for 30 s. */
export function statementCall(day: string): ApiCall {
  return {
    api: 'statement',
    method: 'alipay.data.dataservice.bill.downloadurl.query',
    bizContent: { bill_type: 'trade', bill_date: day },
  };
}

/** alipay.open.app.alipaycert.download (1.8): the certificate that an answer named and we do not hold. */
export function certificateCall(certSn: string): ApiCall {
  return {
    api: 'certificate',
    method: 'alipay.open.app.alipaycert.download',
    bizContent: { alipay_cert_sn: certSn },
  };
}

/** Why this order cannot be sent as it is; undefined when it can. Sources: alipay.md 2.1. */
export function faultOfOrder(order: Order): string | undefined {
  if (!/^[A-Za-z0-9_]{1,64}$/.test(order.outTradeNo)) return 'out_trade_no: 1 to 64 letters, digits and _';
  if (order.amountFen < 1) return 'total_amount: at least 0.01';
  if (order.subject === '' || order.subject.length > 256) return 'subject: 1 to 256 characters';
  if (/[/=&\p{Cc}]/u.test(order.subject)) return 'subject: none of / = & nor control characters';
  if (order.expiresAtMs % 1000 !== 0) return 'time_expire: a whole second';
  if (encodeURIComponent(order.attach).length > 512) return 'passback_params: at most 512 characters';
  return undefined;
}

/** Why this refund cannot be sent as it is; undefined when it can. Sources: alipay.md 2.5. */
export function faultOfRefund(request: RefundRequest): string | undefined {
  if (!/^[A-Za-z0-9_]{1,64}$/.test(request.outTradeNo)) return 'out_trade_no: 1 to 64 letters, digits and _';
  if (!/^[A-Za-z0-9_]{1,64}$/.test(request.outRefundNo))
    return 'out_request_no: 1 to 64 letters, digits and _';
  if (request.amountFen < 1) return 'refund_amount: at least 0.01';
  if (request.amountFen > request.totalFen) return 'refund_amount: more than was paid';
  if (request.reason.length > 256) return 'refund_reason: at most 256 characters';
  return undefined;
}
