/** A merchant with its adapter and, over real HTTP, the pretend WeChat Pay: one clock for both, moved by the test. */
import { expect } from 'vitest';
import { checkWechatConfiguration, createWechatChannel } from '#channel';
import type { Channel, NotificationReading, Order, RawNotification, WechatConfiguration } from '#channel';
import { fen } from '#money';
import { systemWorld, type World } from '#world';
import type { Weather } from '../../simulator/kernel/contract.ts';
import { createKernel, type SimulatorKernel } from '../../simulator/kernel/kernel.ts';
import { manualClock, type ManualClock } from '../../simulator/kernel/manual-clock.ts';
import { serveGateway, type Loopback } from '../../simulator/wechat/harness.ts';
import { createWechatGateway, type WechatGateway } from '../../simulator/wechat/index.ts';
import {
  makeWechatMerchant,
  type SigningMode,
  type WechatMerchant,
} from '../../simulator/wechat/merchant.ts';

export const NOW = Date.parse('2026-11-23T02:00:00Z');
export const DAY_MS = 86_400_000;

export interface Shop {
  merchant: WechatMerchant;
  clock: ManualClock;
  kernel: SimulatorKernel;
  gateway: WechatGateway;
  server: Loopback;
  channel: Channel;
  world: World;
  notifications: RawNotification[];
  order(change?: Partial<Order>): Order;
  /** Opens an order and answers with its code. */
  code(order: Order): Promise<string>;
  weather(weather: Partial<Weather>): void;
}

export const merchants = new Map<SigningMode, WechatMerchant>();
const open: Shop[] = [];

/** Their keys take a second to make, so once for a file. */
export async function makeMerchants(): Promise<void> {
  for (const mode of ['public_key', 'certificate', 'migrating'] as const) {
    merchants.set(mode, await makeWechatMerchant({ mode, nowMs: NOW - DAY_MS }));
  }
}

export async function closeShops(): Promise<void> {
  for (const shop of open.splice(0)) {
    shop.kernel.clock.close();
    await shop.server.close();
  }
}

export function configurationOf(merchant: WechatMerchant, gatewayUrl: string): WechatConfiguration {
  const withKey = merchant.mode !== 'certificate';
  return {
    appId: merchant.appid,
    mchId: merchant.mchid,
    apiV3Key: merchant.apiV3Key,
    merchantCertificate: merchant.certificate.certificate,
    merchantPrivateKey: merchant.certificate.privateKey,
    publicKeyId: withKey ? merchant.publicKeyId : undefined,
    publicKey: withKey ? merchant.publicKey.publicKey : undefined,
    gatewayUrl,
  };
}

export async function openShop(
  mode: SigningMode = 'public_key',
  change: Partial<WechatConfiguration> = {},
): Promise<Shop> {
  const merchant = merchants.get(mode)!;
  const clock = manualClock(NOW);
  const notifications: RawNotification[] = [];
  const kernel = createKernel({
    clock,
    deliver: async (_url, headers, body) => {
      const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
      notifications.push({ headers: Object.fromEntries(lower), body });
      return { status: 204, body: new Uint8Array() };
    },
  });
  const gateway = createWechatGateway(kernel, merchant);
  const server = await serveGateway(gateway);
  const world: World = {
    ...systemWorld((url) => url.hostname === '127.0.0.1'),
    now: () => kernel.clock.now(),
  };
  const configuration = { ...configurationOf(merchant, server.url), ...change };
  expect(checkWechatConfiguration(configuration, NOW)).toEqual([]);
  const channel = createWechatChannel(world, configuration);
  let last = 0;
  const shop: Shop = {
    merchant,
    clock,
    kernel,
    gateway,
    server,
    channel,
    world,
    notifications,
    order: (given) => ({
      outTradeNo: `ZF20261123_${(last += 1)}`,
      amountFen: fen(12_345),
      subject: '仁和门诊 医疗服务费',
      expiresAtMs: kernel.clock.now() + 15 * 60_000,
      attach: 'p_0123456789',
      notifyUrl: 'http://127.0.0.1:9/notify',
      ...given,
    }),
    async code(order) {
      const outcome = await channel.create(order);
      if (outcome.outcome !== 'done') throw new Error(JSON.stringify(outcome));
      return outcome.value.content;
    },
    weather(wish) {
      expect(kernel.board.merge({ reset: true, ...wish })).toBeUndefined();
    },
  };
  open.push(shop);
  return shop;
}

/** What the merchant was told so far, as the adapter reads it. */
export async function readAll(shop: Shop): Promise<NotificationReading[]> {
  await shop.clock.advance(1_000);
  return Promise.all(shop.notifications.splice(0).map((raw) => shop.channel.readNotification(raw)));
}
