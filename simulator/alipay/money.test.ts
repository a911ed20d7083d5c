import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { HOUR, makeDesk, merchant, MINUTE } from './testing.ts';
import { canonical } from './wire.ts';

const QUERY = 'alipay.trade.query';

function isSignedByAlipay(fields: Record<string, string>): boolean {
  const text = canonical(Object.entries(fields), ['sign', 'sign_type']);
  const key = createPublicKey(merchant.alipayPrivateKey);
  return verify('sha256', Buffer.from(text), key, Buffer.from(fields['sign'] ?? '', 'base64'));
}

async function paidDesk() {
  const desk = makeDesk();
  desk.gateway.pay(await desk.precreate('A1'), 'Zhang');
  await desk.host.advance(1);
  desk.told.length = 0;
  const refund = (biz: object) => desk.call('alipay.trade.refund', { out_trade_no: 'A1', ...biz });
  const refundQuery = (outRequestNo: string) =>
    desk.call('alipay.trade.fastpay.refund.query', { out_trade_no: 'A1', out_request_no: outRequestNo });
  return { ...desk, refund, refundQuery };
}

describe('refunds', () => {
  test('refund_fee is the sum of all refunds, and a repeat moves nothing', async () => {
    const { refund, kernel } = await paidDesk();
    expect(await refund({ refund_amount: '2.80', out_request_no: 'r1' })).toMatchObject({
      fund_change: 'Y',
      refund_fee: '2.80',
    });
    expect(await refund({ refund_amount: '2.80', out_request_no: 'r1' })).toMatchObject({
      fund_change: 'N',
      refund_fee: '2.80',
    });
    expect(await refund({ refund_amount: '5.00', out_request_no: 'r2' })).toMatchObject({
      refund_fee: '7.80',
    });
    expect(kernel.ledger.all().map((entry) => entry.amount_fen)).toEqual([1280, 280, 500]);
  });

  test('the full sum closes the trade, and a new number then finds it closed', async () => {
    const { call, refund } = await paidDesk();
    await refund({ refund_amount: '12.80' });
    expect(await call(QUERY, { out_trade_no: 'A1' })).toMatchObject({ trade_status: 'TRADE_CLOSED' });
    expect(await refund({ refund_amount: '1.00', out_request_no: 'r9' })).toMatchObject({
      sub_code: 'ACQ.TRADE_HAS_CLOSE',
      refund_fee: '0.00',
    });
  });

  test.each([
    [{ refund_amount: '12.81', out_request_no: 'r1' }, 'ACQ.REASON_TRADE_REFUND_FEE_ERR'],
    [{ refund_amount: '1.00' }, 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL'],
    [{ refund_amount: '1.00', out_request_no: 'r1', out_trade_no: 'nobody' }, 'ACQ.TRADE_NOT_EXIST'],
    [{ refund_amount: '0.00', out_request_no: 'r1' }, 'ACQ.INVALID_PARAMETER'],
  ])('%j is refused as %s', async (biz, subCode) => {
    const { refund } = await paidDesk();
    expect(await refund(biz)).toMatchObject({ code: '40004', sub_code: subCode });
  });

  test('one number with two amounts is refused by name', async () => {
    const { refund } = await paidDesk();
    await refund({ refund_amount: '2.80', out_request_no: 'r1' });
    expect(await refund({ refund_amount: '2.81', out_request_no: 'r1' })).toMatchObject({
      sub_code: 'ACQ.DISCORDANT_REPEAT_REQUEST',
    });
  });

  test('a refund on its way is not found, holds its money, and arrives later', async () => {
    const { host, kernel, refund, refundQuery } = await paidDesk();
    kernel.board.merge({ refund_pending_ms: MINUTE });
    expect(await refund({ refund_amount: '10.00', out_request_no: 'r1' })).toMatchObject({
      fund_change: 'N',
      refund_fee: '0.00',
    });
    const empty = await refundQuery('r1');
    expect([empty['code'], empty['refund_status']]).toEqual(['10000', undefined]);
    expect(await refund({ refund_amount: '10.00', out_request_no: 'r2' })).toMatchObject({ code: '40004' });
    await host.advance(MINUTE);
    expect(await refundQuery('r1')).toMatchObject({
      refund_status: 'REFUND_SUCCESS',
      refund_amount: '10.00',
    });
  });

  test('an unknown refund number is answered with bare success', async () => {
    const { refundQuery } = await paidDesk();
    const answer = await refundQuery('never');
    expect(Object.keys(answer).filter((name) => name !== 'node' && name !== 'signed')).toEqual([
      'code',
      'msg',
    ]);
  });

  test('an empty balance refunds nothing', async () => {
    const { kernel, refund } = await paidDesk();
    kernel.board.merge({ refund_no_balance: 1 });
    expect(await refund({ refund_amount: '1.00', out_request_no: 'r1' })).toMatchObject({
      sub_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH',
    });
    expect(kernel.ledger.all()).toHaveLength(1);
  });

  test('after a year the money cannot go back any more', async () => {
    const { call, host, refund } = await paidDesk();
    await host.advance(365 * 24 * HOUR);
    expect(await call(QUERY, { out_trade_no: 'A1' })).toMatchObject({ trade_status: 'TRADE_FINISHED' });
    expect(await refund({ refund_amount: '12.80' })).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_FINISHED' });
  });
});

describe('notifications', () => {
  test('a payment is told once, signed without sign_type and without empty values', async () => {
    const { gateway, host, precreate, told } = makeDesk();
    gateway.pay(await precreate('A1', { body: '门诊' }), 'Zhang');
    await host.advance(HOUR);
    expect(told).toHaveLength(1);
    const fields = told[0]?.fields ?? {};
    expect(told[0]?.url).toBe('http://127.0.0.1:1/notify');
    expect(fields).toMatchObject({
      notify_type: 'trade_status_sync',
      trade_status: 'TRADE_SUCCESS',
      out_trade_no: 'A1',
      total_amount: '12.80',
      app_id: merchant.appId,
      seller_id: merchant.sellerId,
      gmt_payment: '2026-11-22 10:00:00',
      fund_bill_list: '[{"amount":"12.80","fundChannel":"ALIPAYACCOUNT"}]',
    });
    expect(fields['notify_id']).toMatch(/^2026112200222100000\d{15}$/);
    expect(Object.values(fields)).not.toContain('');
    expect(isSignedByAlipay(fields)).toBe(true);
    expect(isSignedByAlipay({ ...fields, total_amount: '12.81' })).toBe(false);
  });

  test('repeats keep one notify_id and come until the body is exactly success', async () => {
    const { gateway, host, precreate, reply, told } = makeDesk();
    reply.text = 'success\n';
    gateway.pay(await precreate('A1'), 'Zhang');
    await host.advance(4 * MINUTE);
    reply.text = 'success';
    await host.advance(24 * HOUR);
    expect(told).toHaveLength(3);
    expect(new Set(told.map((one) => one.fields['notify_id'])).size).toBe(1);
  });

  test('after eight deliveries within 25 hours Alipay gives up', async () => {
    const { gateway, host, precreate, reply, told } = makeDesk();
    reply.text = 'fail';
    gateway.pay(await precreate('A1'), 'Zhang');
    await host.advance(25 * HOUR);
    expect(told).toHaveLength(8);
    await host.advance(100 * HOUR);
    expect(told).toHaveLength(8);
  });

  test('a part refund is TRADE_SUCCESS again, a full one TRADE_CLOSED, both with their sums', async () => {
    const { host, refund, told } = await paidDesk();
    await refund({ refund_amount: '2.80', out_request_no: 'r1' });
    await refund({ refund_amount: '10.00', out_request_no: 'r2' });
    await host.advance(1);
    expect(told.map((one) => one.fields)).toMatchObject([
      {
        trade_status: 'TRADE_SUCCESS',
        refund_fee: '2.80',
        out_biz_no: 'r1',
        gmt_refund: '2026-11-22 10:00:00.001',
      },
      { trade_status: 'TRADE_CLOSED', refund_fee: '12.80', out_biz_no: 'r2' },
    ]);
    expect(
      told.every((one) => isSignedByAlipay(one.fields) && one.fields['receipt_amount'] === undefined),
    ).toBe(true);
  });

  test('a forged one is signed by a stranger, a wrong amount validly', async () => {
    const { gateway, host, kernel, precreate, told } = makeDesk();
    kernel.board.merge({ notify_forge: 1, notify_wrong_amount: 1 });
    gateway.pay(await precreate('A1'), 'Zhang');
    await host.advance(1);
    expect(told.map((one) => [isSignedByAlipay(one.fields), one.fields['total_amount']])).toEqual([
      [false, '12.81'],
      [true, '12.81'],
    ]);
  });

  test('closing tells nobody, unless the weather says that it does', async () => {
    const { call, gateway, host, kernel, precreate, told } = makeDesk();
    gateway.scan(await precreate('A1'), 'Zhang');
    gateway.scan(await precreate('A2'), 'Zhang');
    await call('alipay.trade.close', { out_trade_no: 'A1' });
    kernel.board.merge({ alipay_close_notifies: true });
    await call('alipay.trade.close', { out_trade_no: 'A2' });
    await host.advance(1);
    expect(told.map((one) => one.fields)).toMatchObject([
      { out_trade_no: 'A2', trade_status: 'TRADE_CLOSED' },
    ]);
  });
});

describe('the weather at the gateway', () => {
  const wish = { out_trade_no: 'A1', total_amount: '12.80', subject: '挂号费' };

  test.each([
    ['answer_500', undefined],
    ['answer_500_after_acting', 'REFUND_SUCCESS'],
  ])('%s leaves the refund it was about as %s', async (field, status) => {
    const { kernel, refund, refundQuery } = await paidDesk();
    kernel.board.merge({ [field]: 1 });
    const failed = await refund({ refund_amount: '2.80', out_request_no: 'r1' });
    expect(failed['sub_code']).toMatch(/ACQ\.SYSTEM_ERROR$/);
    kernel.board.merge({ reset: true });
    expect((await refundQuery('r1'))['refund_status']).toBe(status);
  });

  test('a lost answer is lost after acting: the refund it was about did happen', async () => {
    const { kernel, raw, refund, refundQuery } = await paidDesk();
    kernel.board.merge({ lose_answer: 1 });
    await refund({ refund_amount: '2.80', out_request_no: 'r1' });
    kernel.board.merge({ reset: true });
    expect(await refundQuery('r1')).toMatchObject({ refund_status: 'REFUND_SUCCESS' });
    kernel.board.merge({ lose_request: 1 });
    expect(await raw('/gateway.do', '', {})).toBeUndefined();
  });

  test('an answer about another order is validly signed and names another number', async () => {
    const { call, kernel } = await paidDesk();
    kernel.board.merge({ answer_other_order: 1 });
    const answer = await call(QUERY, { out_trade_no: 'A1' });
    expect(answer).toMatchObject({ code: '10000', signed: true });
    expect(answer['out_trade_no']).not.toBe('A1');
  });

  test('a paid trade may look unpaid for ten seconds and no longer', async () => {
    const { call, host, kernel } = await paidDesk();
    kernel.board.merge({ stale_unpaid: 1 });
    expect(await call(QUERY, { out_trade_no: 'A1' })).toMatchObject({
      trade_status: 'WAIT_BUYER_PAY',
      receipt_amount: '0.00',
    });
    await host.advance(10_000);
    expect(await call(QUERY, { out_trade_no: 'A1' })).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
  });

  test('the payment and its notification can come before the code', async () => {
    const { call, kernel, told } = makeDesk();
    kernel.board.merge({ notify_before_answer: true });
    const arrived = call('alipay.trade.precreate', wish, { notify_url: 'http://127.0.0.1:1/n' }).then(
      () => told.length,
    );
    expect(await arrived).toBe(1);
    expect(await call(QUERY, { out_trade_no: 'A1' })).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
  });
});
