/**
 * The trade bill as WeChat Pay writes it (reference, 10.3): UTF-8 with a byte order mark, CRLF, a
 * back-tick before every value, escapes in the merchant's texts, sums at the end.
 */
import { createHash } from 'node:crypto';
import type { Weather } from '../kernel/contract.ts';
import type { Order, Paid, Refund } from './book.ts';
import type { Desk } from './orders.ts';
import { beijing } from './time.ts';

export type BillType = 'ALL' | 'SUCCESS' | 'REFUND';

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
/** The bill of a day is built at 09:00 of the next, and shows everything as it stood then. */
const builtAfterMs = 9 * hourMs;

const inAll =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,' +
  '应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,' +
  '手续费,费率,订单金额,申请退款金额,费率备注';
const ofRefunds = '微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,申请退款金额'.split(
  ',',
);

/** 27 columns, 20 without the refund's, 29 with its two times. */
const columns: Record<BillType, readonly string[]> = {
  ALL: inAll.split(','),
  SUCCESS: inAll.split(',').filter((title) => !ofRefunds.includes(title)),
  REFUND: inAll.replace('微信退款单号', '退款申请时间,退款成功时间,微信退款单号').split(','),
};

/** Each sum with the column that it sums, and the decimals it is written with. */
const sums = [
  ['应结订单总金额', '应结订单金额', 2],
  ['退款总金额', '退款金额', 2],
  ['充值券退款总金额', '充值券退款金额', 2],
  ['手续费总金额', '手续费', 5],
  ['订单总金额', '订单金额', 2],
  ['申请退款总金额', '申请退款金额', 2],
] as const;

/** A refund's words in a bill are not those of the API. */
const refundWords: Record<Refund['status'], string> = {
  PROCESSING: 'PROCESSING',
  SUCCESS: 'SUCCESS',
  CLOSED: 'FAIL',
  ABNORMAL: 'CHANGE',
};

/** One line: what each title says, and the amounts in 1/100000 yuan, so that sums need no fractions. */
interface Row {
  atMs: number;
  texts: Record<string, string>;
  amounts: Record<string, number>;
}

/** When the bill of the day that begins at `startMs` is there. */
export function builtAt(startMs: number): number {
  return startMs + dayMs + builtAfterMs;
}

/** The file of one day, or undefined when nothing was traded on it. `startMs` is 00:00 in Beijing. */
export function statementOf(desk: Desk, startMs: number, type: BillType): Buffer | undefined {
  const rows = plant(rowsOf(desk, startMs, type), desk.weather());
  if (rows.length === 0) return undefined;
  const wrongSum = desk.kernel.draw(desk.weather().statement_wrong_sum);
  const titles = columns[type];
  const shown = sums.filter(([, column]) => type !== 'SUCCESS' || !ofRefunds.includes(column));
  const totals = shown.map(([title, column, places]) => {
    const total = rows.reduce((sum, { amounts }) => sum + (amounts[column] ?? 0), 0);
    return decimal(total + (wrongSum && title === '订单总金额' ? 1000 : 0), places);
  });
  const lines = [
    titles.join(','),
    ...rows.map((row) => ticked(titles.map((title) => valueOf(row, title)))),
    ['总交易单数', ...shown.map(([title]) => title)].join(','),
    ticked([String(rows.length), ...totals]),
  ];
  return Buffer.from(`\uFEFF${lines.map((line) => `${line}\r\n`).join('')}`);
}

/** Payments on the day they were paid, refunds on the day they were accepted; the latest first. */
function rowsOf({ book, merchant }: Desk, startMs: number, type: BillType): Row[] {
  const isOfDay = (atMs: number) => atMs >= startMs && atMs < startMs + dayMs;
  const payments = [...book.orders.values()].flatMap((order) =>
    order.paid !== undefined && isOfDay(order.paid.at) ? [paymentRow(order, order.paid, merchant.mchid)] : [],
  );
  const refunds = [...book.refunds.values()].flatMap((refund) => {
    const order = book.orders.get(refund.out_trade_no);
    if (order?.paid === undefined || !isOfDay(refund.created_at)) return [];
    return [refundRow(order, order.paid, refund, merchant.mchid, builtAt(startMs))];
  });
  const wanted = { ALL: [...payments, ...refunds], SUCCESS: payments, REFUND: refunds };
  return wanted[type].sort((one, other) => other.atMs - one.atMs);
}

