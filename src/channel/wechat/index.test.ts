import { createPublicKey, X509Certificate } from 'node:crypto';
import { Formatter, Rsa } from 'wechatpay-axios-plugin';
import { NetworkFault, type InboundAnswer, type OutboundRequest } from '#world';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  certificateAnswerBody,
  inCertificateMode,
  makeMerchant,
  makeWorld,
  NOW,
  order,
  paidTransaction,
  signedAnswer,
  unsignedAnswer,
  type Merchant,
  type Signing,
  type TestWorld,
} from '../../../test/support/wechat-fixture.ts';
import { createWechatChannel } from './index.ts';

const MAIN = 'https://api.mch.weixin.qq.com';
const BACKUP = 'https://api2.mch.weixin.qq.com';
const code = { code_url: 'weixin://wxpay/bizpayurl?pr=0123456' };

let merchant: Merchant;
let byKey: Signing;
let byPlatform: Signing;
let byNext: Signing;
beforeAll(async () => {
  merchant = await makeMerchant();
  byKey = { serial: merchant.publicKeyId, privateKey: merchant.publicKeyPrivate };
  byPlatform = merchant.platform;
  byNext = merchant.nextPlatform;
});

function channelWith(reply: TestWorld['reply'], change: Partial<Merchant['configuration']> = {}) {
  const world = makeWorld(reply);
  return { world, channel: createWechatChannel(world, { ...merchant.configuration, ...change }) };
}

function answering(answer: InboundAnswer | NetworkFault) {
  return channelWith(() => answer).channel;
}

/** The order of the replies is the order of the sends. */
function inTurn(...answers: (InboundAnswer | NetworkFault)[]): TestWorld['reply'] {
  return () => answers.shift() ?? new NetworkFault('not_sent', 'no answer left');
}

function authorizationOf(request: OutboundRequest | undefined): Record<string, string> {
  const header = request?.headers.authorization ?? '';
  return Object.fromEntries(
    [...header.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
}

const silence = new NetworkFault('no_answer', 'timed out');
const unreachable = new NetworkFault('not_sent', 'connection refused');

describe('asking for a code', () => {
  it('sends the pinned order, signed over the very bytes and path that go out', async () => {
    const { world, channel } = channelWith(() => signedAnswer(200, code, byKey));
    expect(await channel.create(order)).toEqual({ outcome: 'done', value: { content: code.code_url } });
    const [request] = world.sent;
    expect(request?.url).toBe(`${MAIN}/v3/pay/transactions/native`);
    const body = Buffer.from(request?.body ?? []).toString();
    expect(JSON.parse(body)).toEqual({
      appid: 'wx0123456789abcdef',
      mchid: '1900000001',
      description: '仁和门诊 医疗服务费',
      out_trade_no: order.outTradeNo,
      time_expire: '2026-11-22T10:15:00+08:00',
      attach: order.attach,
      notify_url: order.notifyUrl,
      amount: { total: 12345, currency: 'CNY' },
    });
    expect(request?.headers).toMatchObject({
      accept: 'application/json',
      'accept-language': 'zh-CN',
      'content-type': 'application/json',
      'wechatpay-serial': merchant.publicKeyId,
    });
    expect(request?.headers['user-agent']).not.toBe('');
    const { timestamp, nonce_str, signature, serial_no } = authorizationOf(request);
    const certificate = new X509Certificate(merchant.configuration.merchantCertificate);
    expect(serial_no).toBe(certificate.serialNumber);
    const text = Formatter.request(
      'POST',
      '/v3/pay/transactions/native',
      timestamp ?? '',
      nonce_str ?? '',
      body,
    );
    expect(Rsa.verify(text, signature ?? '', certificate.publicKey)).toBe(true);
  });

  it('never shows a code from an answer that fails verification, nor calls it a no', async () => {
    const good = signedAnswer(200, code, byKey);
    const wrong: InboundAnswer[] = [
      unsignedAnswer(200, code),
      { ...good, body: Buffer.from(JSON.stringify({ code_url: 'weixin://wxpay/bizpayurl?pr=THIEF00' })) },
      signedAnswer(200, code, { ...byKey, atMs: NOW - 301_000 }),
      signedAnswer(200, code, { serial: merchant.publicKeyId, privateKey: merchant.platform.privateKey }),
      { ...good, headers: { ...good.headers, 'wechatpay-signature': 'WECHATPAY/SIGNTEST/AAAA' } },
    ];
    for (const answer of wrong) {
      expect(await answering(answer).create(order)).toMatchObject({
        outcome: 'unknown',
        fault: { code: 'unverified' },
      });
    }
  });

  it('takes nothing for a code that is none', async () => {
    const strange = [
      signedAnswer(200, {}, byKey),
      signedAnswer(200, { code_url: '' }, byKey),
      signedAnswer(204, '', byKey),
    ];
    for (const answer of strange) {
      expect(await answering(answer).create(order)).toMatchObject({
        outcome: 'unknown',
        fault: { code: 'undocumented' },
      });
    }
    const twice = signedAnswer(200, '{"code_url":"a","code_url":"b"}', byKey);
    const page = signedAnswer(200, '<html>', byKey);
    for (const answer of [twice, page]) {
      expect(await answering(answer).create(order)).toMatchObject({
        outcome: 'unknown',
        fault: { code: 'silent' },
      });
    }
  });

  it('says that nothing was sent only when no send can have arrived', async () => {
    const backupGatewayUrl = BACKUP;
    const nobody = channelWith(inTurn(unreachable, unreachable), { backupGatewayUrl });
    expect(await nobody.channel.create(order)).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'silent', notSent: true },
    });
    const perhaps = channelWith(inTurn(silence, unreachable), { backupGatewayUrl });
    const outcome = await perhaps.channel.create(order);
    expect(outcome).toMatchObject({ outcome: 'unknown', fault: { code: 'silent' } });
    expect(outcome).not.toHaveProperty('fault.notSent');
  });

  it('an address that our own list forbids is a matter of configuration', async () => {
    const outcome = await answering(new NetworkFault('forbidden', 'host not allowed')).create(order);
    expect(outcome).toMatchObject({ outcome: 'refused', fault: { code: 'configuration', notSent: true } });
    const forbidden = channelWith(() => new NetworkFault('forbidden', 'host not allowed'), {
      backupGatewayUrl: BACKUP,
    });
    await forbidden.channel.create(order);
    expect(forbidden.world.sent).toHaveLength(1);
  });
});

