import { createHash, createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { rfc3339Beijing } from '#world';
import { isLoopback, type ConfigurationFault, type GatewayWorld } from '../configuration.ts';

/** What one merchant number needs. PEM texts, never paths: whoever reads files reads them once. */
export interface WechatConfiguration {
  appId: string;
  mchId: string;
  /** APIv3密钥, exactly 32 bytes. The key of API v2 is another one and of no use. */
  apiV3Key: string;
  /** The APIv3 key before it was changed: opens notifications already under way, for 24 h. */
  formerApiV3Key?: { key: string; replacedAtMs: number } | undefined;
  /** 商户API证书 (`apiclient_cert.pem`): only its serial is used, never TLS. */
  merchantCertificate: string;
  /** `apiclient_key.pem`: signs our requests. */
  merchantPrivateKey: string;
  /** 微信支付公钥 and its id. Without them the merchant is in certificate mode. */
  publicKeyId?: string | undefined;
  publicKey?: string | undefined;
  gatewayUrl: string;
  backupGatewayUrl?: string | undefined;
}

/** Source: wechatpay.md 1. */
const liveHosts = [
  'api.mch.weixin.qq.com',
  'api2.mch.weixin.qq.com',
  'api.wechatpay.cn',
  'api2.wechatpay.cn',
];

/** WeChat Pay v3 has no sandbox: what is not this machine is the real one. */
export function worldOfWechatGateway(url: string): Exclude<GatewayWorld, 'sandbox'> {
  const hostname = URL.parse(url)?.hostname;
  return hostname !== undefined && isLoopback(hostname) ? 'simulated' : 'live';
}

/** A short digest of all that a payment is pinned to besides its own values. Holds no secret. */
export function configurationIdOf(configuration: WechatConfiguration, certificateSerial: string): string {
  const { mchId, appId, publicKeyId, gatewayUrl } = configuration;
  const parts = [mchId, appId, certificateSerial, publicKeyId ?? '', new URL(gatewayUrl).host];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

const DAY_MS = 86_400_000;
const SOON_MS = 30 * DAY_MS;

/**
 * Names everything wrong with a configuration at once, each with its fix; an empty list means that
 * `createWechatChannel` will take it.
 */
export function checkWechatConfiguration(
  configuration: WechatConfiguration,
  nowMs: number,
): ConfigurationFault[] {
  return [
    ...checkNames(configuration),
    ...checkApiV3Key(configuration),
    ...checkMerchantKeys(configuration, nowMs),
    ...checkPublicKey(configuration),
    ...checkGateways(configuration),
  ];
}

function checkNames({ appId, mchId }: WechatConfiguration): ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  if (!/^[0-9A-Za-z_-]{1,32}$/.test(appId)) {
    faults.push(
      fault(
        'WECHAT_APP_ID',
        ['AppID 为空或含有多余字符', 'The appid is empty or has characters that no appid has'],
        [
          '填写已与商户号绑定的 AppID（wx 开头）',
          'Enter the appid bound to the merchant number (it begins with wx)',
        ],
      ),
    );
  }
  if (!/^[0-9]{1,32}$/.test(mchId)) {
    faults.push(
      fault(
        'WECHAT_MCH_ID',
        ['商户号应全部为数字', 'The merchant number must be digits only'],
        ['填写微信支付商户平台显示的商户号', 'Enter the merchant number shown on the merchant platform'],
      ),
    );
  }
  return faults;
}

function checkApiV3Key({ apiV3Key, formerApiV3Key }: WechatConfiguration): ConfigurationFault[] {
  const keys: [string, string | undefined][] = [
    ['WECHAT_API_KEY', apiV3Key],
    ['ZHENFU_WECHAT_FORMER_API_KEY', formerApiV3Key?.key],
  ];
  return keys
    .filter(([, key]) => key !== undefined && Buffer.byteLength(key) !== 32)
    .map(([field, key]) =>
      fault(
        field,
        [
          `APIv3 密钥应为 32 字节，现为 ${Buffer.byteLength(key ?? '')} 字节`,
          `The APIv3 key must be 32 bytes and has ${Buffer.byteLength(key ?? '')}`,
        ],
        [
          '在商户平台“账户中心 → API安全”设置 APIv3 密钥并填入；不是 APIv2 的密钥',
          'Set the APIv3 key under API security on the merchant platform and enter it; the key of API v2 is another one',
        ],
      ),
    );
}

function checkMerchantKeys(configuration: WechatConfiguration, nowMs: number): ConfigurationFault[] {
  const certificate = attempt(() => new X509Certificate(configuration.merchantCertificate));
  const key = attempt(() => createPrivateKey(configuration.merchantPrivateKey));
  const faults: ConfigurationFault[] = [];
  if (certificate === undefined) {
    faults.push(
      fault(
        'WECHAT_CERT_PATH',
        ['读不出商户 API 证书', 'The merchant certificate cannot be read'],
        [
          '使用商户平台下载的 apiclient_cert.pem（PEM 格式）',
          'Use apiclient_cert.pem from the merchant platform (PEM)',
        ],
      ),
    );
  } else {
    faults.push(...checkCertificate(certificate, configuration.mchId, nowMs));
  }
  if (key === undefined || key.asymmetricKeyType !== 'rsa') {
    faults.push(
      fault(
        'WECHAT_KEY_PATH',
        ['读不出商户 API 私钥，或不是 RSA 私钥', 'The merchant private key cannot be read, or is no RSA key'],
        [
          '使用与证书一同生成的 apiclient_key.pem',
          'Use the apiclient_key.pem that was made with the certificate',
        ],
      ),
    );
    return faults;
  }
  if (certificate !== undefined && !certificate.checkPrivateKey(key)) {
    faults.push(
      fault(
        'WECHAT_KEY_PATH',
        ['私钥与商户 API 证书不是一对', 'The private key does not belong to the certificate'],
        ['两个文件须取自同一次证书申请', 'Take both files from the same certificate request'],
      ),
    );
  }
  if (isTooShort(key) && worldOfWechatGateway(configuration.gatewayUrl) === 'live') {
    faults.push(shortKey('WECHAT_KEY_PATH'));
  }
  return faults;
}

function checkCertificate(certificate: X509Certificate, mchId: string, nowMs: number): ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  const name = String(certificate.toLegacyObject().subject.CN);
  const endsMs = certificate.validToDate.getTime();
  if (name !== mchId) {
    faults.push(
      fault(
        'WECHAT_CERT_PATH',
        [
          `证书属于 ${name}，不是商户号 ${mchId}`,
          `The certificate belongs to ${name}, not to merchant ${mchId}`,
        ],
        [
          '核对商户号，或换用该商户号的 API 证书',
          'Check the merchant number, or use the API certificate of that merchant',
        ],
      ),
    );
  }
  if (nowMs >= endsMs || nowMs < certificate.validFromDate.getTime()) {
    faults.push(
      fault(
        'WECHAT_CERT_PATH',
        [
          `证书不在有效期内（至 ${rfc3339Beijing(endsMs)}）`,
          `The certificate is not valid now (until ${rfc3339Beijing(endsMs)})`,
        ],
        [
          '在商户平台更换 API 证书；并检查服务器时钟',
          'Replace the API certificate on the merchant platform, and check the clock of this server',
        ],
      ),
    );
  } else if (endsMs - nowMs < SOON_MS) {
    const days = Math.floor((endsMs - nowMs) / DAY_MS);
    faults.push({
      ...fault(
        'WECHAT_CERT_PATH',
        [`证书将在 ${days} 天后到期`, `The certificate expires in ${days} days`],
        [
          '请尽快在商户平台更换；新旧证书可以并用一段时间',
          'Replace it on the merchant platform soon; old and new work side by side for a while',
        ],
      ),
      severity: 'warning',
    });
  }
  return faults;
}

