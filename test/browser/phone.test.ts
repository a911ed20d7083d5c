import { createPrivateKey, sign } from 'node:crypto';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { encodeQR } from 'qr';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { beijing } from '../../simulator/alipay/text.ts';
import { canonical } from '../../simulator/alipay/wire.ts';
import { createSimulator } from '../../simulator/server.ts';
import type { Simulator } from '../../simulator/server.ts';

/** The pretend wallet and the weather panel as a person meets them, on a narrow phone. */
const simulator: Simulator = await createSimulator({ keyBits: 1024 });
let url = '';
let browser: Browser;
let page: Page;
let number = 0;

beforeAll(async () => {
  url = await simulator.listen(0);
  browser = await chromium.connect(inject('chromium'));
});
afterAll(async () => {
  await browser.close();
  await simulator.close();
});
beforeEach(async () => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  page = await context.newPage();
  await page.goto(`${url}/phone`);
});
afterEach(() => page.context().close());

/** A code of the pretend Alipay over 128.50 yuan. */
async function newCode(): Promise<{ content: string; outTradeNo: string }> {
  number += 1;
  const outTradeNo = `PHONE_${number}`;
  const { alipay } = simulator.merchants;
  const params: Record<string, string> = {
    app_id: alipay.appId,
    method: 'alipay.trade.precreate',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: beijing(simulator.kernel.clock.channelNow()),
    version: '1.0',
    biz_content: JSON.stringify({
      out_trade_no: outTradeNo,
      total_amount: '128.50',
      subject: '春和诊所 门诊缴费',
    }),
  };
  const text = canonical(Object.entries(params), []);
  const signature = sign('sha256', Buffer.from(text), createPrivateKey(alipay.appPrivateKey)).toString(
    'base64',
  );
  const query = new URLSearchParams({ ...params, sign: signature }).toString();
  const answer = await fetch(`${url}/gateway.do?${query}`, { method: 'POST' });
  const body = await answer.text();
  return { content: /"qr_code":"([^"]+)"/.exec(body)?.[1]?.replaceAll('\\/', '/') ?? '', outTradeNo };
}

/** A crooked picture of the code on a grey wall, as a phone's camera would take it. */
async function photograph(content: string, type: 'png' | 'jpeg'): Promise<Buffer> {
  const svg = encodeQR(content, 'svg', { ecc: 'medium', border: 4 });
  const wall = await page.context().newPage();
  await wall.setContent(
    `<body style="margin:200px 35px;background:#d5d5dd"><div style="width:320px;rotate:9deg;background:#fff">${svg}</div>`,
  );
  const picture = await wall.screenshot(type === 'jpeg' ? { type, quality: 70 } : { type });
  await wall.close();
  return picture;
}

async function typeCode(content: string): Promise<void> {
  await page.fill('#content', content);
  await page.click('#typed button');
}

test.each(['png', 'jpeg'] as const)('a code in a crooked %s is read, shown and paid', async (type) => {
  const { content, outTradeNo } = await newCode();
  const file = { name: 'photo', mimeType: `image/${type}`, buffer: await photograph(content, type) };
  await page.setInputFiles('#image', file);
  await page.locator('#order .amount', { hasText: '¥128.50' }).waitFor();
  expect(await page.locator('#order').innerText()).toContain('春和诊所 门诊缴费');
  await page.click('#confirm');
  await page.keyboard.type('123456');
  await page.locator('#outcome', { hasText: '支付成功' }).waitFor();
  expect(await page.locator('#receipt').innerText()).toContain(outTradeNo);
  expect(simulator.kernel.ledger.all()).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ out_trade_no: outTradeNo, amount_fen: 12_850, payer: '张三' }),
    ]),
  );
});

test('a wrong password, a cancel and a phone without a network pay nothing', async () => {
  const { content, outTradeNo } = await newCode();
  await typeCode(content);
  await page.click('#confirm');
  await page.keyboard.type('000000');
  await page.locator('#wrong', { hasText: '支付密码不正确' }).waitFor();
  await page.click('#password [data-go=order]');
  await page.click('#cancel');
  await page.locator('#notice', { hasText: '已取消付款' }).waitFor();
  await page.check('#offline');
  await typeCode(content);
  await page.locator('#notice', { hasText: '网络不给力' }).waitFor();
  expect(simulator.kernel.ledger.all().filter((entry) => entry.out_trade_no === outTradeNo)).toEqual([]);
});

test('the second person to scan a code is told so in the wallet’s words', async () => {
  const { content } = await newCode();
  await typeCode(content);
  await page.click('#cancel');
  await page.selectOption('#payer', '李四');
  await typeCode(content);
  await page.locator('#notice:not(:empty)').waitFor();
  expect(await page.locator('#notice').innerText()).toContain('该订单已被其他用户扫码');
});

test('the panel turns the weather and the clock', async () => {
  await page.goto(`${url}/weather`);
  await page.locator('#notify_lose').fill('40');
  await page.locator('#status', { hasText: '已生效' }).waitFor();
  expect(simulator.kernel.weather('alipay').notify_lose).toBe(0.4);
  const before = simulator.kernel.clock.now();
  await page.getByRole('button', { name: '+15 分钟' }).click();
  await page.locator('#status', { hasText: '时钟已调整' }).waitFor();
  expect(simulator.kernel.clock.now()).toBeGreaterThanOrEqual(before + 900_000);
  await page.getByRole('button', { name: '放晴 Clear' }).click();
  await page.locator('.kind:not(.active) #notify_lose').waitFor();
  expect(simulator.kernel.weather('alipay').notify_lose).toBe(0);
});

test.each(['/phone', '/weather'])('%s has nothing serious that shuts somebody out', async (path) => {
  await page.goto(url + path);
  await page.locator('h1').first().waitFor();
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical');
  expect(serious.map((one) => [one.id, one.nodes.map((node) => node.html)])).toEqual([]);
});

test('no page is wider than a narrow phone', async () => {
  for (const path of ['/phone', '/weather']) {
    await page.goto(url + path);
    await page.locator('h1').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  }
});
