import { beforeAll, describe, expect, it } from 'vitest';
import { makeMerchant, order, paidTransaction, type Merchant } from '../../../test/support/wechat-fixture.ts';
import { documented, meaningOf } from './codes.ts';
import type { Answer } from './gateway.ts';
import { instant, translateClose, translateCreate, translateError, translateQuery } from './translate.ts';

let merchant: Merchant;
beforeAll(async () => {
  merchant = await makeMerchant();
});

const account = { method: 'wechat', appId: 'wx0123456789abcdef', merchantId: '1900000001' } as const;

function answer(status: number, json: unknown): Answer {
  return { status, json, unansweredBefore: false };
}

const said = (status: number, code: string) => answer(status, { code, message: '' });
const created = (status: number, code: string) => short(translateCreate(said(status, code)));
const queried = (status: number, code: string) =>
  short(translateQuery(said(status, code), account, order.outTradeNo));
const closed = (status: number, code: string) => short(translateClose(said(status, code)));

type Short = { outcome: string; value?: unknown; fault?: { code: string } };

/** `refused bug`, `unknown number_spent`, `done none`: what a caller sees. */
function short(outcome: Short): string {
  if (outcome.fault !== undefined) return `${outcome.outcome} ${outcome.fault.code}`;
  const value = outcome.value as { state?: string; result?: string };
  return `${outcome.outcome} ${value.state ?? value.result}`;
}

// Read from the reference's tables (5, 6.1, 6.6, 6.7), not from the code's.
const anywhere: [number, string, string][] = [
  [400, 'PARAM_ERROR', 'refused bug'],
  [400, 'APPID_MCHID_NOT_MATCH', 'refused configuration'],
  [400, 'MCH_NOT_EXISTS', 'refused configuration'],
  [404, 'MCH_NOT_EXISTS', 'refused configuration'],
  [401, 'SIGN_ERROR', 'refused configuration'],
  [403, 'NO_AUTH', 'refused configuration'],
  [403, 'NOAUTH', 'refused configuration'],
  [429, 'FREQUENCY_LIMITED', 'unknown throttled'],
  [429, 'RATELIMIT_EXCEEDED', 'unknown throttled'],
  [429, 'RATE_LIMITED', 'unknown throttled'],
  [500, 'SYSTEM_ERROR', 'unknown system_error'],
  [500, 'SYSTEMERROR', 'unknown system_error'],
  [500, 'BANKERROR', 'unknown system_error'],
  [500, 'OPENID_MISMATCH', 'unknown system_error'],
  [500, 'INVALID_TRANSACTIONID', 'unknown system_error'],
  [503, 'SERVICE_UNAVAILABLE', 'unknown silent'],
];

describe('an error of the gateway', () => {
  it.each(anywhere)('%i %s means the same for every call: %s', (status, code, meaning) => {
    expect([created(status, code), queried(status, code), closed(status, code)]).toEqual([
      meaning,
      meaning,
      meaning,
    ]);
  });

  it.each([
    [400, 'INVALID_REQUEST'], // "201 商户订单号重复" among them
    [400, 'ORDER_CLOSED'],
    [400, 'ORDERCLOSED'],
    [400, 'ORDERPAID'],
    [400, 'ORDER_PAID'],
    [403, 'OUT_TRADE_NO_USED'],
  ])('%i %s at ordering leaves it to a query what the number is', (status, code) => {
    expect(created(status, code)).toBe('unknown number_spent');
  });

  it.each([
    [400, 'INVALID_REQUEST', 'refused bug'],
    [403, 'RULE_LIMIT', 'refused declined'],
    [403, 'TRADE_ERROR', 'refused declined'],
    [404, 'ORDER_NOT_EXIST', 'done none'],
    [404, 'ORDERNOTEXIST', 'done none'],
  ])('%i %s at asking: %s', (status, code, meaning) => {
    expect(queried(status, code)).toBe(meaning);
  });

  it.each([
    [400, 'INVALID_REQUEST', 'refused bug'],
    [400, 'ORDERPAID', 'done not_closable'],
    [400, 'ORDER_CLOSED', 'done not_closable'],
    [202, 'USERPAYING', 'done not_closable'],
    [202, 'USER_PAYING', 'done not_closable'],
    [403, 'RULE_LIMIT', 'done not_closable'],
    [403, 'TRADE_ERROR', 'done not_closable'],
    [404, 'ORDER_NOT_EXIST', 'done nothing_to_close'],
  ])('%i %s at closing: %s', (status, code, meaning) => {
    expect(closed(status, code)).toBe(meaning);
  });

  it('that no page lists for this call is unknown, whatever it sounds like', () => {
    const strange: [number, string][] = [
      [400, 'ORDER_SURELY_NOT_PAID'],
      [403, 'NOT_ENOUGH'],
      [404, 'NOT_FOUND'],
      [404, ''],
      [405, ''],
      [401, ''],
      [302, ''],
      [200.5, 'constructor'],
      [400, 'SYSTEM_ERROR'],
      [403, 'PARAM_ERROR'], // a known code under another status
      [400, 'toString'],
    ];
    for (const [status, code] of strange) {
      expect([created(status, code), queried(status, code), closed(status, code)]).toEqual([
        'unknown undocumented',
        'unknown undocumented',
        'unknown undocumented',
      ]);
    }
    expect(created(404, 'ORDER_NOT_EXIST')).toBe('unknown undocumented');
  });

  it('of an entry point, with HTML or nothing at all, is silence', () => {
    for (const status of [500, 502, 503, 504]) {
      expect(short(translateCreate(answer(status, undefined)))).toBe('unknown silent');
      expect(short(translateQuery(answer(status, undefined), account, order.outTradeNo))).toBe(
        'unknown silent',
      );
    }
  });

  it('carries the channel’s own code and trace, and never branches on its message', () => {
    const outcome = translateError('create', {
      ...answer(403, { code: 'NO_AUTH', message: '订单已支付' }),
      trace: '08F1-268435461',
    });
    expect(outcome).toMatchObject({
      outcome: 'refused',
      fault: { code: 'configuration', channelCode: 'NO_AUTH', trace: '08F1-268435461' },
    });
  });

  it('is in the table once, under a spelling that the pages use', () => {
    for (const key of Object.keys(documented)) expect(key).toMatch(/^(?:40[0-9]|4xx) [A-Z]+(?:_[A-Z]+)*$/);
    for (const key of Object.keys(documented)) {
      const [status = '', code = ''] = key.split(' ');
      const at = status === '4xx' ? 400 : Number(status);
      expect(meaningOf('create', at, code)).toBe(documented[key]?.[0]);
      expect(meaningOf('certificates', at, code.replaceAll('_', ''))).toBe(documented[key]?.[3]);
    }
  });
});

