import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Channel, ChannelReport, Order, Outcome } from '#channel';
import { fen } from '#money';
import type { Weather } from '../simulator/kernel/contract.ts';
import { openClinic, type Clinic } from './clinic.ts';
import { sqlite } from './engines.ts';

/**
 * What every channel keeps, whatever its wire looks like: one suite over both adapters, against the
 * pretend gateways with their real signatures. Knowing one adapter is knowing the other.
 */
describe.each(['alipay', 'wechat'] as const)('the channel %s', (method) => {
  let clinic: Clinic;
  let channel: Channel;
  let order: Order;

  beforeEach(async () => {
    clinic = await openClinic(sqlite);
    await clinic.app.worker.stop();
    const found = clinic.channels.get(method);
    if (found === undefined) throw new Error('not configured');
    channel = found;
    order = {
      outTradeNo: 'ZF20261122Contract01',
      amountFen: fen(12_850),
      subject: '示范诊所医疗服务费',
      expiresAtMs: clinic.world.now() + 15 * 60_000,
      attach: 'B26112200000001',
      notifyUrl: `http://127.0.0.1:8080/api/v1/finance/notifications/${method}`,
    };
  });
  afterEach(() => clinic.close());

  const made = async (): Promise<string> => {
    const outcome = await clinic.world.until(channel.create(order));
    if (outcome.outcome !== 'done') throw new Error(JSON.stringify(outcome));
    return outcome.value.content;
  };
  const asked = (): Promise<Outcome<ChannelReport>> => clinic.world.until(channel.query(order.outTradeNo));
  const stateOf = async (): Promise<string> => {
    const outcome = await asked();
    return outcome.outcome === 'done' ? outcome.value.state : outcome.fault.code;
  };

  it('gives a code, and before anybody scanned it the query says so in its own way', async () => {
    expect(await made()).toMatch(/^(https:\/\/qr\.alipay\.com\/|weixin:\/\/wxpay\/)/);
    expect(await stateOf()).toBe(channel.traits.unscannedIsInvisible ? 'none' : 'waiting');
  });

  it('reports a payment with all that is pinned', async () => {
    clinic.pay(await made());
    const outcome = await asked();
    expect(outcome).toMatchObject({
      outcome: 'done',
      value: {
        method,
        source: 'query',
        about: 'payment',
        outTradeNo: order.outTradeNo,
        state: 'paid',
        totalFen: 12_850,
      },
    });
    const report = (outcome as Extract<typeof outcome, { outcome: 'done' }>).value;
    expect(report.channelTradeNo).toMatch(/^\d{28}$/);
    expect(Math.abs((report.paidAtMs ?? 0) - clinic.world.now())).toBeLessThan(2_000);
  });

  it('says "none" for a number that it never heard of, and that ends nothing', async () => {
    expect(await stateOf()).toBe('none');
  });

  it('closes what was scanned and not paid, and only the query proves it', async () => {
    const content = await made();
    clinic.sim.gateways.find((gateway) => gateway.channel === method)?.scan(content, 'patient');
    expect(await clinic.world.until(channel.close(order.outTradeNo))).toMatchObject({
      value: { result: 'sent' },
    });
    expect(await stateOf()).toBe('closed');
  });

  it('does not close what is paid', async () => {
    clinic.pay(await made());
    const outcome = await clinic.world.until(channel.close(order.outTradeNo));
    expect(outcome).not.toMatchObject({ value: { result: 'sent' } });
    expect(await stateOf()).toBe('paid');
  });

  const silences: [string, Partial<Weather>, string][] = [
    ['nobody answers', { silent: true }, 'silent'],
    ['the connection is cut before acting', { lose_request: 1 }, 'silent'],
    ['the connection is cut after acting', { lose_answer: 1 }, 'silent'],
    ['a page of HTML answers', { answer_html: 1 }, 'silent'],
    ['the gateway is not well', { answer_500: 1 }, 'system_error'],
    ['the answer is not signed', { answer_unsigned: 1 }, 'unverified'],
    ['the answer is signed wrongly', { answer_wrong_signature: 1 }, 'unverified'],
    ['the gateway asks for patience', { throttle: 1 }, 'throttled'],
  ];
  it.each(silences)('knows that it does not know when %s', async (_words, weather, code) => {
    await made();
    clinic.weather(weather);
    expect(await asked()).toMatchObject({ outcome: 'unknown', fault: { code } });
  });

  it('does not take another order’s answer for its own', async () => {
    clinic.pay(await made());
    clinic.weather({ answer_other_order: 1 });
    expect(await asked()).toMatchObject({ outcome: 'unknown', fault: { code: 'foreign_answer' } });
  });

  it('creates one order for one number, however often the answer is lost', async () => {
    clinic.weather({ lose_answer: 1 });
    expect(await clinic.world.until(channel.create(order))).toMatchObject({ outcome: 'unknown' });
    clinic.weather({ lose_answer: 0 });
    clinic.pay(await made());
    expect(clinic.ledger().filter((entry) => entry.out_trade_no === order.outTradeNo)).toHaveLength(1);
  });

  it('reads its own notification, and not one with a byte changed', async () => {
    clinic.pay(await made());
    await clinic.world.advance(3_000);
    const [raw] = clinic.delivered;
    if (raw === undefined) throw new Error('no notification came');
    expect(await channel.readNotification(raw)).toMatchObject({
      verdict: 'genuine',
      report: { source: 'notification', state: 'paid', outTradeNo: order.outTradeNo, totalFen: 12_850 },
    });
    const body = Buffer.from(raw.body);
    body[40] = (body[40] ?? 0) ^ 1;
    expect(await channel.readNotification({ ...raw, body })).toMatchObject({ verdict: 'refused' });
    const sooner = await channel.readNotification({ headers: {}, body: Buffer.alloc(0) });
    expect(sooner).toMatchObject({ verdict: 'refused' });
  });

  it('sends money back once for one number, whole or in part, and knows when it arrived', async () => {
    clinic.pay(await made());
    const request = {
      outTradeNo: order.outTradeNo,
      outRefundNo: 'ZR20261122Contract01',
      amountFen: fen(850),
      totalFen: order.amountFen,
      reason: '门诊退费',
      notifyUrl: order.notifyUrl,
    };
    expect(await clinic.world.until(channel.queryRefund(request))).toMatchObject({
      value: { refund: { state: 'none' } },
    });
    for (let repeat = 0; repeat < 3; repeat += 1) {
      expect((await clinic.world.until(channel.refund(request))).outcome).toBe('done');
      await clinic.world.advance(120_000);
    }
    const outcome = await clinic.world.until(channel.queryRefund(request));
    expect(outcome).toMatchObject({
      outcome: 'done',
      value: { about: 'refund', refund: { state: 'succeeded', amountFen: 850 } },
    });
    const refunds = clinic.ledger().filter((entry) => entry.kind === 'refund');
    expect(refunds.map((entry) => entry.amount_fen)).toEqual([850]);
  });

  it('tells the whole day next morning, and nothing of a day that is not over', async () => {
    clinic.pay(await made());
    expect(await clinic.world.until(channel.fetchStatement('2026-11-22'))).not.toMatchObject({
      value: { state: 'whole' },
    });
    await clinic.world.advance(30 * 3_600_000);
    const outcome = await clinic.world.until(channel.fetchStatement('2026-11-22'));
    const day = outcome.outcome === 'done' && outcome.value.state === 'whole' ? outcome.value : undefined;
    expect([...(day?.lines ?? [])].map((line) => line.report)).toMatchObject([
      { source: 'statement', state: 'paid', outTradeNo: order.outTradeNo, totalFen: 12_850 },
    ]);
  });
});
