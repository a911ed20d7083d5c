/** The WeChat Pay adapter against the pretend gateway, over real HTTP: two readings of the same pages meet here. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createWechatChannel } from '#channel';
import type { Channel } from '#channel';
import { fen } from '#money';
import type { Weather } from '../simulator/kernel/contract.ts';
import { serveGateway } from '../simulator/wechat/harness.ts';
import {
  closeShops,
  configurationOf,
  DAY_MS,
  makeMerchants,
  merchants,
  NOW,
  openShop,
  readAll,
} from './support/wechat-shop.ts';

beforeAll(makeMerchants);
afterEach(closeShops);

/** `done paid`, `unknown unverified`, … */
async function word(
  asked: ReturnType<Channel['query'] | Channel['create'] | Channel['close']>,
): Promise<string> {
  const outcome = await asked;
  if (outcome.outcome !== 'done') return `${outcome.outcome} ${outcome.fault.code}`;
  const { value } = outcome;
  return `done ${'state' in value ? value.state : 'result' in value ? value.result : 'code'}`;
}

describe('a payment', () => {
  it('is reported alike by the query and by the notification, down to the fen in the ledger', async () => {
    const shop = await openShop();
    const order = shop.order();
    const content = await shop.code(order);
    expect(shop.gateway.knows(content)).toBe(true);
    expect(await word(shop.channel.query(order.outTradeNo))).toBe('done waiting');

    const paid = shop.gateway.pay(content, 'payer-1');
    expect(paid.ok).toBe(true);
    const asked = await shop.channel.query(order.outTradeNo);
    const [told] = await readAll(shop);
    if (asked.outcome !== 'done' || told?.verdict !== 'genuine') throw new Error('neither asked nor told');
    expect(asked.value).toMatchObject({
      state: 'paid',
      outTradeNo: order.outTradeNo,
      appId: shop.merchant.appid,
      merchantId: shop.merchant.mchid,
      totalFen: 12345,
      currency: 'CNY',
      tradeType: 'NATIVE',
      attach: order.attach,
      paidAtMs: NOW,
    });
    expect(told.report).toEqual({ ...asked.value, source: 'notification' });
    expect(told.keyId).toBe(shop.merchant.publicKeyId);
    const [entry] = shop.kernel.ledger.all();
    expect(entry).toMatchObject({ amount_fen: 12345, channel_trade_no: asked.value.channelTradeNo });
  });

  it('spends its number: ordering again or closing leads to a query', async () => {
    const shop = await openShop();
    const order = shop.order();
    shop.gateway.pay(await shop.code(order), 'payer-1');
    expect(await word(shop.channel.create(order))).toBe('unknown number_spent');
    expect(await word(shop.channel.close(order.outTradeNo))).toBe('done not_closable');
    expect(await word(shop.channel.query(order.outTradeNo))).toBe('done paid');
  });

  it('of a wrong amount arrives as it is: signed, and for others to compare', async () => {
    const shop = await openShop();
    const content = await shop.code(shop.order());
    shop.gateway.pay(content, 'payer-1', 1);
    const [told] = await readAll(shop);
    expect(told).toMatchObject({ verdict: 'genuine', report: { state: 'paid', totalFen: 1 } });
  });
});

