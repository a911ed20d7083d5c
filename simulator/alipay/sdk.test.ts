import { createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { AlipaySdk } from 'alipay-sdk';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { makeWechatMerchant } from '../wechat/merchant.ts';
import { createSimulator } from '../server.ts';
import { makeAlipayMerchant, keyTexts } from './index.ts';
import { beijing } from './text.ts';

/** The official SDK with verification on, over real HTTP: the judge of what we send. */
const [alipay, wechat] = await Promise.all([makeAlipayMerchant(), makeWechatMerchant({ bits: 512 })]);
const simulator = await createSimulator({ merchants: { alipay, wechat } });
const url = await simulator.listen(0);
afterAll(() => simulator.close());

const gateway = `${url}/gateway.do`;
const keys = keyTexts(alipay);
const modes = {
  key: new AlipaySdk({
    appId: alipay.appId,
    privateKey: keys.appPrivateKey,
    alipayPublicKey: keys.alipayPublicKey,
    gateway,
    encryptKey: alipay.contentKey,
  }),
  certificate: new AlipaySdk({
    appId: alipay.appId,
    privateKey: keys.appPrivateKey,
    appCertContent: alipay.certificates.app,
    alipayPublicCertContent: alipay.certificates.alipay,
    alipayRootCertContent: alipay.certificates.root,
    gateway,
  }),
};
const sdk = modes.key;
const checked = { validateSign: true };

let number = 0;
let outTradeNo = '';
beforeEach(() => {
  simulator.kernel.board.merge({ reset: true });
  number += 1;
  outTradeNo = `SDK_${number}`;
});

function precreate(client = sdk, biz: object = {}, notifyUrl?: string) {
  return client.exec(
    'alipay.trade.precreate',
    {
      ...(notifyUrl === undefined ? {} : { notifyUrl }),
      bizContent: { outTradeNo, totalAmount: '12.80', subject: '春和诊所 门诊缴费 a/b', ...biz },
    },
    checked,
  );
}

function ask(api: string, biz: object = {}, client = sdk) {
  return client.exec(`alipay.trade.${api}`, { bizContent: { outTradeNo, ...biz } }, checked);
}

function wallet() {
  const found = simulator.gateways.find((one) => one.channel === 'alipay');
  if (found === undefined) throw new Error('no alipay gateway');
  return found;
}

describe.each(['key', 'certificate'] as const)('the official SDK in %s mode believes', (mode) => {
  const client = modes[mode];

  test('a code, the trade it becomes, its payment, a refund and the end of it', async () => {
    const made = await precreate(client);
    expect(made).toMatchObject({ code: '10000', outTradeNo });
    const content = String(made['qrCode']);
    expect(content).toMatch(/^https:\/\/qr\.alipay\.com\/bax[0-9a-z]{21}$/);

    expect(await ask('query', {}, client)).toMatchObject({
      code: '40004',
      subCode: 'ACQ.TRADE_NOT_EXIST',
      outTradeNo,
      receiptAmount: '0.00',
    });
    wallet().scan(content, 'Zhang');
    const scanned = await ask('query', {}, client);
    expect(scanned).toMatchObject({
      tradeStatus: 'WAIT_BUYER_PAY',
      totalAmount: '12.80',
      receiptAmount: '0.00',
    });
    expect(scanned['sendPayDate']).toBeUndefined();

    wallet().pay(content, 'Zhang');
    const paid = await ask('query', {}, client);
    expect(paid).toMatchObject({
      tradeStatus: 'TRADE_SUCCESS',
      receiptAmount: '12.80',
      buyerPayAmount: '12.80',
    });
    expect(paid['tradeNo']).toMatch(/^\d{8}22001\d{15}$/);
    expect(paid['sendPayDate']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);

    const refund = await ask('refund', { refundAmount: '2.80', outRequestNo: 'r1' }, client);
    expect(refund).toMatchObject({ code: '10000', fundChange: 'Y', refundFee: '2.80' });
    const found = await ask('fastpay.refund.query', { outRequestNo: 'r1' }, client);
    expect(found).toMatchObject({ refundStatus: 'REFUND_SUCCESS', refundAmount: '2.80' });
  });

  test('closing and cancelling what was scanned', async () => {
    const first = await precreate(client);
    wallet().scan(String(first['qrCode']), 'Zhang');
    expect(await ask('close', {}, client)).toMatchObject({ code: '10000', outTradeNo });
    expect(await ask('query', {}, client)).toMatchObject({ tradeStatus: 'TRADE_CLOSED' });

    outTradeNo = `${outTradeNo}b`;
    const second = await precreate(client);
    wallet().pay(String(second['qrCode']), 'Zhang');
    expect(await ask('cancel', {}, client)).toMatchObject({
      code: '10000',
      action: 'refund',
      retryFlag: 'N',
    });
  });
});

describe('the official SDK', () => {
  test('completes encrypted calls both ways', async () => {
    // It cannot verify an encrypted answer itself (1.7); that it decrypts it is what is shown here.
    const made = await sdk.exec('alipay.trade.precreate', {
      needEncrypt: true,
      bizContent: { outTradeNo, totalAmount: '0.01', subject: '挂号费' },
    });
    expect(made).toMatchObject({ code: '10000', outTradeNo });
  });

  test('verifies the notification of a payment', async () => {
    const arrival = Promise.withResolvers<string>();
    const shop = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        arrival.resolve(body);
        response.end('success');
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => shop.once('listening', resolve));
    const { port } = shop.address() as AddressInfo;

    const made = await precreate(sdk, { body: 'a+b %41' }, `http://127.0.0.1:${port}/notify`);
    wallet().pay(String(made['qrCode']), 'Zhang');
    const body = await arrival.promise;
    shop.close();

    const fields = Object.fromEntries(new URLSearchParams(body));
    expect(sdk.checkNotifySignV2({ ...fields })).toBe(true);
    expect(fields).toMatchObject({ trade_status: 'TRADE_SUCCESS', total_amount: '12.80', body: 'a+b %41' });
    expect(sdk.checkNotifySignV2({ ...fields, total_amount: '0.01' })).toBe(false);
  });

  test('refuses an unsigned answer and one that a stranger signed', async () => {
    simulator.kernel.board.merge({ answer_unsigned: 1 });
    await expect(precreate()).rejects.toThrow(/signature/);
    simulator.kernel.board.merge({ reset: true, answer_wrong_signature: 1 });
    await expect(precreate()).rejects.toThrow(/验签失败/);
  });

  test('is told its own mistake in the gateway’s own string when it signs with another key', async () => {
    const stranger = await makeAlipayMerchant({ bits: 1024 });
    const client = new AlipaySdk({
      appId: alipay.appId,
      privateKey: keyTexts(stranger).appPrivateKey,
      alipayPublicKey: keys.alipayPublicKey,
      gateway,
    });
    const answer = await precreate(client);
    expect(answer).toMatchObject({ code: '40002', subCode: 'isv.invalid-signature' });
    expect(answer['subMsg']).toMatch(
      /网关生成的验签字符串为：app_id=\d{16}&amp;biz_content=\{.*\}&amp;charset=utf-8&amp;method=.*&amp;sign_type=RSA2&amp;timestamp=.*&amp;version=1\.0$/,
    );
  });
});

