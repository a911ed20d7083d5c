import { spawnSync } from 'node:child_process';
import { createPrivateKey, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { beijing } from './alipay/text.ts';
import { canonical } from './alipay/wire.ts';
import { seededChance } from './kernel/chance.ts';
import { fileDocuments } from './kernel/documents.ts';
import { manualClock } from './kernel/manual-clock.ts';
import { findMerchants, writeMerchantEnv } from './merchant.ts';
import { createSimulator } from './server.ts';
import type { Simulator } from './server.ts';

const dir = mkdtempSync(join(tmpdir(), 'simulator-'));
afterAll(() => rmSync(dir, { recursive: true }));
const merchants = await findMerchants(fileDocuments(dir), 1024);

/** A precreate as the merchant would send it. */
function precreate(simulator: Simulator, outTradeNo: string): string {
  const params: Record<string, string> = {
    app_id: merchants.alipay.appId,
    method: 'alipay.trade.precreate',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: beijing(simulator.kernel.clock.channelNow()),
    version: '1.0',
    biz_content: JSON.stringify({ out_trade_no: outTradeNo, total_amount: '12.80', subject: '挂号费' }),
  };
  const key = createPrivateKey(merchants.alipay.appPrivateKey);
  const signature = sign('sha256', Buffer.from(canonical(Object.entries(params), [])), key).toString(
    'base64',
  );
  return `/gateway.do?${new URLSearchParams({ ...params, sign: signature }).toString()}`;
}

function qrCodeOf(body: string): string {
  return /"qr_code":"([^"]+)"/.exec(body)?.[1]?.replaceAll('\\/', '/') ?? '';
}

