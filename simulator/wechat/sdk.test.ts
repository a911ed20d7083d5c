/** The oracle: `wechatpay-axios-plugin`, another reading of the same documents, over a real server. */
import { createHash, X509Certificate } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Aes, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin';
import { createKernel } from '../kernel/kernel.ts';
import { serveGateway } from './harness.ts';
import type { Loopback } from './harness.ts';
import { createWechatGateway } from './index.ts';
import type { WechatGateway } from './index.ts';
import { makeWechatMerchant } from './merchant.ts';
import type { SigningMode, WechatMerchant } from './merchant.ts';
import { beijing } from './time.ts';

interface Delivery {
  headers: Record<string, string>;
  body: string;
}

interface World {
  merchant: WechatMerchant;
  gateway: WechatGateway;
  server: Loopback;
  deliveries: Delivery[];
  kernel: ReturnType<typeof createKernel>;
}

const worlds: World[] = [];

async function open(mode: SigningMode): Promise<World> {
  const merchant = await makeWechatMerchant({ mode });
  const deliveries: Delivery[] = [];
  const kernel = createKernel({
    deliver: async (_url, headers, body) => {
      deliveries.push({ headers, body: Buffer.from(body).toString() });
      return { status: 204, body: new Uint8Array() };
    },
  });
  const gateway = createWechatGateway(kernel, merchant);
  const server = await serveGateway(gateway);
  const world = { merchant, gateway, server, deliveries, kernel };
  worlds.push(world);
  return world;
}

let byKey: World;
let byCertificate: World;

beforeAll(async () => {
  [byKey, byCertificate] = await Promise.all([open('public_key'), open('certificate')]);
});

afterAll(async () => {
  for (const { server, kernel } of worlds) {
    kernel.clock.close();
    await server.close();
  }
});

/** All keys a merchant may know of WeChat Pay, by serial. */
function trusted(merchant: WechatMerchant): Record<string, string> {
  const certificates = merchant.platformCertificates.map((one) => [one.serialNo, one.certificate] as const);
  return merchant.mode === 'public_key'
    ? { [merchant.publicKeyId]: merchant.publicKey.publicKey }
    : { ...Object.fromEntries(certificates), [merchant.publicKeyId]: merchant.publicKey.publicKey };
}

/** The SDK's client; every 2xx that it lets through was verified by it. */
function client({ merchant, server }: World, serial?: string) {
  const pay = new Wechatpay({
    mchid: merchant.mchid,
    serial: merchant.serialNo,
    privateKey: merchant.certificate.privateKey,
    certs: trusted(merchant),
  });
  const headers = serial === undefined ? {} : { headers: { 'Wechatpay-Serial': serial } };
  const config = { baseURL: server.url, validateStatus: () => true, ...headers };
  return {
    native: async (body: object) => {
      const answer = await pay.chain('/v3/pay/transactions/native').post(body, config);
      return { ...answer, code: String(Reflect.get(answer.data, 'code_url')) };
    },
    query: (number: string) =>
      pay
        .chain('/v3/pay/transactions/out-trade-no/{number}')
        .get({ ...config, number, params: { mchid: merchant.mchid } }),
    close: (number: string) =>
      pay
        .chain('/v3/pay/transactions/out-trade-no/{number}/close')
        .post({ mchid: merchant.mchid }, { ...config, number }),
    certificates: () => pay.chain('/v3/certificates').get(config),
    refund: (body: object) => pay.chain('/v3/refund/domestic/refunds').post(body, config),
    queryRefund: (number: string) =>
      pay.chain('/v3/refund/domestic/refunds/{number}').get({ ...config, number }),
    tradeBill: (params: object) => pay.chain('/v3/bill/tradebill').get({ ...config, params }),
    download: (url: string) => {
      const { pathname, searchParams } = new URL(url);
      const params = Object.fromEntries(searchParams);
      return pay.chain(pathname).get({ ...config, params, responseType: 'arraybuffer' });
    },
  };
}

