/** The gateway's checks before any business, in the order of 1.10. */
import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { failure } from './codes.ts';
import type { Code, Fields } from './codes.ts';
import { decryptContent } from './envelope.ts';
import type { AlipayMerchant } from './merchant.ts';
import { certificateSerial, rootSerial } from './serial.ts';
import { parseBeijing } from './text.ts';
import { canonical, encodeText } from './wire.ts';
import type { Received } from './wire.ts';

/** Keys and serials of one merchant, read once: parsing PEM for every call costs more than a signature. */
export interface Credentials {
  appId: string;
  appPublicKey: KeyObject;
  alipayKey: KeyObject;
  /** A stranger's key, for the weather that forges: the app's own, the classic mix-up of 1.5. */
  strangerKey: KeyObject;
  appCertSn: string;
  alipayCertSn: string;
  rootCertSn: string;
  contentKey: string;
}

export function readCredentials(merchant: AlipayMerchant): Credentials {
  return {
    appId: merchant.appId,
    appPublicKey: createPublicKey(merchant.appPrivateKey),
    alipayKey: createPrivateKey(merchant.alipayPrivateKey),
    strangerKey: createPrivateKey(merchant.appPrivateKey),
    appCertSn: certificateSerial(merchant.certificates.app),
    alipayCertSn: certificateSerial(merchant.certificates.alipay),
    rootCertSn: rootSerial(merchant.certificates.root),
    contentKey: merchant.contentKey,
  };
}

/** A refusal before business. Who is not known yet gets no signature. */
export interface Turned {
  node: Fields;
  signed: boolean;
}

export interface TimestampRule {
  /** How far `timestamp` may be off, either way. v1's real tolerance is not known; v3 refuses 10 minutes. */
  windowMs: number;
  /**
   * Reads it also as this machine's local time. The official Node SDK writes the host's time whatever its
   * zone (its `sign` in util.js), and it is the judge of this simulator wherever that runs.
   */
  orLocalTime: boolean;
}

export interface CheckOptions {
  /** The channel's time, epoch milliseconds. */
  nowMs: number;
  timestamp: TimestampRule;
  /** Every API name there is, and of these the ones this app has signed a contract for. */
  knownMethods: ReadonlySet<string>;
  permittedMethods: ReadonlySet<string>;
}

/** Steps 1 to 5: undefined when the caller is who it says and may call this API. */
export function checkCaller(
  received: Received,
  credentials: Credentials,
  options: CheckOptions,
): Turned | undefined {
  const params = received.params;
  const unsigned = (code: Code, subCode: string): Turned => ({ node: failure(code, subCode), signed: false });

  const method = params.get('method') ?? '';
  if (method === '') return unsigned('40001', 'isv.missing-method');
  if (!options.knownMethods.has(method)) return unsigned('40002', 'isv.invalid-method');

  const appId = params.get('app_id') ?? '';
  if (appId === '') return unsigned('40001', 'isv.missing-app-id');
  if (appId !== credentials.appId) return unsigned('40002', 'isv.invalid-app-id');

  if (received.unknownCharset !== undefined) return unsigned('40002', 'isv.invalid-charset');
  if (received.contradiction !== undefined) return unsigned('40002', 'isv.suspected-attack');
  const malformed = checkForm(params, options) ?? checkCertificates(params, credentials);
  if (malformed !== undefined) return unsigned(...malformed);

  if (!options.permittedMethods.has(method)) {
    return { node: failure('40006', 'isv.insufficient-isv-permissions'), signed: true };
  }
  return checkSignature(received, credentials);
}

type Malformed = [Code, string];

function checkForm(params: Map<string, string>, options: CheckOptions): Malformed | undefined {
  const value = (name: string): string => params.get(name) ?? '';
  if (value('sign') === '') return ['40001', 'isv.missing-signature'];
  if (value('sign_type') === '') return ['40001', 'isv.missing-signature-type'];
  if (value('sign_type') !== 'RSA2') return ['40002', 'isv.invalid-signature-type'];
  if (value('timestamp') === '') return ['40001', 'isv.missing-timestamp'];
  if (!isTimely(value('timestamp'), options)) return ['40002', 'isv.invalid-timestamp'];
  if (value('version') === '') return ['40001', 'isv.missing-version'];
  if (value('version') !== '1.0') return ['40002', 'isv.invalid-version'];
  if (!/^(json)?$/i.test(value('format'))) return ['40002', 'isv.invalid-format'];
  return undefined;
}

function isTimely(text: string, { nowMs, timestamp }: CheckOptions): boolean {
  const beijingMs = parseBeijing(text);
  if (beijingMs === undefined) return false;
  const readings = timestamp.orLocalTime ? [beijingMs, Date.parse(text.replace(' ', 'T'))] : [beijingMs];
  return readings.some((sentMs) => Math.abs(sentMs - nowMs) <= timestamp.windowMs);
}

/** Either mode serves this app: a call that names certificates is in certificate mode (1.8). */
function checkCertificates(params: Map<string, string>, credentials: Credentials): Malformed | undefined {
  const appCertSn = params.get('app_cert_sn');
  const rootCertSn = params.get('alipay_root_cert_sn');
  if (appCertSn === undefined && rootCertSn === undefined) return undefined;
  if (appCertSn === undefined) return ['40001', 'isv.missing-app-cert-sn'];
  if (rootCertSn === undefined) return ['40001', 'isv.missing-alipay-root-cert-sn'];
  if (appCertSn !== credentials.appCertSn) return ['40002', 'isv.app-cert-not-exist'];
  if (rootCertSn !== credentials.rootCertSn) return ['40002', 'isv.invalid-alipay-root-cert-sn'];
  return undefined;
}

/** The answer quotes the gateway's own string, `&` escaped as for HTML: developers live by it. */
function checkSignature(received: Received, credentials: Credentials): Turned | undefined {
  const text = canonical(received.params, ['sign']);
  const signature = Buffer.from(received.params.get('sign') ?? '', 'base64');
  if (verify('sha256', encodeText(text, received.charset), credentials.appPublicKey, signature))
    return undefined;
  const words =
    '验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：' +
    text.replaceAll('&', '&amp;');
  return { node: failure('40002', 'isv.invalid-signature', {}, words), signed: true };
}

export type Content = { ok: true; biz: Record<string, unknown> } | { ok: false; node: Fields };

/** Step 6: the business parameters, decrypted where they came encrypted. Refusals here are signed. */
export function readContent(params: Map<string, string>, credentials: Credentials): Content {
  const raw = params.get('biz_content') ?? '';
  const encryptType = params.get('encrypt_type') ?? '';
  if (encryptType !== '' && encryptType !== 'AES') {
    return { ok: false, node: failure('40002', 'isv.invalid-encrypt-type') };
  }
  let text = raw;
  if (encryptType === 'AES') {
    try {
      text = decryptContent(raw, credentials.contentKey);
    } catch {
      return { ok: false, node: failure('40002', 'isv.decryption-error-unknown') };
    }
  }
  try {
    const biz: unknown = text === '' ? {} : JSON.parse(text);
    if (typeof biz === 'object' && biz !== null && !Array.isArray(biz)) return { ok: true, biz: { ...biz } };
    return { ok: false, node: failure('40002', 'isv.invalid-parameter') };
  } catch {
    return { ok: false, node: failure('40002', 'isv.illegal-json') };
  }
}
