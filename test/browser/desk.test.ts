import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { api, methods, newBill, openCode, payByPhone, photographCode, product, simulate } from './desk.ts';
import { loginLink } from './product.ts';
import { barriers, keep, narrow, sees, sizes, soon, useBrowser, visit } from './windows.ts';

useBrowser();

/** The browser's own words for an answer of 401: a page that asks who is there before it sends to the login. */
const notSignedIn = /status of 401/;
/** The browser's own words for a request that found no network. */
const noNetwork = /net::ERR_(INTERNET_DISCONNECTED|FAILED|ABORTED)/;

describe('signing in', () => {
  test('a one-time link opens the desk once, and leaves no trace in the address', async () => {
    const link = await loginLink(product.dataDir);
    const page = await visit({ staff: false });
    await page.goto(link);
    await page.getByRole('heading', { name: '账单' }).waitFor();
    expect(page.url()).not.toContain('token');
    await page.goBack();
    await soon(() => page.url()).not.toContain('token');
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Lax' }]);

    const second = await visit({ staff: false, expected: notSignedIn });
    await second.goto(link);
    await sees(second, '登录链接无效、已使用或已过期');
    await keep(second, 'login-used-link-1440');
  });

  test('without a login every page leads to the login', async () => {
    const page = await visit({ staff: false, viewport: narrow, expected: notSignedIn });
    await page.goto('/prescriptions/new');
    await sees(page, '请用一次性登录链接打开本页');
    expect(new URL(page.url()).pathname).toBe('/login');
    await keep(page, 'login-390');
    expect(await barriers(page)).toEqual([]);
  });

  test('who signs out is out, in this window and the next', async () => {
    const page = await visit({ staff: false, expected: notSignedIn });
    await page.goto(await loginLink(product.dataDir));
    await page.getByRole('heading', { name: '账单' }).waitFor();
    await page.getByRole('button', { name: '菜单' }).click();
    await page.getByRole('menuitem', { name: '退出登录' }).click();
    await page.waitForURL('**/login');
    expect(await page.context().cookies()).toEqual([]);
    await page.goto('/bills');
    await page.waitForURL('**/login');
  });
});

/** Every page behind the login, with something on it. */
async function everyPage(): Promise<[name: string, path: string, words: string][]> {
  const unpaid = await newBill();
  const code = await openCode(unpaid, 'alipay');
  const paidBill = await newBill();
  const paid = await openCode(paidBill, 'wechat');
  await simulate('pay', { content: paid.qr_code_content });
  await soon(() => api('GET', `/finance/bills/${paidBill}`)).toMatchObject({ status: 'paid' });
  return [
    ['bills', '/bills?status=unpaid', '张三丰'],
    ['bill-unpaid', `/bills/${unpaid}`, '作废账单'],
    ['bill-paid', `/bills/${paidBill}`, '已缴费'],
    ['choose', `/bills/${unpaid}/pay`, '患者用哪个应用付款？'],
    ['code', `/sessions/${code.session_id}`, '请使用支付宝“扫一扫”'],
    ['result', `/sessions/${paid.session_id}/result`, '支付成功'],
    ['prescriptions', '/prescriptions', '王芳'],
    ['prescription', '/prescriptions?open=1', '处方笺'],
    ['new-prescription', '/prescriptions/new', '从上面的搜索框添加药品。'],
  ];
}

test.each(sizes)(
  'no page shuts anybody out at $size px, by day or by night',
  async ({ size, viewport }) => {
    const page = await visit({ viewport });
    const looks = size === '1440' ? (['light', 'dark'] as const) : (['light'] as const);
    for (const [what, path, words] of await everyPage()) {
      await page.goto(path);
      await sees(page, words);
      if (what === 'result') await page.keyboard.press('Shift');
      for (const look of looks.toReversed()) {
        await page.emulateMedia({ colorScheme: look });
        await keep(page, `page-${what}-${size}-${look}`);
        expect(await barriers(page), `${what} in ${look}`).toEqual([]);
      }
    }
  },
  120_000,
);