function order(merchant: WechatMerchant, out_trade_no: string): object {
  return {
    appid: merchant.appid,
    mchid: merchant.mchid,
    description: '门诊费',
    out_trade_no,
    notify_url: 'http://127.0.0.1:9/notify',
    amount: { total: 1230, currency: 'CNY' },
  };
}

/** As a merchant reads a delivery with the SDK's tools. */
function readDelivery(merchant: WechatMerchant, { headers, body }: Delivery) {
  const key = trusted(merchant)[headers['Wechatpay-Serial'] ?? ''] ?? '';
  const message = Formatter.response(
    headers['Wechatpay-Timestamp'] ?? '',
    headers['Wechatpay-Nonce'] ?? '',
    body,
  );
  const verified = Rsa.verify(message, headers['Wechatpay-Signature'] ?? '', Rsa.from(key, 'public'));
  const notice = JSON.parse(body);
  const { ciphertext, nonce, associated_data } = notice.resource;
  const resource = JSON.parse(Aes.AesGcm.decrypt(ciphertext, merchant.apiV3Key, nonce, associated_data));
  return { verified, notice, resource };
}

describe('the SDK against the pretend WeChat Pay', () => {
  test('orders, queries and closes, and every answer verifies with the public key', async () => {
    const api = client(byKey);
    const ordered = await api.native(order(byKey.merchant, 'SDK-0001'));
    expect(ordered.status).toBe(200);
    expect(ordered.code).toMatch(/^weixin:\/\/wxpay\/bizpayurl(\?|\/up\?)pr=/);
    expect(ordered.headers['wechatpay-serial']).toBe(byKey.merchant.publicKeyId);
    expect(ordered.headers['request-id']).toMatch(/^[0-9A-F]+-0$/);
    expect(ordered.headers['keep-alive']).toBe('timeout=8');
    expect((await api.query('SDK-0001')).data).toMatchObject({
      trade_state: 'NOTPAY',
      out_trade_no: 'SDK-0001',
    });
    const closed = await api.close('SDK-0001');
    expect([closed.status, closed.data]).toEqual([204, '']);
    expect((await api.query('SDK-0001')).data).toMatchObject({ trade_state: 'CLOSED' });
  });

  test('the platform certificate that it decrypts is the one that signed the list', async () => {
    const { merchant } = byCertificate;
    const answer = await client(byCertificate).certificates();
    const [listed] = answer.data.data;
    const { ciphertext, nonce, associated_data } = listed.encrypt_certificate;
    const pem = Aes.AesGcm.decrypt(ciphertext, merchant.apiV3Key, nonce, associated_data);
    expect(new X509Certificate(pem).serialNumber).toBe(listed.serial_no);
    expect(answer.headers['wechatpay-serial']).toBe(listed.serial_no);
    expect(Date.parse(listed.effective_time)).toBe(new X509Certificate(pem).validFromDate.getTime());
    expect(pem.endsWith('-----')).toBe(true);
  });

  test('a merchant in public-key mode has no platform certificate', async () => {
    const answer = await client(byKey).certificates();
    expect([answer.status, answer.data.code]).toEqual([404, 'RESOURCE_NOT_EXISTS']);
  });

  test.each(['public_key', 'certificate'] as const)(
    'a payment is notified once, verifiably (%s)',
    async (mode) => {
      const world = mode === 'public_key' ? byKey : byCertificate;
      const api = client(world);
      const number = `NOTIFY-${mode}`;
      const { code } = await api.native({ ...order(world.merchant, number), attach: '第7号' });
      const before = world.deliveries.length;
      const paid = world.gateway.pay(code, 'anna');
      expect(paid).toMatchObject({ ok: true, value: { amount_fen: 1230, out_trade_no: number } });
      await expect.poll(() => world.deliveries.length).toBe(before + 1);
      const { verified, notice, resource } = readDelivery(
        world.merchant,
        world.deliveries[before] as Delivery,
      );
      expect(verified).toBe(true);
      expect(notice).toMatchObject({ event_type: 'TRANSACTION.SUCCESS', resource_type: 'encrypt-resource' });
      expect(resource).toEqual((await api.query(number)).data);
      expect(resource).toMatchObject({
        trade_state: 'SUCCESS',
        trade_type: 'NATIVE',
        attach: '第7号',
        amount: { total: 1230, payer_total: 1230, currency: 'CNY', payer_currency: 'CNY' },
      });
      expect(resource.transaction_id).toMatch(/^42000\d{23}$/);
      expect(resource.payer.openid).toMatch(/^o.{27}$/);
    },
  );

  test('while migrating, answers follow the request and notifications follow the share', async () => {
    const world = await open('migrating');
    const { merchant, gateway } = world;
    const [certificate] = merchant.platformCertificates;
    const byDefault = await client(world).native(order(merchant, 'MIG-0001'));
    expect(byDefault.headers['wechatpay-serial']).toBe(certificate?.serialNo);
    const asked = await client(world, merchant.publicKeyId).native(order(merchant, 'MIG-0002'));
    expect(asked.headers['wechatpay-serial']).toBe(merchant.publicKeyId);
    gateway.pay(byDefault.code, 'anna');
    await expect.poll(() => world.deliveries.length).toBe(1);
    gateway.setNotificationShare(1);
    gateway.pay(asked.code, 'bert');
    await expect.poll(() => world.deliveries.length).toBe(2);
    const serials = world.deliveries.map(({ headers }) => headers['Wechatpay-Serial']);
    expect(serials).toEqual([certificate?.serialNo, merchant.publicKeyId]);
    for (const delivery of world.deliveries) expect(readDelivery(merchant, delivery).verified).toBe(true);
  });

  test('business errors are signed, and the SDK reads them', async () => {
    const answer = await client(byKey).query('NO-SUCH-ORDER');
    expect([answer.status, answer.data.code]).toEqual([404, 'ORDER_NOT_EXIST']);
    expect(answer.headers['request-id']).toMatch(/-268512771$/);
    const message = Formatter.response(
      answer.headers['wechatpay-timestamp'],
      answer.headers['wechatpay-nonce'],
      JSON.stringify(answer.data),
    );
    const key = Rsa.from(byKey.merchant.publicKey.publicKey, 'public');
    expect(Rsa.verify(message, answer.headers['wechatpay-signature'], key)).toBe(true);
  });

  test('gives money back, and sees it arrive', async () => {
    const api = client(byKey);
    const { code } = await api.native(order(byKey.merchant, 'SDK-REFUND'));
    byKey.gateway.pay(code, 'anna');
    const wish = {
      out_trade_no: 'SDK-REFUND',
      out_refund_no: 'SDK-R-1',
      reason: '退款',
      notify_url: 'http://127.0.0.1:9/notify',
      amount: { refund: 230, total: 1230, currency: 'CNY' },
    };
    expect((await api.queryRefund('SDK-R-1')).status).toBe(404);
    const accepted = await api.refund(wish);
    expect(accepted.data).toMatchObject({ status: 'PROCESSING', amount: { refund: 230 } });
    expect((await api.refund(wish)).data).toEqual(accepted.data);
    const before = byKey.deliveries.length;
    byKey.kernel.clock.change({ advance_ms: 2000 });
    await expect.poll(() => byKey.deliveries.length).toBe(before + 1);
    const { verified, notice } = readDelivery(byKey.merchant, byKey.deliveries[before] as Delivery);
    expect([verified, notice.event_type]).toEqual([true, 'REFUND.SUCCESS']);
    expect((await api.queryRefund('SDK-R-1')).data).toMatchObject({
      refund_id: Reflect.get(accepted.data, 'refund_id'),
      status: 'SUCCESS',
    });
  });

  test.each([{}, { tar_type: 'GZIP' }])(
    'downloads the file of a day that its hash promised (%o)',
    async (wish) => {
      const world = await open('public_key');
      const api = client(world);
      const { code } = await api.native(order(world.merchant, 'SDK-BILL'));
      const twoDays = 2 * 24 * 60 * 60 * 1000;
      // Paid two days ago, by the channel's clock: a bill of that day is built by now.
      world.kernel.clock.change({ skew_ms: -twoDays });
      const bill_date = beijing(world.kernel.clock.channelNow()).slice(0, 10);
      expect(world.gateway.pay(code, 'anna').ok).toBe(true);
      world.kernel.clock.change({ skew_ms: 0 });

      const promise = (await api.tradeBill({ bill_date, ...wish })).data;
      expect(promise).toMatchObject({
        hash_type: 'SHA1',
        hash_value: expect.stringMatching(/^[0-9a-f]{40}$/),
      });
      expect(promise.download_url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v3\/billdownload\/file\?token=/);
      const answer = await api.download(promise.download_url);
      expect(answer.headers).not.toHaveProperty('wechatpay-signature');
      const file = Buffer.from(answer.data);
      const bytes = 'tar_type' in wish ? gunzipSync(file) : file;
      expect(createHash('sha1').update(bytes).digest('hex')).toBe(promise.hash_value);
      expect(bytes.toString()).toContain('`SDK-BILL,');
      expect((await api.tradeBill({ bill_date: '2020-01-01' })).data.code).toBe('INVALID_REQUEST');
    },
  );

  test('a wrongly signed success is refused by the SDK although the order was placed', async () => {
    byKey.kernel.board.merge({ answer_wrong_signature: 1 });
    const wrong = client(byKey).native(order(byKey.merchant, 'PROBE-0001'));
    await expect(wrong).rejects.toThrow(/Verify the response/);
    byKey.kernel.board.merge({ reset: true, answer_stale: 1 });
    await expect(client(byKey).query('PROBE-0001')).rejects.toThrow(/allowed time offset/);
    byKey.kernel.board.merge({ reset: true, answer_unsigned: 1 });
    await expect(client(byKey).query('PROBE-0001')).rejects.toThrow(/Headers incomplete/);
    byKey.kernel.board.merge({ reset: true });
    expect((await client(byKey).query('PROBE-0001')).data.trade_state).toBe('NOTPAY');
  });

  test.each([
    ['notify_forge', /^[A-Za-z0-9+/]{342}==$/],
    ['notify_corrupt', /^[A-Za-z0-9+/]{342}==$/],
    ['notify_probe', /^WECHATPAY\/SIGNTEST\/[A-Za-z0-9+/=]+$/],
  ])('a notification under %s names our key and does not verify', async (weather, shape) => {
    byKey.kernel.board.merge({ reset: true, [weather]: 1 });
    const { code } = await client(byKey).native(order(byKey.merchant, `BAD-${weather}`));
    const before = byKey.deliveries.length;
    byKey.gateway.pay(code, 'anna');
    await expect.poll(() => byKey.deliveries.length).toBeGreaterThan(before);
    byKey.kernel.board.merge({ reset: true });
    const { headers, body } = byKey.deliveries[before] as Delivery;
    const message = Formatter.response(
      headers['Wechatpay-Timestamp'] ?? '',
      headers['Wechatpay-Nonce'] ?? '',
      body,
    );
    const signature = headers['Wechatpay-Signature'] ?? '';
    expect(headers['Wechatpay-Serial']).toBe(byKey.merchant.publicKeyId);
    expect(signature).toMatch(shape);
    expect(Rsa.verify(message, signature, Rsa.from(byKey.merchant.publicKey.publicKey, 'public'))).toBe(
      false,
    );
  });
});
