import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import { screenshots } from './chromium.ts';

export const product = inject('product');

/** A cashier's screen, and the narrow phone that a small clinic uses for one. */
export const wide = { width: 1440, height: 900 };
export const narrow = { width: 390, height: 844 };
export const sizes = [
  { size: '1440', viewport: wide },
  { size: '390', viewport: narrow },
] as const;

export const methods = ['alipay', 'wechat'] as const;
export type Method = (typeof methods)[number];

/** What a page may not do unnoticed: ask a stranger, or complain. */
interface Watched {
  strangers: string[];
  complaints: string[];
}

/** As long as a person would wait for a page on a busy machine. */
const PATIENCE_MS = 15_000;

let browser: Browser;
const watched = new Map<BrowserContext, Watched>();
/** Windows of people who do the same things twice: the second time their pages come from the cache. */
const regulars = new Map<string, BrowserContext>();

/** Joins the one browser of the suite; after each test no page has complained or asked a stranger. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.connect(inject('chromium'));
  });
  afterEach(async ({ task }) => {
    const contexts = [...watched.keys()];
    if (task.result?.state === 'fail') await keepFailed(contexts, task.name);
    const seen = contexts.map((context) => watched.get(context));
    const kept = new Set(regulars.values());
    await Promise.all(contexts.flatMap((context) => context.pages().map((page) => page.close())));
    for (const context of contexts) {
      if (kept.has(context)) watched.set(context, { strangers: [], complaints: [] });
      else {
        watched.delete(context);
        await context.close();
      }
    }
    expect(seen.flatMap((one) => one?.strangers ?? [])).toEqual([]);
    expect(seen.flatMap((one) => one?.complaints ?? [])).toEqual([]);
  });
  afterAll(() => browser.close());
}

/** What stood on the screens when a test failed, beside the screenshots that are kept of every run. */
async function keepFailed(contexts: readonly BrowserContext[], test: string): Promise<void> {
  const pages = contexts.flatMap((context) => context.pages());
  for (const [at, page] of pages.entries()) {
    process.stderr.write(`${test}: ${page.url()}\n`);
    await page.screenshot({ path: `${screenshots}/failed-${test.replaceAll(/\W+/g, '-')}-${at}.png` });
  }
}

export interface Visit {
  viewport?: { width: number; height: number };
  /** False: nobody is signed in. */
  staff?: boolean;
  javaScript?: boolean;
  look?: 'light' | 'dark';
  /** Where the product is met; the suite's own product when left out. */
  url?: string;
  simulator?: string;
  /** Complaints that the story provokes: the browser itself writes one for each answer of 400 and more. */
  expected?: RegExp;
}

/** A person at a browser window. Who expects trouble or signs in gets a window that nobody used before. */
export async function visit(wish: Visit = {}): Promise<Page> {
  const { staff = true, url = product.url, simulator = product.simulator } = wish;
  const regular = wish.expected === undefined && (staff || url === product.simulator);
  const name = JSON.stringify(wish);
  const context = (regular ? regulars.get(name) : undefined) ?? (await newWindow(wish, [url, simulator]));
  if (regular) regulars.set(name, context);
  return context.newPage();
}

