import { expect, test } from 'vitest';
import { api, methods, newBill, openCode, payByPhone, product, simulate } from './desk.ts';
import { barriers, keep, narrow, sees, useBrowser, visit } from './windows.ts';

useBrowser();

const patient = { staff: false, viewport: narrow } as const;

test.each(methods)(
  'without JavaScript a patient sees the %s code, and then that it is paid',
  async (method) => {
    const page = await visit({ ...patient, javaScript: false });
    const code = await openCode(await newBill(), method);
    await page.goto(`/pay/${code.session_id}`);
    await sees(page, '待支付');
    await sees(page, '诊付示范诊所');
    await sees(page, '128.50');
    await keep(page, `patient-${method}-390-1-pending`);
    expect(await payByPhone(await page.locator('img.code').screenshot())).toBe('支付成功');
    await sees(page, '支付成功');
    expect(await page.locator('img.code').count()).toBe(0);
    await keep(page, `patient-${method}-390-2-paid`);
  },
);

test('with JavaScript the time runs down, and the page follows the money at once', async () => {
  const page = await visit({ ...patient, look: 'dark' });
  const code = await openCode(await newBill(), 'wechat');
  await page.goto(`/pay/${code.session_id}`);
  await sees(page, /^14:5\d$/);
  expect(await barriers(page)).toEqual([]);
  await keep(page, 'patient-dark-390-1-pending');
  await simulate('pay', { content: code.qr_code_content });
  await sees(page, '支付成功');
  expect(await barriers(page)).toEqual([]);
  await keep(page, 'patient-dark-390-2-paid');
});

test('a code that was replaced leads to the new one', async () => {
  const page = await visit({ ...patient });
  const bill = await newBill();
  const old = await openCode(bill, 'alipay');
  await page.goto(`/pay/${old.session_id}`);
  await sees(page, '待支付');
  const code = await openCode(bill, 'alipay', { refresh: true });
  await sees(page, '二维码已更换');
  expect(await barriers(page)).toEqual([]);
  await keep(page, 'patient-390-replaced');
  await page.getByRole('link', { name: '打开新的二维码' }).click();
  await page.waitForURL(`**/pay/${code.session_id}`);
  await sees(page, '待支付');
  expect(await page.locator('img.code').count()).toBe(1);
});

test('a code whose time is up leaves the patient’s page, and what follows is said', async () => {
  const page = await visit({ ...patient, javaScript: false });
  const code = await openCode(await newBill(), 'wechat', { timeout_minutes: 1 });
  await page.goto(`/pay/${code.session_id}`);
  await sees(page, '待支付');
  await simulate('clock', { advance_ms: 60_000 });
  await sees(page, '二维码已过期');
  await keep(page, 'patient-390-expired');
  expect(await page.locator('img.code').count()).toBe(0);
});

test('a link that leads nowhere says so', async () => {
  const page = await visit({ ...patient, expected: /status of 404/ });
  const answer = await page.goto('/pay/AAAAAAAAAAAAAAAAAAAAAA');
  expect(answer?.status()).toBe(404);
  await sees(page, '链接无效');
  expect(await barriers(page)).toEqual([]);
  await keep(page, 'patient-390-nowhere');
});

test('the patient’s page names nobody and nothing, is kept by nobody, and is small', async () => {
  const code = await openCode(await newBill('慕容复'), 'alipay');
  const answer = await fetch(`${product.url}/pay/${code.session_id}`);
  const text = await answer.text();
  for (const secret of ['慕容复', '慕', '林医生', '全科', '阿莫西林', '诊察费'])
    expect(text).not.toContain(secret);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(Buffer.byteLength(text)).toBeLessThan(20_000);
});

test('the desk’s link to the patient’s page opens it', async () => {
  const page = await visit();
  const bill = await newBill();
  const code = await openCode(bill, 'wechat');
  await page.goto(`/sessions/${code.session_id}`);
  await page.getByRole('button', { name: /患者与账单/ }).click();
  await sees(page, '张*丰');
  await keep(page, 'code-details-1440');
  const [opened] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByRole('link', { name: '患者页面' }).click(),
  ]);
  await sees(opened, '请使用微信“扫一扫”');
  await keep(opened, 'patient-1440');
  expect(await api('GET', `/finance/bills/${bill}`)).toMatchObject({ status: 'unpaid' });
});
