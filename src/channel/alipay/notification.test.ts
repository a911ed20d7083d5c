import { AlipaySdk } from 'alipay-sdk';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import {
  alipays,
  answer,
  bare,
  configurationOf,
  formOf,
  newKeys,
  notificationOf,
  notificationText,
  ours,
  paidFields,
  signedBy,
  strangers,
  worldThat,
} from '../../../test/support/alipay-fixture.ts';
import type { NotificationReading } from '../channel.ts';
import { createAlipayChannel } from './index.ts';
import { fingerprint } from './keys.ts';

const channel = createAlipayChannel(
  worldThat(() => answer('')),
  configurationOf(),
);

function read(body: Uint8Array): Promise<NotificationReading> {
  return channel.readNotification({ headers: {}, body });
}

describe('a payment', () => {
  it('is reported with every field that a payment is pinned to', async () => {
    expect(await read(notificationOf(paidFields()))).toEqual({
      verdict: 'genuine',
      notificationId: '2026112200222100105000000000000001',
      keyId: fingerprint(alipays.publicKey).slice(0, 16),
      words: notificationText(paidFields()),
      report: {
        method: 'alipay',
        source: 'notification',
        about: 'payment',
        outTradeNo: 'A1',
        state: 'paid',
        channelState: 'TRADE_SUCCESS',
        appId: '2021000000000001',
        merchantId: '2088000000000001',
        totalFen: 1250,
        channelTradeNo: '2026112222001400000000000001',
        paidAtMs: Date.UTC(2026, 10, 22, 2, 1, 4),
        payerFen: 1250,
        attach: 'ref+1',
      },
    });
  });

  it('is still a payment beside refund_fee=0.00 and gmt_close, as in the documentation', async () => {
    const reading = await read(
      notificationOf(paidFields({ refund_fee: '0.00', gmt_close: '2026-11-22 10:30:00' })),
    );
    expect(reading).toMatchObject({ report: { about: 'payment', state: 'paid' } });
    expect(reading).not.toHaveProperty('report.refund');
  });

  it('is acknowledged with exactly the seven characters of success', () => {
    expect(channel.accepted).toEqual({
      status: 200,
      contentType: 'text/plain; charset=utf-8',
      body: 'success',
    });
    expect(channel.rejected.body).toBe('failure');
  });
});

describe('what else a trade reports', () => {
  it('a partial refund is TRADE_SUCCESS again: a refund, and a proof that the payment took place', async () => {
    const fields = paidFields({
      refund_fee: '2.50',
      gmt_refund: '2026-11-22 11:00:00.123',
      out_biz_no: 'R1',
    });
    expect(await read(notificationOf(fields))).toMatchObject({
      report: {
        about: 'refund',
        state: 'paid',
        refund: {
          state: 'succeeded',
          outRefundNo: 'R1',
          cumulativeFen: 250,
          refundedAtMs: Date.UTC(2026, 10, 22, 3, 0, 0, 123),
        },
      },
    });
  });

  it('a full refund is no closing: it comes as TRADE_CLOSED, and the trade had been paid', async () => {
    const fields = paidFields({
      trade_status: 'TRADE_CLOSED',
      refund_fee: '12.50',
      gmt_refund: '2026-11-22 11:00:00.000',
    });
    expect(await read(notificationOf(fields))).toMatchObject({
      report: {
        about: 'refund',
        state: 'paid',
        channelState: 'TRADE_CLOSED',
        refund: { cumulativeFen: 1250 },
      },
    });
  });

  it('gmt_refund alone makes it a refund', async () => {
    const reading = await read(notificationOf(paidFields({ gmt_refund: '2026-11-22 11:00:00.000' })));
    expect(reading).toMatchObject({ report: { about: 'refund', refund: { state: 'succeeded' } } });
    expect(reading).not.toHaveProperty('report.refund.cumulativeFen');
  });

  it.each([
    ['TRADE_CLOSED', 'closed'],
    ['TRADE_FINISHED', 'paid'],
    ['WAIT_BUYER_PAY', 'scanned'],
  ])('%s without a refund is reported as %s', async (trade_status, state) => {
    expect(await read(notificationOf(paidFields({ trade_status })))).toMatchObject({
      verdict: 'genuine',
      report: { about: 'payment', state },
    });
  });

  it.each([
    ['another type', { notify_type: 'servicemarket_order_notify' }],
    ['a state that no page lists', { trade_status: 'TRADE_PENDING' }],
    ['no order', { out_trade_no: '' }],
  ])('%s is genuine and about nothing that we keep books on', async (_what, changes) => {
    expect(await read(notificationOf(paidFields(changes)))).toMatchObject({
      verdict: 'genuine',
      report: undefined,
    });
  });

  it('new fields are signed as well and do no harm', async () => {
    const fields = paidFields({ brand_new: 'a+b %41&c=d', settlement_id: '1' });
    expect(await read(notificationOf(fields))).toMatchObject({
      verdict: 'genuine',
      report: { state: 'paid' },
    });
  });
});

