import { parseBeijing } from '#world';
import type { StatementLine } from '../channel.ts';
import { fenFromMicro, linesOf, microFromYuan } from '../statement.ts';
import { cellsOf } from './cells.ts';
import { UnusableStatement } from './unusable.ts';

/** 业务明细: the detail file of a day's statement, as it came out of the ZIP (alipay.md 2.7). */
export const DETAIL_TITLE = '#支付宝业务明细查询';

/** The line of the file that ends its list; what follows are the sums. */
const LIST_END = /^#-+业务明细列表结束-+$/;
/** Longer than any line by far. Bounds what one line may cost to read. */
const MAX_LINE_BYTES = 16 * 1024;

/** Columns that we read, by their names in the header. */
const needed = {
  tradeNo: '支付宝交易号',
  outTradeNo: '商户订单号',
  kind: '业务类型',
  subject: '商品名称',
  doneAt: '完成时间',
  ordered: '订单金额（元）',
  received: '商家实收（元）',
  discount: '商家优惠（元）',
  requestNo: '退款批次号/请求号',
  fee: '服务费（元）',
} as const;
type Column = keyof typeof needed;

/** One movement of money, amounts in 1/100000 yuan as they stand: a refund's are negative. */
export interface Movement {
  /** 1 for the first movement of the file. */
  lineNo: number;
  kind: '交易' | '退款';
  tradeNo: string;
  outTradeNo: string;
  requestNo: string;
  doneAtMs: number;
  orderedMicro: number;
  receivedMicro: number;
  discountMicro: number;
  feeMicro: number;
  words: StatementLine['words'];
}

/** The lines around the movements: before the header, and from the end of the list on. */
export interface Frame {
  head: string[];
  tail: string[];
}

/**
 * Reads a detail file line by line, and gives its movements; the frame is filled on the way. Throws
 * `UnusableStatement` at the first line that is not what it has to be.
 */
export function* readDetailFile(file: Uint8Array, frame: Frame): Generator<Movement, void> {
  let read: RowReader | undefined;
  let lineNo = 0;
  for (const bytes of linesOf(file)) {
    const line = decode(bytes);
    if (frame.tail.length > 0) frame.tail.push(line);
    else if (read === undefined) {
      if (line.startsWith('#')) frame.head.push(line);
      else read = rowReader(line);
    } else if (line.startsWith('#')) frame.tail.push(line);
    else {
      lineNo += 1;
      yield read(line, lineNo);
    }
  }
  if (frame.tail[0] === undefined || !LIST_END.test(frame.tail[0])) {
    throw new UnusableStatement('unverified', 'the list has no end: the file is cut off');
  }
}

/** GB18030 contains GBK, and is what Node knows by heart. */
const gbk = new TextDecoder('gb18030', { fatal: true });

/** GBK without repairs. Its line ends are safe to cut at: no character of GBK holds a byte of theirs. */
function decode(bytes: Uint8Array): string {
  if (bytes.byteLength > MAX_LINE_BYTES) throw new UnusableStatement('undocumented', 'a line is too long');
  try {
    return gbk.decode(bytes);
  } catch {
    throw new UnusableStatement('undocumented', 'a line is not GBK');
  }
}

type RowReader = (line: string, lineNo: number) => Movement;

/** Columns are found by name: newer files rename and add some. Parentheses come full-width, or may not. */
function rowReader(header: string): RowReader {
  const names = header.split(',').map((name) => name.trim().replaceAll('(', '（').replaceAll(')', '）'));
  const at = (name: string): number => {
    const index = names.indexOf(name);
    if (index !== -1 && index === names.lastIndexOf(name)) return index;
    throw new UnusableStatement('undocumented', `not one column ${name}`);
  };
  const columns = Object.fromEntries(Object.entries(needed).map(([key, name]) => [key, at(name)]));
  const freeAt = at(needed.subject);
  return (line, lineNo) => {
    const cells = cellsOf(line, names.length, freeAt);
    if (cells === undefined) throw wrong(lineNo, 'number of cells');
    return movementOf((column) => cells[columns[column] ?? -1] ?? '', line, lineNo);
  };
}

function movementOf(cell: (column: Column) => string, words: string, lineNo: number): Movement {
  const amount = (column: Column): number => {
    const micro = microFromYuan(cell(column));
    if (micro === undefined) throw wrong(lineNo, needed[column]);
    return micro;
  };
  const kind = cell('kind');
  if (kind !== '交易' && kind !== '退款') throw wrong(lineNo, needed.kind);
  const doneAtMs = parseBeijing(cell('doneAt'));
  if (doneAtMs === undefined) throw wrong(lineNo, needed.doneAt);
  const orderedMicro = amount('ordered');
  const orderedFen = fenFromMicro(Math.abs(orderedMicro));
  // A payment of nothing is none, and money that comes is not negative.
  if (orderedFen === undefined || orderedFen === 0 || (kind === '交易' && orderedMicro < 0)) {
    throw wrong(lineNo, needed.ordered);
  }
  if (!/^\S{1,64}$/.test(cell('tradeNo'))) throw wrong(lineNo, needed.tradeNo);
  if (!/^\S{1,64}$/.test(cell('outTradeNo'))) throw wrong(lineNo, needed.outTradeNo);
  return {
    lineNo,
    kind,
    tradeNo: cell('tradeNo'),
    outTradeNo: cell('outTradeNo'),
    requestNo: cell('requestNo'),
    doneAtMs,
    orderedMicro,
    receivedMicro: amount('received'),
    discountMicro: amount('discount'),
    feeMicro: amount('fee'),
    words,
  };
}

function wrong(lineNo: number, what: string): UnusableStatement {
  return new UnusableStatement('undocumented', `movement ${lineNo}: ${what}`);
}
