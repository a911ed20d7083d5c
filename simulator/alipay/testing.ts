/** A pretend Alipay in process, and a merchant that signs by hand: for the tests beside this file. */
import { createPrivateKey, sign } from 'node:crypto';
import { createKernel } from '../kernel/kernel.ts';
import { seededChance } from '../kernel/chance.ts';
import { manualClock } from '../kernel/manual-clock.ts';
import { createAlipayGateway, makeAlipayMerchant } from './index.ts';
import type { AlipayMerchant } from './index.ts';
import { beijing } from './text.ts';
import { canonical, encodeText } from './wire.ts';
import type { Charset } from './wire.ts';

/** 10:00 in Beijing. */
export const START = Date.UTC(2026, 10, 22, 2, 0, 0);
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

export const merchant: AlipayMerchant = await makeAlipayMerchant({ nowMs: START });

export interface Told {
  url: string;
  fields: Record<string, string>;
}

export function makeDesk() {
  const host = manualClock(START);
  const told: Told[] = [];
  const reply = { text: 'success' };
  const kernel = createKernel({
    clock: host,
    chance: seededChance(1),
    deliver: async (url, _headers, body) => {
      told.push({ url, fields: Object.fromEntries(new URLSearchParams(Buffer.from(body).toString())) });
      return { status: 200, body: Buffer.from(reply.text) };
    },
  });
  const gateway = createAlipayGateway(kernel, merchant, {
    timestamp: { windowMs: 15 * MINUTE, orLocalTime: false },
  });

  async function raw(
    target: string,
    body: string | Uint8Array,
    headers: Record<string, string>,
    method = 'POST',
  ) {
    const answer = await gateway.handle({ method, target, headers, body: Buffer.from(body) });
    return answer.kind === 'drop' ? undefined : answer;
  }

  /** A whole call, everything in the query but biz_content; answers the node. */
  async function call(
    api: string,
    biz: object | string,
    change: Record<string, string | undefined> = {},
  ): Promise<Record<string, unknown>> {
    const params = signed(api, biz, change, host.now());
    const { biz_content: content = '', ...others } = params;
    const answer = await raw(
      `/gateway.do?${new URLSearchParams(others).toString()}`,
      new URLSearchParams({ biz_content: content }).toString(),
      { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
    );
    const body: unknown = JSON.parse(Buffer.from(answer?.body ?? []).toString() || '{}');
    return nodeOf(body);
  }

  const precreate = async (outTradeNo: string, biz: object = {}, change: Record<string, string> = {}) => {
    const node = await call(
      'alipay.trade.precreate',
      { out_trade_no: outTradeNo, total_amount: '12.80', subject: '诊所 缴费', ...biz },
      { notify_url: 'http://127.0.0.1:1/notify', ...change },
    );
    return String(node['qr_code']);
  };

  return { host, kernel, gateway, told, reply, raw, call, precreate };
}

/** Parameters as a merchant signs them; `undefined` leaves one out, before signing. */
export function signed(
  api: string,
  biz: object | string,
  change: Record<string, string | undefined>,
  nowMs: number,
  charset: Charset = 'utf-8',
): Record<string, string> {
  const wished: Record<string, string | undefined> = {
    app_id: merchant.appId,
    method: api,
    charset,
    sign_type: 'RSA2',
    timestamp: beijing(nowMs),
    version: '1.0',
    biz_content: typeof biz === 'string' ? biz : JSON.stringify(biz),
    ...change,
  };
  const entries = Object.entries(wished).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const text = canonical(entries, ['sign']);
  const signature = sign('sha256', encodeText(text, charset), createPrivateKey(merchant.appPrivateKey));
  return { sign: signature.toString('base64'), ...Object.fromEntries(entries) };
}

/** The node of an answer, with its name and its signature beside the fields. */
export function nodeOf(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null) return {};
  for (const [name, node] of Object.entries<object>({ ...body })) {
    if (name.endsWith('_response')) return { ...node, node: name, signed: 'sign' in body };
  }
  return {};
}