describe('over HTTP', () => {
  let simulator: Simulator;
  let url: string;
  beforeEach(async () => {
    simulator = await createSimulator({ merchants, token: 'the-token' });
    url = await simulator.listen(0);
  });
  afterEach(() => simulator.close());

  const code = async (outTradeNo: string) =>
    qrCodeOf(await (await fetch(url + precreate(simulator, outTradeNo), { method: 'POST' })).text());
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const answer = await fetch(url + path, init);
    return { status: answer.status, body: await answer.json() };
  };

  test('what a phone scans and pays stands in the ledger', async () => {
    const content = await code('A1');
    expect(await ask('POST', '/_sim/scan', { content })).toMatchObject({
      status: 200,
      body: { channel: 'alipay', amount_fen: 1280, out_trade_no: 'A1', payee: '模拟诊所' },
    });
    const debit = {
      kind: 'debit',
      channel: 'alipay',
      out_trade_no: 'A1',
      amount_fen: 1280,
      payer: 'patient',
    };
    expect(await ask('POST', '/_sim/pay', { content })).toMatchObject({ status: 200, body: debit });
    const { body } = await ask('GET', '/_sim/ledger');
    expect(body).toMatchObject([{ ...debit, at: expect.any(Number) }]);
  });

  test('the wallet refuses in its own words, with 409', async () => {
    const content = await code('A1');
    await ask('POST', '/_sim/pay', { content });
    expect(await ask('POST', '/_sim/pay', { content })).toMatchObject({
      status: 409,
      body: { code: 'wallet_refused', words: '该订单已支付，请勿重复付款' },
    });
    expect(await ask('POST', '/_sim/scan', { content: 'https://example.com/' })).toMatchObject({
      status: 409,
      body: { words: '无法识别的二维码' },
    });
  });

  test('a wrong amount can be planted, and then the channel swears to it', async () => {
    const content = await code('A1');
    expect(await ask('POST', '/_sim/pay', { content, amount_fen: 1279 })).toMatchObject({
      body: { amount_fen: 1279 },
    });
  });

  test.each([
    ['POST', '/_sim/scan', {}, 'content'],
    ['POST', '/_sim/pay', { content: 'x', payer: 1 }, 'payer'],
    ['POST', '/_sim/pay', { content: 'x', amount_fen: 1.5 }, 'amount_fen'],
    ['PUT', '/_sim/weather', { notify_lose: 2 }, 'notify_lose'],
    ['POST', '/_sim/clock', { speed: 0 }, 'speed'],
    ['POST', '/_sim/clock', { advance_ms: -1 }, 'advance_ms'],
    ['POST', '/_sim/clock', { now: 5 }, 'now'],
  ])('%s %s %j is refused by the field’s name', async (method, path, body, field) => {
    expect(await ask(method, path, body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_input', field },
    });
  });

  test('the weather is what was wished, until it is reset', async () => {
    expect(await ask('PUT', '/_sim/weather', { notify_lose: 1, channel: 'alipay' })).toMatchObject({
      status: 200,
      body: { notify_lose: 1, channel: 'alipay', delay_ms: 0 },
    });
    expect((await ask('GET', '/_sim/weather')).body).toMatchObject({ notify_lose: 1, seed: null });
    expect((await ask('PUT', '/_sim/weather', { reset: true })).body).toMatchObject({ notify_lose: 0 });
  });

  test('who follows the clock learns of a push at once', async () => {
    const before = simulator.kernel.clock.state();
    const waiting = ask('GET', `/_sim/clock?after=${before.version}`);
    await ask('POST', '/_sim/clock', { advance_ms: 3_600_000, skew_ms: 500 });
    const { body } = await waiting;
    expect(body).toMatchObject({ speed: 1, skew_ms: 500, version: before.version + 1 });
    expect((body as { now: number }).now).toBeGreaterThanOrEqual(before.now + 3_600_000);
  });

  test('a page of a stranger in this machine’s browser may not control, the token may from anywhere', async () => {
    const { hostname, port } = new URL(url);
    const status = (headers: Record<string, string>) =>
      new Promise((resolve) => {
        httpRequest({ hostname, port, path: '/_sim/ledger', headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        }).end();
      });
    expect(await status({ host: `127.0.0.1:${port}` })).toBe(200);
    expect(await status({ host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(200);
    expect(await status({ host: 'rebound.example.com' })).toBe(403);
    expect(await status({ host: `127.0.0.1:${port}`, origin: 'https://example.com' })).toBe(403);
    expect(await status({ host: 'clinic.example.com', authorization: 'Bearer the-token' })).toBe(200);
    expect(await status({ host: `127.0.0.1:${port}`, authorization: 'Bearer another' })).toBe(403);
  });

  test('an idle connection is told to end after 8 seconds, as WeChat Pay ends it', async () => {
    const answer = await fetch(`${url}/v3/certificates`);
    await answer.arrayBuffer();
    expect(answer.headers.get('keep-alive')).toBe('timeout=8');
  });

  test('a lost request is a cut connection', async () => {
    simulator.kernel.board.merge({ lose_request: 1 });
    await expect(fetch(url + precreate(simulator, 'A1'), { method: 'POST' })).rejects.toThrow('fetch failed');
  });

  test('pages may load nothing from elsewhere', async () => {
    for (const path of ['/phone', '/weather', '/phone/phone.mjs', '/phone/qr/decode.js']) {
      const answer = await fetch(url + path);
      await answer.arrayBuffer();
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  test('a body longer than any request of the channels is refused', async () => {
    const answer = await fetch(`${url}/gateway.do`, { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) });
    expect(answer.status).toBe(413);
  });
});

describe('in process', () => {
  test('the same seed and the same clock give the same codes', async () => {
    const run = async () => {
      const clock = manualClock(Date.UTC(2026, 10, 22));
      const simulator = await createSimulator({ merchants, clock, chance: seededChance(3) });
      const target = precreate(simulator, 'A1');
      const answer = await simulator.handle({ method: 'POST', target, headers: {}, body: new Uint8Array() });
      return answer.kind === 'answer' ? Buffer.from(answer.body).toString() : '';
    };
    const first = await run();
    expect(qrCodeOf(first)).toMatch(/^https:\/\/qr\.alipay\.com\/bax/);
    expect(await run()).toBe(first);
  });
});

describe('between restarts', () => {
  test('keys, orders and debits are the same after it', async () => {
    const start = () => createSimulator({ documents: fileDocuments(dir) });
    const first = await start();
    const target = precreate(first, 'KEPT');
    const answer = await first.handle({ method: 'POST', target, headers: {}, body: new Uint8Array() });
    const content = qrCodeOf(answer.kind === 'answer' ? Buffer.from(answer.body).toString() : '');
    first.gateways[0]?.scan(content, 'Zhang');
    await first.close();

    const second = await start();
    expect(second.merchants).toEqual(first.merchants);
    expect(second.gateways[0]?.pay(content, 'Li')).toMatchObject({ ok: false });
    expect(second.gateways[0]?.pay(content, 'Zhang')).toMatchObject({ ok: true });
    await second.close();
    const third = await start();
    expect(third.kernel.ledger.all()).toMatchObject([
      { kind: 'debit', out_trade_no: 'KEPT', amount_fen: 1280 },
    ]);
    await third.close();
  });

  test('merchant.env names all that the product or an SDK asks for, and only its owner reads it', () => {
    const path = writeMerchantEnv(merchants, dir, 'http://127.0.0.1:8090');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    const values = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    expect(Object.keys(values).sort()).toEqual([
      'ALIPAY_APP_ID',
      'ALIPAY_APP_PRIVATE_KEY',
      'ALIPAY_GATEWAY_URL',
      'ALIPAY_PUBLIC_KEY',
      'ALIPAY_SELLER_ID',
      'WECHAT_API_KEY',
      'WECHAT_APP_ID',
      'WECHAT_CERT_PATH',
      'WECHAT_GATEWAY_BACKUP_URL',
      'WECHAT_GATEWAY_URL',
      'WECHAT_KEY_PATH',
      'WECHAT_MCH_ID',
      'WECHAT_PUBLIC_KEY_ID',
      'WECHAT_PUBLIC_KEY_PATH',
    ]);
    expect(values['ALIPAY_APP_ID']).toMatch(/^9021000\d{9}$/);
    expect(values['WECHAT_API_KEY']).toHaveLength(32);
    for (const name of ['WECHAT_CERT_PATH', 'WECHAT_KEY_PATH', 'WECHAT_PUBLIC_KEY_PATH']) {
      expect(readFileSync(values[name] ?? '', 'utf8')).toMatch(/^-----BEGIN /);
    }
  });
});

test('beside a real merchant’s keys the simulators do not start', () => {
  const { status, stderr } = spawnSync(process.execPath, ['simulator/main.ts'], {
    env: { DATA_DIR: dir, ALIPAY_APP_ID: '2021000000000000' },
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('ALIPAY_APP_ID');
});
