/**
 * The Alipay adapter against the pretend Alipay, over real HTTP on loopback: two readings of the same
 * public documents, each checking the other.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  cancelTrade,
  checkAlipayConfiguration,
  createAlipayChannel,
  createAlipayGateway,
  type AlipayConfiguration,
  type Channel,
  type NotificationReading,
  type Order,
} from '#channel';
import { fen } from '#money';
import type { World } from '#world';
import { createAlipayGateway as createPretendAlipay } from '../simulator/alipay/index.ts';
import { keyTexts, makeAlipayMerchant, type AlipayMerchant } from '../simulator/alipay/merchant.ts';
import type { Gateway } from '../simulator/kernel/contract.ts';
import { createKernel, type SimulatorKernel } from '../simulator/kernel/kernel.ts';
import { manualClock, type ManualClock } from '../simulator/kernel/manual-clock.ts';
import { systemWorld } from '../src/world/system.ts';

const START = Date.UTC(2026, 10, 22, 2, 0, 0);
const MINUTE_MS = 60_000;

let merchant: AlipayMerchant;
let clock: ManualClock;
let kernel: SimulatorKernel;
let pretend: Gateway;
let server: Server;
let world: World;
let configuration: AlipayConfiguration;
let channel: Channel;
let heard: NotificationReading[];
let orders = 0;

beforeAll(async () => {
  merchant = await makeAlipayMerchant({ nowMs: START });
  server = createServer((request, response) => {
    void buffer(request)
      .then((body) =>
        pretend.handle({ method: 'POST', target: request.url ?? '', headers: headersOf(request), body }),
      )
      .then((answer) => {
        if (answer.kind === 'drop') return response.destroy();
        return response.writeHead(answer.status, answer.headers).end(answer.body);
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  clock = manualClock(START);
  heard = [];
  kernel = createKernel({
    clock,
    deliver: async (_url, headers, body) => {
      const reading = await channel.readNotification({ headers, body });
      heard.push(reading);
      const said = reading.verdict === 'genuine' ? channel.accepted : channel.rejected;
      return { status: said.status, body: Buffer.from(said.body) };
    },
  });
  pretend = createPretendAlipay(kernel, merchant);
  world = { ...systemWorld((url) => url.hostname === '127.0.0.1'), now: () => clock.now() };
  configuration = configurationAt(server);
  channel = createAlipayChannel(world, configuration);
});

describe('in fine weather', () => {
  it('what the pretend console hands out passes the check of the configuration', () => {
    expect(checkAlipayConfiguration(configuration, START)).toEqual([]);
    expect(checkAlipayConfiguration(certified(), START)).toEqual([]);
  });

  it('a payment goes from code to scan to paid, and query and notification agree on it', async () => {
    const order = newOrder();
    const content = await codeOf(order);
    expect(content).toMatch(/^https:\/\/qr\.alipay\.com\//);
    expect(await channel.query(order.outTradeNo)).toMatchObject({
      outcome: 'done',
      value: { state: 'none' },
    });

    expect(pretend.scan(content, 'payer').ok).toBe(true);
    expect(await channel.query(order.outTradeNo)).toMatchObject({
      value: { state: 'scanned', totalFen: 1250 },
    });

    expect(pretend.pay(content, 'payer').ok).toBe(true);
    await clock.advance(0);
    const asked = await channel.query(order.outTradeNo);
    expect(asked).toMatchObject({ value: { state: 'paid', totalFen: 1250, paidAtMs: START } });
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({
      verdict: 'genuine',
      report: {
        about: 'payment',
        outTradeNo: order.outTradeNo,
        state: 'paid',
        appId: merchant.appId,
        merchantId: merchant.sellerId,
        totalFen: 1250,
        paidAtMs: START,
        attach: order.attach,
        channelTradeNo: asked.outcome === 'done' ? asked.value.channelTradeNo : 'no answer',
      },
    });
  });

  it('in certificate mode too', async () => {
    channel = createAlipayChannel(world, certified());
    const order = newOrder();
    const content = await codeOf(order);
    expect(pretend.pay(content, 'payer').ok).toBe(true);
    await clock.advance(0);
    expect(await channel.query(order.outTradeNo)).toMatchObject({ value: { state: 'paid' } });
    expect(heard).toMatchObject([{ verdict: 'genuine', report: { state: 'paid' } }]);
  });

  it('a code that nobody scanned cannot be closed, and stays payable', async () => {
    const order = newOrder();
    const content = await codeOf(order);
    expect(await channel.close(order.outTradeNo)).toEqual({
      outcome: 'done',
      value: { result: 'nothing_to_close' },
    });
    expect(pretend.pay(content, 'payer').ok).toBe(true);
  });

  it('a scanned trade closes; a paid one does not', async () => {
    const scanned = newOrder();
    pretend.scan(await codeOf(scanned), 'payer');
    expect(await channel.close(scanned.outTradeNo)).toMatchObject({ value: { result: 'sent' } });
    expect(await channel.query(scanned.outTradeNo)).toMatchObject({ value: { state: 'closed' } });
    expect(await channel.close(scanned.outTradeNo)).toMatchObject({ value: { result: 'not_closable' } });

    const paid = newOrder();
    pretend.pay(await codeOf(paid), 'payer');
    expect(await channel.close(paid.outTradeNo)).toMatchObject({ value: { result: 'not_closable' } });
    expect(await channel.query(paid.outTradeNo)).toMatchObject({ value: { state: 'paid' } });
  });

  it('the code dies at its expiry: the first second after it nobody can scan', async () => {
    const order = newOrder();
    const content = await codeOf(order);
    await clock.advance(15 * MINUTE_MS + 1000);
    expect(pretend.scan(content, 'payer').ok).toBe(false);
    expect(await channel.query(order.outTradeNo)).toMatchObject({ value: { state: 'none' } });
  });

  it('a scanned trade is closed by Alipay at the expiry', async () => {
    const order = newOrder();
    const content = await codeOf(order);
    pretend.scan(content, 'payer');
    await clock.advance(15 * MINUTE_MS + 1000);
    expect(pretend.pay(content, 'payer').ok).toBe(false);
    expect(await channel.query(order.outTradeNo)).toMatchObject({ value: { state: 'closed' } });
  });

  it('cancelling gives a paid trade back, which a query never again calls paid', async () => {
    const order = newOrder();
    pretend.pay(await codeOf(order), 'payer');
    const cancelled = await cancelTrade(createAlipayGateway(world, configuration), order.outTradeNo);
    expect(cancelled).toEqual({ outcome: 'done', value: { result: 'refunded' } });
    expect(await channel.query(order.outTradeNo)).toMatchObject({
      value: { state: 'closed', paidAtMs: START },
    });
    await clock.advance(0);
    for (const reading of heard) {
      expect(reading).toMatchObject({
        verdict: 'genuine',
        report: { outTradeNo: order.outTradeNo, state: 'paid' },
      });
    }
  });

  it('cancelling an unscanned code finds nothing', async () => {
    const order = newOrder();
    await codeOf(order);
    const gateway = createAlipayGateway(world, configuration);
    expect(await cancelTrade(gateway, order.outTradeNo)).toMatchObject({ value: { result: 'nothing' } });
  });
});

describe('a wrong configuration is a definite no, and says what to look at', () => {
  it.each([
    ['another app', { appId: '9021000999999999' }, 'isv.invalid-app-id'],
    ['a key that was never uploaded', 'stranger', 'isv.invalid-signature'],
  ] as const)('%s', async (_what, change, channelCode) => {
    const changes =
      change === 'stranger' ? { privateKey: keyTexts(await makeAlipayMerchant()).appPrivateKey } : change;
    const wrong = createAlipayChannel(world, { ...configuration, ...changes });
    expect(await wrong.create(newOrder())).toMatchObject({
      outcome: 'refused',
      fault: { code: 'configuration', channelCode },
    });
  });

  it('a clock that is hours off', async () => {
    const late = createAlipayChannel({ ...world, now: () => START + 8 * 60 * MINUTE_MS }, configuration);
    const order = { ...newOrder(), expiresAtMs: START + 9 * 60 * MINUTE_MS };
    expect(await late.create(order)).toMatchObject({
      outcome: 'refused',
      fault: { channelCode: 'isv.invalid-timestamp' },
    });
  });
});

describe('in bad weather nothing is concluded', () => {
  it.each([
    ['lose_request', 'silent'],
    ['lose_answer', 'silent'],
    ['answer_html', 'silent'],
    ['answer_500', 'system_error'],
    ['answer_500_after_acting', 'system_error'],
    ['throttle', 'throttled'],
    ['answer_unsigned', 'unverified'],
    ['answer_wrong_signature', 'unverified'],
    ['answer_other_order', 'foreign_answer'],
    ['answer_unknown_code', 'undocumented'],
  ])('%s leaves every call unknown: %s', async (trouble, code) => {
    const order = newOrder();
    pretend.pay(await codeOf(order), 'payer');
    kernel.board.merge({ [trouble]: 1 });
    const unknown = { outcome: 'unknown', fault: { code } };
    expect(await channel.create(newOrder())).toMatchObject(unknown);
    expect(await channel.query(order.outTradeNo)).toMatchObject(unknown);
    expect((await channel.close(order.outTradeNo)).outcome).not.toBe('refused');
  });

  it('a create whose answer was lost is told by the number: paid, it is never opened again', async () => {
    const order = newOrder();
    const content = await codeOf(order);
    pretend.pay(content, 'payer');
    expect(await channel.create(order)).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'number_spent' },
    });
  });

  it.each([
    ['notify_corrupt', 'a byte changed on the way'],
    ['notify_forge', 'a stranger’s copy'],
  ])('%s: %s is refused, and the payment is still seen by query', async (trouble) => {
    kernel.board.merge({ [trouble]: 1 });
    const order = newOrder();
    pretend.pay(await codeOf(order), 'payer');
    await clock.advance(0);
    expect(heard.some(({ verdict }) => verdict === 'refused')).toBe(true);
    expect(await channel.query(order.outTradeNo)).toMatchObject({ value: { state: 'paid' } });
  });

  it('a genuine notification of another amount is handed on with that amount, for the books to dispute', async () => {
    kernel.board.merge({ notify_wrong_amount: 1 });
    const order = newOrder();
    pretend.pay(await codeOf(order), 'payer');
    await clock.advance(0);
    const [reading] = heard;
    expect(reading).toMatchObject({
      verdict: 'genuine',
      report: { outTradeNo: order.outTradeNo, state: 'paid' },
    });
    expect(reading).not.toHaveProperty('report.totalFen', 1250);
  });

  it('what was refused comes again, and is the same event', async () => {
    kernel.board.merge({ notify_corrupt: 1 });
    pretend.pay(await codeOf(newOrder()), 'payer');
    await clock.advance(0);
    kernel.board.merge({ notify_corrupt: 0 });
    await clock.advance(4 * MINUTE_MS);
    await clock.advance(60 * MINUTE_MS);
    expect(heard.map(({ verdict }) => verdict)).toEqual(['refused', 'genuine']);
  });
});

function newOrder(): Order {
  orders += 1;
  return {
    outTradeNo: `A${orders}`,
    amountFen: fen(1250),
    subject: '仁心门诊 医疗服务费',
    expiresAtMs: START + 15 * MINUTE_MS,
    attach: `ref+${orders}`,
    notifyUrl: 'http://127.0.0.1:9/api/v1/finance/notifications/alipay',
  };
}

async function codeOf(order: Order): Promise<string> {
  const outcome = await channel.create(order);
  if (outcome.outcome !== 'done') throw new Error(outcome.fault.detail);
  return outcome.value.content;
}

function configurationAt(at: Server): AlipayConfiguration {
  const address = at.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  const keys = keyTexts(merchant);
  return {
    appId: merchant.appId,
    privateKey: keys.appPrivateKey,
    alipayPublicKeys: [keys.alipayPublicKey],
    gatewayUrl: `http://127.0.0.1:${address.port}/gateway.do`,
    sellerId: merchant.sellerId,
  };
}

function certified(): AlipayConfiguration {
  const { app, alipay, root } = merchant.certificates;
  return {
    ...configuration,
    alipayPublicKeys: undefined,
    certificates: { appCert: app, alipayCert: alipay, rootCert: root },
  };
}

function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
}
