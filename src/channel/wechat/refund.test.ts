import { NetworkFault, type InboundAnswer } from '#world';
import { fen } from '#money';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ChannelReport, Outcome, RefundRequest } from '../channel.ts';
import {
  makeMerchant,
  makeWorld,
  NOW,
  order,
  signedAnswer,
  unsignedAnswer,
  type Merchant,
  type Signing,
  type TestWorld,
} from '../../../test/support/wechat-fixture.ts';
import { documentedAfterwards, meaningOf } from './codes.ts';
import { createWechatChannel } from './index.ts';

const MAIN = 'https://api.mch.weixin.qq.com';
const BACKUP = 'https://api2.mch.weixin.qq.com';

let merchant: Merchant;
let by: Signing;
beforeAll(async () => {
  merchant = await makeMerchant();
  by = { serial: merchant.publicKeyId, privateKey: merchant.publicKeyPrivate };
});

const request: RefundRequest = {
  outTradeNo: order.outTradeNo,
  outRefundNo: 'ZR20261122000001',
  channelTradeNo: '4200001234202611220123456789',
  amountFen: fen(345),
  totalFen: fen(12_345),
  reason: '退款',
  notifyUrl: 'https://clinic.example/api/v1/finance/notifications/wechat',
};

/** The refund object of wechatpay.md 9.1. */
const refunded = {
  refund_id: '50300907132026112200000000001',
  out_refund_no: request.outRefundNo,
  transaction_id: request.channelTradeNo,
  out_trade_no: request.outTradeNo,
  channel: 'ORIGINAL',
  user_received_account: '支付用户零钱',
  success_time: '2026-11-22T10:00:07+08:00',
  create_time: '2026-11-22T10:00:05+08:00',
  status: 'SUCCESS',
  funds_account: 'AVAILABLE',
  amount: { total: 12_345, refund: 345, payer_total: 12_345, payer_refund: 345, currency: 'CNY', from: [] },
  promotion_detail: [],
};

function channelWith(reply: TestWorld['reply'], change: Partial<Merchant['configuration']> = {}) {
  const world = makeWorld(reply);
  return { world, channel: createWechatChannel(world, { ...merchant.configuration, ...change }) };
}

const answering = (answer: InboundAnswer | NetworkFault) => channelWith(() => answer).channel;
const silence = new NetworkFault('no_answer', 'timed out');

/** What a call came to, in words: `refused declined`, `done accepted`. */
function short(outcome: Outcome<ChannelReport>): string {
  if (outcome.outcome !== 'done') return `${outcome.outcome} ${outcome.fault.code}`;
  return `done ${outcome.value.refund?.state}`;
}

