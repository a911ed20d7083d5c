import fc from 'fast-check';
import { fen } from '#money';
import { describe, expect, it } from 'vitest';
import { order } from '../../../test/support/wechat-fixture.ts';
import { description, nativeOrder, orderClose, orderQuery } from './requests.ts';

const account = { method: 'wechat', appId: 'wx0123456789abcdef', merchantId: '1900000001' } as const;

describe('the description of an order', () => {
  it('is at most 127 bytes and never ends in half a character', () => {
    expect(description('诊'.repeat(60))).toBe('诊'.repeat(42));
    expect(description(`a${'诊'.repeat(42)}`)).toBe(`a${'诊'.repeat(42)}`);
    expect(description(`ab${'诊'.repeat(42)}`)).toBe(`ab${'诊'.repeat(41)}`);
  });

  it('has no character of four bytes, which would make the whole request fail', () => {
    expect(description('𠮷田诊所😀')).toBe('田诊所');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (subject) => {
        const text = description(subject);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(127);
        expect(text).not.toMatch(/[\u{10000}-\u{10ffff}\p{Cc}]/u);
        expect(Buffer.from(text).toString()).toBe(text);
      }),
    );
  });

  it('that fits is left as it is', () => {
    expect(description('仁和门诊 医疗服务费')).toBe('仁和门诊 医疗服务费');
  });
});

describe('a request', () => {
  it('of the same order is the same to the byte, so a repeat changes no parameter', () => {
    expect(nativeOrder(account, { ...order })).toEqual(nativeOrder(account, order));
  });

  it('is never made of a number, amount or reference that WeChat Pay would not take', () => {
    for (const outTradeNo of ['', 'short', 'x'.repeat(33), 'a/b/../c', '收费0001', 'abc?mchid=1']) {
      expect(() => nativeOrder(account, { ...order, outTradeNo })).toThrow(RangeError);
      expect(() => orderQuery(account, outTradeNo)).toThrow(RangeError);
      expect(() => orderClose(account, outTradeNo)).toThrow(RangeError);
    }
    expect(() => nativeOrder(account, { ...order, amountFen: fen(0) })).toThrow(RangeError);
    expect(() => nativeOrder(account, { ...order, attach: '诊'.repeat(43) })).toThrow(RangeError);
  });
});
