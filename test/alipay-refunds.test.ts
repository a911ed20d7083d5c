/**
 * The Alipay adapter against the pretend Alipay, over real HTTP on loopback: money that goes back, and the
 * statement of the day it moved on.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createAlipayChannel,
  type Channel,
  type ChannelReport,
  type NotificationReading,
  type Outcome,
  type RefundRequest,
  type StatementDay,
  type StatementLine,
} from '#channel';
import { fen } from '#money';
import type { World } from '#world';
import { keyTexts, makeAlipayMerchant, type AlipayMerchant } from '../simulator/alipay/index.ts';
import { manualClock, type ManualClock } from '../simulator/kernel/manual-clock.ts';
import { createSimulator, type Simulator } from '../simulator/server.ts';
import { makeWechatMerchant, type WechatMerchant } from '../simulator/wechat/merchant.ts';
import { systemWorld } from '../src/world/system.ts';

/** 2026-11-22 10:00 in clinic time. */
const START = Date.UTC(2026, 10, 22, 2, 0, 0);
const TODAY = '2026-11-22';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let merchants: { alipay: AlipayMerchant; wechat: WechatMerchant };
let clock: ManualClock;
let simulator: Simulator;
let channel: Channel;
let heard: NotificationReading[];
let orders = 0;

beforeAll(async () => {
  const [alipay, wechat] = await Promise.all([
    makeAlipayMerchant({ nowMs: START }),
    makeWechatMerchant({ bits: 512 }),
  ]);
  merchants = { alipay, wechat };
});

beforeEach(async () => {
  clock = manualClock(START);
  heard = [];
  simulator = await createSimulator({
    merchants,
    clock,
    deliver: async (_url, headers, body) => {
      const reading = await channel.readNotification({ headers, body });
      heard.push(reading);
      return { status: 200, body: Buffer.from(channel.accepted.body) };
    },
  });
  const address = await simulator.listen(0);
  const world: World = {
    ...systemWorld((url) => url.hostname === '127.0.0.1'),
    now: () => simulator.kernel.clock.now(),
  };
  const keys = keyTexts(merchants.alipay);
  channel = createAlipayChannel(world, {
    appId: merchants.alipay.appId,
    privateKey: keys.appPrivateKey,
    alipayPublicKeys: [keys.alipayPublicKey],
    gatewayUrl: `${address}/gateway.do`,
    sellerId: merchants.alipay.sellerId,
  });
});

afterEach(() => simulator.close());