describe('sending money back', () => {
  it('names the payment by its own number, the refund by ours, and always where to tell of it', async () => {
    const { world, channel } = channelWith(() => signedAnswer(200, refunded, by));
    await channel.refund(request);
    const [sent] = world.sent;
    expect(sent).toMatchObject({ method: 'POST', url: `${MAIN}/v3/refund/domestic/refunds` });
    expect(JSON.parse(Buffer.from(sent?.body ?? []).toString())).toEqual({
      transaction_id: request.channelTradeNo,
      out_refund_no: request.outRefundNo,
      reason: '退款',
      notify_url: request.notifyUrl,
      amount: { refund: 345, total: 12_345, currency: 'CNY' },
    });
  });

  it('names the payment by our number only where its own is not known', async () => {
    const { world, channel } = channelWith(() => signedAnswer(200, refunded, by));
    const { channelTradeNo: _, ...without } = request;
    await channel.refund(without);
    const body = JSON.parse(Buffer.from(world.sent[0]?.body ?? []).toString()) as object;
    expect(body).toHaveProperty('out_trade_no', request.outTradeNo);
    expect(body).not.toHaveProperty('transaction_id');
  });

  it('cuts a reason at 80 bytes, and leaves out one of which nothing is left', async () => {
    const { world, channel } = channelWith(() => signedAnswer(200, refunded, by));
    await channel.refund({ ...request, reason: '退'.repeat(40) });
    await channel.refund({ ...request, reason: '😀' });
    const [long, none] = world.sent.map(
      ({ body }) => JSON.parse(Buffer.from(body ?? []).toString()) as { reason?: string },
    );
    expect(long?.reason).toBe('退'.repeat(26));
    expect(none).not.toHaveProperty('reason');
  });

  it('is never asked for with a number or amount that WeChat Pay would not take', () => {
    const { refund } = answering(silence);
    const wrong: Partial<RefundRequest>[] = [
      { outRefundNo: '' },
      { outRefundNo: 'x'.repeat(65) },
      { outRefundNo: 'a/b' },
      { amountFen: fen(0) },
      { amountFen: fen(12_346) },
    ];
    for (const change of wrong) expect(() => refund({ ...request, ...change })).toThrow(RangeError);
  });

  it('waits 20 s, and repeats the same number and bytes on the backup host', async () => {
    const alone = channelWith(() => silence);
    expect(short(await alone.channel.refund(request))).toBe('unknown silent');
    expect(alone.world.sent.map(({ timeoutMs }) => timeoutMs)).toEqual([20_000]);

    const { world, channel } = channelWith(
      ({ url }) => (url.startsWith(MAIN) ? silence : signedAnswer(200, refunded, by)),
      { backupGatewayUrl: BACKUP },
    );
    expect(short(await channel.refund(request))).toBe('done succeeded');
    const [first, second] = world.sent;
    expect(Buffer.from(second?.body ?? [])).toEqual(Buffer.from(first?.body ?? [1]));
    expect((first?.timeoutMs ?? 0) + (second?.timeoutMs ?? 0)).toBe(20_000);
  });

  it('is not definitely refused when an earlier send of it was never answered', async () => {
    const no = unsignedAnswer(403, { code: 'USER_ACCOUNT_ABNORMAL' });
    const { channel } = channelWith(({ url }) => (url.startsWith(MAIN) ? silence : no), {
      backupGatewayUrl: BACKUP,
    });
    expect(short(await channel.refund(request))).toBe('unknown declined');
  });
});

describe('the answer to a refund', () => {
  it('tells of it with everything that is pinned', async () => {
    expect(await answering(signedAnswer(200, refunded, by)).refund(request)).toEqual({
      outcome: 'done',
      value: {
        method: 'wechat',
        source: 'query',
        about: 'refund',
        outTradeNo: request.outTradeNo,
        state: 'paid',
        channelState: 'SUCCESS',
        totalFen: 12_345,
        currency: 'CNY',
        channelTradeNo: request.channelTradeNo,
        refund: {
          outRefundNo: request.outRefundNo,
          channelRefundNo: refunded.refund_id,
          state: 'succeeded',
          amountFen: 345,
          refundedAtMs: NOW + 7_000,
        },
      },
    });
  });

  it.each([
    ['PROCESSING', 'accepted'],
    ['SUCCESS', 'succeeded'],
    ['CLOSED', 'closed'],
    ['ABNORMAL', 'abnormal'],
    ['REFUNDING', 'unknown'],
    ['constructor', 'unknown'],
  ])('with status %s means %s, from the call and from the query alike', async (status, state) => {
    const { success_time: _, ...body } = { ...refunded, status };
    const channel = answering(signedAnswer(200, body, by));
    const told = await channel.refund(request);
    expect(short(told)).toBe(`done ${state}`);
    expect(await channel.queryRefund(request)).toEqual(told);
    expect(told).not.toHaveProperty('value.refund.refundedAtMs');
  });

  const others = [
    { out_refund_no: 'ZR20261122000002' },
    { out_trade_no: 'ZF20261122000002_1' },
    { transaction_id: '4200001234202611220123456780' },
    { amount: { ...refunded.amount, refund: 344 } },
    { amount: { ...refunded.amount, total: 12_344 } },
    { amount: { ...refunded.amount, currency: 'USD' } },
  ];
  it.each(others)('about another refund (%o) is not believed', async (change) => {
    const channel = answering(signedAnswer(200, { ...refunded, ...change }, by));
    expect(short(await channel.refund(request))).toBe('unknown foreign_answer');
    expect(short(await channel.queryRefund(request))).toBe('unknown foreign_answer');
  });

  it('without a good signature, or without what a refund has, is nothing', async () => {
    expect(short(await answering(unsignedAnswer(200, refunded)).refund(request))).toBe('unknown unverified');
    const halves = [{}, { ...refunded, amount: { total: 12_345 } }, { ...refunded, refund_id: undefined }];
    for (const half of halves) {
      const channel = answering(signedAnswer(200, half, by));
      expect(short(await channel.refund(request))).toBe('unknown undocumented');
      expect(short(await channel.queryRefund(request))).toBe('unknown undocumented');
    }
  });
});

