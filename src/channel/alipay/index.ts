import type { World } from '#world';
import type { Acknowledgement, Channel, ChannelTraits, MerchantAccount, Outcome } from '../channel.ts';
import {
  configurationIdOf,
  openAlipayKeys,
  worldOfAlipayGateway,
  type AlipayConfiguration,
} from './configuration.ts';
import { ask, type Gateway } from './gateway.ts';
import { readNotification } from './notification.ts';
import { refundAnswerFrom, refundFrom } from './refund.ts';
import {
  cancelCall,
  closeCall,
  faultOfOrder,
  faultOfRefund,
  precreateCall,
  queryCall,
  refundCall,
  refundQueryCall,
} from './requests.ts';
import { fetchStatement } from './statement.ts';
import { cancelFrom, closingFrom, codeFrom, tradeFrom, type CancelResult } from './translate.ts';

export { checkAlipayConfiguration } from './check.ts';
export { worldOfAlipayGateway, type AlipayCertificates, type AlipayConfiguration } from './configuration.ts';
export type { Gateway as AlipayGateway } from './gateway.ts';
export { alipayStatementOrigins } from './statement.ts';
export type { CancelResult } from './translate.ts';

/** Exactly the seven characters, with status 200; anything else makes Alipay come again (alipay.md 4.1). */
const accepted: Acknowledgement = { status: 200, contentType: 'text/plain; charset=utf-8', body: 'success' };
const rejected: Acknowledgement = { status: 400, contentType: 'text/plain; charset=utf-8', body: 'failure' };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const traits: ChannelTraits = {
  unscannedIsInvisible: true,
  endsAtExpiry: true,
  // "time_expire plus a margin of some minutes" (3.4): then `none` is dead.
  deadAfterExpiryMs: 10 * MINUTE_MS,
  // Before the scan `none` is the normal answer, so silence after a create never proves that it did
  // not arrive; only the 2 h that any code can live do, with the same margin (2.1, 3.4).
  burntAfterMs: 130 * MINUTE_MS,
  tellsScanned: true,
  // "Ask no earlier than 10 s after the refund call; a refund may still succeed after an early empty
  // answer" (2.6). No upper bound is published, so we wait six times that; sending again is safe at any
  // time, under the same number.
  refundNoneProvesAfterMs: MINUTE_MS,
  betweenRefundsMs: 3000, // 2.5
  refundsAtMost: Infinity,
  refundWindowMs: 365 * 24 * HOUR_MS, // by contract, normally 12 months (2.5)
  statementIsProven: false,
  statementAfterMs: 9 * HOUR_MS, // "T+1 by about 09:00" (2.7)
};

/**
 * Alipay behind the contract of `channel.ts`: precreate, query, close, refunds, statements, notifications.
 * Throws when keys cannot be read or the gateway is none: `checkAlipayConfiguration` comes first and
 * names what is wrong.
 * source   alipay.trade.precreate, .query, .close, .refund, .fastpay.refund.query and
 *          alipay.data.dataservice.bill.downloadurl.query (alipay.md, read 2026-09)
 */
export function createAlipayChannel(world: World, configuration: AlipayConfiguration): Channel {
  const { gateway, configurationId } = open(world, configuration);
  const { trust } = gateway;
  const account: MerchantAccount = {
    method: 'alipay',
    appId: configuration.appId,
    merchantId: configuration.sellerId,
  };
  const productCode = configuration.productCode ?? 'FACE_TO_FACE_PAYMENT';
  return {
    method: 'alipay',
    account,
    configurationId,
    traits,
    accepted,
    rejected,

    async create(order) {
      const wrong = faultOfOrder(order);
      if (wrong !== undefined) {
        return { outcome: 'refused', fault: { code: 'bug', detail: wrong, notSent: true } };
      }
      const call = precreateCall(order, account, productCode, world.now());
      return codeFrom(await ask(gateway, call), order.outTradeNo);
    },
    async query(outTradeNo) {
      return tradeFrom(await ask(gateway, queryCall(outTradeNo)), outTradeNo);
    },
    async close(outTradeNo) {
      return closingFrom(await ask(gateway, closeCall(outTradeNo)), outTradeNo);
    },
    async refund(request) {
      const wrong = faultOfRefund(request);
      if (wrong !== undefined) {
        return { outcome: 'refused', fault: { code: 'bug', detail: wrong, notSent: true } };
      }
      return refundFrom(await ask(gateway, refundCall(request)), request);
    },
    async queryRefund(query) {
      return refundAnswerFrom(await ask(gateway, refundQueryCall(query)), query);
    },
    fetchStatement: (day) => fetchStatement(gateway, day, configuration.sellerId),
    readNotification: (raw) => Promise.resolve(readNotification(raw.body, trust)),
  };
}

/** The door alone, for calls that the contract leaves out. */
export function createAlipayGateway(world: World, configuration: AlipayConfiguration): Gateway {
  return open(world, configuration).gateway;
}

/**
 * alipay.trade.cancel: closes an unpaid trade and **gives back a paid one's money**, so it is no part of
 * `Channel`: only a reviewed path may call it, and its effect is a refund event (money-safety.md I7).
 * Works for 24 h; `nothing` does not end an unscanned code (alipay.md 2.3, 3.4).
 */
export async function cancelTrade(
  gateway: Gateway,
  outTradeNo: string,
): Promise<Outcome<{ result: CancelResult }>> {
  return cancelFrom(await ask(gateway, cancelCall(outTradeNo)), outTradeNo);
}

function open(
  world: World,
  configuration: AlipayConfiguration,
): { gateway: Gateway; configurationId: string } {
  const keys = openAlipayKeys(configuration);
  if (keys === undefined) throw new Error('Alipay: a key or certificate cannot be read');
  if (worldOfAlipayGateway(configuration.gatewayUrl) === undefined) {
    throw new Error('Alipay: the gateway is not on the list');
  }
  const { privateKey, trust, certificateSns } = keys;
  const caller = {
    appId: configuration.appId,
    privateKey,
    gatewayUrl: configuration.gatewayUrl,
    ...(certificateSns && { certificateSns }),
  };
  const gateway = { world, caller, trust, downloads: new Map() };
  return { gateway, configurationId: configurationIdOf(configuration, keys) };
}