describe('a forgery', () => {
  it.each([
    ['signed by a stranger', notificationOf(paidFields(), strangers.privateKey), 'signature_wrong'],
    ['signed by the app itself', notificationOf(paidFields(), ours.privateKey), 'signature_wrong'],
    ['unsigned', formOf({ ...paidFields(), sign_type: 'RSA2' }), 'signature_missing'],
    [
      'with an empty signature',
      formOf({ ...paidFields(), sign_type: 'RSA2', sign: '' }),
      'signature_missing',
    ],
    [
      'that asks for SHA-1',
      formOf({
        ...paidFields(),
        sign_type: 'RSA',
        sign: signedBy(alipays.privateKey, notificationText(paidFields())),
      }),
      'malformed',
    ],
    [
      'with sign_type in the signed text, the rule of other messages',
      formOf({
        ...paidFields(),
        sign_type: 'RSA2',
        sign: signedBy(
          alipays.privateKey,
          notificationText(paidFields()).replace('&subject', '&sign_type=RSA2&subject'),
        ),
      }),
      'signature_wrong',
    ],
  ])('%s is refused', async (_what, body, reason) => {
    expect(await read(body)).toMatchObject({ verdict: 'refused', reason });
  });

  it('of any single field is refused: amount, order, payee, app, state', async () => {
    const genuine = notificationOf(paidFields());
    for (const name of ['total_amount', 'out_trade_no', 'seller_id', 'app_id', 'trade_status', 'notify_id']) {
      const changed = new URLSearchParams(genuine.toString('utf8'));
      changed.set(name, `${changed.get(name)}1`);
      expect(await read(Buffer.from(changed.toString()))).toMatchObject({ reason: 'signature_wrong' });
    }
  });

  it('by a parameter added, taken away or renamed is refused', async () => {
    const genuine = notificationOf(paidFields()).toString('utf8');
    for (const body of [
      `${genuine}&extra=1`,
      genuine.replace(/&version=1\.0/, ''),
      genuine.replace('receipt_amount', 'receipt_amounT'),
    ]) {
      expect(await read(Buffer.from(body))).toMatchObject({ verdict: 'refused', reason: 'signature_wrong' });
    }
  });

  it('by any change of bytes never gives other words than those signed', async () => {
    const genuine = notificationOf(paidFields());
    const words = notificationText(paidFields());
    await fc.assert(
      fc.asyncProperty(fc.nat(genuine.length - 1), fc.integer({ min: 0, max: 255 }), async (at, byte) => {
        const changed = Buffer.from(genuine);
        changed[at] = byte;
        const reading = await read(changed);
        expect(reading.verdict === 'refused' || reading.words === words).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a body that Alipay does not send', () => {
  const genuine = notificationOf(paidFields()).toString('utf8');

  it.each([
    ['a name given twice', `${genuine}&total_amount=0.01`],
    // Who reads the last sees what was signed; who reads the first does not.
    ['a name given twice, the signed one last', `total_amount=0.01&${genuine}`],
    ['a name given twice, once in disguise', `${genuine}&total%5Famount=0.01`],
    ['the signature twice', `${genuine}&sign=x`],
    ['a broken escape', `${genuine}&x=%4`],
    ['bytes that are no UTF-8', `${genuine}&x=%D6%A7%B8`],
    ['a charset of its own', genuine.replace('charset=utf-8', 'charset=utf-7')],
    ['nothing at all', ''],
    ['no form at all', '{"out_trade_no":"A1"}'],
    ['far too much', `${genuine}&x=${'y'.repeat(64 * 1024)}`],
  ])('is refused: %s', async (_what, body) => {
    expect((await read(Buffer.from(body, 'latin1'))).verdict).toBe('refused');
  });

  it.each([
    ['an amount that is no amount', { total_amount: '1e3' }],
    ['no amount', { total_amount: '' }],
    ['a refund that is no amount', { refund_fee: '-1.00' }],
    ['no app', { app_id: '' }],
    ['no id of the event', { notify_id: '' }],
  ])('even when signed: %s', async (_what, changes) => {
    expect(await read(notificationOf(paidFields(changes)))).toMatchObject({
      verdict: 'refused',
      reason: 'malformed',
    });
  });
});

describe('points that no source settles', () => {
  const withEmpty = paidFields({ point_amount: '', body: '' });

  it('empty values verify, whether they were signed or left out', async () => {
    const over = (text: string): Buffer =>
      formOf({ ...withEmpty, sign_type: 'RSA2', sign: signedBy(alipays.privateKey, text) });
    expect(await read(over(notificationText(withEmpty)))).toMatchObject({ verdict: 'genuine' });
    expect(await read(over(notificationText(paidFields())))).toMatchObject({ verdict: 'genuine' });
  });

  it('alipay_cert_sn verifies, whether it was signed or left out', async () => {
    const fields = paidFields({ alipay_cert_sn: '00' });
    expect(await read(notificationOf(fields))).toMatchObject({ verdict: 'genuine' });
    const unsigned = formOf({
      ...fields,
      sign_type: 'RSA2',
      sign: signedBy(alipays.privateKey, notificationText(paidFields())),
    });
    expect(await read(unsigned)).toMatchObject({ verdict: 'genuine', words: notificationText(paidFields()) });
  });

  it('passback_params reads the same whether Alipay decoded it or not, and is kept when it does not decode', async () => {
    for (const [sent, attach] of [
      ['ref%2B1', 'ref+1'],
      ['ref1', 'ref1'],
      ['100%', '100%'],
    ] as const) {
      const fields = paidFields({ passback_params: sent });
      expect(await read(notificationOf(fields))).toMatchObject({ report: { attach } });
    }
  });
});

describe('charsets', () => {
  it('a GBK notification verifies over its GBK bytes and reads as Chinese', async () => {
    const fields = paidFields({ charset: 'GBK', subject: '仁心门诊', body: '镕囍' });
    const encoded = (text: string): string =>
      [...iconv.encode(text, 'gbk')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    const sign = signedBy(alipays.privateKey, iconv.encode(notificationText(fields), 'gbk'));
    const body = Object.entries({ ...fields, sign_type: 'RSA2', sign })
      .map(([name, value]) => `${name}=${encoded(value)}`)
      .join('&');
    expect(await read(Buffer.from(body))).toMatchObject({
      verdict: 'genuine',
      words: notificationText(fields),
    });
  });

  it('a plus sign, a percent sign and an ampersand survive in a value: it is decoded once', async () => {
    const fields = paidFields({ subject: 'a+b%2Bc & d=e' });
    expect(await read(notificationOf(fields))).toMatchObject({ words: notificationText(fields) });
  });
});

describe('rotation and the official SDK', () => {
  it('with two keys either verifies, and the record says which', async () => {
    const next = newKeys();
    const rotating = createAlipayChannel(
      worldThat(() => answer('')),
      configurationOf({ alipayPublicKeys: [bare(alipays.publicKey), bare(next.publicKey)] }),
    );
    for (const { privateKey, publicKey } of [alipays, next]) {
      const body = notificationOf(paidFields(), privateKey);
      expect(await rotating.readNotification({ headers: {}, body })).toMatchObject({
        verdict: 'genuine',
        keyId: fingerprint(publicKey).slice(0, 16),
      });
    }
  });

  it('the SDK accepts and refuses the same notifications', async () => {
    const sdk = new AlipaySdk({
      appId: '2021000000000001',
      privateKey: ours.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      alipayPublicKey: alipays.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    });
    const names = fc.stringMatching(/^[a-z][a-z_]{2,12}$/).filter((name) => !name.startsWith('sign'));
    const values = fc.string({ unit: 'grapheme', maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, values), fc.boolean(), async (extra, honest) => {
        const fields = { ...extra, ...paidFields() };
        const body = notificationOf(fields, honest ? alipays.privateKey : strangers.privateKey);
        const asSdkSeesIt = Object.fromEntries(new URLSearchParams(body.toString('utf8')));
        expect((await read(body)).verdict === 'genuine').toBe(sdk.checkNotifySignV2(asSdkSeesIt));
      }),
      { numRuns: 50 },
    );
  });
});
