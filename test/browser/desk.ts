import type { Page } from 'playwright-core';
import { inject } from 'vitest';
import { narrow, soon, visit } from './windows.ts';

export const product = inject('product');

export const methods = ['alipay', 'wechat'] as const;
export type Method = (typeof methods)[number];

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

/** What went out to a patient again, by the simulators' own books. */
export async function refundsOf(outTradeNo: string): Promise<number[]> {
  const answer = await fetch(`${product.simulator}/_sim/ledger`);
  const entries = (await answer.json()) as { kind: string; out_trade_no: string; amount_fen: number }[];
  return entries
    .filter(({ kind, out_trade_no }) => kind === 'refund' && out_trade_no === outTradeNo)
    .map(({ amount_fen }) => amount_fen);
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
