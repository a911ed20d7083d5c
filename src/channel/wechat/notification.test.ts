import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { NotificationReading, RawNotification } from '../channel.ts';
import {
  makeMerchant,
  makeWorld,
  NOW,
  order,
  paidTransaction,
  seal,
  signedHeaders,
  type Merchant,
} from '../../../test/support/wechat-fixture.ts';
import { createWechatChannel, type WechatConfiguration } from './index.ts';

const FORMER = 'z'.repeat(32);

let merchant: Merchant;
beforeAll(async () => {
  merchant = await makeMerchant();
});

interface Wish {
  event?: string;
  apiV3Key?: string;
  resource?: object;
  atMs?: number;
  body?: string;
}

function notification(content: object | string, wish: Wish = {}): RawNotification {
  const plaintext = typeof content === 'string' ? content : JSON.stringify(content);
  const sealed = seal(plaintext, wish.apiV3Key ?? merchant.configuration.apiV3Key, 'transaction');
  const body =
    wish.body ??
    JSON.stringify({
      id: '9d0c8f2e-5a55-5b47-9d8a-1f0a0b0c0d0e',
      create_time: '2026-11-22T10:00:05+08:00',
      resource_type: 'encrypt-resource',
      event_type: wish.event ?? 'TRANSACTION.SUCCESS',
      summary: '支付成功',
      resource: { original_type: 'transaction', ...sealed, ...wish.resource },
    });
  const by = { serial: merchant.publicKeyId, privateKey: merchant.publicKeyPrivate, atMs: wish.atMs ?? NOW };
  return { headers: signedHeaders(body, by), body: Buffer.from(body) };
}

function read(raw: RawNotification, change: Partial<WechatConfiguration> = {}): Promise<NotificationReading> {
  return createWechatChannel(makeWorld(), { ...merchant.configuration, ...change }).readNotification(raw);
}

const reasonOf = async (raw: RawNotification) => {
  const reading = await read(raw);
  return reading.verdict === 'refused' ? reading.reason : reading.verdict;
};

describe('the notification of a payment', () => {
  it('becomes a report with every value that is pinned, and keeps the words that were sealed', async () => {
    const paid = paidTransaction(merchant);
    expect(await read(notification(paid))).toEqual({
      verdict: 'genuine',
      notificationId: '9d0c8f2e-5a55-5b47-9d8a-1f0a0b0c0d0e',
      keyId: merchant.publicKeyId,
      words: JSON.stringify(paid),
      report: {
        method: 'wechat',
        source: 'notification',
        about: 'payment',
        outTradeNo: order.outTradeNo,
        state: 'paid',
        channelState: 'SUCCESS',
        appId: 'wx0123456789abcdef',
        merchantId: '1900000001',
        totalFen: 12345,
        currency: 'CNY',
        tradeType: 'NATIVE',
        channelTradeNo: '4200001234202611220123456789',
        paidAtMs: NOW + 5_000,
        payerFen: 12000,
        attach: order.attach,
      },
    });
  });

  it('about another merchant or amount is handed on as it came: comparing is not the adapter’s task', async () => {
    const reading = await read(
      notification({ ...paidTransaction(merchant), mchid: '1900000009', amount: { total: 1 } }),
    );
    expect(reading).toMatchObject({ verdict: 'genuine', report: { merchantId: '1900000009', totalFen: 1 } });
  });

  it('that is not about a payment made is not what it is called', async () => {
    for (const change of [
      { trade_state: 'NOTPAY' },
      { trade_state: 'CLOSED' },
      { amount: undefined },
      { out_trade_no: 1 },
    ]) {
      expect(await reasonOf(notification({ ...paidTransaction(merchant), ...change }))).toBe('malformed');
    }
  });

  it('opens with the former APIv3 key for a day after the change, then no more', async () => {
    const raw = notification(paidTransaction(merchant), { apiV3Key: FORMER });
    const since = (replacedAtMs: number) => read(raw, { formerApiV3Key: { key: FORMER, replacedAtMs } });
    expect(await since(NOW - 24 * 3_600_000 + 1)).toMatchObject({ verdict: 'genuine' });
    expect(await since(NOW - 24 * 3_600_000)).toMatchObject({ reason: 'undecryptable' });
    expect(await read(raw)).toMatchObject({ verdict: 'refused', reason: 'undecryptable' });
  });
});

