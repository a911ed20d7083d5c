import { microFromYuan } from '../statement.ts';
import type { Frame, Movement } from './detail-file.ts';
import { DETAIL_TITLE } from './detail-file.ts';
import { UnusableStatement } from './unusable.ts';

/** What the movements of one kind come to. */
export interface Sums {
  count: number;
  orderedMicro: number;
  receivedMicro: number;
  discountMicro: number;
}

export function noSums(): Record<Movement['kind'], Sums> {
  const none = { count: 0, orderedMicro: 0, receivedMicro: 0, discountMicro: 0 };
  return { 交易: { ...none }, 退款: { ...none } };
}

export function addTo(sums: Record<Movement['kind'], Sums>, movement: Movement): void {
  const sum = sums[movement.kind];
  sum.count += 1;
  sum.orderedMicro += movement.orderedMicro;
  sum.receivedMicro += movement.receivedMicro;
  sum.discountMicro += movement.discountMicro;
}

/**
 * Holds the head of a file to the day and account that were asked for.
 * account   our PID, '' when it is not configured
 * Returns the PID that the file names, without the `0156` of its money account.
 */
export function checkHead({ head }: Frame, day: string, account: string): string {
  if (head[0]?.trim() !== DETAIL_TITLE)
    throw new UnusableStatement('undocumented', 'not the title of a statement');
  const pid = matchOf(head, /^#账号：\[(\d{1,32})0156\]\s*$/, 'account')[1] ?? '';
  if (account !== '' && pid !== account)
    throw new UnusableStatement('foreign_answer', "another account's statement");
  const from = matchOf(head, /^#起始日期：\[(\d{4})年(\d{2})月(\d{2})日 00:00:00\]/, 'first day');
  if (from.slice(1, 4).join('-') !== day)
    throw new UnusableStatement('foreign_answer', "another day's statement");
  return pid;
}

/** The last line of a whole file. */
const EXPORTED = /(?:^|\n)#导出时间：\[\d{4}年\d{2}月\d{2}日 \d{2}:\d{2}:\d{2}\]\s*$/;
const LAST_LINE_BYTES = 256;

/** A file that does not end as it has to is cut off, whatever the line is that the cut went through. */
export function checkEnd(file: Uint8Array): void {
  const end = new TextDecoder('gb18030').decode(file.subarray(-LAST_LINE_BYTES));
  if (!EXPORTED.test(end)) throw new UnusableStatement('unverified', 'the file is cut off');
}

/**
 * Counts and sums, in both wordings that are known (alipay.md 2.7): the older sums what was ordered, the
 * newer what the merchant received, and the merchant's discounts. Amounts of refunds are compared without
 * their sign: the wordings differ in it.
 */
const wordings: readonly { kind: Movement['kind']; pattern: RegExp; amounts: readonly (keyof Sums)[] }[] = [
  {
    kind: '交易',
    pattern: /^#交易合计：(\d+)笔，商家实收共([^元]+)元，商家优惠共([^元]+)元\s*$/,
    amounts: ['receivedMicro', 'discountMicro'],
  },
  {
    kind: '退款',
    pattern: /^#退款合计：(\d+)笔，商家实收退款共([^元]+)元，商家优惠退款共([^元]+)元\s*$/,
    amounts: ['receivedMicro', 'discountMicro'],
  },
  {
    kind: '交易',
    pattern: /^#交易合计：(\d+)笔，交易金额共([^元]+)元，优惠金额共[^元]+元\s*$/,
    amounts: ['orderedMicro'],
  },
  {
    kind: '退款',
    pattern: /^#退款合计：(\d+)笔，交易退款金额共([^元]+)元，优惠退款金额共[^元]+元\s*$/,
    amounts: ['orderedMicro'],
  },
];

/**
 * Holds the movements to what the file says of itself, to the last digit. Sums in words that we do not
 * know are for a person to look at.
 */
export function checkTrailer({ tail }: Frame, sums: Record<Movement['kind'], Sums>): void {
  for (const kind of ['交易', '退款'] as const) {
    const line = onlyOne(tail, `#${kind}合计`);
    const wording = wordings.find((one) => one.kind === kind && one.pattern.test(line));
    const [, count, ...said] = wording?.pattern.exec(line) ?? [];
    if (wording === undefined) throw new UnusableStatement('undocumented', `${kind}合计 in unknown words`);
    const amounts = said.map((text) => microFromYuan(text));
    const agree =
      Number(count) === sums[kind].count &&
      wording.amounts.every(
        (name, index) => Math.abs(amounts[index] ?? Number.NaN) === Math.abs(sums[kind][name]),
      );
    if (!agree) throw new UnusableStatement('unverified', `${kind}合计 does not agree with the lines`);
  }
}

function onlyOne(lines: readonly string[], start: string): string {
  const [line, second] = lines.filter((one) => one.startsWith(start));
  if (line === undefined || second !== undefined) {
    throw new UnusableStatement('unverified', `not one line ${start.slice(1)}`);
  }
  return line;
}

function matchOf(lines: readonly string[], pattern: RegExp, what: string): RegExpExecArray {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  throw new UnusableStatement('undocumented', `the statement names no ${what}`);
}
