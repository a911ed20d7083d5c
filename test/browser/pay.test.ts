import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { methods, payByPhone, photographCode } from './desk.ts';
import { barriers, keep, sees, sizes, useBrowser, visit } from './windows.ts';

useBrowser();

const app = { alipay: '支付宝', wechat: '微信' } as const;

/** Fills a field that offers choices as one types, and takes the first. */
async function pick(page: Page, label: string, typed: string, offered: string): Promise<void> {
  await page.getByLabel(label).fill(typed);
  await page.locator('.ant-select-item-option', { hasText: offered }).first().waitFor();
  await page.keyboard.press('Enter');
}

/** A doctor's prescription for 王芳: amoxicillin, five days. */
async function writePrescription(page: Page): Promise<void> {
  await pick(page, '查找患者', 'wf', '王芳');
  await page.getByLabel('科室').fill('全科');
  await page.getByLabel('医师').fill('林医生');
  await page.getByLabel('临床诊断').fill('急性支气管炎');
  await pick(page, '添加药品', 'amxl', '阿莫西林胶囊');
  await page.getByLabel('单次用量', { exact: true }).fill('0.5');
  await pick(page, '频次', 'tid', '每日三次');
  await page.getByLabel('天数').fill('5');
  await page.getByLabel('总量', { exact: true }).fill('2');
}

describe.each(sizes)('at $size px', ({ size, viewport }) => {
  test.each(methods)('a prescription is collected by %s: bill, code, phone, result', async (method) => {
    const page = await visit({ viewport });
    const shot = (name: string): Promise<void> => keep(page, `pay-${method}-${size}-${name}`);

    await page.goto('/prescriptions');
    await page.getByRole('link', { name: '开处方' }).click();
    await writePrescription(page);
    await sees(page, '25.60');
    await shot('1-prescription');
    await page.getByRole('button', { name: '开具处方' }).click();

    await page.waitForURL(/\/bills\/\d+$/);
    await sees(page, '阿莫西林胶囊');
    await shot('2-bill');
    await page
      .getByRole('main')
      .getByRole('link', { name: /收款/ })
      .click();

    await sees(page, '选择付款方式');
    await shot('3-choose');
    await page.getByRole('button', { name: new RegExp(`用${app[method]}`) }).click();

    await page.waitForURL(/\/sessions\/[^/]+$/);
    await sees(page, `请使用${app[method]}“扫一扫”`);
    const picture = await photographCode(page);
    await shot('4-code');
    expect(await barriers(page)).toEqual([]);

    expect(await payByPhone(picture)).toBe('支付成功');

    await page.waitForURL(/\/sessions\/[^/]+\/result$/);
    await page.getByRole('heading', { name: '支付成功' }).waitFor();
    await sees(page, /秒后回到账单列表/);
    await page.keyboard.press('Shift');
    await sees(page, '已停留在本页');
    await sees(page, /^王\*$/);
    await shot('5-result');
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('link', { name: '查看账单' }).click();
    await page.locator('.bill-head', { hasText: '已缴费' }).waitFor();
    await shot('6-bill-paid');
  });
});
