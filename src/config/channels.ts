import { readFileSync } from 'node:fs';
import {
  alipayStatementOrigins,
  checkAlipayConfiguration,
  checkWechatConfiguration,
  createAlipayChannel,
  createWechatChannel,
  worldOfAlipayGateway,
  worldOfWechatGateway,
  type AlipayConfiguration,
  type Channel,
  type ConfigurationFault,
  type GatewayWorld,
  type PaymentMethod,
  type WechatConfiguration,
} from '#channel';
import type { World } from '#world';
import type { SettingFault, Settings } from './settings.ts';
import { planWebhook } from './webhook.ts';

export interface ChannelPlan {
  alipay?: AlipayConfiguration;
  wechat?: WechatConfiguration;
  /** The world that all configured gateways belong to; undefined while none is configured. */
  gatewayWorld?: GatewayWorld;
  faults: SettingFault[];
  warnings: SettingFault[];
}

/** Any of these set means that a merchant is configured: no simulator starts, nothing is seeded. */
export function hasMerchantKeys(settings: Settings): boolean {
  return [
    settings.ALIPAY_APP_ID,
    settings.ALIPAY_APP_PRIVATE_KEY,
    settings.WECHAT_APP_ID,
    settings.WECHAT_MCH_ID,
    settings.WECHAT_API_KEY,
  ].some((value) => value !== undefined);
}

/** Turns settings into channel configurations, and names every fault of both at once. */
export function planChannels(settings: Settings, nowMs: number): ChannelPlan {
  const plan: ChannelPlan = { faults: [], warnings: [] };
  const worlds: GatewayWorld[] = [];
  if (settings.ALIPAY_APP_ID !== undefined || settings.ALIPAY_APP_PRIVATE_KEY !== undefined) {
    const alipay = alipayOf(settings, plan.faults);
    sort(plan, checkAlipayConfiguration(alipay, nowMs));
    const world = worldOfAlipayGateway(alipay.gatewayUrl);
    if (world !== undefined) worlds.push(world);
    plan.alipay = alipay;
  }
  if (
    [settings.WECHAT_APP_ID, settings.WECHAT_MCH_ID, settings.WECHAT_API_KEY].some(
      (value) => value !== undefined,
    )
  ) {
    const wechat = wechatOf(settings, plan.faults);
    sort(plan, checkWechatConfiguration(wechat, nowMs));
    worlds.push(worldOfWechatGateway(wechat.gatewayUrl));
    plan.wechat = wechat;
  }
  if (new Set(worlds).size > 1) {
    plan.faults.push({
      field: 'ALIPAY_GATEWAY_URL / WECHAT_GATEWAY_URL',
      problem: '两个渠道属于不同环境（正式、沙箱、模拟） · The channels belong to different worlds',
      fix: '让两个网关地址属于同一环境 · Point both gateways at the same world',
    });
  }
  if (worlds[0] !== undefined) plan.gatewayWorld = worlds[0];
  checkNotifyAddress(plan, settings);
  return plan;
}

/**
 * The channels must be able to reach us. WeChat Pay refuses an order whose notify_url is not https on a
 * public host (wechatpay.md 6.1); with Alipay we merely hear late, by asking.
 */
function checkNotifyAddress(plan: ChannelPlan, settings: Settings): void {
  if (plan.gatewayWorld === undefined || plan.gatewayWorld === 'simulated') return;
  if (settings.PUBLIC_BASE_URL?.startsWith('https://') === true) return;
  const list = plan.wechat === undefined ? plan.warnings : plan.faults;
  list.push({
    field: 'PUBLIC_BASE_URL',
    problem: '渠道无法把付款通知送到这里 · The channels cannot bring notifications here',
    fix: '填写外网可访问的 https 地址，如 https://pay.example.com · Set an https address that the internet can reach',
  });
}

/** Opens the channels of a plan without faults. */
export function openChannels(world: World, plan: ChannelPlan): Map<PaymentMethod, Channel> {
  const channels = new Map<PaymentMethod, Channel>();
  if (plan.alipay !== undefined) channels.set('alipay', createAlipayChannel(world, plan.alipay));
  if (plan.wechat !== undefined) channels.set('wechat', createWechatChannel(world, plan.wechat));
  return channels;
}

/** The only addresses that requests may go to: the configured gateways and the clinic's own system, by origin. */
export function allowedOrigins(settings: Settings): (url: URL) => boolean {
  const webhook = planWebhook(settings).target?.url;
  const origins = new Set(
    [settings.ALIPAY_GATEWAY_URL, settings.WECHAT_GATEWAY_URL, settings.WECHAT_GATEWAY_BACKUP_URL, webhook]
      .filter((url) => url !== undefined)
      .map((url) => new URL(url).origin)
      .concat(alipayStatementOrigins(settings.ALIPAY_GATEWAY_URL)),
  );
  return (url) => origins.has(url.origin);
}