describe('a transaction', () => {
  const asked = (change: object) =>
    translateQuery(answer(200, { ...paidTransaction(merchant), ...change }), account, order.outTradeNo);

  it.each([
    ['SUCCESS', 'paid'],
    ['REFUND', 'paid'],
    ['CLOSED', 'closed'],
    ['REVOKED', 'closed'],
    ['NOTPAY', 'waiting'],
    ['USERPAYING', 'waiting'],
    ['PAYERROR', 'waiting'],
    ['ACCEPT', 'waiting'],
    ['SOMETHING_NEW', 'waiting'],
    ['constructor', 'waiting'],
  ])('in trade_state %s is %s', (trade_state, state) => {
    expect(asked({ trade_state })).toMatchObject({
      outcome: 'done',
      value: { state, channelState: trade_state },
    });
  });

  it('that says paid without amount or transaction_id settles nothing', () => {
    const halves = [
      { amount: undefined },
      { amount: { currency: 'CNY' } },
      { transaction_id: undefined },
      { transaction_id: '' },
    ];
    for (const change of halves) expect(short(asked(change))).toBe('unknown undocumented');
  });

  it('is not hidden by a null, or by a coupon sum that is none', () => {
    const amount = { total: 12345, currency: 'CNY', payer_total: 'x' };
    const outcome = asked({ amount, success_time: null, attach: null, trade_type: null });
    expect(outcome).toMatchObject({ outcome: 'done', value: { state: 'paid', totalFen: 12345 } });
    expect(outcome).not.toHaveProperty('value.payerFen');
  });

  it('with an amount that is not whole fen is not believed', () => {
    for (const total of ['12345', 123.45, -1, 1e20, null, true]) {
      expect(short(asked({ amount: { total, currency: 'CNY' } }))).toBe('unknown undocumented');
    }
  });

  it('before payment may carry next to nothing', () => {
    const bare = {
      mchid: account.merchantId,
      appid: account.appId,
      out_trade_no: order.outTradeNo,
      trade_state: 'NOTPAY',
    };
    for (const more of [
      {},
      { transaction_id: '', attach: '', trade_type: '', success_time: '', amount: { total: 12345 } },
    ]) {
      const outcome = translateQuery(answer(200, { ...bare, ...more }), account, order.outTradeNo);
      expect(outcome).toMatchObject({ outcome: 'done', value: { state: 'waiting' } });
      for (const field of ['channelTradeNo', 'attach', 'tradeType', 'paidAtMs', 'payerFen']) {
        expect(outcome).not.toHaveProperty(`value.${field}`);
      }
    }
  });

  it('may tell its time in any spelling of RFC 3339, and in no other', () => {
    const at = Date.parse('2026-11-22T02:00:05Z');
    for (const text of ['2026-11-22T10:00:05+08:00', '2026-11-22T02:00:05Z', '2026-11-22T02:00:05.000Z']) {
      expect(instant(text)).toBe(at);
    }
    for (const text of ['2026-11-22 10:00:05', '22 Nov 2026', '', '2026-13-22T10:00:05Z', undefined]) {
      expect(instant(text)).toBeUndefined();
    }
  });
});