describe('the backup host', () => {
  it('gets the same number and bytes with a nonce, time and signature of its own, within 10 s in all', async () => {
    const { world, channel } = channelWith(inTurn(silence, signedAnswer(200, code, byKey)), {
      backupGatewayUrl: BACKUP,
    });
    expect(await channel.create(order)).toMatchObject({ outcome: 'done' });
    const [first, second] = world.sent;
    expect(second?.url).toBe(`${BACKUP}/v3/pay/transactions/native`);
    expect(Buffer.from(second?.body ?? [])).toEqual(Buffer.from(first?.body ?? [1]));
    expect(authorizationOf(second).nonce_str).not.toBe(authorizationOf(first).nonce_str);
    expect(authorizationOf(second).signature).not.toBe(authorizationOf(first).signature);
    expect((first?.timeoutMs ?? 0) + (second?.timeoutMs ?? 0)).toBeLessThanOrEqual(10_000);
  });

  it('is asked once, and only after a failure of the connection', async () => {
    const down = channelWith(() => silence, { backupGatewayUrl: BACKUP });
    await down.channel.query(order.outTradeNo);
    expect(down.world.sent).toHaveLength(2);
    for (const answer of [
      unsignedAnswer(500, { code: 'SYSTEM_ERROR' }),
      unsignedAnswer(502, '<html>'),
      unsignedAnswer(200, code),
    ]) {
      const up = channelWith(() => answer, { backupGatewayUrl: BACKUP });
      await up.channel.create(order);
      expect(up.world.sent).toHaveLength(1);
    }
  });

  it.each([
    ['whose time is nearly over', order.expiresAtMs - 5_000],
    ['that took ten seconds, in which another may have given it up,', NOW + 10_000],
  ])('an order %s is not sent again: that could bring it back to life', async (_what, atMs) => {
    const { world, channel } = channelWith(
      (request) => {
        if (request.url.startsWith(MAIN)) world.nowMs = atMs;
        return request.url.startsWith(MAIN) ? silence : signedAnswer(200, code, byKey);
      },
      { backupGatewayUrl: BACKUP },
    );
    expect(await channel.create(order)).toMatchObject({ outcome: 'unknown', fault: { code: 'silent' } });
    expect(world.sent).toHaveLength(1);
  });

  it('an order whose time is over is not sent at all', async () => {
    const { world, channel } = channelWith(() => signedAnswer(200, code, byKey));
    world.nowMs = order.expiresAtMs;
    expect(await channel.create(order)).toMatchObject({ outcome: 'unknown', fault: { notSent: true } });
    expect(world.sent).toHaveLength(0);
  });

  it('may say no: after an unanswered first send that is still no definite no', async () => {
    const no = unsignedAnswer(403, { code: 'NO_AUTH', message: '商户号没有权限' });
    expect(await answering(no).create(order)).toMatchObject({
      outcome: 'refused',
      fault: { code: 'configuration' },
    });
    const after = channelWith(inTurn(silence, no), { backupGatewayUrl: BACKUP });
    expect(await after.channel.create(order)).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'configuration' },
    });
    const never = channelWith(inTurn(unreachable, no), { backupGatewayUrl: BACKUP });
    expect(await never.channel.create(order)).toMatchObject({ outcome: 'refused' });
  });
});

