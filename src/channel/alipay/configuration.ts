import { createHash, createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import {
  isLoopback,
  type ConfigurationFault,
  type GatewayWorld,
  type Words,
} from '../configuration.ts';
import { certificateSn, hasRsaKey, isCurrent, readCertificates, rootCertificatesSn } from './certificates.ts';
import { bits, fingerprint, readPrivateKey, readPublicKey } from './keys.ts';
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

const LIVE = 'openapi.alipay.com';
const SANDBOX = 'openapi-sandbox.dl.alipaydev.com';
const MIN_BITS = 2048;
const WARN_BEFORE_MS = 30 * 86_400_000;

/** The world of a gateway, by its host: also our outbound allow list. Undefined for any other host. */
export function worldOfAlipayGateway(url: string): GatewayWorld | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.username !== '' || parsed.search !== '' || parsed.hash !== '') return undefined;
  if (isLoopback(parsed.hostname)) return /^https?:$/.test(parsed.protocol) ? 'simulated' : undefined;
  if (parsed.protocol !== 'https:' || parsed.port !== '' || parsed.pathname !== '/gateway.do') return undefined;
  if (parsed.hostname === LIVE) return 'live';
  return parsed.hostname === SANDBOX ? 'sandbox' : undefined;
}

/** The parsed keys of a configuration; each KeyObject is made once, here. */
export interface AlipayKeys {
  privateKey: KeyObject;
  trust: Trust;
  certificateSns?: NonNullable<Caller['certificateSns']>;
}

