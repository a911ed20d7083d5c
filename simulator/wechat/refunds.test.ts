/** Money going back: what is accepted, what is refused, how it ends and who is told. */
import { createDecipheriv } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { openTestWorld } from './harness.ts';
import type { Delivery, Got, TestWorld } from './harness.ts';
import { makeWechatMerchant } from './merchant.ts';

const merchant = await makeWechatMerchant({ bits: 1024 });
const minute = 60_000;
const path = '/v3/refund/domestic/refunds';

let world: TestWorld;

beforeEach(async () => {
  world = openTestWorld(merchant);
  world.gateway.pay(await world.code('PAID-001'), 'anna');
  await world.clock.advance(0);
  world.deliveries.length = 0;
});

function refund(out_refund_no: string, fen: number, more: object = {}): Promise<Got> {
  const wish = {
    out_trade_no: 'PAID-001',
    out_refund_no,
    notify_url: 'https://clinic.example/refunds',
    amount: { refund: fen, total: 1230, currency: 'CNY' },
    ...more,
  };
  return world.send({ method: 'POST', target: path, body: JSON.stringify(wish) });
}

const look = (number: string): Promise<Got> =>
  world.send({ target: `${path}/${encodeURIComponent(number)}` });

/** As the merchant decrypts a delivery: the tag is the ciphertext's last 16 bytes. */
function decrypted(delivery: Delivery | undefined): unknown {
  const { ciphertext = '', nonce = '', associated_data = '' } = delivery?.notice.resource ?? {};
  const sealed = Buffer.from(ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', merchant.apiV3Key, nonce);
  decipher.setAAD(Buffer.from(associated_data)).setAuthTag(sealed.subarray(-16));
  return JSON.parse(Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString());
}

describe('refunds', () => {
  test('a 200 means accepted: PROCESSING first, SUCCESS and a notification later', async () => {
    const accepted = await refund('R@1', 230);
    expect(accepted).toMatchObject({
      status: 200,
      json: { status: 'PROCESSING', amount: { refund: 230, total: 1230 } },
    });
    expect(accepted.json).not.toHaveProperty('success_time');
    expect(await world.state('PAID-001')).toBe('REFUND');
    expect(world.kernel.ledger.all()).toHaveLength(1);
    await world.clock.advance(2000);
    expect((await look('R@1')).json).toMatchObject({
      status: 'SUCCESS',
      success_time: '2027-01-04T10:00:02+08:00',
    });
    expect(world.kernel.ledger.all()[1]).toMatchObject({
      kind: 'refund',
      out_refund_no: 'R@1',
      amount_fen: 230,
    });
    expect(world.deliveries[0]?.notice).toMatchObject({ event_type: 'REFUND.SUCCESS' });
    expect(decrypted(world.deliveries[0])).toEqual({
      mchid: merchant.mchid,
      out_trade_no: 'PAID-001',
      transaction_id: expect.stringMatching(/^42000/),
      out_refund_no: 'R@1',
      refund_id: expect.stringMatching(/^50\d{27}$/),
      refund_status: 'SUCCESS',
      success_time: '2027-01-04T10:00:02+08:00',
      user_received_account: '支付用户零钱',
      amount: { total: 1230, refund: 230, payer_total: 1230, payer_refund: 230 },
    });
  });

  test('the same number twice is one refund; with another amount it is refused', async () => {
    const first = await refund('R-1', 230);
    expect((await refund('R-1', 230)).json).toEqual(first.json);
    expect((await refund('R-1', 231)).json).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('请求内容和上次请求不一致'),
    });
    await world.clock.advance(minute);
    expect(world.kernel.ledger.all().filter(({ kind }) => kind === 'refund')).toHaveLength(1);
  });

  test('a refund larger than what was paid is refused, over several refunds too', async () => {
    expect((await refund('R-1', 1231)).code).toBe('INVALID_REQUEST');
    expect((await refund('R-1', 1000)).status).toBe(200);
    await world.clock.advance(minute);
    expect((await refund('R-2', 231)).headers['Request-ID']).toMatch(/-268449311$/);
    expect((await refund('R-2', 230)).status).toBe(200);
    await world.clock.advance(minute);
    expect((await refund('R-3', 1)).headers['Request-ID']).toMatch(/-268892177$/);
  });

  test('two refunds of one order within a minute are throttled', async () => {
    await refund('R-1', 1);
    await world.clock.advance(minute - 1);
    expect(await refund('R-2', 1)).toMatchObject({ status: 429, code: 'FREQUENCY_LIMITED' });
    await world.clock.advance(1);
    expect((await refund('R-2', 1)).status).toBe(200);
  });

  test('fifty refunds of one order are the most', async () => {
    for (let i = 1; i <= 50; i += 1) {
      expect((await refund(`R-${i}`, 1)).status).toBe(200);
      await world.clock.advance(minute);
    }
    expect((await refund('R-51', 1)).code).toBe('INVALID_REQUEST');
  });

  test('a year after the payment nothing goes back', async () => {
    await world.clock.advance(365 * 24 * 60 * minute + 1);
    expect((await refund('R-1', 1)).headers['Request-ID']).toMatch(/-268892184$/);
  });

  test('an unpaid order, an unknown one and a wrong total are told apart from a refund', async () => {
    await world.create('UNPAID-1');
    expect(await refund('R-1', 1, { out_trade_no: 'UNPAID-1' })).toMatchObject({
      status: 404,
      code: 'RESOURCE_NOT_EXISTS',
    });
    expect((await refund('R-1', 1, { out_trade_no: 'UNKNOWN1' })).code).toBe('RESOURCE_NOT_EXISTS');
    const amount = { refund: 1, total: 1231, currency: 'CNY' };
    expect((await refund('R-1', 1, { amount })).headers['Request-ID']).toMatch(/-268892183$/);
    expect(await look('R-1')).toMatchObject({ status: 404, json: { message: '退款单不存在' } });
  });

  test('the currency that ordering may leave out is required here', async () => {
    const got = await refund('R-1', 1, { amount: { refund: 1, total: 1230 } });
    expect(got.json).toMatchObject({ code: 'PARAM_ERROR', detail: { field: '/amount/currency' } });
  });

  test('a refund names its order by either number, and by both only if they agree', async () => {
    const { transaction_id } = (await world.query('PAID-001')).json as { transaction_id: string };
    expect((await refund('R-1', 1, { out_trade_no: undefined })).code).toBe('PARAM_ERROR');
    expect((await refund('R-1', 1, { transaction_id, out_trade_no: 'OTHER-01' })).code).toBe(
      'INVALID_REQUEST',
    );
    expect((await refund('R-1', 1, { transaction_id, out_trade_no: undefined })).status).toBe(200);
  });

  test.each([
    [{ refund_abnormal: 1 }, 'ABNORMAL'],
    [{ wechat_refund_closed: 1 }, 'CLOSED'],
  ])('under %j a refund ends %s and moves no money', async (weather, status) => {
    world.kernel.board.merge(weather);
    await refund('R-1', 1230);
    await world.clock.advance(2000);
    expect((await look('R-1')).json).toMatchObject({ status });
    expect(world.deliveries[0]?.notice).toMatchObject({ event_type: `REFUND.${status}` });
    expect(decrypted(world.deliveries[0])).not.toHaveProperty('success_time');
    expect(world.kernel.ledger.all()).toHaveLength(1);
  });

  test('a closed refund gives its amount free, under a new number only', async () => {
    world.kernel.board.merge({ wechat_refund_closed: 1 });
    await refund('R-1', 1230);
    await world.clock.advance(minute);
    world.kernel.board.merge({ reset: true });
    expect((await refund('R-1', 1230)).json).toMatchObject({ status: 'CLOSED' });
    expect((await refund('R-2', 1230)).json).toMatchObject({ status: 'PROCESSING' });
  });

  test('a refund may be refused for a while, and the same number accepted later', async () => {
    world.kernel.board.merge({ wechat_refund_passing_404: 1 });
    expect((await refund('R-1', 1)).code).toBe('RESOURCE_NOT_EXISTS');
    world.kernel.board.merge({ reset: true, refund_no_balance: 1 });
    expect(await refund('R-1', 1)).toMatchObject({ status: 403, code: 'NOT_ENOUGH' });
    world.kernel.board.merge({ reset: true });
    expect((await refund('R-1', 1)).status).toBe(200);
  });

  test('a stuck refund is PROCESSING until the weather changes, and then ends', async () => {
    world.kernel.board.merge({ refund_stuck: true });
    await refund('R-1', 1);
    await world.clock.advance(24 * 60 * minute);
    expect((await look('R-1')).json).toMatchObject({ status: 'PROCESSING' });
    expect(world.deliveries).toHaveLength(0);
    world.kernel.board.merge({ reset: true });
    await world.clock.advance(minute);
    expect((await look('R-1')).json).toMatchObject({ status: 'SUCCESS' });
    expect(world.deliveries).toHaveLength(1);
  });

  test('a refund under way ends after a restart', async () => {
    world.kernel.board.merge({ refund_pending_ms: 60 * minute });
    await refund('R-1', 1);
    world.restart();
    await world.clock.advance(60 * minute);
    expect((await look('R-1')).json).toMatchObject({ status: 'PROCESSING' });
    await world.clock.advance(2000);
    expect((await look('R-1')).json).toMatchObject({ status: 'SUCCESS' });
  });

  test('without Accept a refund is refused before it is authenticated', async () => {
    const got = await world.send({ method: 'POST', target: path, body: '{}', headers: { accept: '' } });
    expect(got).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
    expect(got.headers).not.toHaveProperty('Wechatpay-Signature');
  });
});