describe('a notification is refused', () => {
  it('without a signature, with a wrong one, with a probe, from a stranger, or stale', async () => {
    const raw = notification(paidTransaction(merchant));
    const withHeader = (name: string, value: string) =>
      reasonOf({ ...raw, headers: { ...raw.headers, [name]: value } });
    expect(await reasonOf({ ...raw, headers: {} })).toBe('signature_missing');
    expect(await withHeader('wechatpay-signature', 'WECHATPAY/SIGNTEST/AAAA')).toBe('signature_probe');
    expect(await withHeader('wechatpay-signature', 'AAAA')).toBe('signature_wrong');
    expect(await withHeader('wechatpay-serial', 'AB'.repeat(20))).toBe('key_unknown');
    expect(await reasonOf(notification(paidTransaction(merchant), { atMs: NOW - 301_000 }))).toBe('stale');
    expect(await reasonOf(notification(paidTransaction(merchant), { atMs: NOW - 300_000 }))).toBe('genuine');
  });

  it('when a key stands twice in it, in the envelope or under the seal', async () => {
    const body = notification({}).body.toString();
    expect(await reasonOf(notification({}, { body: body.replace('{"id"', '{"id":"x","id"') }))).toBe(
      'malformed',
    );
    const twice = JSON.stringify(paidTransaction(merchant)).replace('"total"', '"total":1,"total"');
    expect(await reasonOf(notification(twice))).toBe('malformed');
  });

  it('when it is no JSON, no UTF-8, or XML of the old days', async () => {
    for (const body of ['', '[]', 'null', '<xml><return_code>SUCCESS</return_code></xml>', '{"id":1}']) {
      expect(await reasonOf(notification({}, { body }))).toBe('malformed');
    }
  });

  it('when it is sealed in another way, or does not open', async () => {
    const paid = paidTransaction(merchant);
    expect(await reasonOf(notification(paid, { resource: { algorithm: 'AEAD_SM4_GCM' } }))).toBe('malformed');
    expect(await reasonOf(notification(paid, { resource: { associated_data: 'refund' } }))).toBe(
      'undecryptable',
    );
    expect(await reasonOf(notification(paid, { apiV3Key: FORMER }))).toBe('undecryptable');
  });

  it('once any byte of its body has changed', async () => {
    const raw = notification(paidTransaction(merchant));
    await fc.assert(
      fc.asyncProperty(fc.nat(raw.body.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const body = Buffer.from(raw.body);
        body[at] = (body[at] ?? 0) ^ flip;
        expect(await reasonOf({ ...raw, body })).toBe('signature_wrong');
      }),
    );
  });
});

describe('the notification of a refund', () => {
  const refund = {
    mchid: '1900000001',
    out_trade_no: order.outTradeNo,
    transaction_id: '4200001234202611220123456789',
    out_refund_no: 'R1',
    refund_id: '50300001232026112200000000001',
    refund_status: 'SUCCESS',
    success_time: '2026-11-22T10:05:00+08:00',
    user_received_account: '支付用户零钱',
    amount: { total: 12345, refund: 2345, payer_total: 12000, payer_refund: 2300 },
  };

  it('becomes a report about the refund', async () => {
    expect(await read(notification(refund, { event: 'REFUND.SUCCESS' }))).toMatchObject({
      report: {
        about: 'refund',
        outTradeNo: order.outTradeNo,
        merchantId: '1900000001',
        channelTradeNo: refund.transaction_id,
        totalFen: 12345,
        refund: {
          outRefundNo: 'R1',
          channelRefundNo: refund.refund_id,
          state: 'succeeded',
          amountFen: 2345,
          refundedAtMs: NOW + 300_000,
        },
      },
    });
  });

  it('is judged by its event, however refund_status is spelt', async () => {
    const { success_time: _, ...unfinished } = refund;
    for (const refund_status of ['CLOSED', 'CLOSE']) {
      const reading = await read(notification({ ...unfinished, refund_status }, { event: 'REFUND.CLOSED' }));
      expect(reading).toMatchObject({ report: { channelState: refund_status, refund: { state: 'closed' } } });
    }
    const abnormal = await read(
      notification({ ...unfinished, refund_status: 'ABNORMAL' }, { event: 'REFUND.ABNORMAL' }),
    );
    expect(abnormal).toMatchObject({ report: { refund: { state: 'abnormal' } } });
  });

  it('without number or amount is malformed', async () => {
    for (const change of [
      { out_refund_no: undefined },
      { amount: { total: 1 } },
      { amount: { refund: '1' } },
    ]) {
      expect(await reasonOf(notification({ ...refund, ...change }, { event: 'REFUND.SUCCESS' }))).toBe(
        'malformed',
      );
    }
  });
});

describe('any other event', () => {
  it('is genuine and about nothing we keep books on, and its words are kept', async () => {
    const echo = await read(notification({ echo: 'hello' }, { event: 'SECURITY_ECHO.SUCCESS' }));
    expect(echo).toMatchObject({ verdict: 'genuine', report: undefined, words: '{"echo":"hello"}' });
    const unopened = await read(notification({}, { event: 'SOMETHING.NEW', apiV3Key: FORMER }));
    expect(unopened).toMatchObject({ verdict: 'genuine', report: undefined });
  });
});

describe('our answer', () => {
  it('ends the repeats by its status alone, and asks for them by a 5xx with FAIL', () => {
    const { accepted, rejected } = createWechatChannel(makeWorld(), merchant.configuration);
    expect(accepted).toMatchObject({ status: 204, body: '' });
    expect(rejected.status).toBe(500);
    expect(JSON.parse(rejected.body)).toMatchObject({ code: 'FAIL' });
  });
});