function checkPublicKey(configuration: WechatConfiguration): ConfigurationFault[] {
  const { publicKeyId, publicKey } = configuration;
  if (publicKeyId === undefined && publicKey === undefined) return [];
  const faults: ConfigurationFault[] = [];
  if (publicKeyId === undefined || !/^PUB_KEY_ID_[0-9A-Za-z]{1,64}$/.test(publicKeyId)) {
    faults.push(
      fault(
        'WECHAT_PUBLIC_KEY_ID',
        [
          '有微信支付公钥，但缺少公钥 ID，或 ID 格式不对',
          'There is a WeChat Pay public key, but no id for it, or no valid one',
        ],
        [
          '填写商户平台上以 PUB_KEY_ID_ 开头的公钥 ID',
          'Enter the id from the merchant platform; it begins with PUB_KEY_ID_',
        ],
      ),
    );
  }
  const key = publicKey === undefined ? undefined : readPublicKey(publicKey);
  if (key === undefined) {
    faults.push(
      fault(
        'WECHAT_PUBLIC_KEY_PATH',
        [
          '有公钥 ID，但缺少微信支付公钥，或文件不是公钥',
          'There is a public key id, but no WeChat Pay public key, or the file is none',
        ],
        ['使用商户平台下载的 pub_key.pem', 'Use pub_key.pem from the merchant platform'],
      ),
    );
    return faults;
  }
  if (isOurs(key, configuration.merchantCertificate)) {
    faults.push(
      fault(
        'WECHAT_PUBLIC_KEY_PATH',
        ['这是商户自己的公钥，不是微信支付公钥', 'This is the merchant’s own public key, not WeChat Pay’s'],
        ['使用商户平台下载的 pub_key.pem', 'Use pub_key.pem from the merchant platform'],
      ),
    );
  }
  if (isTooShort(key) && worldOfWechatGateway(configuration.gatewayUrl) === 'live') {
    faults.push(shortKey('WECHAT_PUBLIC_KEY_PATH'));
  }
  return faults;
}

