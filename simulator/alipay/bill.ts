/** alipay.data.dataservice.bill.downloadurl.query (查询对账单下载地址) and the file behind it, 2.7. */
import { createHash } from 'node:crypto';
import iconv from 'iconv-lite';
import { drawText, HEX } from '../kernel/chance.ts';
import type { GatewayAnswer } from '../kernel/contract.ts';
import { detailText, movementsOf, summaryText } from './bill-file.ts';
import type { Movement } from './bill-file.ts';
import { Refused, businessFailure, success } from './codes.ts';
import { requiredText } from './desk.ts';
import type { Desk, Operation } from './desk.ts';
import { dayOf } from './text.ts';
import { pack } from './zip.ts';

const HOUR_MS = 3_600_000;
/** A day's file is there on the next day by about 09:00. */
const MADE_AFTER_MS = 9 * HOUR_MS;
const LINK_LIVES_MS = 30_000;
const PATH = '/downloadBillFile.resource';

/** Only the trades' statement of one day is kept here; months and the balance's own file are not. */
export const findStatement: Operation = (desk, call) => {
  const type = requiredText(call, 'bill_type', 20);
  const day = requiredText(call, 'bill_date', 15);
  if (type !== 'trade') throw refusal('TYPE_NOT_SUPPORTED');
  const span = dayOf(day);
  if (span === undefined || span.endMs > desk.now()) throw refusal('INVAILID_ARGUMENTS');
  if (desk.now() < span.endMs + MADE_AFTER_MS || desk.kernel.draw(desk.weather().statement_late)) {
    throw refusal('BILL_NOT_EXIST');
  }
  const empty = movementsOf(desk.book.trades(), span.startMs, span.endMs).length === 0;
  return success({
    bill_download_url: `http://${call.host}${PATH}?${link(desk, day).toString()}`,
    bill_file_code: empty ? 'EMPTY_DATA_WITH_BILL_FILE' : undefined,
  });
};

/** The query of an address, in the order of a recorded one. */
function link(desk: Desk, day: string): URLSearchParams {
  const now = desk.now();
  for (const [token, { until }] of desk.links) if (until <= now) desk.links.delete(token);
  const token = drawText(desk.kernel.chance, HEX, 32);
  desk.links.set(token, { day, until: now + LINK_LIVES_MS });
  const user = `${desk.merchant.sellerId}0156`;
  const date = day.replaceAll('-', '');
  return new URLSearchParams({
    bizType: 'trade',
    userId: user,
    fileType: 'csv.zip',
    bizDates: date,
    downloadFileName: `${user}_${date}.csv.zip`,
    fileId: `/trade/${user}/${date}.csv.zip`,
    timestamp: String(Math.floor(now / 1000)),
    token,
  });
}

export function isDownload(target: string): boolean {
  return target === PATH || target.startsWith(`${PATH}?`);
}

type Answer = Extract<GatewayAnswer, { kind: 'answer' }>;

/** No login: whoever holds the address has the file, for 30 s. */
export async function download(desk: Desk, target: string): Promise<Answer> {
  const token = new URLSearchParams(target.slice(PATH.length + 1)).get('token') ?? '';
  const found = desk.links.get(token);
  const span = dayOf(found?.day ?? '');
  if (found === undefined || span === undefined || desk.now() >= found.until) return gone();
  const { sellerId } = desk.merchant;
  const weather = desk.weather();
  const head = { sellerId, ...span };
  const movements = movementsOf(desk.book.trades(), span.startMs, span.endMs).flatMap((one) =>
    disturb(desk, one),
  );
  const detail = encode(detailText(head, movements, desk.kernel.draw(weather.statement_wrong_sum)));
  const name = `${sellerId}0156_${found.day.replaceAll('-', '')}_业务明细`;
  const cut = desk.kernel.draw(weather.statement_truncated);
  // Cut off before it was packed, or on its way: the first is a sound ZIP.
  const cutInside = cut && desk.kernel.draw(0.5);
  const zip = await pack(
    [
      { name: `${name}.csv`, bytes: cutInside ? half(detail) : detail },
      { name: `${name}(汇总).csv`, bytes: encode(summaryText(head, movements)) },
    ],
    span.endMs,
  );
  return {
    kind: 'answer',
    status: 200,
    headers: { 'content-type': 'application/zip' },
    body: cut && !cutInside ? half(zip) : zip,
  };
}

/** Planted differences: the same lines at every download, for what a line is decides and not a draw. */
function disturb(desk: Desk, movement: Movement): Movement[] {
  const { statement_line_missing: missing, statement_line_differs: differs } = desk.weather();
  const name = `${movement.trade.trade_no} ${movement.refund?.out_request_no ?? ''}`;
  if (standing(`missing ${name}`) < missing) return [];
  return standing(`differs ${name}`) < differs
    ? [{ ...movement, fen: movement.fen + Math.sign(movement.fen) }]
    : [movement];
}

/** Where a text stands between 0 and 1, for good. */
function standing(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length >> 1);
}

function encode(text: string): Buffer {
  return iconv.encode(text, 'gbk');
}

function gone(): Answer {
  const body = Buffer.from('<html><body>下载链接已失效，请重新获取</body></html>');
  return { kind: 'answer', status: 403, headers: { 'content-type': 'text/html;charset=utf-8' }, body };
}

function refusal(subCode: string): Refused {
  return new Refused(businessFailure(subCode));
}
