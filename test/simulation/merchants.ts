import { createPublicKey } from 'node:crypto';
import {
  createAlipayChannel,
  createWechatChannel,
  type AlipayConfiguration,
  type Channel,
  type PaymentMethod,
  type WechatConfiguration,
} from '#channel';
import type { World } from '#world';
import { keyTexts, makeAlipayMerchant } from '../../simulator/alipay/merchant.ts';
import type { Merchants } from '../../simulator/merchant.ts';
import { makeWechatMerchant } from '../../simulator/wechat/merchant.ts';
import { openStream } from './chance.ts';

/** Signatures stay real; a key of 512 bits signs several times as fast as one of 2048. */
const BITS = 512;
const GATEWAY = 'http://127.0.0.1:8090';

/** Before any simulated day begins: certificates must be valid on all of them. */
const MADE_AT = Date.UTC(2026, 0, 1);

/** The pretend merchant of a whole run. Its numbers are always the same, its keys are new in each process. */
export async function makeMerchants(): Promise<Merchants> {
  const wish = { bits: BITS, chance: openStream('merchants').bytes, nowMs: MADE_AT };
  return {
    alipay: await makeAlipayMerchant(wish),
    wechat: await makeWechatMerchant({ ...wish, mode: 'certificate' }),
  };
}

export interface Configurations {
  alipay: AlipayConfiguration;
  wechat: WechatConfiguration;
}

/** The merchant's side of it, as the settings would give it to the product. */
export function configurationsOf({ alipay, wechat }: Merchants): Configurations {
  const keys = keyTexts(alipay);
  return {
    alipay: {
      appId: alipay.appId,
      privateKey: keys.appPrivateKey,
      alipayPublicKeys: [keys.alipayPublicKey],
      gatewayUrl: `${GATEWAY}/gateway.do`,
      sellerId: alipay.sellerId,
    },
    wechat: {
      appId: wechat.appid,
      mchId: wechat.mchid,
      apiV3Key: wechat.apiV3Key,
      merchantCertificate: wechat.certificate.certificate,
      merchantPrivateKey: wechat.certificate.privateKey,
      publicKeyId: wechat.publicKeyId,
      publicKey: createPublicKey(wechat.publicKey.publicKey)
        .export({ type: 'spki', format: 'pem' })
        .toString(),
      gatewayUrl: GATEWAY,
      backupGatewayUrl: GATEWAY,
    },
  };
}

export function openBothChannels(
  world: World,
  { alipay, wechat }: Configurations,
): Map<PaymentMethod, Channel> {
  return new Map<PaymentMethod, Channel>([
    ['alipay', createAlipayChannel(world, alipay)],
    ['wechat', createWechatChannel(world, wechat)],
  ]);
}