function checkGateways({ gatewayUrl, backupGatewayUrl }: WechatConfiguration): ConfigurationFault[] {
  const faults = gatewayFaults('WECHAT_GATEWAY_URL', gatewayUrl);
  if (backupGatewayUrl === undefined) return faults;
  faults.push(...gatewayFaults('WECHAT_GATEWAY_BACKUP_URL', backupGatewayUrl));
  if (faults.length === 0 && worldOfWechatGateway(gatewayUrl) !== worldOfWechatGateway(backupGatewayUrl)) {
    faults.push(
      fault(
        'WECHAT_GATEWAY_BACKUP_URL',
        ['主备网关一真一假', 'One gateway is real, the other simulated'],
        ['两个地址须同为正式网关或同为本机模拟网关', 'Both must be real, or both simulators of this machine'],
      ),
    );
  }
  return faults;
}

function gatewayFaults(field: string, text: string): ConfigurationFault[] {
  const url = URL.parse(text);
  const bare = url !== null && url.origin !== 'null' && [url.origin, `${url.origin}/`].includes(text);
  const home = url !== null && isLoopback(url.hostname);
  const known =
    url !== null && url.protocol === 'https:' && url.port === '' && liveHosts.includes(url.hostname);
  if (bare && (known || (home && /^https?:$/.test(url.protocol)))) return [];
  return [
    fault(
      field,
      [
        '网关地址不是微信支付的域名，也不是本机模拟网关',
        'The gateway is neither a host of WeChat Pay nor a simulator of this machine',
      ],
      [
        `使用 https:// 加以下之一：${liveHosts.join('、')}；或本机地址`,
        `Use https:// and one of ${liveHosts.join(', ')}; or an address of this machine`,
      ],
    ),
  ];
}

/** A public key only: Node would also draw one from a private key or a certificate put there by mistake. */
export function readPublicKey(pem: string): KeyObject | undefined {
  if (!/-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem)) return undefined;
  const key = attempt(() => createPublicKey(pem));
  return key?.asymmetricKeyType === 'rsa' ? key : undefined;
}

function isOurs(key: KeyObject, merchantCertificate: string): boolean {
  const certificate = attempt(() => new X509Certificate(merchantCertificate));
  return certificate !== undefined && certificate.publicKey.equals(key);
}

function isTooShort(key: KeyObject): boolean {
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048;
}

function shortKey(field: string): ConfigurationFault {
  return fault(
    field,
    [
      'RSA 密钥短于 2048 位，只能用于本机模拟',
      'The RSA key is shorter than 2048 bits: for simulators of this machine only',
    ],
    ['使用商户平台签发的密钥', 'Use the key issued by the merchant platform'],
  );
}

function fault(
  field: string,
  problem: [zh: string, en: string],
  fix: [zh: string, en: string],
): ConfigurationFault {
  return {
    field,
    severity: 'fault',
    problem: { zh: problem[0], en: problem[1] },
    fix: { zh: fix[0], en: fix[1] },
  };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
