import type { OutboundRequest } from '#world';

/** One request of the product to a channel, as it went out: the auditor's `Q` (money-safety.md 3.1). */
export interface GatewayCall {
  channel: 'alipay' | 'wechat';
  api: 'create' | 'query' | 'close' | 'refund' | 'refund_query' | 'other';
  outTradeNo: string;
  /** What was said of the order, without time stamp and signature: equal in every repeat. */
  content: string;
  atMs: number;
  /** Whether a committed row knew the number before the request left. */
  known: boolean;
  /** The HTTP status that came back; undefined while, and if, nothing did. */
  status?: number;
  answeredAtMs?: number;
}

const alipayApis: Record<string, GatewayCall['api']> = {
  'alipay.trade.precreate': 'create',
  'alipay.trade.query': 'query',
  'alipay.trade.close': 'close',
  'alipay.trade.refund': 'refund',
  'alipay.trade.fastpay.refund.query': 'refund_query',
};

/** Reads a request as the channel would; undefined when it is about no order. */
export function readCall(request: OutboundRequest, atMs: number): GatewayCall | undefined {
  const url = new URL(request.url);
  const text = Buffer.from(request.body ?? []).toString('utf8');
  const read = url.pathname.startsWith('/v3/') ? readWechat(url, request.method, text) : readAlipay(text);
  return read === undefined ? undefined : { ...read, atMs, known: false };
}

/** One sending of a refund: its number, and all that was said of it, equal in every repeat (I-09). */
export function readRefund(request: OutboundRequest): { outRefundNo: string; content: string } | undefined {
  if (request.method !== 'POST' || request.body === undefined) return undefined;
  const text = Buffer.from(request.body).toString('utf8');
  if (request.url.endsWith('/v3/refund/domestic/refunds'))
    return { outRefundNo: JSON.parse(text).out_refund_no, content: text };
  if (!text.includes('alipay.trade.refund&')) return undefined;
  const form = new URLSearchParams(text);
  const content = form.get('biz_content') ?? '{}';
  return { outRefundNo: JSON.parse(content).out_request_no, content };
}

type Read = Pick<GatewayCall, 'channel' | 'api' | 'outTradeNo' | 'content'>;

function readAlipay(body: string): Read | undefined {
  const form = new URLSearchParams(body);
  const { qr_code_timeout_express: _rest, ...order } = JSON.parse(form.get('biz_content') ?? '{}');
  if (typeof order.out_trade_no !== 'string') return undefined;
  return {
    channel: 'alipay',
    api: alipayApis[form.get('method') ?? ''] ?? 'other',
    outTradeNo: order.out_trade_no,
    // The life that is left is said in minutes and shrinks; the end of it, time_expire, does not.
    content: JSON.stringify({ ...order, notify_url: form.get('notify_url') }),
  };
}

function readWechat(url: URL, method: string, body: string): Read | undefined {
  if (url.pathname === '/v3/pay/transactions/native') {
    return { channel: 'wechat', api: 'create', outTradeNo: JSON.parse(body).out_trade_no, content: body };
  }
  const number = /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)(\/close)?$/.exec(url.pathname);
  if (number?.[1] === undefined) return undefined;
  const api = number[2] === undefined && method === 'GET' ? 'query' : 'close';
  return { channel: 'wechat', api, outTradeNo: number[1], content: body };
}
