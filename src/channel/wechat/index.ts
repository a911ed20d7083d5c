import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { World } from '#world';
import type { Channel, ChannelTraits, MerchantAccount, Order, Outcome } from '../channel.ts';
import { configurationIdOf, readPublicKey, type WechatConfiguration } from './configuration.ts';
import { makeGateway, type Answer } from './gateway.ts';
import { makeKeyRing } from './keys.ts';
import { accepted, readVerified, rejected } from './notification.ts';
import { translateRefund, translateRefundQuery } from './refund.ts';
import { nativeOrder, orderClose, orderQuery, refundOrder, refundQuery } from './requests.ts';
import { fetchStatement } from './statement.ts';
import { translateClose, translateCreate, translateQuery } from './translate.ts';

export { checkWechatConfiguration, worldOfWechatGateway, type WechatConfiguration } from './configuration.ts';

const traits: ChannelTraits = {
  // Two looks some seconds apart prove that a refund was never accepted (9.4). The first send may take
  // 20 s to end here and its repeat must wait a minute anyway (9.1), so the second look comes after that.
  refundNoneProvesAfterMs: 60_000,
  betweenRefundsMs: 60_000,
  refundsAtMost: 50,
  refundWindowMs: 365 * 86_400_000,
  statementIsProven: true,
  statementAfterMs: 10 * 3_600_000, // built from 09:00 of the next day, to be fetched after 10:00 (10.2)
  unscannedIsInvisible: false,
  endsAtExpiry: false, // time_expire only forbids paying: we close (wechatpay.md 6.4)
  deadAfterExpiryMs: 600_000,
  burntAfterMs: 60_000,
  tellsScanned: false,
};

/** Some seconds before its end an order is not sent any more: on the way it could arrive after, and live again (6.4). */
const CREATE_MARGIN_MS = 5_000;

/**
 * Nor is it sent to the second host later than this after the first: who was stopped in between may have been
 * overtaken, and its number closed as one that never arrived.
 */
const SEND_WITHIN_MS = 10_000;

/** Notifications may have been sealed with the former APIv3 key for a day after the change (wechatpay.md 4). */
const FORMER_KEY_MS = 24 * 3_600_000;

/**
 * WeChat Pay, Native, API v3, direct merchant.
 * configuration   one that `checkWechatConfiguration` finds no fault in; with another this throws
 * source          wechatpay.md, sections 1 to 12
 */
export function createWechatChannel(world: World, configuration: WechatConfiguration): Channel {
  const { certificateSerial, privateKey, publicKey } = keysOf(configuration);
  const account: MerchantAccount = {
    method: 'wechat',
    appId: configuration.appId,
    merchantId: configuration.mchId,
  };
  const signer = {
    mchId: configuration.mchId,
    certificateSerial,
    privateKey,
  };
  const hosts = [configuration.gatewayUrl, configuration.backupGatewayUrl].filter((url) => url !== undefined);
  const apiV3Keys = () => keysNow(configuration, world.now());
  const gateway = makeGateway(world, signer, hosts, makeKeyRing(publicKey), apiV3Keys);

  async function translated<T>(
    asked: Promise<Outcome<Answer>>,
    translate: (answer: Answer) => Outcome<T>,
  ): Promise<Outcome<T>> {
    const outcome = await asked;
    return outcome.outcome === 'done' ? translate(outcome.value) : outcome;
  }

  return {
    method: 'wechat',
    account,
    configurationId: configurationIdOf(configuration, certificateSerial),
    traits,
    create(order: Order) {
      const notAfterMs = Math.min(order.expiresAtMs - CREATE_MARGIN_MS, world.now() + SEND_WITHIN_MS);
      const mayStillSend = () => world.now() < notAfterMs;
      return translated(gateway.ask({ ...nativeOrder(account, order), mayStillSend }), translateCreate);
    },
    query(outTradeNo) {
      return translated(gateway.ask(orderQuery(account, outTradeNo)), (answer) =>
        translateQuery(answer, account, outTradeNo),
      );
    },
    close(outTradeNo) {
      return translated(gateway.ask(orderClose(account, outTradeNo)), translateClose);
    },
    refund(request) {
      return translated(gateway.ask(refundOrder(request)), (answer) => translateRefund(answer, request));
    },
    queryRefund(asked) {
      return translated(gateway.ask(refundQuery(asked.outRefundNo)), (answer) =>
        translateRefundQuery(answer, asked),
      );
    },
    fetchStatement(day) {
      return fetchStatement(gateway, configuration.gatewayUrl, day);
    },
    async readNotification(raw) {
      return readVerified(raw, await gateway.verify(raw), apiV3Keys());
    },
    accepted,
    rejected,
    refreshKeys: () => gateway.refreshKeys(),
  };
}

/** The APIv3 keys that may open a seal now: the present one first. */
function keysNow({ apiV3Key, formerApiV3Key }: WechatConfiguration, nowMs: number): string[] {
  const formerStillServes =
    formerApiV3Key !== undefined && nowMs < formerApiV3Key.replacedAtMs + FORMER_KEY_MS;
  return formerStillServes ? [apiV3Key, formerApiV3Key.key] : [apiV3Key];
}

/** What was read from a configuration stays read for as long as somebody holds it. */
const opened = new WeakMap<WechatConfiguration, ReturnType<typeof readKeys>>();

function keysOf(configuration: WechatConfiguration) {
  const keys = opened.get(configuration) ?? readKeys(configuration);
  opened.set(configuration, keys);
  return keys;
}

function readKeys(configuration: WechatConfiguration) {
  return {
    certificateSerial: new X509Certificate(configuration.merchantCertificate).serialNumber,
    privateKey: createPrivateKey(configuration.merchantPrivateKey),
    publicKey: publicKeyOf(configuration),
  };
}

function publicKeyOf(configuration: WechatConfiguration) {
  const { publicKeyId, publicKey } = configuration;
  if (publicKeyId === undefined || publicKey === undefined) return undefined;
  const key = readPublicKey(publicKey);
  if (key === undefined) throw new TypeError('the WeChat Pay public key cannot be read');
  return { id: publicKeyId, key };
}
