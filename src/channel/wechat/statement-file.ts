import { isUtf8 } from 'node:buffer';
import type { Fen } from '#money';
import { beijingDay, parseBeijing } from '#world';
import type { ChannelReport, RefundReport, StatementLine } from '../channel.ts';
import { fenFromMicro, linesOf, microFromYuan } from '../statement.ts';
import { carried } from './translate.ts';

/** The file contradicts itself or the pages: none of it is believed (money-safety.md K2). */
class Contradiction extends Error {}

/** The columns of the `ALL` bill that we read, found by their titles; others may stand between them. */
const columns = [
  '交易时间',
  '公众账号ID',
  '商户号',
  '微信订单号',
  '商户订单号',
  '交易类型',
  '交易状态',
  '货币种类',
  '应结订单金额',
  '微信退款单号',
  '商户退款单号',
  '退款金额',
  '充值券退款金额',
  '退款状态',
  '商户数据包',
  '手续费',
  '订单金额',
  '申请退款金额',
] as const;
type Column = (typeof columns)[number];

const COUNT = '总交易单数';

/** The sums at the end of the file, each with the column that it must be the sum of. */
const sums: readonly (readonly [title: string, column: Column])[] = [
  ['应结订单总金额', '应结订单金额'],
  ['退款总金额', '退款金额'],
  ['充值券退款总金额', '充值券退款金额'],
  ['手续费总金额', '手续费'],
  ['订单总金额', '订单金额'],
  ['申请退款总金额', '申请退款金额'],
];

/** 退款状态 of a file: not the words of the API, and frozen when the file was built (10.3). */
const refundStates: Readonly<Record<string, RefundReport['state']>> = {
  SUCCESS: 'succeeded',
  PROCESSING: 'accepted',
  FAIL: 'closed',
  CHANGE: 'abnormal',
};

/** One data line, its values by title. */
type Row = (column: Column) => string;

/**
 * Reads the trade bill of one day and proves it: every line is read once before any is handed over, and
 * count and sums are those that the file itself states.
 * bytes   the file, unzipped; UTF-8, with or without a byte order mark
 * day     the business day that was asked for
 * Returns the lines, or in words what is wrong with the file.
 * source  WeChat Pay v3, 交易账单 (wechatpay.md 10.3)
 */
export function readStatementFile(
  bytes: Uint8Array,
  day: string,
): { lines: Iterable<StatementLine> } | { problem: string } {
  try {
    const titles = prove(bytes, day);
    return { lines: { [Symbol.iterator]: () => statementLines(bytes, titles) } };
  } catch (error) {
    if (error instanceof Contradiction) return { problem: error.message };
    throw error;
  }
}

function prove(bytes: Uint8Array, day: string): ReadonlyMap<string, number> {
  if (!isUtf8(bytes)) throw new Contradiction('the file is not UTF-8');
  const texts = textLines(bytes);
  const titles = indexOf(next(texts), columns);
  const found = new Map(sums.map(([title]) => [title, 0]));
  let count = 0;
  let ofThatDay = 0;
  let text = next(texts);
  for (; isData(text); text = next(texts)) {
    count += 1;
    const row = rowOf(text, titles, count);
    if (beijingDay(statementLine(row, text, count).atMs) === day) ofThatDay += 1;
    for (const [title, column] of sums) found.set(title, (found.get(title) ?? 0) + amountOf(row, column));
  }
  checkSummary(text, next(texts), count, found);
  for (const rest of texts) if (rest !== '') throw new Contradiction('something follows the summary');
  if (count > 0 && ofThatDay === 0) throw new Contradiction(`no line is of ${day}`);
  return titles;
}

function checkSummary(header: string, values: string, count: number, found: Map<string, number>): void {
  const titles = indexOf(header, [COUNT, ...sums.map(([title]) => title)]);
  if (!isData(values)) throw new Contradiction('the summary is missing');
  const cells = cellsOf(values, titles.size);
  // The count too may be written as a decimal, `45.0`, and is compared like one.
  for (const [title, sum] of [[COUNT, microFromYuan(String(count))] as const, ...found]) {
    const stated = microFromYuan(cells[titles.get(title) ?? -1] ?? '');
    if (stated === undefined || stated !== sum)
      throw new Contradiction(`${title} is not what the lines add up to`);
  }
}

function* statementLines(bytes: Uint8Array, titles: ReadonlyMap<string, number>): Generator<StatementLine> {
  let lineNo = 0;
  for (const text of textLines(bytes)) {
    if (lineNo > 0 && !isData(text)) return;
    if (isData(text)) yield statementLine(rowOf(text, titles, lineNo), text, lineNo).line;
    lineNo += 1;
  }
}