function paymentRow(order: Order, paid: Paid, mchid: string): Row {
  const texts = { ...commonTexts(order, paid, mchid), 交易时间: beijing(paid.at), 交易状态: 'SUCCESS' };
  const amount = paid.amount_fen * 1000;
  const amounts = { 应结订单金额: amount, 订单金额: amount, 手续费: feeOf(paid.amount_fen) };
  const names = { 商品名称: escaped(order.request.description, '\\`') };
  const attach = { 商户数据包: escaped(order.request.attach ?? '', '\\`') };
  return { atMs: paid.at, texts: { ...texts, ...names, ...attach }, amounts };
}

function refundRow(order: Order, paid: Paid, refund: Refund, mchid: string, builtAtMs: number): Row {
  const { refund: fen } = refund.request.amount;
  const ended = refund.ended_at !== undefined && refund.ended_at < builtAtMs;
  const texts = {
    ...commonTexts(order, paid, mchid),
    // The moment it was accepted, whatever became of it.
    交易时间: beijing(refund.created_at),
    交易状态: 'REFUND',
    退款申请时间: beijing(refund.created_at),
    退款成功时间: ended && refund.status === 'SUCCESS' ? beijing(refund.ended_at ?? 0) : '',
    微信退款单号: refund.refund_id,
    商户退款单号: refund.request.out_refund_no,
    退款类型: 'ORIGINAL',
    退款状态: refundWords[ended ? refund.status : 'PROCESSING'],
    商品名称: escaped(order.request.description, '\\140'),
    商户数据包: escaped(order.request.attach ?? '', '\\140'),
  };
  const amounts = { 退款金额: fen * 1000, 申请退款金额: fen * 1000, 手续费: -feeOf(fen) };
  return { atMs: refund.created_at, texts, amounts };
}

function commonTexts({ request }: Order, paid: Paid, mchid: string): Record<string, string> {
  return {
    公众账号ID: request.appid,
    商户号: mchid,
    特约商户号: '0',
    微信订单号: paid.transaction_id,
    商户订单号: request.out_trade_no,
    用户标识: paid.openid,
    交易类型: 'NATIVE',
    付款银行: 'OTHERS',
    货币种类: 'CNY',
    微信退款单号: '0',
    商户退款单号: '0',
    费率: '0.60%',
  };
}

/** 0.60 % in 1/100000 yuan: six of them for each fen. */
function feeOf(fen: number): number {
  return fen * 6;
}

/** Columns with amounts are never blank. */
const amountColumns = ['代金券金额', ...sums.map(([, column]) => column)];

function valueOf({ texts, amounts }: Row, title: string): string {
  if (title === '手续费') return decimal(amounts[title] ?? 0, 5);
  return amountColumns.includes(title) ? decimal(amounts[title] ?? 0, 2) : (texts[title] ?? '');
}

/** A whole number of 1/100000 yuan as decimal yuan, by its digits. */
function decimal(value: number, places: number): string {
  const digits = String(Math.abs(value)).padStart(6, '0');
  const part = digits.slice(-5).slice(0, places);
  return `${value < 0 ? '-' : ''}${digits.slice(0, -5)}.${part}`;
}

function ticked(values: readonly string[]): string {
  return values.map((value) => `\`${value}`).join(',');
}

const escapes: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  ',': '\\ ',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\uE000': '\\ ',
  '\u001A': '\\\u001A',
};

function escaped(text: string, backTick: string): string {
  // oxlint-disable-next-line no-control-regex -- U+001A is one of the characters that the pages list
  return text.replace(/[\\'",\n\r\t\uE000\u001A`]/g, (one) =>
    one === '`' ? backTick : (escapes[one] ?? one),
  );
}

/** Planted differences: sums follow the lines, so only a comparison with other books can find them. */
function plant(rows: Row[], weather: Weather): Row[] {
  const kept = rows.filter((row) => !falls(row, 'missing', weather.statement_line_missing));
  return kept.map((row) => (falls(row, 'differs', weather.statement_line_differs) ? oneFenMore(row) : row));
}

/** Drawn from the line itself: every download shows the same. */
function falls({ texts }: Row, kind: string, share: number): boolean {
  const name = `${kind} ${texts['商户订单号']} ${texts['商户退款单号']}`;
  return createHash('sha256').update(name).digest().readUInt32BE() / 2 ** 32 < share;
}

function oneFenMore({ atMs, texts, amounts }: Row): Row {
  const column = texts['交易状态'] === 'REFUND' ? '申请退款金额' : '订单金额';
  return { atMs, texts, amounts: { ...amounts, [column]: (amounts[column] ?? 0) + 1000 } };
}
