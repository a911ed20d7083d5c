import { describe, expect, test } from 'vitest';
import type { ChannelReport } from '#channel';
import { fen } from '#money';
import { compareReport } from './compare-report.ts';

const payment = {
  payment_method: 'wechat',
  out_trade_no: 'ZF1',
  app_id: 'wx1',
  merchant_id: '190',
  amount_fen: 12_850,
  currency: 'CNY',
} as const;

const report: ChannelReport = {
  method: 'wechat',
  source: 'notification',
  about: 'payment',
  outTradeNo: 'ZF1',
  state: 'paid',
  channelState: 'SUCCESS',
  appId: 'wx1',
  merchantId: '190',
  currency: 'CNY',
  tradeType: 'NATIVE',
  totalFen: fen(12_850),
};

const others: [keyof ChannelReport, Partial<ChannelReport>, string][] = [
  ['method', { method: 'alipay' }, 'payment_method'],
  ['outTradeNo', { outTradeNo: 'ZF2' }, 'out_trade_no'],
  ['appId', { appId: 'wx2' }, 'app_id'],
  ['merchantId', { merchantId: '191' }, 'merchant_id'],
  ['currency', { currency: 'USD' }, 'currency'],
  ['tradeType', { tradeType: 'JSAPI' }, 'trade_type'],
];

describe('a genuine report', () => {
  test('of all that is pinned on the payment may settle it', () => {
    expect(compareReport(payment, report)).toEqual({ verdict: 'equal', differs: [] });
  });

  test.each(others)(
    'of another %s is not about this payment, whatever its number says',
    (_field, other, name) => {
      expect(compareReport(payment, { ...report, ...other })).toEqual({
        verdict: 'foreign',
        differs: [name],
      });
    },
  );

  test('of another amount is this payment, and a person decides', () => {
    const verdict = { verdict: 'amount', differs: ['amount'] };
    expect(compareReport(payment, { ...report, totalFen: fen(12_851) })).toEqual(verdict);
    const { totalFen: _, ...unsaid } = report;
    expect(compareReport(payment, unsaid)).toEqual(verdict);
  });

  test('of another app is foreign before its amount is looked at', () => {
    const verdict = compareReport(payment, { ...report, appId: 'wx2', totalFen: fen(1) });
    expect(verdict).toEqual({ verdict: 'foreign', differs: ['app_id'] });
  });

  test('is not held against what it does not carry', () => {
    const { appId: _, merchantId: _m, currency: _c, tradeType: _t, ...bare } = report;
    expect(compareReport(payment, bare).verdict).toBe('equal');
  });

  test('may name a merchant where none was configured when the payment was made', () => {
    expect(compareReport({ ...payment, merchant_id: '' }, report).verdict).toBe('equal');
  });
});
