/** The two files of a day's statement (业务账单), line by line as recorded ones have them (2.7). */
import type { Refund, Trade } from './book.ts';
import { buyerLogonId } from './desk.ts';
import { beijing, yuan } from './text.ts';

/** One line: a payment, or money that went back. */
export interface Movement {
  trade: Trade;
  /** Undefined for a payment. */
  refund?: Refund;
  doneAt: number;
  /** Negative for a refund. */
  fen: number;
}

/** What moved on a day, in the order of completion: a line belongs to the day of its 完成时间. */
export function movementsOf(trades: readonly Trade[], startMs: number, endMs: number): Movement[] {
  const isOfDay = (at: number | undefined): at is number => at !== undefined && at >= startMs && at < endMs;
  return trades
    .flatMap((trade): Movement[] => [
      ...(isOfDay(trade.paid_at) ? [{ trade, doneAt: trade.paid_at, fen: trade.total_fen }] : []),
      ...trade.refunds.flatMap((refund) =>
        isOfDay(refund.done_at) ? [{ trade, refund, doneAt: refund.done_at, fen: -refund.amount_fen }] : [],
      ),
    ])
    .toSorted((a, b) => a.doneAt - b.doneAt);
}

/** The text and TAB of each of the 25 columns. */
const columns: readonly (readonly [name: string, cell: (movement: Movement) => string, tab?: true])[] = [
  ['支付宝交易号', ({ trade }) => trade.trade_no, true],
  ['商户订单号', ({ trade }) => trade.out_trade_no, true],
  ['业务类型', ({ refund }) => (refund === undefined ? '交易' : '退款'), true],
  ['商品名称', ({ trade }) => oneLine(trade.asked.subject)],
  ['创建时间', ({ trade }) => beijing(trade.opened_at)], // of the trade, on a refund's line too
  ['完成时间', ({ doneAt }) => beijing(doneAt)],
  ['门店编号', ({ trade }) => trade.asked.store_id ?? '', true],
  ['门店名称', () => '', true],
  ['操作员', () => '', true],
  ['终端号', ({ trade }) => trade.asked.terminal_id ?? '', true],
  ['对方账户', ({ trade }) => `*患者(${buyerLogonId(trade.payer)})`, true],
  ['订单金额（元）', ({ fen }) => signedYuan(fen)],
  ['商家实收（元）', ({ fen }) => signedYuan(fen)],
  ['支付宝红包（元）', () => '0.00'],
  ['集分宝（元）', () => '0.00'],
  ['支付宝优惠（元）', () => '0.00'],
  ['商家优惠（元）', () => '0.00'],
  ['券核销金额（元）', () => '0.00'],
  ['券名称', () => ''],
  ['商家红包消费金额（元）', () => '0.00', true],
  ['卡消费金额（元）', () => '0.00'],
  ['退款批次号/请求号', ({ refund }) => refund?.out_request_no ?? '', true],
  ['服务费（元）', ({ fen }) => signedYuan(feeOf(fen))],
  ['分润（元）', () => '0.00'],
  ['备注', ({ trade }) => oneLine(trade.asked.body ?? '')],
];

export interface StatementHead {
  /** The payee's PID. */
  sellerId: string;
  startMs: number;
  endMs: number;
}

/** 业务明细. `sumsOff` plants sums that are a fen too high. */
export function detailText(head: StatementHead, movements: readonly Movement[], sumsOff = false): string {
  const off = sumsOff ? 1 : 0;
  const paid = movements.filter(({ refund }) => refund === undefined);
  const back = movements.filter(({ refund }) => refund !== undefined);
  return asLines([
    ...opening('#支付宝业务明细查询', head),
    separator('业务明细列表', 40),
    columns.map(([name]) => name).join(','),
    ...movements.map((movement) =>
      columns.map(([, cell, tab]) => `${cell(movement)}${tab ? '\t' : ''}`).join(','),
    ),
    separator('业务明细列表结束', 36),
    `#交易合计：${paid.length}笔，商家实收共${signedYuan(sumOf(paid) + off)}元，商家优惠共0.00元`,
    `#退款合计：${back.length}笔，商家实收退款共${signedYuan(sumOf(back) - off)}元，商家优惠退款共0.00元`,
    exportedAt(head),
  ]);
}

const summaryColumns =
  '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,' +
  '卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）';

/** 业务明细(汇总): a line for the one store, and the sum. */
export function summaryText(head: StatementHead, movements: readonly Movement[]): string {
  const paid = movements.filter(({ refund }) => refund === undefined).length;
  const sum = sumOf(movements);
  const fee = movements.reduce((total, { fen }) => total + feeOf(fen), 0);
  const cells = [
    ...[paid, movements.length - paid].map(String),
    ...[sum, sum, 0, 0, 0, fee, 0, sum + fee].map(signedYuan),
  ].join(',');
  return asLines([
    ...opening('#支付宝业务汇总查询', head),
    separator('业务汇总列表', 40),
    summaryColumns,
    `\t,\t,${cells}`,
    `合计,,${cells}`,
    `#${'-'.repeat(40)}业务汇总列表结束${'-'.repeat(37)}`,
    exportedAt(head),
  ]);
}

/** The account is the PID with 0156; the last day is the one after. */
function opening(title: string, { sellerId, startMs, endMs }: StatementHead): string[] {
  return [
    title,
    `#账号：[${sellerId}0156]`,
    `#起始日期：[${inWords(startMs)}]   终止日期：[${inWords(endMs)}]`,
  ];
}

function separator(title: string, after: number): string {
  return `#${'-'.repeat(41)}${title}${'-'.repeat(after)}`;
}

/** Recorded files were made between 05:46 and 07:27 of the next day. */
const MADE_AFTER_MS = (6 * 60 + 12) * 60_000;

function exportedAt({ endMs }: StatementHead): string {
  return `#导出时间：[${inWords(endMs + MADE_AFTER_MS)}]`;
}

/** `2026年11月22日 00:00:00` */
function inWords(atMs: number): string {
  const text = beijing(atMs);
  return `${text.slice(0, 4)}年${text.slice(5, 7)}月${text.slice(8, 10)}日${text.slice(10)}`;
}

function asLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\r\n`).join('');
}

function sumOf(movements: readonly Movement[]): number {
  return movements.reduce((sum, { fen }) => sum + fen, 0);
}

/** 0.6 %, taken for a payment and given back with a refund. */
function feeOf(fen: number): number {
  const fee = Math.round((Math.abs(fen) * 6) / 1000);
  return fen < 0 ? fee : -fee;
}

function signedYuan(fen: number): string {
  return `${fen < 0 ? '-' : ''}${yuan(Math.abs(fen))}`;
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
