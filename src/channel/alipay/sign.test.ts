import { AlipaySdk } from 'alipay-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fen, fenFromYuan, yuan } from '#money';
import { configurationOf, newKeys, NOW, ours } from '../../../test/support/alipay-fixture.ts';
import { bits, fingerprint, readPrivateKey, readPublicKey } from './keys.ts';
import { minutesUntil, precreateCall, signedParameters } from './requests.ts';
import { signText, stringToSign } from './sign.ts';

const caller = {
  appId: '2021000000000001',
  privateKey: ours.privateKey,
  gatewayUrl: 'http://127.0.0.1:8090/gateway.do',
};

describe('the text that is signed', () => {
  it('is the example of the documentation, to the letter', () => {
    const text = stringToSign({
      version: '1.0',
      timestamp: '2026-01-02 03:04:05',
      sign_type: 'RSA2',
      notify_url: 'https://pay.example.com/n/alipay',
      method: 'alipay.trade.precreate',
      charset: 'utf-8',
      biz_content: '{"out_trade_no":"A1","total_amount":"0.01","subject":"挂号费"}',
      app_id: '2021000000000000',
    });
    expect(text).toBe(
      'app_id=2021000000000000&biz_content={"out_trade_no":"A1","total_amount":"0.01","subject":"挂号费"}' +
        '&charset=utf-8&method=alipay.trade.precreate&notify_url=https://pay.example.com/n/alipay' +
        '&sign_type=RSA2&timestamp=2026-01-02 03:04:05&version=1.0',
    );
  });

  it('leaves out the signature and what is empty, and keeps sign_type', () => {
    expect(stringToSign({ sign_type: 'RSA2', sign: 'x', notify_url: '', b: '1' })).toBe('b=1&sign_type=RSA2');
  });

  it('orders names by ASCII: app_cert_sn before app_id', () => {
    expect(stringToSign({ app_id: '1', app_cert_sn: '2', version: '3', Z: '4' })).toBe(
      'Z=4&app_cert_sn=2&app_id=1&version=3',
    );
  });
});

describe('agreement with the official Node SDK', () => {
  const sdk = new AlipaySdk({
    appId: caller.appId,
    privateKey: ours.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    keyType: 'PKCS8',
  });

  it('whatever the order says, both sign the same text with the same signature', () => {
    const anyText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(anyText, anyText, fc.integer({ min: 1, max: 10_000_000 }), (subject, attach, cents) => {
        const biz = { out_trade_no: 'A1', total_amount: yuan(fen(cents)), subject, passback_params: attach };
        const query = sdk.sdkExecute(
          'alipay.trade.precreate',
          { notify_url: 'https://pay.example.com/n?a=1', biz_content: biz },
          { bizContentAutoSnakeCase: false },
        );
        const { sign, ...parameters } = Object.fromEntries(new URLSearchParams(query));
        expect(signText(stringToSign(parameters), ours.privateKey)).toBe(sign);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what travels', () => {
  it('in certificate mode both serial numbers are sent and signed', () => {
    const sns = { app_cert_sn: '47a27aac8ae3b5c589576f371da36dc2', alipay_root_cert_sn: 'a_b' };
    const call = { api: 'query', method: 'alipay.trade.query', bizContent: { out_trade_no: 'A1' } } as const;
    const parameters = signedParameters({ ...caller, certificateSns: sns }, call, NOW);
    expect(parameters).toMatchObject(sns);
    expect(stringToSign(parameters)).toContain('alipay_root_cert_sn=a_b&app_cert_sn=47a2');
  });

  it('a seller that is not configured is not sent, rather than sent empty', () => {
    const order = {
      outTradeNo: 'A1',
      amountFen: fen(1),
      subject: 'x',
      expiresAtMs: NOW + 60_000,
      attach: 'r',
      notifyUrl: 'https://pay.example.com/n',
    };
    const account = { method: 'alipay', appId: caller.appId, merchantId: '' } as const;
    const { biz_content } = signedParameters(
      caller,
      precreateCall(order, account, 'QR_CODE_OFFLINE', NOW),
      NOW,
    );
    const content: unknown = JSON.parse(biz_content ?? '');
    expect(content).not.toHaveProperty('seller_id');
    expect(content).toHaveProperty('product_code', 'QR_CODE_OFFLINE');
  });

  it('every amount goes out as yuan text that reads back to the same fen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000_000 }), (amount) => {
        const text = yuan(fen(amount));
        expect(text).toMatch(/^\d+\.\d\d$/);
        expect(fenFromYuan(text)).toBe(amount);
      }),
    );
  });

  it.each([
    [15 * 60_000, 15],
    [15 * 60_000 - 1, 15],
    [14 * 60_000 + 1, 15],
    [1, 1],
    [-5, 1],
    [3 * 3_600_000, 120],
  ])('a code with %i ms to live is given %i whole minutes', (left, minutes) => {
    expect(minutesUntil(NOW + left, NOW)).toBe(minutes);
  });
});

describe('keys as merchants hold them', () => {
  const pkcs8 = ours.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const pkcs1 = ours.privateKey.export({ format: 'pem', type: 'pkcs1' }).toString();
  const bareOf = (pem: string): string => pem.replace(/-----.*-----/g, '').replaceAll('\n', '');

  it.each([
    ['PKCS#8 in PEM', pkcs8],
    ['PKCS#1 in PEM', pkcs1],
    ['PKCS#8 in one line', bareOf(pkcs8)],
    ['PKCS#1 in one line', bareOf(pkcs1)],
    ['PEM with CRLF', pkcs8.replaceAll('\n', '\r\n')],
    ['PEM in one .env line', pkcs8.replaceAll('\n', '\\n')],
    ['PKCS#8 under the label of PKCS#1', pkcs8.replaceAll('PRIVATE KEY', 'RSA PRIVATE KEY')],
  ])('a private key is read from %s', (_form, text) => {
    const key = readPrivateKey(text);
    expect(key?.equals(ours.privateKey)).toBe(true);
  });

  it.each(['', 'not a key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'])(
    'what is no key is not read as one: %j',
    (text) => {
      expect(readPrivateKey(text)).toBeUndefined();
      expect(readPublicKey(text)).toBeUndefined();
    },
  );

  it('a private key is never taken for a public one, nor the other way round', () => {
    expect(readPublicKey(pkcs8)).toBeUndefined();
    expect(readPublicKey(pkcs1)).toBeUndefined();
    expect(readPrivateKey(ours.publicKey.export({ format: 'pem', type: 'spki' }).toString())).toBeUndefined();
  });

  it('both halves of a key have one fingerprint, other keys another', () => {
    expect(fingerprint(ours.privateKey)).toBe(fingerprint(ours.publicKey));
    expect(fingerprint(newKeys(1024).publicKey)).not.toBe(fingerprint(ours.publicKey));
    expect(bits(ours.privateKey)).toBe(2048);
    expect(readPrivateKey(configurationOf().privateKey)).toBeDefined();
  });
});