// Read from the reference's tables (5, 9.1, 9.4), not from the code's.
const errors: [number, string, string, string][] = [
  [400, 'PARAM_ERROR', 'refused bug', 'refused bug'],
  [400, 'INVALID_REQUEST', 'unknown number_spent', 'refused bug'],
  [400, 'INVALIDREQUEST', 'unknown number_spent', 'refused bug'],
  [401, 'SIGN_ERROR', 'refused configuration', 'refused configuration'],
  [403, 'NOT_ENOUGH', 'unknown short_of_balance', 'unknown undocumented'],
  [403, 'NOTENOUGH', 'unknown short_of_balance', 'unknown undocumented'],
  [403, 'USER_ACCOUNT_ABNORMAL', 'refused declined', 'unknown undocumented'],
  [403, 'NO_AUTH', 'refused configuration', 'refused configuration'],
  [404, 'RESOURCE_NOT_EXISTS', 'unknown system_error', 'done none'],
  [404, 'MCH_NOT_EXISTS', 'refused configuration', 'refused configuration'],
  [429, 'FREQUENCY_LIMITED', 'unknown throttled', 'unknown throttled'],
  [500, 'SYSTEM_ERROR', 'unknown system_error', 'unknown system_error'],
  [502, '', 'unknown silent', 'unknown silent'],
  [400, 'TRADE_OVERDUE', 'refused declined', 'unknown undocumented'],
  [403, 'TRADE_OVERDUE', 'refused declined', 'unknown undocumented'],
  [400, 'REFUND_FEE_MISMATCH', 'unknown number_spent', 'unknown undocumented'],
  [404, 'ORDER_NOT_EXIST', 'unknown undocumented', 'unknown undocumented'],
  [403, 'SURELY_NOT_REFUNDED', 'unknown undocumented', 'unknown undocumented'],
];

describe('an error of a refund', () => {
  it.each(errors)('%i %s: the call is %s, the question is %s', async (status, code, called, asked) => {
    for (const answer of [unsignedAnswer(status, { code }), signedAnswer(status, { code }, by)]) {
      const channel = answering(answer);
      expect(short(await channel.refund(request))).toBe(called);
      expect(short(await channel.queryRefund(request))).toBe(asked);
    }
  });

  it('that is badly signed says nothing, not even that there is no such refund', async () => {
    const forged = signedAnswer(
      404,
      { code: 'RESOURCE_NOT_EXISTS' },
      { ...by, privateKey: merchant.platform.privateKey },
    );
    expect(short(await answering(forged).queryRefund(request))).toBe('unknown unverified');
  });

  it('is in the table once, and every one of them was tried here', () => {
    const tried = new Set(errors.map(([, code]) => code));
    for (const [key, row] of Object.entries(documentedAfterwards)) {
      const [status = '', code = ''] = key.split(' ');
      const at = status === '4xx' ? 400 : Number(status);
      expect(meaningOf('refund', at, code)).toBe(row[0]);
      expect(meaningOf('file', at, code.replaceAll('_', ''))).toBe(row[3]);
      expect(tried.has(code) || row[0] === 'undocumented').toBe(true);
    }
  });
});

describe('asking about a refund', () => {
  it('goes by our refund number alone', async () => {
    const { world, channel } = channelWith(() => signedAnswer(200, refunded, by));
    await channel.queryRefund(request);
    expect(world.sent[0]).toMatchObject({
      method: 'GET',
      url: `${MAIN}/v3/refund/domestic/refunds/${request.outRefundNo}`,
    });
  });

  it('"no such refund" is a report, and says nothing of the payment', async () => {
    const none = unsignedAnswer(404, { code: 'RESOURCE_NOT_EXISTS', message: '退款单不存在' });
    expect(await answering(none).queryRefund(request)).toEqual({
      outcome: 'done',
      value: {
        method: 'wechat',
        source: 'query',
        about: 'refund',
        outTradeNo: request.outTradeNo,
        state: 'none',
        channelState: 'RESOURCE_NOT_EXISTS',
        refund: { outRefundNo: request.outRefundNo, state: 'none' },
      },
    });
  });
});
