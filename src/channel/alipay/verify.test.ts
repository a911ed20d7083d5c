import { AlipaySdk } from 'alipay-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alipays,
  bodyOf,
  nodeText,
  ours,
  signedBy,
  strangers,
} from '../../../test/support/alipay-fixture.ts';
import { openAnswer, signer } from './verify.ts';

const METHOD = 'alipay.trade.query';
const NODE = 'alipay_trade_query_response';
const trusted = [{ id: 'alipay', key: alipays.publicKey }];

function slice(body: string): string | undefined {
  const answer = openAnswer(Buffer.from(body, 'utf8'), METHOD);
  return answer === undefined ? undefined : Buffer.from(answer.signedBytes).toString('utf8');
}

describe('the bytes that a signature covers', () => {
  it.each([
    ['plain', '{"code":"10000"}'],
    ['an escaped slash', '{"qr_code":"https:\\/\\/qr.alipay.com\\/bax1"}'],
    ['escapes of every kind', '{"a":"\\"\\\\\\u005c\\u4e2d\\n","b":"\\\\"}'],
    ['the tail within a value', '{"store_name":"x\\"},\\"sign\\":\\"y","code":"10000"}'],
    ['the node name within a value', `{"store_name":"\\"${NODE}\\":{","code":"10000"}`],
    ['braces and brackets within a value', '{"a":"}}]]{{[[","b":["}",{"c":"]"}]}'],
    ['the node name as an inner key', `{"${NODE}":{"code":"1"},"sign":"inner","code":"10000"}`],
    ['blanks, as no client writes them', '{ "code" : "10000" ,\n "a" : [ 1 , 2 ] }'],
    ['Chinese and beyond the first plane', '{"msg":"支付宝𠮷😀"}'],
    ['nothing', '{}'],
  ])('are the node as it stands: %s', (_what, node) => {
    expect(slice(`{"${NODE}":${node},"sign":"s"}`)).toBe(node);
    expect(slice(`{"${NODE}":${node},"alipay_cert_sn":"00","sign":"s"}`)).toBe(node);
    expect(slice(`{"sign":"s","${NODE}":${node}}`)).toBe(node);
    expect(slice(` { "sign" : "s" , "${NODE}" : ${node} } \n`)).toBe(node);
  });

  it('are found whatever JSON stands in the node', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (fields) => {
        fc.pre(!JSON.stringify(fields).includes('__proto__'));
        const node = nodeText(fields);
        expect(slice(`{"${NODE}":${node},"sign":"s"}`)).toBe(node);
      }),
    );
  });

  it('are those that the official SDK cuts out, where no value imitates the envelope', () => {
    const sdk = new AlipaySdk({
      appId: '1',
      privateKey: ours.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    });
    const node = nodeText({
      code: '10000',
      msg: 'Success',
      qr_code: 'https://qr.alipay.com/a',
      subject: '挂号费',
    });
    const body = `{"${NODE}":${node},"sign":"${signedBy(alipays.privateKey, node)}"}`;
    expect(slice(body)).toBe(sdk.getSignStr(body, NODE));
  });
});

describe('a body that is not read', () => {
  it.each([
    ['the node twice', `{"${NODE}":{"code":"10000"},"${NODE}":{"code":"40004"},"sign":"s"}`],
    ['the signature twice', `{"${NODE}":{"code":"10000"},"sign":"a","sign":"b"}`],
    ['the signature twice, once in disguise', `{"${NODE}":{"code":"10000"},"sign":"a","s\\u0069gn":"b"}`],
    ['the code twice', `{"${NODE}":{"code":"40004","code":"10000"},"sign":"s"}`],
    ['both kinds of node', `{"${NODE}":{"code":"10000"},"error_response":{"code":"40002"},"sign":"s"}`],
    ['no node', '{"sign":"s"}'],
    ['the node of another API', '{"alipay_trade_close_response":{"code":"10000"},"sign":"s"}'],
    ['an encrypted node, which we never ask for', `{"${NODE}":"c2VjcmV0","sign":"s"}`],
    ['a list for a node', `{"${NODE}":[],"sign":"s"}`],
    ['a signature that is no text', `{"${NODE}":{"code":"10000"},"sign":1}`],
    ['something after the end', `{"${NODE}":{"code":"10000"},"sign":"s"}x`],
    ['half of it', `{"${NODE}":{"code":"10000"`],
  ])('has %s', (_what, body) => {
    expect(openAnswer(Buffer.from(body, 'utf8'), METHOD)).toBeUndefined();
  });

  it('is not UTF-8', () => {
    const body = Buffer.concat([
      Buffer.from(`{"${NODE}":{"msg":"`),
      Buffer.from([0xd6, 0xa7, 0xb8, 0xb6]),
      Buffer.from('"},"sign":"s"}'),
    ]);
    expect(openAnswer(body, METHOD)).toBeUndefined();
  });
});

describe('a signature', () => {
  const body = Buffer.from(
    bodyOf(METHOD, {
      code: '10000',
      msg: 'Success',
      out_trade_no: 'A1',
      store_name: '仁心"门诊',
      total_amount: '12.50',
    }),
    'utf8',
  );

  it('by Alipay is right, by a stranger wrong', () => {
    const answer = openAnswer(body, METHOD);
    expect(signer(answer?.signedBytes ?? body, answer?.sign ?? '', trusted)?.id).toBe('alipay');
    const forged = openAnswer(Buffer.from(bodyOf(METHOD, { code: '10000' }, strangers.privateKey)), METHOD);
    expect(signer(forged?.signedBytes ?? body, forged?.sign ?? '', trusted)).toBeUndefined();
  });

  it('no longer fits once any byte of the body was changed in meaning', () => {
    const whole: unknown = JSON.parse(body.toString('utf8'));
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(body);
        changed[at] = (changed[at] ?? 0) ^ flip;
        const answer = openAnswer(changed, METHOD);
        const believed =
          answer?.sign !== undefined && signer(answer.signedBytes, answer.sign, trusted) !== undefined;
        // Only blanks between tokens may differ from what was signed.
        expect(
          believed && JSON.stringify(answer.node) !== JSON.stringify(Object.values(whole ?? {})[0]),
        ).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['with a line break', (sign: string) => `${sign.slice(0, 76)}\n${sign.slice(76)}`],
    ['without its padding', (sign: string) => sign.replace(/=+$/, '')],
    ['in the alphabet for URLs', (sign: string) => sign.replaceAll('+', '-').replaceAll('/', '_')],
    ['cut short', (sign: string) => sign.slice(0, 340)],
    ['empty', () => ''],
  ])('%s is not taken', (_what, spell) => {
    let text = 'x';
    while (!/[+/]/.test(signedBy(alipays.privateKey, text))) text += 'x';
    const good = signedBy(alipays.privateKey, text);
    expect(signer(Buffer.from(text), good, trusted)).toBeDefined();
    expect(signer(Buffer.from(text), spell(good), trusted)).toBeUndefined();
  });
});
