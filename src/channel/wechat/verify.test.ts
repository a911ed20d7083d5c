import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { Formatter, Rsa } from 'wechatpay-axios-plugin';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeMerchant, NOW, signedHeaders, type Merchant } from '../../../test/support/wechat-fixture.ts';
import { messageToVerify, verifyMessage, type SignedMessage } from './verify.ts';

let merchant: Merchant;
let keys: Map<string, KeyObject>;
beforeAll(async () => {
  merchant = await makeMerchant();
  keys = new Map([
    [merchant.publicKeyId, createPublicKey(merchant.publicKeyPrivate)],
    [merchant.platform.serial, createPublicKey(merchant.platform.privateKey)],
  ]);
});

const text = '{"code_url":"weixin://wxpay/bizpayurl?pr=0123456"}';
const find = (serial: string) => keys.get(serial);

function message(atMs = NOW): SignedMessage {
  const by = { serial: merchant.publicKeyId, privateKey: merchant.publicKeyPrivate, atMs };
  return { headers: signedHeaders(text, by), body: Buffer.from(text) };
}

function with_(change: Record<string, string>): SignedMessage {
  const good = message();
  return { ...good, headers: { ...good.headers, ...change } };
}

function reason(said: SignedMessage, nowMs = NOW): string {
  const verdict = verifyMessage(said, nowMs, find);
  return verdict.good ? 'good' : verdict.reason;
}

describe('a message of the channel', () => {
  it('is believed with the key that its serial names', () => {
    expect(verifyMessage(message(), NOW, find)).toEqual({ good: true, keyId: merchant.publicKeyId });
  });

  it('is believed 300 seconds away from our clock, before or after, and not at 301', () => {
    for (const away of [-300, 300]) expect(reason(message(NOW + away * 1000))).toBe('good');
    for (const away of [-301, 301]) expect(reason(message(NOW + away * 1000))).toBe('stale');
    expect(reason(message(NOW - 300_000), NOW + 999)).toBe('good'); // seconds are compared with seconds
  });

  it('from outside the window is refused before its key is even asked for, and names a good signature', () => {
    const stale = message(NOW - 3_600_000);
    const unknown = { ...stale, headers: { ...stale.headers, 'wechatpay-serial': 'ABCD' } };
    expect(reason(unknown)).toBe('stale');
    expect(verifyMessage(stale, NOW, find)).toMatchObject({
      detail: 'well signed 3600 s away from our clock',
    });
  });

  it('is refused when any of the four headers is missing', () => {
    for (const name of ['timestamp', 'nonce', 'serial', 'signature']) {
      expect(reason(with_({ [`wechatpay-${name}`]: '' }))).toBe('signature_missing');
    }
  });

  it('is never tried with another key than the one it names', () => {
    expect(reason(with_({ 'wechatpay-serial': merchant.platform.serial }))).toBe('signature_wrong');
    expect(reason(with_({ 'wechatpay-serial': merchant.publicKeyId.toLowerCase() }))).toBe('key_unknown');
  });

  it('as a signature probe fails like any other; only its name differs', () => {
    const good = message().headers['wechatpay-signature'] ?? '';
    expect(reason(with_({ 'wechatpay-signature': `WECHATPAY/SIGNTEST/${good.slice(19)}` }))).toBe(
      'signature_probe',
    );
    expect(reason(with_({ 'wechatpay-signature': 'WECHATPAY/SIGNTEST/xxx' }))).toBe('signature_probe');
  });

  it('has one spelling of its signature only', () => {
    const good = message();
    const signature = good.headers['wechatpay-signature'] ?? '';
    for (const spelling of [
      `${signature}\n`,
      ` ${signature}`,
      signature.replace(/=+$/, ''),
      `${signature}!`,
    ]) {
      expect(reason({ ...good, headers: { ...good.headers, 'wechatpay-signature': spelling } })).toBe(
        'signature_wrong',
      );
    }
  });

  it('with another signature type is refused', () => {
    expect(reason(with_({ 'wechatpay-signature-type': 'WECHATPAY2-SHA256-SM2' }))).toBe('malformed');
  });

  it('never verifies once a single byte of it has changed', () => {
    const good = message();
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const body = Buffer.from(text);
        body[at] = (body[at] ?? 0) ^ flip;
        expect(reason({ headers: good.headers, body })).toBe('signature_wrong');
      }),
    );
    const names = ['wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-serial', 'wechatpay-signature'];
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.nat(400),
        fc.string({ minLength: 1, maxLength: 3 }),
        (name, at, put) => {
          const value = good.headers[name] ?? '';
          const changed = value.slice(0, at) + put + value.slice(at + put.length);
          fc.pre(changed !== value);
          expect(reason({ ...good, headers: { ...good.headers, [name]: changed } })).not.toBe('good');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is signed over exactly the lines that another client verifies', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string(), (time, body) => {
        const ours = messageToVerify(String(time), 'NONCE', Buffer.from(body)).toString();
        expect(ours).toBe(Formatter.response(String(time), 'NONCE', Buffer.from(body).toString()));
      }),
    );
    const { headers } = message();
    const theirs = Formatter.response(
      headers['wechatpay-timestamp'] ?? '',
      headers['wechatpay-nonce'] ?? '',
      text,
    );
    const key = keys.get(merchant.publicKeyId);
    expect(Rsa.verify(theirs, headers['wechatpay-signature'] ?? '', key!)).toBe(true);
  });

  it('signed by a stranger with the name of our key is refused', () => {
    const timestamp = String(NOW / 1000);
    const forged = sign(
      'RSA-SHA256',
      Buffer.from(`${timestamp}\nN\n${text}\n`),
      merchant.nextPlatform.privateKey,
    );
    expect(
      reason(
        with_({
          'wechatpay-timestamp': timestamp,
          'wechatpay-nonce': 'N',
          'wechatpay-signature': forged.toString('base64'),
        }),
      ),
    ).toBe('signature_wrong');
  });
});
