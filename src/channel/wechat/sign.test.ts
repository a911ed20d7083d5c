import { createPrivateKey, createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { Formatter, Rsa } from 'wechatpay-axios-plugin';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeMerchant, makeWorld, NOW, type Merchant } from '../../../test/support/wechat-fixture.ts';
import { authorization, requestToSign, type Signer } from './sign.ts';

let merchant: Merchant;
let signer: Signer;
beforeAll(async () => {
  merchant = await makeMerchant();
  const privateKey = createPrivateKey(merchant.configuration.merchantPrivateKey);
  signer = { mchId: merchant.configuration.mchId, certificateSerial: '5F'.repeat(20), privateKey };
});

function pairs(header: string): Record<string, string> {
  const [scheme, rest = ''] = header.split(' ');
  expect(scheme).toBe('WECHATPAY2-SHA256-RSA2048');
  return Object.fromEntries(
    [...rest.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
}

describe('our signature', () => {
  it('covers exactly the lines that another client signs', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('GET', 'POST'),
        fc.stringMatching(/^\/v3\/[a-z-]{1,20}(\?mchid=[0-9]{1,10})?$/),
        fc.nat(),
        fc.string({ unit: 'binary' }),
        (method, path, time, body) => {
          const ours = requestToSign(method, path, String(time), 'NONCE', Buffer.from(body));
          expect(ours.toString()).toBe(
            Formatter.request(method, path, String(time), 'NONCE', Buffer.from(body).toString()),
          );
        },
      ),
    );
  });

  it('verifies for the other client, by the names of the header', () => {
    const body = Buffer.from('{"description":"仁和门诊"}');
    const target = '/v3/pay/transactions/native';
    const header = pairs(authorization(makeWorld(), signer, 'POST', target, body));
    expect(header).toMatchObject({
      mchid: '1900000001',
      serial_no: '5F'.repeat(20),
      timestamp: String(NOW / 1000),
    });
    expect(header.nonce_str).toMatch(/^[0-9A-Za-z]{32}$/);
    const text = Formatter.request('POST', target, header.timestamp!, header.nonce_str!, body.toString());
    const publicKey = createPublicKey(signer.privateKey);
    expect(Rsa.verify(text, header.signature!, publicKey)).toBe(true);
    expect(Rsa.verify(`${text} `, header.signature!, publicKey)).toBe(false);
  });

  it('has a nonce of its own each time', () => {
    const world = makeWorld();
    const nonces = [1, 2, 3].map(
      () => pairs(authorization(world, signer, 'GET', '/', Buffer.of())).nonce_str,
    );
    expect(new Set(nonces).size).toBe(3);
  });
});