describe('the keyboard alone', () => {
  test('finds a bill by initials, collects it, refreshes the code and cancels', async () => {
    const bill = await newBill('欧阳询');
    const page = await visit();
    await page.goto('/');
    await sees(page, '欧阳询');
    await page.keyboard.press('/');
    await page.keyboard.type('oyx');
    await soon(() => page.locator('tbody tr').count()).toBe(1);
    await page.keyboard.press('F2');
    await sees(page, '患者用哪个应用付款？');
    await page.keyboard.press('2');
    await sees(page, '请使用微信“扫一扫”');
    await photographCode(page);
    const first = page.url();
    await page.keyboard.press('F4');
    await page.waitForURL((url) => url.href !== first);
    await photographCode(page);
    await page.keyboard.press('Escape');
    await sees(page, '取消这次收款？');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('Escape');
    await sees(page, '取消这次收款？');
    await tabTo(page, /^取\s*消\s*收\s*款$/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '收款已取消' }).waitFor();
    expect(await api('GET', `/finance/bills/${bill}`)).toMatchObject({ status: 'unpaid' });
  });

  test('walks the list with the arrows, and asks which keys there are', async () => {
    const page = await visit();
    await page.goto('/bills?status=unpaid');
    await page.locator('tbody tr').nth(1).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.locator('tbody tr.chosen a:focus').waitFor();
    const second = page.locator('tbody tr').nth(1);
    expect(await second.getAttribute('class')).toBe('chosen');
    const id = await second.getAttribute('data-bill');
    await page.keyboard.press('?');
    await sees(page, '刷新二维码');
    await keep(page, 'keys-1440');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/bills/${id}`);
  });
});

/** Presses Tab until a button of this name has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let steps = 0; steps < 10; steps += 1) {
    if (name.test(await page.locator('*:focus').innerText())) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`ten Tabs did not reach ${String(name)}`);
}

describe('a slow answer', () => {
  test('does not call anybody back who has gone on: a code was asked for', async () => {
    const page = await visit();
    const bill = await newBill();
    const answer = await hold(page, '**/qr-payment');
    await page.goto(`/bills/${bill}/pay`);
    await page.getByRole('button', { name: /用支付宝收款/ }).click();
    await sees(page, '正在申请二维码…');
    await page.getByRole('link', { name: '账单', exact: true }).click();
    await page.getByRole('heading', { name: '账单' }).waitFor();
    await answer();
    await page.keyboard.press('?');
    await sees(page, '上下选择一行');
    expect(new URL(page.url()).pathname).toBe('/bills');
  });

  test('does not call anybody back who has gone on: a code was cancelled', async () => {
    const page = await visit();
    const code = await openCode(await newBill(), 'alipay');
    const answer = await hold(page, '**/cancellation');
    await page.goto(`/sessions/${code.session_id}`);
    await photographCode(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').getByRole('button', { name: '取消收款' }).click();
    await page.getByRole('heading', { name: '收款已取消' }).waitFor();
    await page.getByRole('link', { name: '重新收款' }).click();
    await sees(page, '患者用哪个应用付款？');
    await answer();
    await page.keyboard.press('?');
    await sees(page, '上下选择一行');
    expect(new URL(page.url()).pathname).toMatch(/^\/bills\/\d+\/pay$/);
  });
});

/** Lets the service do what it is asked there, and holds its answer back; answers what lets it go. */
async function hold(page: Page, address: string): Promise<() => Promise<void>> {
  const gate = Promise.withResolvers<undefined>();
  const done = Promise.withResolvers<undefined>();
  await page.route(address, async (route) => {
    const response = await route.fetch();
    await gate.promise;
    await route.fulfill({ response });
    done.resolve(undefined);
  });
  return () => {
    gate.resolve(undefined);
    return done.promise;
  };
}

describe('a broken network', () => {
  test.each(methods)('without the event stream a page still sees %s money, by asking', async (method) => {
    const page = await visit({ expected: noNetwork });
    await page.route('**/events', (route) => route.abort());
    const code = await openCode(await newBill(), method);
    await page.goto(`/sessions/${code.session_id}`);
    expect(await payByPhone(await photographCode(page))).toBe('支付成功');
    await page.getByRole('heading', { name: '支付成功', level: 1 }).waitFor();
  });

  test.each(sizes)(
    'offline at $size px is said, and what was paid meanwhile is seen afterwards',
    async ({ size, viewport }) => {
      const page = await visit({ viewport, expected: noNetwork });
      const code = await openCode(await newBill(), 'wechat');
      await page.goto(`/sessions/${code.session_id}`);
      await photographCode(page);
      await page.context().setOffline(true);
      await sees(page, '与服务的连接中断');
      await keep(page, `offline-${size}`);
      expect(await simulate('pay', { content: code.qr_code_content })).toMatchObject({ kind: 'debit' });
      await page.context().setOffline(false);
      await page.getByRole('heading', { name: '支付成功', level: 1 }).waitFor();
      await soon(() => page.getByText('与服务的连接中断').count()).toBe(0);
    },
  );
});
