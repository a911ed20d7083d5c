import { describe, expect, it } from 'vitest';
import { apis, businessCodes, gatewayCodes, readCode, type Api, type Reading } from './codes.ts';

const listed = apis.flatMap((api) =>
  Object.entries(businessCodes[api]).map(([tail, reading]): [Api, string, Reading] => [api, tail, reading]),
);

describe('business failures', () => {
  it.each(listed)('%s: %s is read as %s under any prefix', (api, tail, reading) => {
    const code = tail.replace('*', 'SOMETHING');
    for (const prefix of ['ACQ.', 'AQC.', 'aop.ACQ.', '']) {
      expect(readCode(api, '40004', prefix + code, true)).toBe(reading);
    }
  });

  it.each(listed)('%s: %s without a signature is not believed', (api, tail) => {
    expect(readCode(api, '40004', `ACQ.${tail}`, false)).toBe('unverified');
  });

  it.each(apis)('%s: a sub code that no page lists is unknown', (api) => {
    for (const subCode of [
      'ACQ.BRAND_NEW',
      '',
      'ACQ.',
      'constructor',
      'ACQ.SECONDARY_MERCHANT',
      '__proto__',
      '*',
    ]) {
      expect(readCode(api, '40004', subCode, true)).toBe('undocumented');
    }
  });

  it('a number with a past is never a plain no', () => {
    for (const tail of [
      'TRADE_HAS_SUCCESS',
      'TRADE_HAS_CLOSE',
      'CONTEXT_INCONSISTENT',
      'APPLY_PC_MERCHANT_CODE_ERROR',
    ]) {
      expect(readCode('precreate', '40004', `ACQ.${tail}`, true)).toBe('number_spent');
    }
  });

  it("a code of one API is not another's: TRADE_NOT_EXIST answers no precreate", () => {
    expect(readCode('precreate', '40004', 'ACQ.TRADE_NOT_EXIST', true)).toBe('undocumented');
  });
});

describe('what the gateway itself says', () => {
  it.each(Object.entries(gatewayCodes))('%s is read as %s', (tail, reading) => {
    const subCode = `isv.${tail.replace('*', 'something')}`;
    for (const code of ['20001', '40001', '40002', '40003', '40006']) {
      expect(readCode('precreate', code, subCode, true)).toBe(reading);
    }
  });

  it.each(['isp.unknow-error', 'aop.ACQ.SYSTEM_ERROR', 'ACQ.TRADE_NOT_EXIST', 'isv.invalid-app-id', ''])(
    '20000 is unknown whatever the sub code: %s',
    (subCode) => {
      expect(readCode('query', '20000', subCode, true)).toBe('system_error');
      expect(readCode('query', '20000', subCode, false)).toBe('system_error');
    },
  );

  it.each(['isv.app-call-limited', 'isv.method-call-limited', ''])(
    '40005 asks for patience: %s',
    (subCode) => {
      expect(readCode('precreate', '40005', subCode, true)).toBe('throttled');
    },
  );

  it.each(['10003', '10001', '50000', '', '040004'])('the code %j is unknown', (code) => {
    expect(readCode('precreate', code, 'ACQ.INVALID_PARAMETER', true)).toBe('undocumented');
  });

  it('only failures from before the caller is known count without a signature', () => {
    expect(readCode('precreate', '40002', 'isv.invalid-app-id', false)).toBe('configuration');
    expect(readCode('precreate', '40001', 'isv.missing-method', false)).toBe('bug');
    expect(readCode('precreate', '40002', 'isv.invalid-signature', false)).toBe('unverified');
    expect(readCode('precreate', '40006', 'isv.insufficient-isv-permissions', false)).toBe('unverified');
    expect(readCode('precreate', '10000', 'isv.invalid-app-id', false)).toBe('unverified');
  });
});
