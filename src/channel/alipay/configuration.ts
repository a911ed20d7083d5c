import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import { isLoopback, type GatewayWorld } from '../configuration.ts';
import { certificateSn, hasRsaKey, readCertificates, rootCertificatesSn } from './certificates.ts';
import { fingerprint, readPrivateKey, readPublicKey } from './keys.ts';
import type { Caller } from './requests.ts';
import { trustCertificates, trustKeys, type Trust } from './trust.ts';

/** What an operator gives us for Alipay. Keys and certificates are texts, not paths. */
export interface AlipayConfiguration {
  appId: string;
  /** 应用私钥: PEM or bare Base64, PKCS#8 or PKCS#1. */
  privateKey: string;
  /** Key mode: 支付宝公钥; two while one is being replaced. Exactly one of this and `certificates`. */
  alipayPublicKeys?: readonly string[] | undefined;
  /** Certificate mode: the three files of the console. */
  certificates?: AlipayCertificates | undefined;
  gatewayUrl: string;
  /** PID of the payee, 2088…; '' when it is not configured. */
  sellerId: string;
  /** By the signed contract: `FACE_TO_FACE_PAYMENT` (default) or `QR_CODE_OFFLINE`. */
  productCode?: string | undefined;
}

export interface AlipayCertificates {
  appCert: string;
  alipayCert: string;
  rootCert: string;
}

export const LIVE = 'openapi.alipay.com';
export const SANDBOX = 'openapi-sandbox.dl.alipaydev.com';

/** The world of a gateway, by its host: also our outbound allow list. Undefined for any other host. */
export function worldOfAlipayGateway(url: string): GatewayWorld | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.username !== '' || parsed.search !== '' || parsed.hash !== '')
    return undefined;
  if (isLoopback(parsed.hostname)) return /^https?:$/.test(parsed.protocol) ? 'simulated' : undefined;
  if (parsed.protocol !== 'https:' || parsed.port !== '' || parsed.pathname !== '/gateway.do')
    return undefined;
  if (parsed.hostname === LIVE) return 'live';
  return parsed.hostname === SANDBOX ? 'sandbox' : undefined;
}

/** The parsed keys of a configuration; each KeyObject is made once, here. */
export interface AlipayKeys {
  privateKey: KeyObject;
  trust: Trust;
  certificateSns?: NonNullable<Caller['certificateSns']>;
}

/** What was read from a configuration stays read for as long as somebody holds it. */
const opened = new WeakMap<AlipayConfiguration, AlipayKeys>();

/** Reads all keys, once; undefined when one cannot be read (`checkAlipayConfiguration` says which). */
export function openAlipayKeys(configuration: AlipayConfiguration): AlipayKeys | undefined {
  const keys = opened.get(configuration) ?? readKeys(configuration);
  if (keys !== undefined) opened.set(configuration, keys);
  return keys;
}

function readKeys(configuration: AlipayConfiguration): AlipayKeys | undefined {
  const privateKey = readPrivateKey(configuration.privateKey);
  if (privateKey === undefined) return undefined;
  if (configuration.certificates === undefined) {
    const keys = (configuration.alipayPublicKeys ?? []).map(readPublicKey);
    const readable = keys.filter((key) => key !== undefined);
    if (readable.length === 0 || readable.length < keys.length) return undefined;
    return {
      privateKey,
      trust: trustKeys(readable.map((key) => ({ id: fingerprint(key).slice(0, 16), key }))),
    };
  }
  const { app, alipay, roots } = openCertificates(configuration.certificates);
  if (app === undefined || alipay === undefined || !roots.some(hasRsaKey)) return undefined;
  return {
    privateKey,
    trust: trustCertificates(alipay, roots),
    certificateSns: { app_cert_sn: certificateSn(app), alipay_root_cert_sn: rootCertificatesSn(roots) },
  };
}

/** The file of Alipay's certificate holds the leaf first and its issuer after it (1.8). */
export function openCertificates(files: AlipayCertificates): {
  app: X509Certificate | undefined;
  alipay: X509Certificate | undefined;
  roots: X509Certificate[];
} {
  return {
    app: readCertificates(files.appCert)[0],
    alipay: readCertificates(files.alipayCert).filter(hasRsaKey)[0],
    roots: readCertificates(files.rootCert),
  };
}

/** Changes when the account, a key or the gateway does; holds no secret. Pinned on each payment. */
export function configurationIdOf(configuration: AlipayConfiguration, keys: AlipayKeys): string {
  const parts = [
    configuration.appId,
    configuration.sellerId,
    new URL(configuration.gatewayUrl).host,
    fingerprint(keys.privateKey),
    ...Object.values(keys.certificateSns ?? {}),
    ...keys.trust.keys.map(({ id }) => id).toSorted(),
  ];
  return `alipay-${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)}`;
}