describe('asking what became of an order', () => {
  it('puts the merchant number into the signed query string', async () => {
    const { world, channel } = channelWith(() => signedAnswer(200, paidTransaction(merchant), byKey));
    await channel.query(order.outTradeNo);
    const [request] = world.sent;
    const target = `/v3/pay/transactions/out-trade-no/${order.outTradeNo}?mchid=1900000001`;
    expect(request?.url).toBe(MAIN + target);
    expect(request?.body).toBeUndefined();
    const { timestamp, nonce_str, signature } = authorizationOf(request);
    const text = Formatter.request('GET', target, timestamp ?? '', nonce_str ?? '');
    expect(
      Rsa.verify(text, signature ?? '', createPublicKey(merchant.configuration.merchantPrivateKey)),
    ).toBe(true);
  });

  it('tells of a payment with every value that is pinned', async () => {
    const outcome = await answering(signedAnswer(200, paidTransaction(merchant), byKey)).query(
      order.outTradeNo,
    );
    expect(outcome).toEqual({
      outcome: 'done',
      value: {
        method: 'wechat',
        source: 'query',
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

  it('"no such order" is a report, signed or not; badly signed it is nothing', async () => {
    const body = { code: 'ORDER_NOT_EXIST', message: '订单不存在' };
    for (const answer of [
      unsignedAnswer(404, body),
      signedAnswer(404, body, byKey),
      unsignedAnswer(404, { ...body, code: 'ORDERNOTEXIST' }),
    ]) {
      const outcome = await answering(answer).query(order.outTradeNo);
      expect(outcome).toMatchObject({
        outcome: 'done',
        value: { state: 'none', outTradeNo: order.outTradeNo },
      });
    }
    const forged = signedAnswer(404, body, {
      serial: merchant.publicKeyId,
      privateKey: merchant.platform.privateKey,
    });
    expect(await answering(forged).query(order.outTradeNo)).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'unverified' },
    });
  });

  it('an answer about another order, merchant or app is not believed', async () => {
    for (const change of [
      { out_trade_no: 'ZF20261122000002_1' },
      { mchid: '1900000002' },
      { appid: 'wxffffffffffffffff' },
    ]) {
      const outcome = await answering(
        signedAnswer(200, { ...paidTransaction(merchant), ...change }, byKey),
      ).query(order.outTradeNo);
      expect(outcome).toMatchObject({ outcome: 'unknown', fault: { code: 'foreign_answer' } });
    }
  });
});

describe('closing', () => {
  it('a verified 204 says sent, and the merchant number stands in the body', async () => {
    const { world, channel } = channelWith(() => signedAnswer(204, '', byKey));
    expect(await channel.close(order.outTradeNo)).toEqual({ outcome: 'done', value: { result: 'sent' } });
    expect(world.sent[0]?.url).toBe(`${MAIN}/v3/pay/transactions/out-trade-no/${order.outTradeNo}/close`);
    expect(Buffer.from(world.sent[0]?.body ?? []).toString()).toBe('{"mchid":"1900000001"}');
  });

  it('an unsigned 204 says nothing, and a 202 closed nothing', async () => {
    expect(await answering(unsignedAnswer(204, '')).close(order.outTradeNo)).toMatchObject({
      fault: { code: 'unverified' },
    });
    const paying = signedAnswer(202, { code: 'USERPAYING', message: '用户支付中' }, byKey);
    expect(await answering(paying).close(order.outTradeNo)).toMatchObject({
      value: { result: 'not_closable' },
    });
  });
});

describe('the keys of the channel', () => {
  const list = (...certificates: Merchant['platform'][]) =>
    certificateAnswerBody(certificates, merchant.configuration.apiV3Key);

  it('certificate and public key verify side by side while a merchant moves', async () => {
    const { world, channel } = channelWith(() => signedAnswer(200, list(merchant.platform), byPlatform));
    expect(await channel.refreshKeys?.()).toEqual({
      outcome: 'done',
      value: { keyIds: [merchant.publicKeyId, merchant.platform.serial] },
    });
    for (const by of [byKey, byPlatform]) {
      world.reply = () => signedAnswer(200, code, by);
      expect(await channel.create(order)).toMatchObject({ outcome: 'done' });
    }
    expect(world.sent.at(-1)?.headers['wechatpay-serial']).toBe(merchant.publicKeyId);
  });

  it('an unknown serial fetches the certificates, and the answer is judged again', async () => {
    const { world, channel } = channelWith(
      (request) =>
        request.url.endsWith('/v3/certificates')
          ? signedAnswer(200, list(merchant.platform, merchant.nextPlatform), byPlatform)
          : signedAnswer(200, code, byNext),
      inCertificateMode(merchant.configuration),
    );
    expect(await channel.create(order)).toMatchObject({ outcome: 'done' });
    expect(world.sent).toHaveLength(2);
    await channel.create(order);
    expect(world.sent).toHaveLength(3);
    expect(world.sent[2]?.headers['wechatpay-serial']).toBe(merchant.nextPlatform.serial); // begun latest
  });

  it('serials that nobody knows cause one download a minute, not more', async () => {
    const stranger = { serial: 'AB'.repeat(20), privateKey: merchant.platform.privateKey };
    const { world, channel } = channelWith((request) =>
      request.url.endsWith('/v3/certificates')
        ? unsignedAnswer(404, { code: 'RESOURCE_NOT_EXISTS' })
        : signedAnswer(200, code, stranger),
    );
    const downloads = () => world.sent.filter((request) => request.url.endsWith('/v3/certificates')).length;
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await channel.create(order)).toMatchObject({
        outcome: 'unknown',
        fault: { code: 'unverified' },
      });
    }
    expect(downloads()).toBe(1);
    world.nowMs += 60_000;
    await channel.query(order.outTradeNo);
    expect(downloads()).toBe(2);
  });

  it('a merchant with the public key lacks nothing when there are no certificates; another does', async () => {
    const none = unsignedAnswer(404, { code: 'RESOURCE_NOT_EXISTS', message: '无可用的平台证书' });
    expect(await answering(none).refreshKeys?.()).toMatchObject({
      outcome: 'done',
      value: { keyIds: [merchant.publicKeyId] },
    });
    const { channel } = channelWith(() => none, inCertificateMode(merchant.configuration));
    expect(await channel.refreshKeys?.()).toMatchObject({
      outcome: 'refused',
      fault: { code: 'configuration' },
    });
  });

  it('a list that opens with another key, or is signed by none in it, leaves the last good set', async () => {
    const { world, channel } = channelWith(
      () => signedAnswer(200, list(merchant.platform), byPlatform),
      inCertificateMode(merchant.configuration),
    );
    await channel.refreshKeys?.();
    const otherKey = certificateAnswerBody([merchant.nextPlatform], 'x'.repeat(32));
    world.reply = () => signedAnswer(200, otherKey, byNext);
    expect(await channel.refreshKeys?.()).toMatchObject({
      outcome: 'refused',
      fault: { code: 'configuration' },
    });
    world.reply = () => signedAnswer(200, list(merchant.nextPlatform), { ...byKey, serial: 'CD'.repeat(20) });
    expect(await channel.refreshKeys?.()).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'unverified' },
    });
    world.reply = () => silence;
    expect(await channel.refreshKeys?.()).toMatchObject({ outcome: 'unknown', fault: { code: 'silent' } });
    world.reply = () => signedAnswer(200, code, byPlatform);
    expect(await channel.create(order)).toMatchObject({ outcome: 'done' });
  });
});

describe('the pinned configuration', () => {
  const idWith = (change: Partial<Merchant['configuration']>) =>
    channelWith(() => silence, change).channel.configurationId;

  it('has the same id whenever it is the same, and another when account, key or gateway change', () => {
    expect(idWith({})).toBe(idWith({ apiV3Key: 'y'.repeat(32), backupGatewayUrl: BACKUP }));
    const others = [
      { mchId: '1900000002' },
      { appId: 'wx1' },
      { publicKeyId: 'PUB_KEY_ID_1' },
      { gatewayUrl: 'http://127.0.0.1:8090' },
    ];
    expect(new Set([{}, ...others].map(idWith)).size).toBe(5);
  });
});
