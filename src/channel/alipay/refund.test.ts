import { fen } from '#money';
import { describe, expect, it } from 'vitest';
import type { RefundRequest } from '../channel.ts';
import { createAlipayChannel } from './index.ts';
import {
  answer,
  bodyOf,
  configurationOf,
  NOW,
  parametersOf,
  strangers,
  unsignedBodyOf,
  worldThat,
} from '../../../test/support/alipay-fixture.ts';

const REFUND = 'alipay.trade.refund';
const QUERY = 'alipay.trade.fastpay.refund.query';

const request: RefundRequest = {
  outTradeNo: 'A1',
  outRefundNo: 'R1',
  channelTradeNo: '2026112222001400000000000001',
  amountFen: fen(250),
  totalFen: fen(1250),
  reason: '退费',
  notifyUrl: 'https://pay.example.com/api/v1/finance/notifications/alipay',
};
const trade = { trade_no: '2026112222001400000000000001', out_trade_no: 'A1' };
const moved = {
  code: '10000',
  msg: 'Success',
  ...trade,
  fund_change: 'Y',
  gmt_refund_pay: '2026-11-22 10:00:01',
  refund_fee: '7.50',
  send_back_fee: '0.00',
};
const found = {
  code: '10000',
  msg: 'Success',
  ...trade,
  out_request_no: 'R1',
  refund_amount: '2.50',
  refund_status: 'REFUND_SUCCESS',
  gmt_refund_pay: '2026-11-22 10:00:01',
  total_amount: '12.50',
};

function channelHearing(body: string | Uint8Array, status = 200) {
  const world = worldThat(() => answer(body, status));
  return { world, channel: createAlipayChannel(world, configurationOf()) };
}

const refundHearing = (node: object) => channelHearing(bodyOf(REFUND, node)).channel.refund(request);
const queryHearing = (node: object) => channelHearing(bodyOf(QUERY, node)).channel.queryRefund(request);
const failure = (subCode: string, code = '40004') => ({ code, msg: 'Business Failed', sub_code: subCode });

describe('giving money back', () => {
  it('fund_change Y is money moved: of this refund its own amount, of all refunds their sum', async () => {
    expect(await refundHearing(moved)).toEqual({
      outcome: 'done',
      value: {
        method: 'alipay',
        source: 'query',
        about: 'refund',
        outTradeNo: 'A1',
        state: 'paid',
        channelState: 'fund_change Y',
        channelTradeNo: trade.trade_no,
        refund: {
          outRefundNo: 'R1',
          state: 'succeeded',
          amountFen: 250,
          cumulativeFen: 750,
          refundedAtMs: NOW + 1000,
        },
      },
    });
  });

  it.each([
    ['N', { ...moved, fund_change: 'N' }],
    ['missing', { ...moved, fund_change: undefined }],
  ])('fund_change %s moved nothing that we may count: ask', async (_what, node) => {
    const outcome = await refundHearing(node);
    expect(outcome).toMatchObject({
      outcome: 'done',
      value: { refund: { state: 'accepted', cumulativeFen: 750 } },
    });
    expect(outcome).not.toHaveProperty('value.refund.amountFen');
  });

  it('every refund travels with its own number, and nothing else that Alipay does not list', async () => {
    const { channel, world } = channelHearing(bodyOf(REFUND, moved));
    await channel.refund(request);
    expect(world.sent).toHaveLength(1);
    const parameters = parametersOf(world.sent[0]);
    expect(parameters).toMatchObject({ method: REFUND });
    expect(parameters).not.toHaveProperty('notify_url');
    expect(JSON.parse(parameters['biz_content'] ?? '')).toEqual({
      out_trade_no: 'A1',
      out_request_no: 'R1',
      refund_amount: '2.50',
      refund_reason: '退费',
    });
  });

  it.each([
    ['more than was paid', { amountFen: fen(1251) }],
    ['nothing', { amountFen: fen(0) }],
    ['without a number', { outRefundNo: '' }],
    ['with a reason as long as a story', { reason: '退'.repeat(257) }],
  ])('a refund of %s never leaves the machine', async (_what, changes) => {
    const { channel, world } = channelHearing(bodyOf(REFUND, moved));
    expect(await channel.refund({ ...request, ...changes })).toMatchObject({
      outcome: 'refused',
      fault: { code: 'bug', notSent: true },
    });
    expect(world.sent).toHaveLength(0);
  });

  it('an empty balance is no refusal: nothing moved, and the same number goes again', async () => {
    expect(await refundHearing(failure('ACQ.SELLER_BALANCE_NOT_ENOUGH'))).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'short_of_balance', channelCode: 'ACQ.SELLER_BALANCE_NOT_ENOUGH' },
    });
  });

  it.each([
    ['ACQ.REASON_TRADE_REFUND_FEE_ERR', 'declined'],
    ['ACQ.TRADE_HAS_FINISHED', 'declined'],
    ['ACQ.TRADE_HAS_CLOSE', 'declined'],
    ['ACQ.BUYER_ENABLE_STATUS_FORBID', 'declined'],
    ['ACQ.REASON_TRADE_BEEN_FREEZEN', 'configuration'],
    ['ACQ.OVERDRAFT_AGREEMENT_NOT_MATCH', 'configuration'],
    ['ACQ.INVALID_PARAMETER', 'bug'],
  ])('%s is a definite no: %s', async (subCode, code) => {
    expect(await refundHearing(failure(subCode))).toMatchObject({ outcome: 'refused', fault: { code } });
  });

  it.each([
    ['ACQ.SYSTEM_ERROR', 'system_error'],
    ['ACQ.REFUND_CHARGE_ERROR', 'system_error'],
    ['ACQ.DISCORDANT_REPEAT_REQUEST', 'number_spent'],
    ['ACQ.TRADE_STATUS_ERROR', 'number_spent'],
    ['ACQ.BRAND_NEW', 'undocumented'],
    ['', 'undocumented'],
  ])('after %s money may have moved: %s', async (subCode, code) => {
    expect(await refundHearing(failure(subCode))).toMatchObject({ outcome: 'unknown', fault: { code } });
  });

  it('20000 is unknown even where its sub code is a refusal elsewhere', async () => {
    expect(await refundHearing(failure('aop.ACQ.TRADE_HAS_FINISHED', '20000'))).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'system_error' },
    });
  });

  it.each([
    ['a stranger', bodyOf(REFUND, moved, strangers.privateKey)],
    ['nobody', unsignedBodyOf(REFUND, moved)],
  ])('"refunded" signed by %s moves nothing in our books', async (_who, body) => {
    expect(await channelHearing(body).channel.refund(request)).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'unverified' },
    });
  });

  it.each([
    ['another order', { ...moved, out_trade_no: 'B2' }],
    ['another trade under our number', { ...moved, trade_no: '2026112222001400000000000002' }],
  ])('an answer about %s is nothing about ours', async (_what, node) => {
    expect(await refundHearing(node)).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'foreign_answer' },
    });
  });

  it.each([
    ['a sum smaller than this refund', { ...moved, refund_fee: '2.49' }],
    ['no sum', { ...moved, refund_fee: undefined }],
    ['a sum that is no text', { ...moved, refund_fee: 7.5 }],
    ['a word for fund_change that no page lists', { ...moved, fund_change: 'X' }],
    ['no order number', { ...moved, out_trade_no: undefined }],
  ])('a success with %s concludes nothing', async (_what, node) => {
    expect(await refundHearing(node)).toMatchObject({ outcome: 'unknown', fault: { code: 'undocumented' } });
  });

  it.each(['', '<html>', '{}'])('an answer that is none leaves it unknown: %j', async (body) => {
    expect(await channelHearing(body).channel.refund(request)).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'silent' },
    });
  });
});

