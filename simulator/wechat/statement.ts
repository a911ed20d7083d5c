/** Asking for the file of a day, and fetching it: reference, sections 10.1 and 10.2. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { isLoopback } from '../kernel/deliver.ts';
import { base64url } from './identifiers.ts';
import type { Desk } from './orders.ts';
import { done, paramError, refusals } from './replies.ts';
import type { Reply } from './replies.ts';
import { builtAt, statementOf } from './statement-file.ts';
import type { BillType } from './statement-file.ts';
import { beijing, beijingMidnight } from './time.ts';

/** A file that was promised. Nobody keeps one over a restart: its address lives five minutes. */
export interface Offer {
  body: Uint8Array;
  until: number;
}

const minuteMs = 60_000;
const addressLifeMs = 5 * minuteMs;
/** Three months, counted as the longest three. */
const oldestMs = 92 * 24 * 60 * minuteMs;
const billTypes = ['ALL', 'SUCCESS', 'REFUND'] as const;

/**
 * `GET /v3/bill/tradebill`: the address and hash of a day's file. The hash is over the plain file even
 * where the file travels gzipped. `host` is where the caller reached us: the address must lead there too.
 */
export function offerStatement(
  desk: Desk,
  offers: Map<string, Offer>,
  query: URLSearchParams,
  host: string,
): Reply {
  const type = billTypeOf(query.get('bill_type'));
  if (type === undefined) return badQuery('bill_type', query.get('bill_type'));
  const zip = query.get('tar_type') === 'GZIP';
  if (query.has('tar_type') && !zip) return badQuery('tar_type', query.get('tar_type'));
  const startMs = beijingMidnight(query.get('bill_date') ?? '');
  if (startMs === undefined) return badQuery('bill_date', query.get('bill_date'));

  const now = desk.now();
  const weather = desk.weather();
  if (startMs + oldestMs < now) return refusals.statementTooOld;
  if (startMs >= midnightBefore(now)) return refusals.statementNotPast;
  if (now < builtAt(startMs) || desk.kernel.draw(weather.statement_late)) return refusals.statementCreating;
  const file = statementOf(desk, startMs, type);
  if (file === undefined) return refusals.statementMissing;

  for (const [token, offer] of offers) if (offer.until <= now) offers.delete(token);
  const token = base64url(desk.kernel.chance, 64);
  offers.set(token, { body: zip ? gzipSync(file) : file, until: now + addressLifeMs });
  const promised = desk.kernel.draw(weather.statement_wrong_hash) ? Buffer.from(token) : file;
  return done({
    hash_type: 'SHA1',
    hash_value: createHash('sha1').update(promised).digest('hex'),
    download_url: `${originOf(host)}/v3/billdownload/file?token=${token}${zip ? '&tartype=gzip' : ''}`,
  });
}

/** `GET /v3/billdownload/file`: the file itself, without a signature. */
export function handOver(desk: Desk, offers: Map<string, Offer>, query: URLSearchParams): Reply {
  const offer = offers.get(query.get('token') ?? '');
  if (offer === undefined || desk.now() >= offer.until) return refusals.statementTokenOver;
  const { body } = offer;
  const cut = desk.kernel.draw(desk.weather().statement_truncated);
  return {
    kind: 'file',
    status: 200,
    body: cut ? body.subarray(0, Math.floor((body.length * 2) / 3)) : body,
  };
}

function billTypeOf(wish: string | null): BillType | undefined {
  return wish === null ? 'ALL' : billTypes.find((one) => one === wish);
}

function midnightBefore(nowMs: number): number {
  return beijingMidnight(beijing(nowMs).slice(0, 10)) ?? nowMs;
}

/** The simulator's liberty: on this machine it speaks plain http. Without a Host it is the real name. */
function originOf(host: string): string {
  const [name, url] = [host === '' ? 'api.mch.weixin.qq.com' : host, URL.parse(`http://${host}`)];
  return `${url !== null && isLoopback(url.hostname) ? 'http' : 'https'}://${name}`;
}

function badQuery(field: string, value: string | null): Reply {
  const issue = value === null ? '此字段为必填项' : '字段值不符合规则';
  return paramError({ field, value: value ?? undefined, issue, location: 'query', number: 270522884 });
}
