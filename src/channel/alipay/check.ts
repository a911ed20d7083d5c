import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import type { ConfigurationFault, GatewayWorld, Words } from '../configuration.ts';
import { hasRsaKey, isCurrent } from './certificates.ts';
import {
  LIVE,
  openCertificates,
  SANDBOX,
  worldOfAlipayGateway,
  type AlipayCertificates,
  type AlipayConfiguration,
} from './configuration.ts';
import { bits, readPrivateKey, readPublicKey } from './keys.ts';

/** Alipay's own minimum (alipay.md 1.5); shorter keys are for simulators on loopback, where tests make many. */
const MIN_BITS = 2048;
/** Alipay announces a renewal 30 days ahead (1.8). */
const WARN_BEFORE_MS = 30 * 86_400_000;

/**
 * Everything wrong with a configuration at once, each with its fix.
 * atMs   now: certificates have dates
 */
export function checkAlipayConfiguration(
  configuration: AlipayConfiguration,
  atMs: number,
): ConfigurationFault[] {
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
      {
        zh: '在支付宝开放平台控制台的应用详情中复制 APPID',
        en: 'Copy the APPID from the app in the Alipay console',
      },
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
  if (texts.length === 0)
    return [fault(field, { zh: '未配置支付宝公钥', en: 'There is no Alipay public key' }, copy)];
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
        {
          zh: '应用公钥证书与应用私钥不匹配',
          en: 'The app certificate does not belong to the app private key',
        },
        {
          zh: '使用与该证书同时生成的应用私钥',
          en: 'Use the private key that this certificate was requested with',
        },
      ),
    );
  }
  if (alipay !== undefined && privateKey !== undefined && alipay.checkPrivateKey(privateKey)) {
    faults.push(
      fault(
        'ALIPAY_CERT_PATH',
        {
          zh: '这里填的是应用证书，不是支付宝公钥证书',
          en: "This is the app's own certificate, not Alipay's",
        },
        { zh: '下载 alipayCertPublicKey_RSA2.crt', en: 'Download alipayCertPublicKey_RSA2.crt' },
      ),
    );
  }
  return faults;
}

function unreadable(field: string, file: string): ConfigurationFault {
  return fault(
    field,
    { zh: '证书文件中没有可用的证书', en: 'The file holds no certificate that can be used' },
    { zh: `从控制台重新下载 ${file}`, en: `Download ${file} from the console again` },
  );
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
  const fix: Words = {
    zh: '在控制台更新并下载新证书',
    en: 'Renew the certificate in the console and download it',
  };
  const until = certificate.validToDate.toISOString().slice(0, 10);
  if (!isCurrent(certificate, atMs)) {
    const problem = {
      zh: `证书不在有效期内（至 ${until}）`,
      en: `The certificate is outside its dates (to ${until})`,
    };
    return [{ field, severity: field === 'ALIPAY_CERT_PATH' ? 'warning' : 'fault', problem, fix }];
  }
  if (certificate.validToDate.getTime() - atMs > WARN_BEFORE_MS) return [];
  const problem = { zh: `证书将于 ${until} 到期`, en: `The certificate ends on ${until}` };
  return [{ field, severity: 'warning', problem, fix }];
}

function checkOneMode(configuration: AlipayConfiguration): ConfigurationFault[] {
  if (configuration.certificates === undefined || (configuration.alipayPublicKeys ?? []).length === 0)
    return [];
  return [
    fault(
      'ALIPAY_PUBLIC_KEY',
      {
        zh: '同时配置了公钥和证书，应用只能使用其中一种',
        en: 'Keys and certificates are both set; an app uses one',
      },
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
