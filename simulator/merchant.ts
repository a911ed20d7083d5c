/**
 * The one merchant that both pretend channels serve. Its keys are made at the first start and kept; what
 * the merchant would have been given is written to `merchant.env`, for the product or any SDK.
 */
import { join, resolve } from 'node:path';
import { keyTexts, makeAlipayMerchant } from './alipay/merchant.ts';
import type { AlipayMerchant } from './alipay/merchant.ts';
import { writeWhole } from './kernel/documents.ts';
import type { Documents } from './kernel/documents.ts';
import { files as wechatFiles, makeWechatMerchant } from './wechat/merchant.ts';
import type { WechatMerchant } from './wechat/merchant.ts';

export interface Merchants {
  alipay: AlipayMerchant;
  wechat: WechatMerchant;
}

const DOCUMENT = 'merchants';

/** The merchants of an earlier start, or new ones. bits  RSA key length of new ones, default 2048 */
export async function findMerchants(documents: Documents, bits = 2048): Promise<Merchants> {
  const stored = documents.load(DOCUMENT);
  if (isMerchants(stored)) return stored;
  if (stored !== undefined) throw new Error('merchants.json holds no merchants: move it away to begin anew');
  const [alipay, wechat] = await Promise.all([makeAlipayMerchant({ bits }), makeWechatMerchant({ bits })]);
  documents.save(DOCUMENT, { alipay, wechat });
  documents.flush();
  return { alipay, wechat };
}

/** Our own file, written by `findMerchants`: only its outer shape is checked. */
function isMerchants(value: unknown): value is Merchants {
  return typeof value === 'object' && value !== null && 'alipay' in value && 'wechat' in value;
}

/**
 * Writes the merchant's side of the keys: `merchant.env` (0600) and the files it names.
 * dir      where they go; paths in the file are absolute
 * baseUrl  where the product reaches the simulators, without a slash at the end
 * answers  the path of merchant.env
 */
export function writeMerchantEnv(merchants: Merchants, dir: string, baseUrl: string): string {
  const { alipay, wechat } = merchants;
  const path = (name: string): string => join(resolve(dir), name);
  for (const [name, text] of Object.entries({ ...wechatFiles(wechat), ...alipayFiles(alipay) })) {
    writeWhole(path(name), text);
  }
  const keys = keyTexts(alipay);
  const lines = [
    '# 模拟商户：仅用于本机模拟网关，不是真实密钥',
    '# A pretend merchant for the simulators on this machine: none of these keys is real.',
    `ALIPAY_APP_ID=${alipay.appId}`,
    `ALIPAY_APP_PRIVATE_KEY=${keys.appPrivateKey}`,
    `ALIPAY_PUBLIC_KEY=${keys.alipayPublicKey}`,
    `ALIPAY_GATEWAY_URL=${baseUrl}/gateway.do`,
    `ALIPAY_SELLER_ID=${alipay.sellerId}`,
    '# 证书模式 Certificate mode instead of ALIPAY_PUBLIC_KEY:',
    `# ALIPAY_APP_CERT_PATH=${path(`appCertPublicKey_${alipay.appId}.crt`)}`,
    `# ALIPAY_CERT_PATH=${path('alipayCertPublicKey_RSA2.crt')}`,
    `# ALIPAY_ROOT_CERT_PATH=${path('alipayRootCert.crt')}`,
    `WECHAT_APP_ID=${wechat.appid}`,
    `WECHAT_MCH_ID=${wechat.mchid}`,
    `WECHAT_API_KEY=${wechat.apiV3Key}`,
    `WECHAT_CERT_PATH=${path('apiclient_cert.pem')}`,
    `WECHAT_KEY_PATH=${path('apiclient_key.pem')}`,
    `WECHAT_PUBLIC_KEY_ID=${wechat.publicKeyId}`,
    `WECHAT_PUBLIC_KEY_PATH=${path('pub_key.pem')}`,
    `WECHAT_GATEWAY_URL=${baseUrl}`,
    `WECHAT_GATEWAY_BACKUP_URL=${baseUrl}`,
  ];
  const envPath = path('merchant.env');
  writeWhole(envPath, `${lines.join('\n')}\n`);
  return envPath;
}

/** The three files of certificate mode, under the names that Alipay's console gives them. */
function alipayFiles(merchant: AlipayMerchant): Record<string, string> {
  return {
    [`appCertPublicKey_${merchant.appId}.crt`]: merchant.certificates.app,
    'alipayCertPublicKey_RSA2.crt': merchant.certificates.alipay,
    'alipayRootCert.crt': merchant.certificates.root,
  };
}