describe('an order', () => {
  it('repeated word for word gives a code again; with another amount it is a spent number', async () => {
    const shop = await openShop();
    const order = shop.order();
    await shop.code(order);
    expect(await word(shop.channel.create(order))).toBe('done code');
    expect(await word(shop.channel.create({ ...order, amountFen: fen(1) }))).toBe('unknown number_spent');
  });

  it.each([true, false])('closed cannot be ordered again (refused with 201: %s)', async (with201) => {
    const shop = await openShop();
    shop.weather({ wechat_number_refused_with_201: with201 });
    const order = shop.order();
    await shop.code(order);
    expect(await word(shop.channel.close(order.outTradeNo))).toBe('done sent');
    expect(await word(shop.channel.query(order.outTradeNo))).toBe('done closed');
    expect(await word(shop.channel.create(order))).toBe('unknown number_spent');
    expect(await word(shop.channel.close(order.outTradeNo))).toBe('done sent');
  });

  it('is still waiting when a 204 has not closed it yet: only the query tells', async () => {
    const shop = await openShop();
    shop.weather({ wechat_not_closed_after_204_ms: 5_000 });
    const order = shop.order();
    await shop.code(order);
    expect(await word(shop.channel.close(order.outTradeNo))).toBe('done sent');
    expect(await word(shop.channel.query(order.outTradeNo))).toBe('done waiting');
  });

  it.each([true, false])(
    'that nobody knows is "none", and closing it proves nothing (204: %s)',
    async (given204) => {
      const shop = await openShop();
      shop.weather({ wechat_close_unknown_gives_204: given204 });
      expect(await word(shop.channel.query('ZF_unknown'))).toBe('done none');
      expect(await word(shop.channel.close('ZF_unknown'))).toBe(
        given204 ? 'done sent' : 'done nothing_to_close',
      );
    },
  );

  it('being paid at this moment is not closed', async () => {
    const shop = await openShop();
    shop.weather({ wechat_close_while_paying: 1 });
    const order = shop.order();
    shop.gateway.scan(await shop.code(order), 'payer-1');
    // Both answers are reported for a payer at the password page, and neither is a closed order.
    expect(['done not_closable', 'unknown throttled']).toContain(
      await word(shop.channel.close(order.outTradeNo)),
    );
    shop.weather({});
    expect(await word(shop.channel.query(order.outTradeNo))).toBe('done waiting');
  });

  it('is never sent once its time is over, so it cannot come back to life', async () => {
    const shop = await openShop();
    const order = shop.order();
    await shop.code(order);
    await shop.clock.advance(15 * 60_000);
    expect(await word(shop.channel.create(order))).toBe('unknown silent');
    expect(await word(shop.channel.query(order.outTradeNo))).toBe('done waiting');
  });
});

describe('bad weather', () => {
  const weathers: [Partial<Weather>, string][] = [
    [{ answer_unsigned: 1 }, 'unverified'],
    [{ answer_wrong_signature: 1 }, 'unverified'],
    [{ answer_stale: 1 }, 'unverified'],
    [{ answer_500: 1 }, 'system_error'],
    [{ answer_500_after_acting: 1 }, 'system_error'],
    [{ answer_html: 1 }, 'silent'],
    [{ throttle: 1 }, 'throttled'],
    [{ lose_request: 1 }, 'silent'],
    [{ lose_answer: 1 }, 'silent'],
    [{ answer_unknown_code: 1 }, 'undocumented'],
  ];

  it.each(weathers)('%o never becomes a yes or a no', async (weather, code) => {
    const shop = await openShop();
    const order = shop.order();
    await shop.code(order);
    shop.weather(weather);
    const { create, query, close } = shop.channel;
    expect([
      await word(create(order)),
      await word(query(order.outTradeNo)),
      await word(close(order.outTradeNo)),
    ]).toEqual(Array.from({ length: 3 }, () => `unknown ${code}`));
  });

  it('an answer about another order is nobody’s answer', async () => {
    const shop = await openShop();
    const [one, other] = [shop.order(), shop.order()];
    await shop.code(one);
    shop.gateway.pay(await shop.code(other), 'payer-1');
    shop.weather({ answer_other_order: 1 });
    expect(await word(shop.channel.query(one.outTradeNo))).toBe('unknown foreign_answer');
  });

  it('business errors mean the same whether they are signed or not', async () => {
    const shop = await openShop();
    for (const wechat_sign_business_errors of [true, false]) {
      shop.weather({ wechat_sign_business_errors });
      expect(await word(shop.channel.query('ZF_unknown'))).toBe('done none');
    }
  });

  it('notifications that are corrupt, forged or a probe are refused, each by its name', async () => {
    const seen: Record<string, string[]> = {};
    for (const weather of ['notify_corrupt', 'notify_forge', 'notify_probe'] as const) {
      const shop = await openShop();
      shop.weather({ [weather]: 1 });
      shop.gateway.pay(await shop.code(shop.order()), 'payer-1');
      const readings = await readAll(shop);
      seen[weather] = readings.map((one) => (one.verdict === 'refused' ? one.reason : one.verdict)).sort();
    }
    expect(seen['notify_corrupt']).toEqual(['signature_wrong']);
    expect(seen['notify_probe']).toEqual(['signature_probe']);
    expect(seen['notify_forge']).toContain('genuine');
    expect(seen['notify_forge']?.some((one) => one === 'signature_wrong' || one === 'key_unknown')).toBe(
      true,
    );
  });

  it('a clock up to 300 seconds off is no trouble; beyond, the gateway itself says so', async () => {
    const shop = await openShop();
    const order = shop.order();
    await shop.code(order);
    for (const [skewS, expected] of [
      [300, 'done waiting'],
      [-300, 'done waiting'],
      [301, 'refused configuration'],
    ] as const) {
      shop.kernel.clock.change({ skew_ms: skewS * 1000 });
      expect(await word(shop.channel.query(order.outTradeNo))).toBe(expected);
    }
  });
});

