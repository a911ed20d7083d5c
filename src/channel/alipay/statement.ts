import { beijingDay, NetworkFault, parseBeijing } from '#world';
import type { ChannelFault, ChannelReport, Outcome, StatementDay, StatementLine } from '../channel.ts';
import { digestOf, fenFromMicro } from '../statement.ts';
import { worldOfAlipayGateway } from './configuration.ts';
import { DETAIL_TITLE, readDetailFile, type Frame, type Movement } from './detail-file.ts';
import { ask, textOf, without, type Gateway } from './gateway.ts';
import { statementCall } from './requests.ts';
import { addTo, checkEnd, checkHead, checkTrailer, noSums } from './trailer.ts';
import { strange } from './translate.ts';
import { UnusableStatement, wholeOrNothing } from './unusable.ts';
import { unzip } from './unzip.ts';

const HOUR_MS = 3_600_000;
/** Until noon "there is none" may mean "not made yet"; afterwards it means an empty day (alipay.md 2.7). */
const NOON_AFTER_MS = 36 * HOUR_MS;
/** The address lives for 30 s; the download has what is left of them. */
const TIMEOUT_MS = 25_000;
const MAX_ZIP_BYTES = 64 * 1024 * 1024;

/**
 * Where statements lie, by gateway: for the outbound allow list, beside the gateway's own origin.
 * Documented as plain http (2.7); https stands here should Alipay move. The sandbox's host is on record in
 * answers of the old sandbox (2018).
 */
export function alipayStatementOrigins(gatewayUrl: string): string[] {
  switch (worldOfAlipayGateway(gatewayUrl)) {
    case 'live':
      return ['http://dwbillcenter.alipay.com', 'https://dwbillcenter.alipay.com'];
    case 'sandbox':
      return ['http://dwbillcenter.alipaydev.com', 'https://dwbillcenter.alipaydev.com'];
    case 'simulated':
      return [new URL(gatewayUrl).origin];
    default:
      return [];
  }
}

/**
 * One day's statement (2.7): asks where it lies, fetches it at once, and reads it whole or not at all. The
 * address opens the file to whoever holds it for 30 s, so it stands in no log and no fault.
 *
 * Only the address is signed; the file travels by plain http, and nothing in it proves who wrote it. So a
 * line that would change our books is a reason to ask (`query`, `queryRefund`), as any stranger's hint is.
 */
export async function fetchStatement(
  gateway: Gateway,
  day: string,
  account: string,
): Promise<Outcome<StatementDay>> {
  const startMs = parseBeijing(`${day} 00:00:00`);
  if (startMs === undefined) {
    return { outcome: 'refused', fault: { code: 'bug', detail: 'bill_date is no day', notSent: true } };
  }
  const nowMs = gateway.world.now();
  // Never asked for today: Alipay has none, and a day that still runs is not empty.
  if (day >= beijingDay(nowMs)) return { outcome: 'done', value: { state: 'not_ready' } };

  const exchange = await ask(gateway, statementCall(day));
  if (exchange.reading === 'no_statement') {
    return { outcome: 'done', value: { state: nowMs < startMs + NOON_AFTER_MS ? 'not_ready' : 'empty' } };
  }
  if (exchange.reading !== 'done') return without(exchange);
  if (textOf(exchange.node, 'bill_file_code') === 'EMPTY_DATA_WITH_BILL_FILE') {
    return { outcome: 'done', value: { state: 'empty' } };
  }
  const address = URL.parse(textOf(exchange.node, 'bill_download_url') ?? '');
  if (address === null) return strange(exchange, 'no bill_download_url');
  if (!alipayStatementOrigins(gateway.caller.gatewayUrl).includes(address.origin)) {
    return strange(
      exchange,
      `the statement lies at ${address.hostname.slice(0, 64)}, which is not on the list`,
    );
  }
  const zip = await download(gateway, address);
  if (!(zip instanceof Uint8Array)) return { outcome: 'unknown', fault: zip };
  return wholeOrNothing(async () => readStatement(await unzip(zip), day, account));
}

async function download({ world }: Gateway, address: URL): Promise<Uint8Array | ChannelFault> {
  try {
    const answer = await world.send({
      method: 'GET',
      url: address.href,
      headers: { accept: '*/*' },
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ZIP_BYTES,
    });
    return answer.status === 200
      ? answer.body
      : { code: 'silent', detail: `statement: HTTP ${answer.status}` };
  } catch (error) {
    if (!(error instanceof NetworkFault)) throw error;
    const code = error.trouble === 'forbidden' ? 'configuration' : 'silent';
    return { code, detail: `statement: ${error.message}` };
  }
}

/** Reads the files of a ZIP once from end to end; only then may its lines be had. */
export function readStatement(files: readonly Uint8Array[], day: string, account: string): StatementDay {
  const details = files.filter(isDetailFile);
  const [bytes] = details;
  if (bytes === undefined || details.length > 1) {
    throw new UnusableStatement('undocumented', `${details.length} detail files in the ZIP`);
  }
  checkEnd(bytes);
  const frame: Frame = { head: [], tail: [] };
  const sums = noSums();
  for (const movement of readDetailFile(bytes, frame)) addTo(sums, movement);
  const merchantId = checkHead(frame, day, account);
  checkTrailer(frame, sums);
  const lines = {
    *[Symbol.iterator](): Generator<StatementLine, void> {
      const again: Frame = { head: [], tail: [] };
      for (const movement of readDetailFile(bytes, again)) yield lineOf(movement, merchantId);
    },
  };
  return { state: 'whole', lines, bytes, digest: digestOf(bytes) };
}

/** By its first line: the names in the ZIP are not looked at. */
function isDetailFile(file: Uint8Array): boolean {
  return new TextDecoder('gb18030').decode(file.subarray(0, 64)).startsWith(DETAIL_TITLE);
}

/**
 * 交易 is a payment, 退款 a refund of one. The sign of 服务费 is not certain: it is taken from us for a
 * payment, and comes back with a refund.
 */
function lineOf(movement: Movement, merchantId: string): StatementLine {
  const { lineNo, kind, words } = movement;
  const amountFen = fenFromMicro(Math.abs(movement.orderedMicro));
  if (amountFen === undefined) throw new Error('a movement was read without its amount');
  const common = {
    method: 'alipay',
    source: 'statement',
    outTradeNo: movement.outTradeNo,
    state: 'paid',
    channelState: kind,
    merchantId,
    channelTradeNo: movement.tradeNo,
  } as const;
  const feeMicro = Math.abs(movement.feeMicro);
  if (kind === '交易') {
    const report: ChannelReport = {
      ...common,
      about: 'payment',
      totalFen: amountFen,
      paidAtMs: movement.doneAtMs,
    };
    return { lineNo, report, feeMicro, words };
  }
  const report: ChannelReport = {
    ...common,
    about: 'refund',
    refund: {
      state: 'succeeded',
      amountFen,
      refundedAtMs: movement.doneAtMs,
      ...(movement.requestNo !== '' && { outRefundNo: movement.requestNo }),
    },
  };
  return { lineNo, report, feeMicro: feeMicro === 0 ? 0 : -feeMicro, words };
}