test('the signed text is the node as it stands in the body, slashes escaped', async () => {
  const client = new AlipaySdk({ appId: alipay.appId, privateKey: keys.appPrivateKey, gateway });
  const form = client.sdkExecute('alipay.trade.precreate', {
    bizContent: { outTradeNo, totalAmount: '1.00', subject: '挂号费' },
  });
  const answer = await fetch(`${gateway}?${form}`, { method: 'POST' });
  const body = await answer.text();
  const match = /^\{"alipay_trade_precreate_response":(\{.*\}),"sign":"([^"]+)"\}$/.exec(body);
  const key = createPublicKey(alipay.alipayPrivateKey);
  const holds = (text: string) =>
    verify('sha256', Buffer.from(text), key, Buffer.from(match?.[2] ?? '', 'base64'));
  expect(match?.[1]).toContain('"qr_code":"https:\\/\\/qr.alipay.com\\/bax');
  expect(holds(match?.[1] ?? '')).toBe(true);
  expect(holds((match?.[1] ?? '').replaceAll('\\/', '/'))).toBe(false);
  expect(answer.headers.get('content-type')).toBe('text/html;charset=utf-8');
  expect(answer.headers.get('trace_id')).toMatch(/^[0-9a-f]{30}$/);
});

test('the official SDK refunds, asks about the refund, and finds both on the statement of that day', async () => {
  const day = await createSimulator({
    merchants: { alipay, wechat },
    // The SDK stamps its requests with the machine's time, while here two days pass.
    alipay: { timestamp: { windowMs: 3 * 86_400_000, orLocalTime: true } },
  });
  const address = await day.listen(0);
  const client = new AlipaySdk({
    appId: alipay.appId,
    privateKey: keys.appPrivateKey,
    alipayPublicKey: keys.alipayPublicKey,
    gateway: `${address}/gateway.do`,
  });
  try {
    const made = await precreate(client);
    day.gateways.find((one) => one.channel === 'alipay')?.pay(String(made['qrCode']), 'Zhang');
    const refund = { refundAmount: '2.80', outRequestNo: 'r1', refundReason: '退费' };
    expect(await ask('refund', refund, client)).toMatchObject({ fundChange: 'Y', refundFee: '2.80' });
    expect(await ask('refund', refund, client)).toMatchObject({ fundChange: 'N', refundFee: '2.80' });
    expect(await ask('fastpay.refund.query', { outRequestNo: 'r1' }, client)).toMatchObject({
      refundStatus: 'REFUND_SUCCESS',
      refundReason: '退费',
    });
    expect(await ask('fastpay.refund.query', { outRequestNo: 'r2' }, client)).not.toHaveProperty(
      'refundStatus',
    );

    const billDate = beijing(day.kernel.clock.now()).slice(0, 10);
    day.kernel.clock.change({ advance_ms: 2 * 86_400_000 });
    const found = await client.exec(
      'alipay.data.dataservice.bill.downloadurl.query',
      { bizContent: { billType: 'trade', billDate } },
      checked,
    );
    const file = await fetch(String(found['billDownloadUrl']));
    const zip = await fromBufferPromise(Buffer.from(await file.arrayBuffer()), { decodeStrings: false });
    const [detail = Buffer.alloc(0)] = await Array.fromAsync(zip.eachEntry(), async (entry) =>
      buffer(await zip.openReadStreamPromise(entry)),
    );
    const text = new TextDecoder('gbk').decode(detail);
    expect(text).toContain(`${outTradeNo}\t,交易\t,春和诊所 门诊缴费 a/b,`);
    expect(text).toContain('退款合计：1笔，商家实收退款共-2.80元');
  } finally {
    await day.close();
  }
});
