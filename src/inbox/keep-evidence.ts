import { createHash } from 'node:crypto';
import type { ChannelReport, NotificationReading, PaymentMethod, RawNotification } from '#channel';
import { UniqueViolation, type Store } from '#store';
import { countRepeat, evidenceByKey, insertEvidence } from '#sql/evidence';
import type { World } from '#world';
import { exceededStretch, REFUSED_BYTES } from './refused-flood.ts';

export interface InboxParts {
  world: World;
  store: Store;
  clinic: { id: number };
}

/** A report that was written down: apply it, unless its first copy was applied already. */
export interface Kept {
  evidenceId: number;
  /** False when the same word was kept before and has been applied. */
  toApply: boolean;
  /** The channel gave the same id to other words: kept beside the first, and somebody should look. */
  contradicts: boolean;
}

interface Entry {
  method: PaymentMethod;
  source: ChannelReport['source'];
  key: string;
  verdict: 'genuine' | 'refused';
  reason?: string;
  detail?: string;
  report?: ChannelReport;
  notificationId?: string;
  keyId?: string;
  words?: string;
  raw?: RawNotification;
}

/** Headers that are worth keeping: what was signed and by which key; never a cookie or a token. */
const keptHeaders = /^(?:wechatpay-|request-id$|content-type$|user-agent$)/;

/**
 * Keeps a notification word for word, in a transaction of its own: only after this returns may the
 * channel be told that we have it (I-20). It is known by the channel's own id.
 * One that is not believed is kept by its digest, with its reason and its beginning.
 */
export async function keepNotification(
  parts: InboxParts,
  method: PaymentMethod,
  raw: RawNotification,
  reading: NotificationReading,
): Promise<Kept> {
  if (reading.verdict === 'refused') return keepRefused(parts, method, raw, reading);
  const entry: Entry = {
    method,
    source: 'notification',
    key: `notice:${method}:${digest(reading.notificationId)}`,
    verdict: 'genuine',
    notificationId: reading.notificationId,
    keyId: reading.keyId,
    words: reading.words,
    raw,
    ...(reading.report === undefined ? {} : { report: reading.report }),
  };
  const kept = await keep(parts, entry);
  if (!kept.contradicts) return kept;
  const key = `notice:${method}:${digest(reading.notificationId, reading.words)}`;
  const beside = await keep(parts, { ...entry, key });
  return { ...beside, contradicts: true };
}

/** Anybody may send these, and they stay for good: above a measure they are only counted, in one row. */
function keepRefused(
  parts: InboxParts,
  method: PaymentMethod,
  raw: RawNotification,
  { reason, detail }: Extract<NotificationReading, { verdict: 'refused' }>,
): Promise<Kept> {
  const refused = { method, source: 'notification', verdict: 'refused' } as const;
  const stretch = exceededStretch(parts.store, method, parts.world.now());
  if (stretch !== undefined)
    return keep(parts, { ...refused, key: `refused-more:${method}:${stretch}`, reason: 'too_many' });
  const bytes = digest(raw.body, raw.headers['wechatpay-signature'] ?? '');
  const body = raw.body.subarray(0, REFUSED_BYTES);
  return keep(parts, { ...refused, key: `refused:${bytes}`, reason, detail, raw: { ...raw, body } });
}

/** Keeps a query's answer that changes something. The same answer again finds its first copy. */
export function keepAnswer(parts: InboxParts, report: ChannelReport): Promise<Kept> {
  const words = JSON.stringify(report);
  const { method, source } = report;
  return keep(parts, {
    method,
    source,
    key: `${source}:${digest(words)}`,
    verdict: 'genuine',
    report,
    words,
  });
}

async function keep(parts: InboxParts, entry: Entry): Promise<Kept> {
  const at = parts.world.now();
  // A genuine word about nothing we keep books on, and one that is not believed, need no applying.
  const settledAt = entry.report === undefined ? at : null;
  const result = entry.verdict === 'refused' ? 'refused' : entry.report === undefined ? 'no_report' : null;
  const insert = () =>
    parts.store.transact('keep-evidence', async (tx) => {
      const { id } = await tx.run(
        insertEvidence,
        parts.clinic.id,
        entry.method,
        entry.source,
        entry.key,
        entry.verdict,
        entry.reason ?? null,
        entry.detail?.slice(0, 500) ?? null,
        entry.report?.outTradeNo.slice(0, 64) ?? null,
        entry.notificationId?.slice(0, 128) ?? null,
        entry.keyId ?? null,
        entry.raw === undefined ? null : headersToKeep(entry.raw.headers, entry.verdict),
        entry.raw?.body ?? null,
        entry.words ?? null,
        entry.report === undefined ? null : JSON.stringify(entry.report),
        at,
        at,
        settledAt,
        result,
      );
      return { evidenceId: id, toApply: settledAt === null, contradicts: false };
    });
  try {
    return await insert();
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
    return countAgain(parts, entry, at);
  }
}

/** The same key again: equal words are a repeat, other words under a channel's id a contradiction. */
function countAgain(parts: InboxParts, entry: Entry, at: number): Promise<Kept> {
  return parts.store.transact('count-evidence', async (tx) => {
    const first = await tx.one<{
      id: number;
      words: string | null;
      report: string | null;
      applied_at: number | null;
    }>(evidenceByKey, entry.key);
    if (first === undefined) throw new Error('evidence was refused by its key and is not there');
    await tx.run(countRepeat, at, first.id);
    const sameReport = first.report === (entry.report === undefined ? null : JSON.stringify(entry.report));
    return { evidenceId: first.id, toApply: first.applied_at === null, contradicts: !sameReport };
  });
}

function headersToKeep(headers: Record<string, string>, verdict: Entry['verdict']): string {
  const kept = Object.entries(headers).filter(([name]) => keptHeaders.test(name));
  const text = JSON.stringify(Object.fromEntries(kept));
  return verdict === 'refused' ? text.slice(0, REFUSED_BYTES) : text;
}

function digest(...pieces: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece).update('\n');
  return hash.digest('hex');
}