/** The line as a report; the payment's time is also the acceptance of a refund, never its success (10.3). */
function statementLine(row: Row, words: string, lineNo: number): { line: StatementLine; atMs: number } {
  const atMs = parseBeijing(row('交易时间'));
  if (atMs === undefined) throw new Contradiction(`line ${lineNo} has no 交易时间`);
  const line = { lineNo, report: reportOf(row, atMs, lineNo), feeMicro: amountOf(row, '手续费'), words };
  return { line, atMs };
}

function reportOf(row: Row, atMs: number, lineNo: number): ChannelReport {
  const state = row('交易状态');
  const common = {
    method: 'wechat',
    source: 'statement',
    outTradeNo: row('商户订单号'),
    appId: row('公众账号ID'),
    merchantId: row('商户号'),
    currency: row('货币种类'),
    ...carried({ channelTradeNo: row('微信订单号') || undefined }),
  } as const;
  if (common.outTradeNo === '') throw new Contradiction(`line ${lineNo} has no 商户订单号`);
  if (state === 'REFUND') return { ...common, ...refundOf(row, lineNo) };
  if (state === 'REVOKED') return { ...common, about: 'payment', state: 'closed', channelState: state };
  if (state !== 'SUCCESS') return { ...common, about: 'other', state: 'none', channelState: state };
  if (common.channelTradeNo === undefined) throw new Contradiction(`line ${lineNo} has no 微信订单号`);
  return {
    ...common,
    about: 'payment',
    state: 'paid',
    channelState: state,
    totalFen: fenOf(row, '订单金额', lineNo),
    tradeType: row('交易类型'),
    paidAtMs: atMs,
    attach: unescaped(row('商户数据包')),
  };
}

function refundOf(
  row: Row,
  lineNo: number,
): Pick<ChannelReport, 'about' | 'state' | 'channelState' | 'refund'> {
  const state = row('退款状态');
  return {
    about: 'refund',
    state: 'paid', // a refund is only taken of what was paid
    channelState: state,
    refund: {
      state: Object.hasOwn(refundStates, state) ? (refundStates[state] ?? 'unknown') : 'unknown',
      amountFen: fenOf(row, '申请退款金额', lineNo),
      ...carried({
        outRefundNo: numberOf(row('商户退款单号')),
        channelRefundNo: numberOf(row('微信退款单号')),
      }),
    },
  };
}

/** `0` stands where there is none. */
function numberOf(text: string): string | undefined {
  return text === '' || text === '0' ? undefined : text;
}

function fenOf(row: Row, column: Column, lineNo: number): Fen {
  const amount = fenFromMicro(amountOf(row, column));
  if (amount === undefined) throw new Contradiction(`${column} of line ${lineNo} is not whole fen`);
  return amount;
}

function amountOf(row: Row, column: Column): number {
  const micro = microFromYuan(row(column));
  if (micro === undefined) throw new Contradiction(`${column} holds something that is no amount`);
  return micro;
}

function* textLines(bytes: Uint8Array): Generator<string, undefined> {
  let first = true;
  for (const line of linesOf(bytes)) {
    const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString();
    yield first ? text.replace(/^\uFEFF/, '') : text;
    first = false;
  }
  return undefined;
}

function next(texts: Generator<string, undefined>): string {
  const { value } = texts.next();
  if (value === undefined) throw new Contradiction('the file ends before its summary');
  return value;
}

/** Data and sums begin with a back-tick, titles do not. */
function isData(text: string): boolean {
  return text.startsWith('`');
}

/** Titles to positions. */
function indexOf(header: string, wanted: readonly string[]): ReadonlyMap<string, number> {
  const titles = header.split(',');
  const positions = new Map(titles.map((title, at) => [title, at]));
  if (positions.size !== titles.length) throw new Contradiction('a column stands twice');
  const missing = wanted.filter((title) => !positions.has(title));
  if (missing.length > 0) throw new Contradiction(`columns are missing: ${missing.join(', ')}`);
  return positions;
}

/**
 * Every value has its own back-tick, so values part at comma and back-tick together, never at a comma
 * alone. Inside a value neither can stand: merchants' texts are escaped.
 */
function cellsOf(text: string, count: number): string[] {
  const cells = text.slice(1).split(',`');
  if (cells.length !== count) throw new Contradiction(`${cells.length} values under ${count} titles`);
  return cells;
}

function rowOf(text: string, titles: ReadonlyMap<string, number>, lineNo: number): Row {
  const cells = cellsOf(text, titles.size);
  return (column) => {
    const value = cells[titles.get(column) ?? -1];
    if (value === undefined) throw new Contradiction(`line ${lineNo} has no ${column}`);
    return value;
  };
}

/** Behind a backslash; whatever is not in here stands for itself. A blank may also have been U+E000, which nobody writes. */
const escapes: Readonly<Record<string, string>> = { ' ': ',', n: '\n', r: '\r', t: '\t', 140: '`' };

/** A merchant's text as it was before it was made safe for the file (10.3). */
function unescaped(text: string): string {
  return text.replace(/\\(140|[^])/g, (_, code: string) => escapes[code] ?? code);
}