function alipayOf(settings: Settings, faults: SettingFault[]): AlipayConfiguration {
  const certificatePaths = [
    settings.ALIPAY_APP_CERT_PATH,
    settings.ALIPAY_CERT_PATH,
    settings.ALIPAY_ROOT_CERT_PATH,
  ];
  const usesCertificates = certificatePaths.some((path) => path !== undefined);
  return {
    appId: required(settings.ALIPAY_APP_ID, 'ALIPAY_APP_ID', faults),
    privateKey: required(settings.ALIPAY_APP_PRIVATE_KEY, 'ALIPAY_APP_PRIVATE_KEY', faults),
    gatewayUrl: settings.ALIPAY_GATEWAY_URL,
    sellerId: settings.ALIPAY_SELLER_ID ?? '',
    ...(settings.ALIPAY_PRODUCT_CODE === undefined ? {} : { productCode: settings.ALIPAY_PRODUCT_CODE }),
    ...(usesCertificates
      ? {
          certificates: {
            appCert: fileOf(settings.ALIPAY_APP_CERT_PATH, 'ALIPAY_APP_CERT_PATH', faults),
            alipayCert: fileOf(settings.ALIPAY_CERT_PATH, 'ALIPAY_CERT_PATH', faults),
            rootCert: fileOf(settings.ALIPAY_ROOT_CERT_PATH, 'ALIPAY_ROOT_CERT_PATH', faults),
          },
        }
      : {
          alipayPublicKeys: publicKeysOf(required(settings.ALIPAY_PUBLIC_KEY, 'ALIPAY_PUBLIC_KEY', faults)),
        }),
  };
}

/** Two keys while one is being replaced: PEM blocks one after another, or bare Base64 with commas between. */
function publicKeysOf(text: string): string[] {
  const pems = text.match(/-----BEGIN [A-Z ]+-----[\s\S]*?-----END [A-Z ]+-----/g);
  return (
    pems ??
    text
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== '')
  );
}

function wechatOf(settings: Settings, faults: SettingFault[]): WechatConfiguration {
  const publicKey =
    settings.WECHAT_PUBLIC_KEY_PATH === undefined
      ? undefined
      : fileOf(settings.WECHAT_PUBLIC_KEY_PATH, 'WECHAT_PUBLIC_KEY_PATH', faults);
  return {
    appId: required(settings.WECHAT_APP_ID, 'WECHAT_APP_ID', faults),
    mchId: required(settings.WECHAT_MCH_ID, 'WECHAT_MCH_ID', faults),
    apiV3Key: required(settings.WECHAT_API_KEY, 'WECHAT_API_KEY', faults),
    formerApiV3Key: formerKeyOf(settings, faults),
    merchantCertificate: fileOf(settings.WECHAT_CERT_PATH, 'WECHAT_CERT_PATH', faults),
    merchantPrivateKey: fileOf(settings.WECHAT_KEY_PATH, 'WECHAT_KEY_PATH', faults),
    publicKeyId: settings.WECHAT_PUBLIC_KEY_ID,
    publicKey,
    gatewayUrl: settings.WECHAT_GATEWAY_URL,
    backupGatewayUrl: settings.WECHAT_GATEWAY_BACKUP_URL,
  };
}

/** The APIv3 key before the last change opens what was already under way; it needs the time of the change. */
function formerKeyOf(settings: Settings, faults: SettingFault[]): WechatConfiguration['formerApiV3Key'] {
  const key = settings.ZHENFU_WECHAT_FORMER_API_KEY;
  if (key === undefined) return undefined;
  const field = 'ZHENFU_WECHAT_API_KEY_REPLACED_AT';
  return { key, replacedAtMs: Date.parse(required(settings[field], field, faults)) };
}

function required(value: string | undefined, field: string, faults: SettingFault[]): string {
  if (value === undefined) {
    faults.push({ field, problem: '缺少此项 · It is missing', fix: `设置 ${field} · Set ${field}` });
  }
  return value ?? '';
}

function fileOf(path: string | undefined, field: string, faults: SettingFault[]): string {
  if (path === undefined) return required(path, field, faults);
  try {
    return readFileSync(path, 'utf8');
  } catch {
    faults.push({
      field,
      problem: '文件无法读取 · The file cannot be read',
      fix: '检查路径与权限 · Check its path and rights',
    });
    return '';
  }
}

function sort(plan: ChannelPlan, found: readonly ConfigurationFault[]): void {
  for (const { field, severity, problem, fix } of found) {
    // A setting that is missing was named already; its check would only name it again.
    if (plan.faults.some((fault) => fault.field === field)) continue;
    const list = severity === 'fault' ? plan.faults : plan.warnings;
    list.push({ field, problem: `${problem.zh} · ${problem.en}`, fix: `${fix.zh} · ${fix.en}` });
  }
}
