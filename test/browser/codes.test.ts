import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { api, methods, newBill, openCode, payByPhone, photographCode, refundsOf, simulate } from './desk.ts';
import { barriers, keep, sees, sizes, soon, useBrowser, visit } from './windows.ts';

useBrowser();

/** The simulators' clock goes on, and the product follows it. */
async function advance(minutes: number): Promise<void> {
  await simulate('clock', { advance_ms: minutes * 60_000 });
}

/** What the ring says, in seconds. */
async function secondsLeft(page: Page): Promise<number> {
  const [minutes = 0, seconds = 0] = (await page.locator('.ring-text').innerText()).split(':').map(Number);
  return minutes * 60 + seconds;
}

/** The session whose code the page shows once that code is not `former`'s. */
async function nextSession(page: Page, former: string): Promise<string> {
  await page.waitForURL((url) => /^\/sessions\/[^/]+$/.test(url.pathname) && !url.pathname.includes(former));
  await photographCode(page);
  return new URL(page.url()).pathname.split('/')[2] ?? '';
}

describe.each(sizes)('at $size px', ({ size, viewport }) => {
  test.each(methods)(
    'the %s code counts down by the server’s clock, warns in its last quarter, and ends',
    async (method) => {
      const page = await visit({ viewport });
      const code = await openCode(await newBill(), method);
      await page.goto(`/sessions/${code.session_id}`);
      await sees(page, '请在倒计时结束前完成付款');
      expect(await secondsLeft(page)).toBeGreaterThan(14 * 60);

      await advance(11);
      await page.getByRole('button', { name: '查单' }).click();
      await soon(() => secondsLeft(page)).toBeLessThanOrEqual(4 * 60);
      await sees(page, '请在倒计时结束前完成付款');
      await advance(1);
      await page.reload();
      await sees(page, '即将过期，请尽快付款');
      await keep(page, `expiry-${method}-${size}-1-soon`);

      await advance(3);
      await sees(page, '二维码已过期');
      await keep(page, `expiry-${method}-${size}-2-expired`);
      expect(await barriers(page)).toEqual([]);

      await page.getByRole('button', { name: /点击刷新/ }).click();
      const next = await nextSession(page, code.session_id);
      expect(await secondsLeft(page)).toBeGreaterThan(14 * 60);
      expect(await payByPhone(await photographCode(page))).toBe('支付成功');
      await page.waitForURL(`**/sessions/${next}/result`);
      await sees(page, '支付成功');
    },
  );

  test('refreshed: money for the old Alipay code is not lost, it pays the bill late', async () => {
    const page = await visit({ viewport });
    const bill = await newBill();
    const old = await openCode(bill, 'alipay');
    await page.goto(`/sessions/${old.session_id}`);
    await photographCode(page);
    await page.getByRole('button', { name: /刷新二维码/ }).click();
    const next = await nextSession(page, old.session_id);
    await keep(page, `refresh-alipay-${size}-1-new-code`);

    expect(await simulate('pay', { content: old.qr_code_content })).toMatchObject({ kind: 'debit' });
    await page.waitForURL(`**/sessions/${next}/result`);
    await page.getByRole('heading', { name: '已由其他方式支付', level: 1 }).waitFor();
    await keep(page, `refresh-alipay-${size}-2-paid-by-the-old`);
    await page.getByRole('link', { name: '查看账单' }).click();
    await page.locator('.bill-head', { hasText: '逾期到账' }).waitFor();
    await keep(page, `refresh-alipay-${size}-3-bill`);
    expect(await api('GET', `/finance/bills/${bill}`)).toMatchObject({ status: 'paid', paid_fen: 12_850 });
  });

  test('refreshed: the old WeChat code is dead, and the new one is paid', async () => {
    const page = await visit({ viewport });
    const old = await openCode(await newBill(), 'wechat');
    await page.goto(`/sessions/${old.session_id}`);
    await photographCode(page);
    await page.keyboard.press('F4');
    const next = await nextSession(page, old.session_id);
    expect(await simulate('pay', { content: old.qr_code_content })).toMatchObject({ status: 409 });
    expect(await payByPhone(await photographCode(page))).toBe('支付成功');
    await page.waitForURL(`**/sessions/${next}/result`);
    await sees(page, '支付成功');
  });

  test('both codes paid: one pays the bill, the other’s money is told and goes back', async () => {
    const page = await visit({ viewport });
    const bill = await newBill();
    const old = await openCode(bill, 'alipay');
    const code = await openCode(bill, 'alipay', { refresh: true });
    await page.goto(`/sessions/${code.session_id}`);
    expect(await payByPhone(await photographCode(page))).toBe('支付成功');
    await sees(page, '支付成功');
    const late = await simulate('pay', { content: old.qr_code_content });
    expect(late).toMatchObject({ kind: 'debit', amount_fen: 12_850 });
    await page.goto(`/sessions/${old.session_id}/result`);
    await sees(page, '重复付款，正在退回');
    await keep(page, `paid-twice-${size}`);
    expect(await barriers(page)).toEqual([]);
    await soon(() => refundsOf(String(late['out_trade_no']))).toEqual([12_850]);
    expect(await api('GET', `/finance/bills/${bill}`)).toMatchObject({ status: 'paid', paid_fen: 12_850 });
  });

  test.each([
    ['alipay', 'wechat', '改用微信支付'],
    ['wechat', 'alipay', '改用支付宝'],
  ] as const)('switched from %s to %s: the other code stands there and is paid', async (from, to, words) => {
    const page = await visit({ viewport });
    const bill = await newBill();
    const old = await openCode(bill, from);
    await page.goto(`/sessions/${old.session_id}`);
    await photographCode(page);
    await page.getByRole('button', { name: words }).click();
    const next = await nextSession(page, old.session_id);
    await sees(page, `请使用${to === 'wechat' ? '微信' : '支付宝'}“扫一扫”`);
    await keep(page, `switch-to-${to}-${size}`);
    expect(await payByPhone(await photographCode(page))).toBe('支付成功');
    await page.waitForURL(`**/sessions/${next}/result`);
    await sees(page, '支付成功');
    expect(await api('GET', `/finance/bills/${bill}`)).toMatchObject({ status: 'paid', payment_method: to });
  });

  test.each(methods)('cancelled, the %s code leaves the screen and the bill stays unpaid', async (method) => {
    const page = await visit({ viewport });
    const bill = await newBill();
    const code = await openCode(bill, method);
    await page.goto(`/sessions/${code.session_id}`);
    await photographCode(page);
    await page.getByRole('button', { name: /取消收款/ }).click();
    await sees(page, '取消这次收款？');
    await keep(page, `cancel-${method}-${size}-1-asked`);
    await page.getByRole('dialog').getByRole('button', { name: '取消收款' }).click();
    await page.waitForURL('**/result');
    await page.getByRole('heading', { name: '收款已取消' }).waitFor();
    await keep(page, `cancel-${method}-${size}-2-result`);
    expect(await api('GET', `/finance/bills/${bill}`)).toMatchObject({ status: 'unpaid', paid_fen: 0 });
    await page.getByRole('link', { name: '重新收款' }).click();
    await sees(page, '选择付款方式');
  });
});