describe('a refund', () => {
  it('moves money once, however often it is sent, and query and notification agree on it', async () => {
    const request = await paidOrder();
    expect(refundIn(await channel.refund(request))).toEqual({
      outRefundNo: request.outRefundNo,
      state: 'succeeded',
      amountFen: 250,
      cumulativeFen: 250,
      refundedAtMs: START,
    });
    expect(refundIn(await channel.refund(request))).toMatchObject({ state: 'accepted', cumulativeFen: 250 });
    expect(refundIn(await channel.queryRefund(request))).toEqual({
      outRefundNo: request.outRefundNo,
      state: 'succeeded',
      amountFen: 250,
      refundedAtMs: START,
    });
    await clock.advance(0);
    expect(heard.at(-1)).toMatchObject({
      verdict: 'genuine',
      report: { about: 'refund', refund: { outRefundNo: request.outRefundNo, cumulativeFen: 250 } },
    });
    expect(refundsOf(request)).toEqual([250]);
  });

  it('of the rest closes the trade; the sum tells all refunds, each answer its own', async () => {
    const first = await paidOrder();
    await channel.refund(first);
    const rest = { ...first, outRefundNo: `${first.outRefundNo}b`, amountFen: fen(1000) };
    expect(refundIn(await channel.refund(rest))).toMatchObject({ amountFen: 1000, cumulativeFen: 1250 });
    expect(await channel.query(first.outTradeNo)).toMatchObject({ value: { state: 'closed' } });
    expect(refundIn(await channel.queryRefund(first))).toMatchObject({ state: 'succeeded', amountFen: 250 });
  });

  it('of a full amount may be told by a notification or not: the answer is enough', async () => {
    simulator.kernel.board.merge({ alipay_full_refund_notifies: false });
    const request = { ...(await paidOrder()), amountFen: fen(1250) };
    expect(refundIn(await channel.refund(request))).toMatchObject({ state: 'succeeded' });
    await clock.advance(0);
    expect(heard.filter((one) => one.verdict === 'genuine' && one.report?.about === 'refund')).toEqual([]);
  });

  it('that nobody sent is none, and so is one of an order that nobody paid', async () => {
    const request = await paidOrder();
    expect(refundIn(await channel.queryRefund({ ...request, outRefundNo: 'R0' }))).toMatchObject({
      state: 'none',
    });
    expect(refundIn(await channel.queryRefund({ ...request, outTradeNo: 'A0' }))).toMatchObject({
      state: 'none',
    });
    expect(await channel.refund({ ...request, outTradeNo: 'A0' })).toMatchObject({
      outcome: 'refused',
      fault: { code: 'declined', channelCode: 'ACQ.TRADE_NOT_EXIST' },
    });
  });

  it('of more than is left is refused, and moves nothing', async () => {
    const request = await paidOrder();
    await channel.refund({ ...request, amountFen: fen(1250) });
    const more = { ...request, outRefundNo: `${request.outRefundNo}b`, amountFen: fen(1) };
    expect(await channel.refund(more)).toMatchObject({ outcome: 'refused', fault: { code: 'declined' } });
    expect(refundsOf(request)).toEqual([1250]);
  });

  it('under a number that has another amount is no plain no: money moved under it', async () => {
    const request = await paidOrder();
    await channel.refund(request);
    expect(await channel.refund({ ...request, amountFen: fen(251) })).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'number_spent' },
    });
  });

  it('waits for the balance: the same number succeeds once there is money', async () => {
    const request = await paidOrder();
    simulator.kernel.board.merge({ refund_no_balance: 1 });
    expect(await channel.refund(request)).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'short_of_balance' },
    });
    expect(refundIn(await channel.queryRefund(request))).toMatchObject({ state: 'none' });
    simulator.kernel.board.merge({ reset: true });
    expect(refundIn(await channel.refund(request))).toMatchObject({ state: 'succeeded' });
    expect(refundsOf(request)).toEqual([250]);
  });

  it('that is stuck is accepted and none, and is success only when the money has moved', async () => {
    const request = await paidOrder();
    simulator.kernel.board.merge({ refund_stuck: true });
    expect(refundIn(await channel.refund(request))).toMatchObject({ state: 'accepted', cumulativeFen: 0 });
    await clock.advance(HOUR_MS);
    expect(refundIn(await channel.queryRefund(request))).toMatchObject({ state: 'none' });
    simulator.kernel.board.merge({ refund_stuck: false });
    await clock.advance(MINUTE_MS);
    expect(refundIn(await channel.queryRefund(request))).toMatchObject({ state: 'succeeded' });
    expect(refundsOf(request)).toEqual([250]);
  });

  it.each([
    'lose_request',
    'lose_answer',
    'answer_500',
    'answer_500_after_acting',
    'answer_html',
    'answer_unsigned',
    'answer_wrong_signature',
    'answer_other_order',
    'answer_unknown_code',
    'throttle',
  ])('in %s is unknown; sent again under its number it has moved the money once', async (trouble) => {
    const request = await paidOrder();
    simulator.kernel.board.merge({ [trouble]: 1 });
    expect((await channel.refund(request)).outcome).toBe('unknown');
    simulator.kernel.board.merge({ reset: true });
    const again = refundIn(await channel.refund(request));
    expect(['accepted', 'succeeded']).toContain(again?.state);
    expect(refundIn(await channel.queryRefund(request))).toMatchObject({
      state: 'succeeded',
      amountFen: 250,
    });
    expect(refundsOf(request)).toEqual([250]);
  });
});

