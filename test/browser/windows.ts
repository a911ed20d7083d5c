import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import { screenshots } from './chromium.ts';

const product = inject('product');

/** A cashier's screen, and the narrow phone that a small clinic uses for one. */
export const wide = { width: 1440, height: 900 };
export const narrow = { width: 390, height: 844 };
export const sizes = [
  { size: '1440', viewport: wide },
  { size: '390', viewport: narrow },
] as const;

/** As long as a person would wait for a page on a busy machine. */
const PATIENCE_MS = 15_000;

/** What a page may not do unnoticed: ask a stranger, or complain. */
interface Watched {
  strangers: string[];
  complaints: string[];
}

let browser: Browser;
const watched = new Map<BrowserContext, Watched>();
/** Windows of which nothing special was wished stay open: a new one costs the browser a second. */
const regulars = new Map<string, Page>();

/** Joins the one browser of the suite; after each test no page has complained or asked a stranger. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.connect(inject('chromium'));
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await keepFailed(task.name);
    const seen = [...watched.values()];
    await Promise.all([...watched.keys()].map(leave));
    expect(seen.flatMap(({ strangers }) => strangers)).toEqual([]);
    expect(seen.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
  afterAll(() => browser.close());
}

/** Closes a window, or leaves it empty for the next test. */
async function leave(context: BrowserContext): Promise<void> {
  const kept = new Set(regulars.values());
  const page = context.pages().find((one) => kept.has(one));
  if (page === undefined) {
    await context.close();
    watched.delete(context);
    return;
  }
  const others = context.pages().filter((one) => one !== page);
  await Promise.all(others.map((other) => other.close()));
  await page.unrouteAll();
  // Quiet, and of the same origin: an empty page would take a new process there and back.
  if (page.url().startsWith(product.url)) await page.goto('/healthz');
  watched.set(context, { strangers: [], complaints: [] });
}

/** What stood on the screens when a test failed, beside the screenshots that are kept of every run. */
async function keepFailed(test: string): Promise<void> {
  const pages = [...watched.keys()].flatMap((context) => context.pages());
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
  const page =
    (regular ? regulars.get(name) : undefined) ?? (await (await newWindow(wish, [url, simulator])).newPage());
  if (regular) regulars.set(name, page);
  return page;
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
  // What it calls legacy leaves out frames, of which we have none, and the second page that joins them.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
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
