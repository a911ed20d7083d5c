/**
 * Request bodies, as strict as the gateway: types, lengths, alphabets, no null, no unknown field, no
 * character of four UTF-8 bytes (reference, sections 1, 6.1, 6.7, 4.5).
 */
import { z } from 'zod';
import { isLoopback } from '../kernel/deliver.ts';
import { paramError } from './replies.ts';
import type { Reply } from './replies.ts';
import { parseRfc3339 } from './time.ts';

const text = (max: number, min = 1) => z.string().min(min).max(max);
const optional = (max: number) => z.string().max(max).optional();
const fen = z.int().min(1);
const currency = z.literal('CNY');

export const orderNumber = z
  .string()
  .min(6)
  .max(32)
  .regex(/^[0-9A-Za-z_\-|*]*$/);
const notifyUrl = (max: number) => z.string().max(max).refine(isNotifyUrl);

const goods = z.strictObject({
  merchant_goods_id: text(32),
  wechatpay_goods_id: optional(32),
  goods_name: optional(256),
  quantity: z.int().min(1),
  unit_price: z.int().min(0),
});

const store = z.strictObject({
  id: text(32),
  name: optional(256),
  area_code: optional(32),
  address: optional(512),
});

export const nativeOrder = z.strictObject({
  appid: text(32),
  mchid: text(32),
  description: text(127),
  out_trade_no: orderNumber,
  time_expire: z
    .string()
    .max(64)
    .refine((value) => parseRfc3339(value) !== undefined)
    .optional(),
  attach: optional(128),
  notify_url: notifyUrl(255),
  goods_tag: optional(32),
  support_fapiao: z.boolean().optional(),
  amount: z.strictObject({ total: fen, currency: currency.optional() }),
  detail: z
    .strictObject({
      cost_price: z.int().min(0).optional(),
      invoice_id: optional(32),
      goods_detail: z.array(goods).optional(),
    })
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= 6144)
    .optional(),
  scene_info: z
    .strictObject({ payer_client_ip: text(45), device_id: optional(32), store_info: store.optional() })
    .optional(),
  settle_info: z.strictObject({ profit_sharing: z.boolean().optional() }).optional(),
});
export type NativeOrder = z.infer<typeof nativeOrder>;

export const closeOrder = z.strictObject({ mchid: text(32) });

export const echo = z.strictObject({
  echo_message: text(1024),
  encrypted_echo_message: optional(2048),
  notify_url: notifyUrl(256).optional(),
});

/** Only here does WeChat Pay say bytes and mean it (9.1). */
const inBytes = (max: number) => z.string().refine((value) => Buffer.byteLength(value) <= max);

export const refundNumber = inBytes(64).and(z.string().regex(/^[0-9A-Za-z_\-|*@]+$/));

export const refundOrder = z
  .strictObject({
    transaction_id: text(32).optional(),
    out_trade_no: text(32).optional(),
    out_refund_no: refundNumber,
    reason: inBytes(80).optional(),
    notify_url: notifyUrl(256).optional(),
    funds_account: z.enum(['AVAILABLE', 'UNSETTLED']).optional(),
    // The currency that ordering may leave out is required here.
    amount: z.strictObject({
      refund: fen,
      total: fen,
      currency,
      from: z
        .array(z.strictObject({ account: z.enum(['AVAILABLE', 'UNAVAILABLE']), amount: fen }))
        .optional(),
    }),
    goods_detail: z
      .array(
        z.strictObject({
          merchant_goods_id: text(32),
          wechatpay_goods_id: optional(32),
          goods_name: optional(256),
          unit_price: z.int().min(0),
          refund_amount: z.int().min(0),
          refund_quantity: z.int().min(1),
        }),
      )
      .optional(),
  })
  .refine((value) => value.transaction_id !== undefined || value.out_trade_no !== undefined, {
    path: ['transaction_id'],
  });
export type RefundOrder = z.infer<typeof refundOrder>;

export type Read<T> = { ok: true; value: T } | { ok: false; reply: Reply };

/** Reads a body against its shape; the first fault becomes the documented `PARAM_ERROR`. */
export function readBody<T extends z.ZodType>(shape: T, bytes: Uint8Array): Read<z.infer<T>> {
  const json = readJson(bytes);
  if (!json.ok) return json;
  const parsed = shape.safeParse(json.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const issue = parsed.error.issues[0];
  return { ok: false, reply: issue === undefined ? malformed('参数错误') : faultOf(issue, json.value) };
}

function readJson(bytes: Uint8Array): Read<unknown> {
  // Lead bytes from F0 open a four-byte character: emoji and the rarer ideographs are refused.
  if (bytes.some((byte) => byte >= 0xf0))
    return { ok: false, reply: malformed('含有不支持的四字节UTF-8字符') };
  try {
    return { ok: true, value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    return { ok: false, reply: malformed('请求体不是合法的JSON') };
  }
}

function malformed(issue: string): Reply {
  return paramError({ field: '/', issue, location: 'body', number: 268435461 });
}

function faultOf(issue: z.core.$ZodIssue, body: unknown): Reply {
  const extra = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...issue.path, ...extra].map(String);
  const value = valueAt(body, path);
  return paramError({
    field: `/${path.join('/')}`,
    ...(value === undefined ? {} : { value }),
    issue: value === undefined ? '此字段为必填项' : wordsFor(issue),
    location: 'body',
    number: numberFor(issue),
  });
}

function wordsFor(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return '不支持此字段';
  if (issue.code === 'too_big') return `超过上限 ${issue.maximum}`;
  if (issue.code === 'too_small') return `低于下限 ${issue.minimum}`;
  return issue.code === 'invalid_type' ? '字段类型不正确' : '字段值不符合规则';
}

function numberFor(issue: z.core.$ZodIssue): number {
  if (issue.code === 'unrecognized_keys') return 270924358;
  if (issue.code === 'too_big') return issue.origin === 'string' ? 268435462 : 268435464;
  if (issue.code === 'too_small') return issue.origin === 'string' ? 268435463 : 268435464;
  return 268435461;
}

function valueAt(body: unknown, path: readonly string[]): unknown {
  let here: unknown = body;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = Reflect.get(here, key);
  }
  return here;
}

/**
 * A full https address without query string (6.1). The simulator's one liberty (design, section 8): on
 * loopback it may be http, because no merchant is reachable from the internet here.
 */
function isNotifyUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const loopback = isLoopback(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) return false;
  return url.search === '' && url.username === '' && (loopback || !isPrivate(url.hostname));
}

function isPrivate(host: string): boolean {
  return /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(host) || !host.includes('.');
}