/** Reads all keys; undefined when one cannot be read (`checkAlipayConfiguration` says which). */
export function openAlipayKeys(configuration: AlipayConfiguration): AlipayKeys | undefined {
  const privateKey = readPrivateKey(configuration.privateKey);
  if (privateKey === undefined) return undefined;
  if (configuration.certificates === undefined) {
    const keys = (configuration.alipayPublicKeys ?? []).map(readPublicKey);
    const readable = keys.filter((key) => key !== undefined);
    if (readable.length === 0 || readable.length < keys.length) return undefined;
    return { privateKey, trust: trustKeys(readable.map((key) => ({ id: fingerprint(key).slice(0, 16), key }))) };
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
function openCertificates(files: AlipayCertificates): {
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
    ...keys.trust.all.map(({ id }) => id).sort(),
  ];
  return `alipay-${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)}`;
}

/**
 * Everything wrong with a configuration at once, each with its fix.
 * atMs   now: certificates have dates
 */
export function checkAlipayConfiguration(configuration: AlipayConfiguration, atMs: number): ConfigurationFault[] {
  const world = worldOfAlipayGateway(configuration.gatewayUrl);
  const shortKeysAllowed = world === 'simulated';
  const privateKey = readPrivateKey(configuration.privateKey);
  const ownHalf = privateKey === undefined ? undefined : createPublicKey(privateKey);
  return [
    ...checkAppId(configuration.appId),
    ...checkGateway(configuration.gatewayUrl, world),
    ...checkSeller(configuration.sellerId),
    ...checkPrivateKey(privateKey, shortKeysAllowed),
    ...(configuration.certificates === undefined
      ? checkPublicKeys(configuration.alipayPublicKeys ?? [], ownHalf, shortKeysAllowed)
      : checkCertificates(configuration.certificates, privateKey, atMs)),
    ...checkOneMode(configuration),
  ];
}

function checkAppId(appId: string): ConfigurationFault[] {
  if (/^\d{16}$/.test(appId)) return [];
  return [
    fault(
      'ALIPAY_APP_ID',
      { zh: '应用 ID 应为 16 位数字', en: 'The app id is not 16 digits' },
      { zh: '在支付宝开放平台控制台的应用详情中复制 APPID', en: 'Copy the APPID from the app in the Alipay console' },
    ),
  ];
}

function checkGateway(url: string, world: GatewayWorld | undefined): ConfigurationFault[] {
  if (world !== undefined) return [];
  const dead = url.includes('openapi.alipaydev.com');
  return [
    fault(
      'ALIPAY_GATEWAY_URL',
      dead
        ? { zh: '旧沙箱网关已停用', en: 'The old sandbox gateway is dead' }
        : { zh: '不是支付宝网关地址', en: 'This is not an address of an Alipay gateway' },
      {
        zh: `正式环境 https://${LIVE}/gateway.do，沙箱 https://${SANDBOX}/gateway.do`,
        en: `Live: https://${LIVE}/gateway.do; sandbox: https://${SANDBOX}/gateway.do`,
      },
    ),
  ];
}

function checkSeller(sellerId: string): ConfigurationFault[] {
  const fix: Words = {
    zh: '填写收款支付宝账号的 PID（2088 开头的 16 位数字）',
    en: 'Set the PID of the receiving account: 16 digits beginning 2088',
  };
  if (sellerId === '') {
    const problem = {
      zh: '未配置收款账号，无法核对款项是否进入本诊所账户',
      en: 'Without a seller id nobody checks that the money reached this account',
    };
    return [{ field: 'ALIPAY_SELLER_ID', severity: 'warning', problem, fix }];
  }
  if (/^2088\d{12}$/.test(sellerId)) return [];
  return [fault('ALIPAY_SELLER_ID', { zh: '收款账号格式不正确', en: 'The seller id is no PID' }, fix)];
}

function checkPrivateKey(key: KeyObject | undefined, shortAllowed: boolean): ConfigurationFault[] {
  const field = 'ALIPAY_APP_PRIVATE_KEY';
  if (key === undefined) {
    return [
      fault(
        field,
        { zh: '应用私钥无法读取', en: 'The app private key cannot be read' },
        {
          zh: '粘贴密钥工具生成的应用私钥全文（PKCS#1 或 PKCS#8，PEM 或单行均可，不加密码）',
          en: 'Paste the whole private key of the key tool: PKCS#1 or PKCS#8, PEM or one line, no passphrase',
        },
      ),
    ];
  }
  return checkLength(field, key, shortAllowed);
}

function checkLength(field: string, key: KeyObject, shortAllowed: boolean): ConfigurationFault[] {
  if (shortAllowed || bits(key) >= MIN_BITS) return [];
  return [
    fault(
      field,
      { zh: `RSA 密钥只有 ${bits(key)} 位`, en: `The RSA key has only ${bits(key)} bits` },
      { zh: '用密钥工具重新生成 2048 位 RSA2 密钥并上传', en: 'Make a 2048 bit RSA2 key and upload it' },
    ),
  ];
}

function checkPublicKeys(
  texts: readonly string[],
  ownHalf: KeyObject | undefined,
  shortAllowed: boolean,
): ConfigurationFault[] {
  const field = 'ALIPAY_PUBLIC_KEY';
  const copy: Words = {
    zh: '在控制台“接口加签方式”中点击查看，复制“支付宝公钥”（不是应用公钥）',
    en: 'In the console, under 接口加签方式, copy 支付宝公钥, not the app public key',
  };
  if (texts.length === 0) return [fault(field, { zh: '未配置支付宝公钥', en: 'There is no Alipay public key' }, copy)];
  return texts.flatMap((text) => {
    const key = readPublicKey(text);
    if (key === undefined) {
      return [fault(field, { zh: '支付宝公钥无法读取', en: 'The Alipay public key cannot be read' }, copy)];
    }
    if (ownHalf?.equals(key) === true) {
      const problem = {
        zh: '这里填的是应用公钥，不是支付宝公钥',
        en: "This is the app's own public key, not Alipay's",
      };
      return [fault(field, problem, copy)];
    }
    return checkLength(field, key, shortAllowed);
  });
}

function checkCertificates(
  files: AlipayCertificates,
  privateKey: KeyObject | undefined,
  atMs: number,
): ConfigurationFault[] {
  const { app, alipay, roots } = openCertificates(files);
  const unreadable = (field: string, file: string): ConfigurationFault =>
    fault(
      field,
      { zh: '证书文件中没有可用的证书', en: 'The file holds no certificate that can be used' },
      { zh: `从控制台重新下载 ${file}`, en: `Download ${file} from the console again` },
    );
  const faults: ConfigurationFault[] = [];
  if (app === undefined) faults.push(unreadable('ALIPAY_APP_CERT_PATH', 'appCertPublicKey'));
  else faults.push(...checkDates('ALIPAY_APP_CERT_PATH', app, atMs));
  if (alipay === undefined) faults.push(unreadable('ALIPAY_CERT_PATH', 'alipayCertPublicKey_RSA2.crt'));
  else faults.push(...checkDates('ALIPAY_CERT_PATH', alipay, atMs));
  if (!roots.some(hasRsaKey)) faults.push(unreadable('ALIPAY_ROOT_CERT_PATH', 'alipayRootCert.crt'));

  if (app !== undefined && privateKey !== undefined && !app.checkPrivateKey(privateKey)) {
    faults.push(
      fault(
        'ALIPAY_APP_CERT_PATH',
        { zh: '应用公钥证书与应用私钥不匹配', en: 'The app certificate does not belong to the app private key' },
        { zh: '使用与该证书同时生成的应用私钥', en: 'Use the private key that this certificate was requested with' },
      ),
    );
  }
  if (alipay !== undefined && privateKey !== undefined && alipay.checkPrivateKey(privateKey)) {
    faults.push(
      fault(
        'ALIPAY_CERT_PATH',
        { zh: '这里填的是应用证书，不是支付宝公钥证书', en: "This is the app's own certificate, not Alipay's" },
        { zh: '下载 alipayCertPublicKey_RSA2.crt', en: 'Download alipayCertPublicKey_RSA2.crt' },
      ),
    );
  }
  return faults;
}

/**
 * With an expired app certificate Alipay refuses every call. An expired certificate of Alipay's is only a
 * warning: the next one is fetched by its SN as soon as an answer names it, and starting must not fail
 * while patients pay.
 */
function checkDates(
  field: 'ALIPAY_APP_CERT_PATH' | 'ALIPAY_CERT_PATH',
  certificate: X509Certificate,
  atMs: number,
): ConfigurationFault[] {
  const fix: Words = { zh: '在控制台更新并下载新证书', en: 'Renew the certificate in the console and download it' };
  const until = certificate.validToDate.toISOString().slice(0, 10);
  if (!isCurrent(certificate, atMs)) {
    const problem = { zh: `证书不在有效期内（至 ${until}）`, en: `The certificate is outside its dates (to ${until})` };
    return [{ field, severity: field === 'ALIPAY_CERT_PATH' ? 'warning' : 'fault', problem, fix }];
  }
  if (certificate.validToDate.getTime() - atMs > WARN_BEFORE_MS) return [];
  const problem = { zh: `证书将于 ${until} 到期`, en: `The certificate ends on ${until}` };
  return [{ field, severity: 'warning', problem, fix }];
}

function checkOneMode(configuration: AlipayConfiguration): ConfigurationFault[] {
  if (configuration.certificates === undefined || (configuration.alipayPublicKeys ?? []).length === 0) return [];
  return [
    fault(
      'ALIPAY_PUBLIC_KEY',
      { zh: '同时配置了公钥和证书，应用只能使用其中一种', en: 'Keys and certificates are both set; an app uses one' },
      {
        zh: '公钥模式删除三个证书设置，证书模式删除 ALIPAY_PUBLIC_KEY',
        en: 'Key mode: remove the three certificates. Certificate mode: remove ALIPAY_PUBLIC_KEY',
      },
    ),
  ];
}

function fault(field: string, problem: Words, fix: Words): ConfigurationFault {
  return { field, severity: 'fault', problem, fix };
}
