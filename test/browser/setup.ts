import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { chromium } from 'playwright-core';
import { chromiumPath, screenshots } from './chromium.ts';
import { startProduct, type Product } from './product.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the one Chromium of the suite is met. */
    chromium: string;
    /** The one product of the suite. */
    product: Pick<Product, 'url' | 'simulator'> & { dataDir: string; staff: string };
  }
}

/** One product and one Chromium for all files of the browser suite: each costs seconds to start. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await buildPages();
  rmSync(screenshots, { recursive: true, force: true });
  mkdirSync(screenshots, { recursive: true });
  const dataDir = mkdtempSync(join(tmpdir(), 'zhenfu-browser-'));
  const product = await startProduct(dataDir);
  const browser = await chromium.launchServer({ executablePath: chromiumPath(), args });
  const { url, simulator, loginUrl } = product;
  project.provide('chromium', browser.wsEndpoint());
  project.provide('product', { url, simulator, dataDir, staff: await signIn(url, loginUrl) });
  return async () => {
    await browser.close();
    await product.stop();
    rmSync(dataDir, { recursive: true });
  };
}

/** A browser that asks nobody but the pages' own hosts, so that a request to a stranger is the pages' own. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What `npm start` does before it starts the service. */
async function buildPages(): Promise<void> {
  const build = spawn(process.execPath, ['scripts/build-web.mjs'], { stdio: 'inherit' });
  const [code] = (await once(build, 'exit')) as [number | null];
  if (code !== 0) throw new Error('the pages could not be built');
}

/** Spends the link that the product said at its start; answers the staff session's cookie, `name=value`. */
async function signIn(url: string, loginUrl: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/staff-session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: new URL(loginUrl).hash.replace('#token=', '') }),
  });
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0];
  if (cookie === undefined) throw new Error(`the login link was answered with ${answer.status}`);
  return cookie;
}