async function newWindow(wish: Visit, addresses: readonly string[]): Promise<BrowserContext> {
  const [url = ''] = addresses;
  const context = await browser.newContext({
    viewport: wish.viewport ?? wide,
    baseURL: url,
    locale: 'zh-CN',
    // As on a clinic's PC whose own zone is wrong: what is shown is clinic time.
    timezoneId: 'America/New_York',
    javaScriptEnabled: wish.javaScript ?? true,
    reducedMotion: 'reduce',
    colorScheme: wish.look ?? 'light',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  watched.set(context, { strangers: [], complaints: [] });
  const hosts = new Set(addresses.map((one) => new URL(one).host));
  context.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (['data:', 'blob:'].includes(protocol) || hosts.has(host)) return;
    watched.get(context)?.strangers.push(request.url());
  });
  const complain = (words: string): void => {
    if (wish.expected?.test(words) !== true) watched.get(context)?.complaints.push(words);
  };
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      complain(`${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => complain(String(error.error())));
  const [name = '', value = ''] = product.staff.split('=');
  if (wish.staff ?? true) await context.addCookies([{ name, value, url }]);
  return context;
}

/**
 * Keeps what the page looks like, whole, under test-results/browser. The window grows to the page's
 * height first, because what sticks to its edges would stand in the middle of the picture.
 */
export async function keep(page: Page, name: string): Promise<void> {
  const viewport = page.viewportSize() ?? wide;
  await page.mouse.move(0, 0);
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'));
  const taller = height > viewport.height;
  if (taller) await page.setViewportSize({ ...viewport, height });
  await page.screenshot({ path: `${screenshots}/${name}.png`, animations: 'disabled' });
  if (taller) await page.setViewportSize(viewport);
}

/** What shuts somebody out: serious findings of axe, and a page wider than its window. */
export async function barriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  const { width = 0 } = page.viewportSize() ?? {};
  const wanted = Number(await page.evaluate('document.documentElement.scrollWidth'));
  return wanted > width ? [...found, `the page is ${wanted} px wide`] : found;
}

/** Asks again until the expectation holds, as long as a page is waited for. */
export function soon<T>(ask: () => T | Promise<T>): ReturnType<typeof expect.poll> {
  return expect.poll(ask, { timeout: PATIENCE_MS, interval: 100 });
}

/** Waits until the page says these words somewhere that can be seen. */
export async function sees(page: Page, words: string | RegExp): Promise<void> {
  await page.getByText(words).filter({ visible: true }).first().waitFor();
}

/** The service's API with the cashier's own cookie, from its own pages. */
export async function api<T = Record<string, unknown>>(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<T> {
  const answer = await fetch(`${product.url}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', cookie: product.staff, origin: product.url },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

let number = 0;

/** A bill of 128.50 yuan, as a clinic's own system would post it. Answers its id. */
export async function newBill(patientName = '张三丰'): Promise<number> {
  number += 1;
  const { id } = await api<{ id: number }>('POST', '/finance/bills', {
    external_bill_no: `BROWSER-${process.pid}-${number}`,
    patient_name: patientName,
    department: '全科',
    doctor: '林医生',
    lines: [
      { fee_class: '02', name: '普通门诊诊察费', quantity: 1, unit: '次', unit_price_fen: 2_000 },
      { fee_class: '09', name: '阿莫西林胶囊', quantity: 3, unit: '盒', unit_price_fen: 3_500 },
      { fee_class: '10', name: '黄芪', quantity: '7', unit: 'g', unit_price: '0.50' },
    ],
  });
  return id;
}

export interface Opened {
  session_id: string;
  qr_code_content: string;
}

/** Puts a code on the screen, without the screen. */
export function openCode(billId: number, method: Method, more: object = {}): Promise<Opened> {
  return api('POST', `/finance/bills/${billId}/qr-payment`, { payment_method: method, ...more });
}

/** What the simulators are asked to do: `scan`, `pay`, `clock`. Answers the wallet's words when it refuses. */
export async function simulate(
  what: 'scan' | 'pay' | 'clock',
  wish: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${product.simulator}/_sim/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(wish),
  });
  return (await answer.json()) as Record<string, unknown>;
}

/** The patient's phone: photographs what the desk shows, and pays. Answers the wallet's last words. */
export async function payByPhone(picture: Buffer, simulator = product.simulator): Promise<string> {
  const phone = await visit({ viewport: narrow, staff: false, url: simulator });
  await phone.goto('/phone');
  await phone.setInputFiles('#image', { name: 'code.png', mimeType: 'image/png', buffer: picture });
  await phone.locator('#order .amount').waitFor();
  await phone.click('#confirm');
  await phone.keyboard.type('123456');
  await phone.locator('#outcome:not(:empty)').waitFor();
  const words = await phone.locator('#outcome').innerText();
  await phone.close();
  return words;
}

/** The code as it stands on the desk's screen, as a phone would see it. */
export async function photographCode(page: Page): Promise<Buffer> {
  const code = page.locator('.code img');
  await soon(() => code.evaluate((image: { naturalWidth?: number }) => image.naturalWidth)).toBeGreaterThan(
    0,
  );
  return code.screenshot({ animations: 'disabled' });
}