describe('the statement of the day', () => {
  it('tells every debit and refund of the ledger, to the fen and to the second', async () => {
    const first = await paidOrder();
    await clock.advance(MINUTE_MS);
    await channel.refund(first);
    const second = await paidOrder();
    await nextDay();

    const lines = wholeOf(await channel.fetchStatement(TODAY));
    const moved = lines.map(({ report }) => ({
      out_trade_no: report.outTradeNo,
      channel_trade_no: report.channelTradeNo,
      amount_fen: report.refund?.amountFen ?? report.totalFen,
      at: report.refund?.refundedAtMs ?? report.paidAtMs,
      out_refund_no: report.refund?.outRefundNo,
    }));
    const ledger = simulator.kernel.ledger.all().map((entry) => ({
      out_trade_no: entry.out_trade_no,
      channel_trade_no: entry.channel_trade_no,
      amount_fen: entry.amount_fen,
      at: entry.at,
      out_refund_no: entry.out_refund_no,
    }));
    expect(moved.toSorted(byNumbers)).toEqual(ledger.toSorted(byNumbers));
    expect(moved.map((one) => one.out_trade_no)).toContain(second.outTradeNo);
    expect(lines.map(({ report }) => report.merchantId)).toEqual(lines.map(() => merchants.alipay.sellerId));
    expect(lines.map(({ feeMicro }) => feeMicro)).toEqual([8000, -2000, 8000]);
  });

  it('is not ready before nine, and a day without money is empty', async () => {
    await paidOrder();
    expect(await channel.fetchStatement(TODAY)).toEqual({ outcome: 'done', value: { state: 'not_ready' } });
    await clock.advance(22 * HOUR_MS);
    expect(await channel.fetchStatement(TODAY)).toEqual({ outcome: 'done', value: { state: 'not_ready' } });
    await clock.advance(HOUR_MS);
    expect(wholeOf(await channel.fetchStatement(TODAY))).toHaveLength(1);
    expect(await channel.fetchStatement('2026-11-21')).toEqual({
      outcome: 'done',
      value: { state: 'empty' },
    });
  });

  it('that comes late is awaited until noon', async () => {
    await paidOrder();
    await nextDay();
    simulator.kernel.board.merge({ statement_late: 1 });
    expect(await channel.fetchStatement(TODAY)).toEqual({ outcome: 'done', value: { state: 'not_ready' } });
  });

  it.each(['statement_truncated', 'statement_wrong_sum'])('in %s is refused whole', async (trouble) => {
    await paidOrder();
    await nextDay();
    simulator.kernel.board.merge({ [trouble]: 1 });
    // Cut off in either of two ways, by chance.
    for (let tries = 0; tries < 6; tries += 1) {
      expect(await channel.fetchStatement(TODAY)).toMatchObject({
        outcome: 'unknown',
        fault: { code: 'unverified' },
      });
    }
  });

  it.each(['lose_request', 'lose_answer', 'answer_html'])(
    'in %s is unknown, never empty',
    async (trouble) => {
      await nextDay();
      simulator.kernel.board.merge({ [trouble]: 1 });
      expect(await channel.fetchStatement(TODAY)).toMatchObject({ outcome: 'unknown' });
    },
  );

  it('holds a payment that nobody told us of', async () => {
    simulator.kernel.board.merge({ notify_lose: 1 });
    const request = await paidOrder();
    await nextDay();
    expect(wholeOf(await channel.fetchStatement(TODAY))).toMatchObject([
      { report: { source: 'statement', outTradeNo: request.outTradeNo, state: 'paid', totalFen: 1250 } },
    ]);
    expect(heard).toEqual([]);
  });
});

/** A paid order, and the first part of it that may go back. */
async function paidOrder(): Promise<RefundRequest> {
  orders += 1;
  const outTradeNo = `A${orders}`;
  const nowMs = simulator.kernel.clock.now();
  const made = await channel.create({
    outTradeNo,
    amountFen: fen(1250),
    subject: '仁心门诊 医疗服务费',
    expiresAtMs: nowMs + 15 * MINUTE_MS,
    attach: `ref+${orders}`,
    notifyUrl: 'http://127.0.0.1:9/api/v1/finance/notifications/alipay',
  });
  if (made.outcome !== 'done') throw new Error(made.fault.detail);
  simulator.gateways.find((one) => one.channel === 'alipay')?.pay(made.value.content, 'payer');
  await clock.advance(0);
  const paid = await channel.query(outTradeNo);
  const channelTradeNo = paid.outcome === 'done' ? paid.value.channelTradeNo : undefined;
  return {
    outTradeNo,
    outRefundNo: `R${orders}`,
    ...(channelTradeNo !== undefined && { channelTradeNo }),
    amountFen: fen(250),
    totalFen: fen(1250),
    reason: '退费',
    notifyUrl: 'http://127.0.0.1:9/api/v1/finance/notifications/alipay',
  };
}

/** Ten o'clock of the next day. */
async function nextDay(): Promise<void> {
  const now = clock.now();
  await clock.advance(START + 24 * HOUR_MS - now);
}

function refundIn(outcome: Outcome<ChannelReport>): ChannelReport['refund'] {
  if (outcome.outcome !== 'done') throw new Error(`${outcome.outcome} ${outcome.fault.detail}`);
  expect(outcome.value).toMatchObject({ method: 'alipay', about: 'refund' });
  return outcome.value.refund;
}

function wholeOf(outcome: Outcome<StatementDay>): StatementLine[] {
  if (outcome.outcome !== 'done' || outcome.value.state !== 'whole') throw new Error(JSON.stringify(outcome));
  return [...outcome.value.lines];
}

/** What the simulator's own books say went back for this order. */
function refundsOf({ outTradeNo }: RefundRequest): number[] {
  return simulator.kernel.ledger
    .all()
    .filter((entry) => entry.kind === 'refund' && entry.out_trade_no === outTradeNo)
    .map((entry) => entry.amount_fen);
}

function byNumbers(
  a: { out_trade_no: string; at?: number | undefined },
  b: { out_trade_no: string; at?: number | undefined },
): number {
  if (a.out_trade_no !== b.out_trade_no) return a.out_trade_no < b.out_trade_no ? -1 : 1;
  return (a.at ?? 0) - (b.at ?? 0);
}
