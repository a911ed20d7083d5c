import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { payByPhone, photographCode } from './desk.ts';
import { startProduct, type Product } from './product.ts';
import { keep, sees, useBrowser, visit } from './windows.ts';

useBrowser();

const dataDir = mkdtempSync(join(tmpdir(), 'zhenfu-restart-'));
let running: Product | undefined;

afterAll(async () => {
  await running?.stop();
  rmSync(dataDir, { recursive: true });
});

/** The address by which other machines of the clinic reach this one; plain http, so no secure context. */
function ownAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

async function signedIn(product: Product, url: string): Promise<Page> {
  const page = await visit({ staff: false, url, simulator: product.simulator });
  await page.goto(`${url}/login${new URL(product.loginUrl).hash}`);
  await page.getByRole('heading', { name: '账单' }).waitFor();
  return page;
}

/** Collects the topmost unpaid bill by WeChat; answers its number. */
async function collectFirst(page: Page, product: Product): Promise<string> {
  const row = page.locator('tbody tr').first();
  const billNo = await row.locator('.cell-no').innerText();
  await row.getByRole('link', { name: /收款/ }).click();
  await page.getByRole('button', { name: /用微信支付收款/ }).click();
  expect(await payByPhone(await photographCode(page), product.simulator)).toBe('支付成功');
  await page.getByRole('heading', { name: '支付成功', level: 1 }).waitFor();
  await page.keyboard.press('Shift');
  return billNo;
}

test('a second start keeps the bills, and serves the clinic’s other machines on plain http', async () => {
  running = await startProduct(dataDir);
  const before = await signedIn(running, running.url);
  const paid = await collectFirst(before, running);
  await before.close();
  await running.stop();

  running = await startProduct(dataDir, { HOST: '0.0.0.0' });
  const url = running.url.replace('127.0.0.1', ownAddress() ?? 'localhost');
  const page = await signedIn(running, url);
  expect(await page.evaluate('isSecureContext')).toBe(ownAddress() === undefined);
  await page.goto(`${url}/bills?status=paid`);
  await sees(page, paid);
  await sees(page, /今日 1 笔/);
  await keep(page, 'second-start-1440');

  await page.goto(`${url}/bills?status=unpaid`);
  expect(await collectFirst(page, running)).not.toBe(paid);
  await sees(page, /今日 2 笔/);
});
