import type { Channel, ChannelReport, StatementLine } from '#channel';
import { keepAnswer } from '#inbox';
import { addJob, keepLease, release, underLease, whileKept, type Lease } from '#job';
import { applyEvidence, type Parts } from '#session';
import {
  booksBeganAt,
  firstPaymentAt,
  finishStatement,
  insertStatement,
  knownPayment,
  knownRefund,
  loadStatement,
  moneyOfDay,
  statementById,
  statementOfDay,
  type StatementRow,
} from '#sql/statements';
import { UniqueViolation } from '#store';
import { beijingDay, endOfBeijingDay, jitter, parseBeijing } from '#world';

const DAY_MS = 86_400_000;
/** Both channels serve days this far back at least (WeChat Pay three months); older ones are a person's. */
const LOOK_BACK_DAYS = 30;
/** So far back also where no payment of the channel is known: a restored backup may be from before the first. */
const LOOK_BACK_ANYWAY_DAYS = 3;
const AGAIN_MS = 1_800_000;

/**
 * Sees to it that each finished day of each channel has its row and its job. Run by the worker now
 * and then; the unique key makes it safe on any number of instances.
 */
export async function planStatements(parts: Parts): Promise<void> {
  const now = parts.world.now();
  const began = await parts.store.read((tx) => tx.one<{ at: number }>(booksBeganAt, parts.clinic.id));
  for (const channel of parts.channels.values()) {
    const first = await parts.store.read((tx) => tx.one<{ at: number }>(firstPaymentAt, channel.method));
    const used = Math.min(first?.at ?? now, now - LOOK_BACK_ANYWAY_DAYS * DAY_MS);
    const from = Math.max(began?.at ?? now, used, now - LOOK_BACK_DAYS * DAY_MS);
    for (let end = endOfBeijingDay(from) + 1000; end <= now; end += DAY_MS) {
      await planDay(parts, channel, beijingDay(end - 1000), end + channel.traits.statementAfterMs);
    }
  }
}

async function planDay(parts: Parts, channel: Channel, day: string, dueAtMs: number): Promise<void> {
  const known = await parts.store.read((tx) => tx.one(statementOfDay, parts.clinic.id, channel.method, day));
  if (known !== undefined) return;
  const now = parts.world.now();
  try {
    await parts.store.transact('plan-statement', async (tx) => {
      const { id } = await tx.run(insertStatement, parts.clinic.id, channel.method, day, now, now);
      const work = {
        clinicId: parts.clinic.id,
        kind: 'fetch_statement',
        lane: channel.method,
        subjectId: id,
      } as const;
      await addJob(tx, work, dueAtMs, now);
    });
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error; // another instance planned it in this instant
  }
}

/**
 * Fetches a channel's day, whole or not at all, and gives every line that we do not know already to
 * the one door: the third messenger, which finds what notification and query both missed (K4).
 */
export async function followStatement(parts: Parts, lease: Lease): Promise<void> {
  const row = await parts.store.read((tx) => tx.one<StatementRow>(statementById, lease.subjectId));
  if (row === undefined) throw new Error(`no statement ${lease.subjectId}`);
  const channel = parts.channels.get(row.payment_method);
  const done =
    row.state === 'applied' ||
    row.state === 'empty' ||
    (channel !== undefined && (await fetchAndApply(parts, lease, channel, row)));
  const now = parts.world.now();
  const next = done ? 'done' : { dueAtMs: now + jitter(parts.world, AGAIN_MS), attempts: lease.attempts + 1 };
  await parts.store.transact('end-statement-step', (tx) => release(tx, lease, next, now));
}

async function fetchAndApply(
  parts: Parts,
  lease: Lease,
  channel: Channel,
  row: StatementRow,
): Promise<boolean> {
  const outcome = await whileKept(parts, lease, channel.fetchStatement(row.business_day));
  if (outcome.outcome !== 'done') {
    const { code, detail } = outcome.fault;
    parts.log.warn('statement-not-fetched', {
      payment_method: channel.method,
      business_day: row.business_day,
      code,
      detail,
    });
    return false;
  }
  const day = outcome.value;
  if (day.state === 'not_ready') return false;
  if (day.state === 'empty' && (await holdsMoneyOf(parts, row))) {
    parts.log.warn('statement-not-there', { payment_method: channel.method, business_day: row.business_day });
    return false;
  }
  const at = parts.world.now();
  const whole = day.state === 'whole' ? day : undefined;
  await underLease(parts, lease, 'load-statement', async (tx) => {
    const state = whole === undefined ? 'empty' : 'loaded';
    await tx.run(loadStatement, state, whole?.digest ?? null, whole?.bytes ?? null, at, at, row.id);
  });
  let lines = 0;
  let unproven = 0;
  const later: StatementLine[] = [];
  const believe = async (line: StatementLine): Promise<void> => {
    await keepLease(parts, lease);
    if (!(await believeLine(parts, channel, line))) unproven += 1;
  };
  for (const line of whole?.lines ?? []) {
    lines += 1;
    // WeChat Pay may list what went back before what came: a refund needs its payment in our books first.
    if (line.report.about === 'refund') later.push(line);
    else await believe(line);
  }
  for (const line of later) await believe(line);
  if (unproven > 0) {
    parts.log.warn('statement-lines-unproven', {
      payment_method: channel.method,
      business_day: row.business_day,
      lines: unproven,
    });
    return false;
  }
  await underLease(parts, lease, 'finish-statement', async (tx) => {
    await tx.run(finishStatement, lines, parts.world.now(), row.id);
  });
  return true;
}

/**
 * A file that is late looks like an empty day (Alipay has one answer for both, alipay.md 2.7). Where our
 * own books hold money of that day there must be a file, and it is waited for (K1).
 */
async function holdsMoneyOf(parts: Parts, row: StatementRow): Promise<boolean> {
  const startMs = parseBeijing(`${row.business_day} 00:00:00`) ?? 0;
  const found = await parts.store.read((tx) =>
    tx.one(moneyOfDay, row.payment_method, startMs, startMs + DAY_MS),
  );
  return found !== undefined;
}

/**
 * A line that tells only what we hold true already is counted, not kept. One that tells something new
 * is believed where the file is proven, and else asked about: only the signed answer changes our books.
 */
async function believeLine(parts: Parts, channel: Channel, { report }: StatementLine): Promise<boolean> {
  const known = await parts.store.read((tx) =>
    report.about === 'refund'
      ? tx.one(knownRefund, report.refund?.outRefundNo ?? '', report.refund?.amountFen ?? 0)
      : tx.one(knownPayment, report.outTradeNo, report.totalFen ?? 0, report.channelTradeNo ?? ''),
  );
  if (known !== undefined) return true;
  const news = channel.traits.statementIsProven ? report : await ask(channel, report);
  if (news === undefined) return false; // the channel does not answer now: the day is read again later
  const kept = await keepAnswer(parts, news);
  if (kept.toApply) await applyEvidence(parts, kept.evidenceId);
  return true;
}

async function ask(channel: Channel, line: ChannelReport): Promise<ChannelReport | undefined> {
  const { refund } = line;
  const outcome =
    refund?.outRefundNo === undefined || refund.amountFen === undefined
      ? await channel.query(line.outTradeNo)
      : await channel.queryRefund({
          outTradeNo: line.outTradeNo,
          outRefundNo: refund.outRefundNo,
          amountFen: refund.amountFen,
          totalFen: line.totalFen ?? refund.amountFen,
        });
  return outcome.outcome === 'done' ? outcome.value : undefined;
}
