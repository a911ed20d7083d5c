/** For the tests of the Alipay adapter: keys, a world whose network is a function, and Alipay's side of signing. */
import type { InboundAnswer, OutboundRequest, World } from '#world';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { AlipayConfiguration } from '../../src/channel/alipay/configuration.ts';

export interface KeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

export const newKeys = (modulusLength = 2048): KeyPair => generateKeyPairSync('rsa', { modulusLength });
export const ours = newKeys();
export const alipays = newKeys();
export const strangers = newKeys();

export function bare(key: KeyObject): string {
  return key.export({ format: 'der', type: key.type === 'private' ? 'pkcs8' : 'spki' }).toString('base64');
}

/** 2026-11-22 10:00:00 in clinic time. */
export const NOW = Date.UTC(2026, 10, 22, 2, 0, 0);

export function configurationOf(changes: Partial<AlipayConfiguration> = {}): AlipayConfiguration {
  return {
    appId: '2021000000000001',
    privateKey: bare(ours.privateKey),
    alipayPublicKeys: [bare(alipays.publicKey)],
    gatewayUrl: 'http://127.0.0.1:8090/gateway.do',
    sellerId: '2088000000000001',
    ...changes,
  };
}

export interface TestWorld extends World {
  sent: OutboundRequest[];
}

/** A world at `NOW` in which every request is answered by `respond`. */
export function worldThat(
  respond: (request: OutboundRequest) => InboundAnswer | Promise<InboundAnswer>,
): TestWorld {
  const sent: OutboundRequest[] = [];
  return {
    sent,
    now: () => NOW,
    random: (count) => new Uint8Array(count),
    after: () => () => undefined,
    send: async (request) => {
      sent.push(request);
      return respond(request);
    },
  };
}

export function answer(body: string | Uint8Array, status = 200): InboundAnswer {
  const headers = { 'content-type': 'text/html;charset=utf-8', trace_id: '0a1b2c3d' };
  return { status, headers, body: typeof body === 'string' ? Buffer.from(body, 'utf8') : body };
}

/** Alipay's signature over a text. */
export function signedBy(key: KeyObject, text: string | Uint8Array): string {
  return sign('sha256', typeof text === 'string' ? Buffer.from(text, 'utf8') : text, key).toString('base64');
}

/** The node as Alipay writes it: compact, `/` as `\/`. */
export function nodeText(node: object): string {
  return JSON.stringify(node).replaceAll('/', '\\/');
}

/** A whole body in key mode. */
export function bodyOf(method: string, node: object, key: KeyObject = alipays.privateKey): string {
  return `${unsignedBodyOf(method, node).slice(0, -1)},"sign":"${signedBy(key, nodeText(node))}"}`;
}

export function unsignedBodyOf(method: string, node: object): string {
  return `{"${method.replaceAll('.', '_')}_response":${nodeText(node)}}`;
}

/** The parameters of a request, from query and body together. */
export function parametersOf(request: OutboundRequest | undefined): Record<string, string> {
  if (request === undefined) throw new Error('nothing was sent');
  const body = new URLSearchParams(Buffer.from(request.body ?? []).toString('utf8'));
  return Object.fromEntries([...new URL(request.url).searchParams, ...body]);
}

/** A payment notification's fields as documented in alipay.md 4.2. */
export function paidFields(changes: Record<string, string> = {}): Record<string, string> {
  return {
    notify_time: '2026-11-22 10:01:05',
    notify_type: 'trade_status_sync',
    notify_id: '2026112200222100105000000000000001',
    app_id: '2021000000000001',
    auth_app_id: '2021000000000001',
    charset: 'utf-8',
    version: '1.0',
    trade_no: '2026112222001400000000000001',
    out_trade_no: 'A1',
    seller_id: '2088000000000001',
    trade_status: 'TRADE_SUCCESS',
    total_amount: '12.50',
    receipt_amount: '12.50',
    buyer_pay_amount: '12.50',
    subject: '仁心门诊 医疗服务费',
    gmt_create: '2026-11-22 10:00:30',
    gmt_payment: '2026-11-22 10:01:04',
    fund_bill_list: '[{"amount":"12.50","fundChannel":"ALIPAYACCOUNT"}]',
    passback_params: 'ref%2B1',
    ...changes,
  };
}

/** The text that Alipay signs of a notification: by name, without sign and sign_type. */
export function notificationText(fields: Record<string, string>): string {
  return Object.keys(fields)
    .filter((name) => name !== 'sign' && name !== 'sign_type')
    .toSorted()
    .map((name) => `${name}=${fields[name]}`)
    .join('&');
}

export function formOf(fields: Record<string, string>): Buffer {
  return Buffer.from(new URLSearchParams(fields).toString(), 'utf8');
}

/** The body of a notification, signed by `key` over all that it carries. */
export function notificationOf(fields: Record<string, string>, key: KeyObject = alipays.privateKey): Buffer {
  return formOf({ ...fields, sign_type: 'RSA2', sign: signedBy(key, notificationText(fields)) });
}