describe('the keys', () => {
  it('in certificate mode come by themselves, and a rotation is followed without a restart', async () => {
    const shop = await openShop('certificate');
    expect(await word(shop.channel.create(shop.order()))).toBe('done code');
    await shop.gateway.rotatePlatformCertificate();
    expect(await shop.channel.refreshKeys?.()).toMatchObject({
      outcome: 'done',
      value: { keyIds: { length: 2 } },
    });
    await shop.clock.advance(DAY_MS + 60_000);
    const order = shop.order();
    const content = await shop.code(order);
    shop.gateway.pay(content, 'payer-1');
    expect(await readAll(shop)).toMatchObject([{ verdict: 'genuine', report: { state: 'paid' } }]);
  });

  it('while the merchant moves, certificate and public key are believed side by side', async () => {
    const shop = await openShop('migrating');
    const keyIds = new Set<string>();
    for (const share of [0, 1]) {
      shop.gateway.setNotificationShare(share);
      shop.gateway.pay(await shop.code(shop.order()), 'payer-1');
      for (const reading of await readAll(shop)) if (reading.verdict === 'genuine') keyIds.add(reading.keyId);
    }
    expect(keyIds.size).toBe(2);
    expect(keyIds).toContain(shop.merchant.publicKeyId);
  });

  it('a merchant with the public key needs no certificates', async () => {
    const shop = await openShop();
    expect(await shop.channel.refreshKeys?.()).toEqual({
      outcome: 'done',
      value: { keyIds: [shop.merchant.publicKeyId] },
    });
  });

  it('of somebody else open nothing: a wrong key is a matter of configuration', async () => {
    const stranger = merchants.get('certificate')!.certificate;
    const shop = await openShop();
    const foreign = createWechatChannel(shop.world, {
      ...configurationOf(shop.merchant, shop.server.url),
      merchantCertificate: stranger.certificate,
      merchantPrivateKey: stranger.privateKey,
    });
    expect(await word(foreign.create(shop.order()))).toBe('refused configuration');
    const wrongKey = createWechatChannel(shop.world, {
      ...configurationOf(shop.merchant, shop.server.url),
      apiV3Key: 'x'.repeat(32),
    });
    shop.gateway.pay(await shop.code(shop.order()), 'payer-1');
    await shop.clock.advance(1_000);
    const [raw] = shop.notifications;
    expect(await wrongKey.readNotification(raw!)).toMatchObject({
      verdict: 'refused',
      reason: 'undecryptable',
    });
  });
});

describe('the backup host', () => {
  it('serves when nobody listens at the main one', async () => {
    const dead = await serveGateway((await openShop()).gateway);
    await dead.close();
    const shop = await openShop();
    const channel = createWechatChannel(shop.world, {
      ...configurationOf(shop.merchant, dead.url),
      backupGatewayUrl: shop.server.url,
    });
    const order = shop.order();
    expect(await word(channel.create(order))).toBe('done code');
    expect(await word(channel.query(order.outTradeNo))).toBe('done waiting');
  });

  it('without one, a dead host means that nothing was sent', async () => {
    const shop = await openShop();
    await shop.server.close();
    expect(await shop.channel.create(shop.order())).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'silent', notSent: true },
    });
  });
});
