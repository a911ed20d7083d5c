/** Who is calling? The checks of the reference, section 2, in the gateway's own order. */
import { verify, X509Certificate } from 'node:crypto';
import type { GatewayRequest } from '../kernel/contract.ts';
import type { WechatMerchant } from './merchant.ts';
import type { Reply } from './replies.ts';

const scheme = 'WECHATPAY2-SHA256-RSA2048';
const windowSeconds = 300;
const names = ['mchid', 'nonce_str', 'timestamp', 'serial_no', 'signature'] as const;
type Credentials = Record<(typeof names)[number], string>;

/**
 * Undefined when the request is this merchant's own, else the unsigned answer. Nonces may repeat: a
 * replay check of the real gateway is not documented.
 */
export function authenticate(
  request: GatewayRequest,
  merchant: WechatMerchant,
  nowMs: number,
): Reply | undefined {
  const header = request.headers['authorization'] ?? '';
  if (header === '' && isOrderPath(request.target)) {
    // Seen live: the order paths answer a bare request in other words, and without a Request-ID.
    return signError('签名信息错误，验签失败', undefined);
  }
  if (header !== '' && !header.startsWith(`${scheme} `)) {
    return signError('HTTP头Authorization认证类型不正确', 270924332);
  }
  const credentials = parseAuthorization(header);
  if (credentials === undefined) {
    return signError('Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》', 270924332);
  }
  // The window comes before the signature: a wrong clock is named as such.
  if (Math.abs(Math.floor(nowMs / 1000) - Number(credentials.timestamp)) > windowSeconds) {
    return signError('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟', 270924333);
  }
  return checkCertificate(credentials, merchant, nowMs) ?? checkSignature(request, credentials, merchant);
}

/** On these paths the entry point misses `User-Agent` or `Accept` before it looks at anything else. */
export function checkHeaders(request: GatewayRequest): Reply | undefined {
  const agent = (request.headers['user-agent'] ?? '').trim();
  const accept = (request.headers['accept'] ?? '').trim();
  if (agent !== '' && (accept !== '' || isOrderPath(request.target))) return undefined;
  const body = { code: 'INVALID_REQUEST', message: 'Http头缺少Accept或User-Agent' };
  return { kind: 'unauthenticated', status: 400, body, number: 268435461 };
}

/** Pairs by name in any order, values in double quotes, as the scheme says. */
function parseAuthorization(header: string): Credentials | undefined {
  const pairs = header.slice(scheme.length).trim();
  if (!/^\w+="[^"]*"(\s*,\s*\w+="[^"]*")*$/.test(pairs)) return undefined;
  const found = new Map<string, string>();
  for (const [, name = '', value = ''] of pairs.matchAll(/(\w+)="([^"]*)"/g)) found.set(name, value);
  const [mchid, nonce_str, timestamp, serial_no, signature] = names.map((name) => found.get(name));
  if (!mchid || !nonce_str || !timestamp || !serial_no || !signature) return undefined;
  return /^\d{1,12}$/.test(timestamp) ? { mchid, nonce_str, timestamp, serial_no, signature } : undefined;
}

function checkCertificate(given: Credentials, merchant: WechatMerchant, nowMs: number): Reply | undefined {
  if (given.mchid !== merchant.mchid || given.serial_no !== merchant.serialNo) {
    return signError('商户证书序列号有误。请使用签名私钥匹配的证书序列号', 269546507);
  }
  const { validToDate } = merchantCertificate(merchant);
  if (validToDate.getTime() > nowMs) return undefined;
  return signError('商户证书已过期，请更换证书后重试', 269546505);
}

function checkSignature(
  request: GatewayRequest,
  given: Credentials,
  merchant: WechatMerchant,
): Reply | undefined {
  const head = `${request.method}\n${request.target}\n${given.timestamp}\n${given.nonce_str}\n`;
  const message = Buffer.concat([Buffer.from(head), request.body, Buffer.from('\n')]);
  const signature = Buffer.from(given.signature, 'base64');
  if (verify('sha256', message, merchantCertificate(merchant).publicKey, signature)) return undefined;
  return signError('签名错误', 270924360, {
    // `detail` inside `detail` is how it was captured live; the documentation lifts `issue` one level.
    detail: { issue: 'sign not match' },
    field: 'signature',
    location: 'authorization',
    sign_information: {
      method: request.method,
      url: request.target,
      sign_message_length: message.length,
      truncated_sign_message: `${head}${Buffer.from(request.body).toString().slice(0, 8)}\n`,
    },
  });
}

/** Parsing a certificate costs more than checking a signature with it: once per text. */
const parsedCertificates = new Map<string, X509Certificate>();

function merchantCertificate(merchant: WechatMerchant): X509Certificate {
  const pem = merchant.certificate.certificate;
  const parsed = parsedCertificates.get(pem) ?? new X509Certificate(pem);
  parsedCertificates.set(pem, parsed);
  return parsed;
}

function isOrderPath(target: string): boolean {
  return target.startsWith('/v3/pay/transactions/');
}

function signError(message: string, number: number | undefined, detail?: object): Reply {
  const body = { code: 'SIGN_ERROR', message, ...(detail === undefined ? {} : { detail }) };
  return { kind: 'unauthenticated', status: 401, body, number };
}
