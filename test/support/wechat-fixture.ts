import { createCipheriv, createHash, randomBytes, sign } from 'node:crypto';
import { fen } from '#money';
import { NetworkFault, type InboundAnswer, type OutboundRequest, type World } from '#world';
import type { Order } from '#channel';
import type { WechatConfiguration } from '../../src/channel/wechat/index.ts';
import {
  drawSerial,
  issueCertificate,
  makeRoot,
  makeRsaKey,
  publicPem,
  type Issued,
} from '../../simulator/kernel/certificates.ts';

export const NOW = Date.parse('2026-11-22T02:00:00Z');
const YEAR_MS = 365 * 86_400_000;

export interface PlatformCertificate extends Issued {
  serial: string;
}

/** A merchant with real keys, and the private halves of WeChat Pay's keys: what a test needs to be both sides. */
export interface Merchant {
  configuration: WechatConfiguration;
  publicKeyId: string;
  publicKeyPrivate: string;
  platform: PlatformCertificate;
  nextPlatform: PlatformCertificate;
}

export async function makeMerchant(): Promise<Merchant> {
  const [rootKey, merchantKey, publicKeyPrivate, platformKey, nextKey] = await Promise.all(
    [1024, 2048, 2048, 2048, 1024].map(makeRsaKey),
  );
  const name = (CN: string) => [['C', 'CN'] as const, ['O', '微信商户系统'] as const, ['CN', CN] as const];
  const life = { notBeforeMs: NOW - YEAR_MS, notAfterMs: NOW + 4 * YEAR_MS };
  const root = makeRoot({
    subject: name('Tenpay.com Root CA'),
    privateKey: rootKey!,
    serial: drawSerial(randomBytes),
    ...life,
  });
  const issue = (CN: string, privateKey: string, notBeforeMs = life.notBeforeMs) => {
    const serial = drawSerial(randomBytes);
    return {
      serial,
      ...issueCertificate(root, { subject: name(CN), privateKey, serial, ...life, notBeforeMs }),
    };
  };
  const merchant = issue('1900000001', merchantKey!);
  const publicKeyId = 'PUB_KEY_ID_0119000000012026112200000001';
  return {
    configuration: {
      appId: 'wx0123456789abcdef',
      mchId: '1900000001',
      apiV3Key: 'abcdefghijklmnopqrstuvwxyz012345',
      merchantCertificate: merchant.certificate,
      merchantPrivateKey: merchant.privateKey,
      publicKeyId,
      publicKey: publicPem(publicKeyPrivate!),
      gatewayUrl: 'https://api.mch.weixin.qq.com',
    },
    publicKeyId,
    publicKeyPrivate: publicKeyPrivate!,
    platform: issue('Tenpay.com sign', platformKey!),
    nextPlatform: issue('Tenpay.com sign', nextKey!, NOW - 60_000),
  };
}

/** The same merchant before it had WeChat Pay's public key. */
export function inCertificateMode(configuration: WechatConfiguration): WechatConfiguration {
  return { ...configuration, publicKeyId: undefined, publicKey: undefined };
}

export interface Signing {
  serial: string;
  privateKey: string;
  atMs?: number;
}

/** The five headers of section 3.1, written here from the reference and not from our code. */
export function signedHeaders(
  body: string,
  { serial, privateKey, atMs = NOW }: Signing,
): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const nonce = randomBytes(16).toString('hex');
  const signature = sign('RSA-SHA256', Buffer.from(`${timestamp}\n${nonce}\n${body}\n`), privateKey).toString(
    'base64',
  );
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-serial': serial,
    'wechatpay-signature': signature,
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
    'request-id': '08F1A2B3-0',
    'content-type': 'application/json; charset=utf-8',
  };
}

export function signedAnswer(status: number, body: object | string, by: Signing): InboundAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: signedHeaders(text, by), body: Buffer.from(text) };
}

export function unsignedAnswer(status: number, body: object | string): InboundAnswer {
  return {
    status,
    headers: { 'request-id': '08F1A2B3-268435461' },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  };
}

/** `resource` of a notification and `encrypt_certificate` alike: AES-256-GCM, the tag last. */
export function seal(plaintext: string, apiV3Key: string, associated_data: string) {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', apiV3Key, nonce);
  cipher.setAAD(Buffer.from(associated_data));
  const bytes = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { algorithm: 'AEAD_AES_256_GCM', ciphertext: bytes.toString('base64'), associated_data, nonce };
}

export function certificateAnswerBody(
  certificates: readonly PlatformCertificate[],
  apiV3Key: string,
): object {
  return {
    data: certificates.map(({ serial, certificate }) => ({
      serial_no: serial,
      effective_time: '2025-11-22T10:00:00+08:00',
      expire_time: '2030-11-22T10:00:00+08:00',
      encrypt_certificate: seal(certificate.trimEnd(), apiV3Key, 'certificate'),
    })),
  };
}

/** A world that stands still, answers requests by `reply` and keeps them. A `NetworkFault` is thrown. */
export interface TestWorld extends World {
  nowMs: number;
  sent: OutboundRequest[];
  reply: (request: OutboundRequest) => InboundAnswer | NetworkFault;
}

export function makeWorld(
  reply: TestWorld['reply'] = () => new NetworkFault('not_sent', 'nobody there'),
): TestWorld {
  let drawn = 0;
  const world: TestWorld = {
    nowMs: NOW,
    sent: [],
    reply,
    now: () => world.nowMs,
    random(count) {
      drawn += 1;
      return createHash('shake256', { outputLength: count }).update(String(drawn)).digest();
    },
    after: () => () => {},
    async send(request) {
      world.sent.push(request);
      const answer = world.reply(request);
      if (answer instanceof NetworkFault) throw answer;
      return answer;
    },
  };
  return world;
}

export const order: Order = {
  outTradeNo: 'ZF20261122000001_1',
  amountFen: fen(12_345),
  subject: '仁和门诊 医疗服务费',
  expiresAtMs: NOW + 15 * 60_000,
  attach: 'p_0123456789',
  notifyUrl: 'https://clinic.example/api/v1/finance/notifications/wechat',
};

/** A paid transaction as the query and the notification show it (wechatpay.md 6.6). */
export function paidTransaction(merchant: Merchant) {
  return {
    mchid: merchant.configuration.mchId,
    appid: merchant.configuration.appId,
    out_trade_no: order.outTradeNo,
    transaction_id: '4200001234202611220123456789',
    trade_type: 'NATIVE',
    trade_state: 'SUCCESS',
    trade_state_desc: '支付成功',
    bank_type: 'OTHERS',
    attach: order.attach,
    success_time: '2026-11-22T10:00:05+08:00',
    payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
    amount: { total: order.amountFen as number, payer_total: 12_000, currency: 'CNY', payer_currency: 'CNY' },
  };
}