describe('asking what became of a refund', () => {
  it('REFUND_SUCCESS is money returned, with its amount and time for the caller to compare', async () => {
    expect(await queryHearing(found)).toEqual({
      outcome: 'done',
      value: {
        method: 'alipay',
        source: 'query',
        about: 'refund',
        outTradeNo: 'A1',
        state: 'paid',
        channelState: 'REFUND_SUCCESS',
        totalFen: 1250,
        channelTradeNo: trade.trade_no,
        refund: { outRefundNo: 'R1', state: 'succeeded', amountFen: 250, refundedAtMs: NOW + 1000 },
      },
    });
  });

  it('the question names both numbers and wants the time', async () => {
    const { channel, world } = channelHearing(bodyOf(QUERY, found));
    await channel.queryRefund(request);
    expect(JSON.parse(parametersOf(world.sent[0])['biz_content'] ?? '')).toEqual({
      out_trade_no: 'A1',
      out_request_no: 'R1',
      query_options: ['gmt_refund_pay'],
    });
  });

  it('a bare success is "not refunded so far", and says nothing about the trade', async () => {
    expect(await queryHearing({ code: '10000', msg: 'Success' })).toMatchObject({
      outcome: 'done',
      value: { about: 'refund', state: 'none', refund: { outRefundNo: 'R1', state: 'none' } },
    });
  });

  it('the answers of old, which tell success by the amount alone, are understood', async () => {
    expect(await queryHearing({ ...found, refund_status: undefined })).toMatchObject({
      outcome: 'done',
      value: { refund: { state: 'succeeded', amountFen: 250 } },
    });
  });

  it('an amount of nothing is no refund', async () => {
    expect(
      await queryHearing({ code: '10000', msg: 'Success', ...trade, refund_amount: '0.00' }),
    ).toMatchObject({
      outcome: 'done',
      value: { refund: { state: 'none' } },
    });
  });

  it.each(['ACQ.TRADE_NOT_EXIST', 'TRADE_NOT_EXIST'])('%s finds no refund', async (subCode) => {
    expect(await queryHearing(failure(subCode))).toMatchObject({
      outcome: 'done',
      value: { state: 'none', channelState: subCode, refund: { state: 'none' } },
    });
  });

  it.each([
    ['another order', { ...found, out_trade_no: 'B2' }],
    ['another refund', { ...found, out_request_no: 'R2' }],
    ['another trade under our number', { ...found, trade_no: '2026112222001400000000000002' }],
  ])('an answer about %s is nothing about ours', async (_what, node) => {
    expect(await queryHearing(node)).toMatchObject({ outcome: 'unknown', fault: { code: 'foreign_answer' } });
  });

  it.each([
    ['a status that no page lists', { ...found, refund_status: 'REFUND_FAIL' }],
    ['no amount', { ...found, refund_amount: undefined }],
    ['an amount that is none', { ...found, refund_amount: '2.505' }],
    ['no refund number', { ...found, out_request_no: undefined }],
  ])('a success with %s concludes nothing', async (_what, node) => {
    expect(await queryHearing(node)).toMatchObject({ outcome: 'unknown', fault: { code: 'undocumented' } });
  });

  it('silence is not "none"', async () => {
    expect(await channelHearing('', 502).channel.queryRefund(request)).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'silent' },
    });
    expect(await queryHearing(failure('ACQ.SYSTEM_ERROR'))).toMatchObject({ outcome: 'unknown' });
  });
});
