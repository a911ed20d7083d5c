import { lockUnpaidBill } from '#bill';
import type { Channel, PaymentMethod } from '#channel';
import { bornLeased, FIRST_FENCE, type Lease } from '#job';
import { fen } from '#money';
import { mintPayment } from '#payment';
import { billToCollect, type BillToCollect } from '#sql/bills';
import {
  insertSession,
  sessionByPublicId,
  sessionByRequest,
  sessionView,
  settledSessionOfBill,
  shownSession,
  type SessionRow,
  type SessionView,
} from '#sql/sessions';
import { recordEvent } from '#sql/events';
import { jobOf, type JobRow } from '#sql/jobs';
import { UniqueViolation, type Tx } from '#store';
import { refuse, type Refusal } from '#trouble';
import { alphanumeric, base64url, beijingDay, pause } from '#world';
import { createAtChannel } from './follow-payment.ts';
import { noteReplacement } from './move-session.ts';
import type { Parts } from './parts.ts';
import { reopenSession } from './reopen-session.ts';
import { retireSession } from './retire-session.ts';
import { stageOf } from './states.ts';

/** How long a request waits for its code before it says that the channel is silent (design.md section 3). */
export const CODE_PATIENCE_MS = 10_000;
/** A code that would live shorter than the channels' own minimum is not opened (wechatpay.md 6.4: one minute). */
const SHORTEST_LIFE_MS = 60_000;
const WATCHED_AT_BIRTH_MS = 10_000;

export interface OpenSession {
  billId: number;
  method: PaymentMethod;
  timeoutMinutes: number;
  refresh: boolean;
  insist: boolean;
  actor: string;
  /** From an Idempotency-Key: a repeated request finds the session that its first run made. */
  requestKey?: string;
}

export type OpenRefusal = Refusal<
  | 'bill_not_found'
  | 'bill_already_paid'
  | 'bill_void'
  | 'bill_expired'
  | 'method_not_configured'
  | 'retire_unfinished'
  | 'session_ended'
  | 'channel_silent'
  | 'channel_declined'
>;

export interface Opened {
  session: SessionView;
  /** False when a code was shown already and is returned again. */
  created: boolean;
}

/**
 * Puts a code on the screen for a bill: the one that is shown, or a new one after the old was retired.
 * refuses  bill_not_found, bill_already_paid (with the session that paid), bill_void, bill_expired,
 *          method_not_configured, retire_unfinished (with the session that is in the way),
 *          session_ended (taken away by somebody else before its code came)
 * faults   channel_silent: outcome unknown, the worker goes on, the same call later finds the session;
 *          channel_declined: definite, the session is cancelled
 */
export async function openSession(parts: Parts, wish: OpenSession): Promise<Opened | OpenRefusal> {
  const channel = parts.channels.get(wish.method);
  if (channel === undefined) return refuse('method_not_configured');
  let replaces: string | undefined;
  for (;;) {
    const known = await lookAt(parts, wish);
    if ('refused' in known) return known;
    const { bill, mine, shown, keyTaken } = known;
    if (mine !== undefined) return waitForCode(parts, mine.public_id, false);
    if (shown === undefined) {
      const born = await bear(parts, keyTaken ? withoutKey(wish) : wish, channel, bill, replaces);
      if (born === undefined) continue; // another was faster, or the bill changed: look again
      if ('refused' in born) return born;
      if (born.lease !== undefined) void startCreate(parts, born.lease);
      return waitForCode(parts, born.publicId, true);
    }
    const wanted = intent(parts, wish, shown);
    if (wanted === 'return') return waitForCode(parts, shown.public_id, false);
    if (wanted === 'reopen' && (await reopenSession(parts, shown, wish.actor))) {
      return waitForCode(parts, shown.public_id, false);
    }
    const reason = wanted === 'reopen' ? 'refresh' : wanted;
    const retired = await retireSession(parts, {
      publicId: shown.public_id,
      reason,
      insist: wish.insist,
      actor: wish.actor,
    });
    if (retired === 'unfinished')
      return refuse('retire_unfinished', { facts: { session_id: shown.public_id } });
    replaces = shown.public_id;
  }
}

interface Known {
  bill: BillToCollect;
  mine: SessionRow | undefined;
  /** An earlier session has the request's key already; the next one goes without. */
  keyTaken: boolean;
  shown: SessionRow | undefined;
}

async function lookAt(parts: Parts, wish: OpenSession): Promise<Known | OpenRefusal> {
  return parts.store.read(async (tx) => {
    const bill = await tx.one<BillToCollect>(billToCollect, wish.billId);
    if (bill === undefined) return refuse('bill_not_found');
    if (bill.status === 'paid') {
      const paid = await tx.one<SessionView>(settledSessionOfBill, bill.id);
      return refuse('bill_already_paid', { facts: { session_id: paid?.public_id ?? null } });
    }
    if (bill.status === 'void') return refuse('bill_void');
    const keyed =
      wish.requestKey === undefined ? undefined : await tx.one<SessionRow>(sessionByRequest, wish.requestKey);
    // A 502 is not kept: what was declined may be asked for again, and the key stays with its first try.
    const declined = keyed?.end_reason === 'declined';
    const shown = await tx.one<SessionRow>(shownSession, bill.id);
    return { bill, shown, mine: declined ? undefined : keyed, keyTaken: keyed !== undefined };
  });
}

/** What the caller's wish means for the code that stands there now. */
function intent(
  parts: Parts,
  wish: OpenSession,
  shown: SessionRow,
): 'return' | 'reopen' | 'refresh' | 'switch' {
  if (shown.payment_method !== wish.method) return 'switch';
  if (wish.refresh || parts.world.now() >= shown.expires_at) return 'refresh';
  return stageOf(shown) === 'retiring' ? 'reopen' : 'return';
}

function withoutKey({ requestKey: _key, ...wish }: OpenSession): OpenSession {
  return wish;
}

interface Born {
  publicId: string;
  /** None when another has taken the payment over already: it goes on with it. */
  lease: Lease | undefined;
}

/**
 * Session, payment, their events and the job that follows them, in one commit; the unique key on
 * `shown_bill_id` lets one of many racers through. undefined: this one was not it.
 */
async function bear(
  parts: Parts,
  wish: OpenSession,
  channel: Channel,
  bill: BillToCollect,
  replaces: string | undefined,
): Promise<Born | OpenRefusal | undefined> {
  const now = parts.world.now();
  const latest = bill.valid_until ?? Number.MAX_SAFE_INTEGER;
  const expiresAtMs = Math.floor(Math.min(now + wish.timeoutMinutes * 60_000, latest) / 1000) * 1000;
  if (expiresAtMs - now < SHORTEST_LIFE_MS - 1000) return refuse('bill_expired');
  const publicId = base64url(parts.world, 16);
  const outTradeNo = `ZF${beijingDay(now).replaceAll('-', '')}${alphanumeric(parts.world, 20)}`;
  try {
    return await parts.store.transact('open-session', async (tx) => {
      if (!(await lockUnpaidBill(tx, bill.id))) return undefined;
      const paymentId = await mintPayment(
        tx,
        {
          clinicId: parts.clinic.id,
          billId: bill.id,
          amountFen: fen(bill.payable_fen),
          channel,
          outTradeNo,
          subject: `${parts.clinic.shortName}医疗服务费`,
          attach: bill.bill_no,
          notifyUrl: `${parts.publicBaseUrl}/api/v1/finance/notifications/${channel.method}`,
          expiresAtMs,
        },
        wish.actor,
        now,
      );
      await writeSession(tx, parts, wish, { publicId, billId: bill.id, paymentId, expiresAtMs, now });
      const work = {
        clinicId: parts.clinic.id,
        kind: 'follow_payment',
        lane: channel.method,
        subjectId: paymentId,
      } as const;
      const lease = await bornLeased(tx, parts, work, now);
      if (replaces !== undefined) await pointToNew(tx, parts, replaces, publicId, wish.actor, now);
      return { publicId, lease };
    });
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
    return ourOwn(parts, publicId);
  }
}

/**
 * A unique key refused: another racer was faster, or it was ourselves, when the answer to our COMMIT was
 * lost and the transaction ran again. Ours is known by its id, and goes on under its lease, unless so much
 * time has passed that somebody took it over: then the fence on the row is not ours (I-28).
 */
async function ourOwn(parts: Parts, publicId: string): Promise<Born | undefined> {
  const session = await parts.store.read((tx) => tx.one<SessionRow>(sessionByPublicId, publicId));
  if (session === undefined) return undefined;
  const job = await parts.store.read((tx) => tx.one<JobRow>(jobOf, 'follow_payment', session.payment_id));
  if (job === undefined) throw new Error(`payment ${session.payment_id} has no job`);
  const { id, subject_id: subjectId, fence, lease_until: untilMs, attempts } = job;
  const lease: Lease = { jobId: id, kind: 'follow_payment', subjectId, fence, untilMs, attempts };
  return { publicId, lease: fence === FIRST_FENCE ? lease : undefined };
}

async function writeSession(
  tx: Tx,
  parts: Parts,
  wish: OpenSession,
  born: { publicId: string; billId: number; paymentId: number; expiresAtMs: number; now: number },
): Promise<void> {
  const { id } = await tx.run(
    insertSession,
    parts.clinic.id,
    born.publicId,
    born.billId,
    born.paymentId,
    wish.method,
    born.expiresAtMs,
    born.billId,
    wish.requestKey ?? null,
    born.now + WATCHED_AT_BIRTH_MS,
    born.now,
    born.now,
  );
  await recordEvent(tx, {
    clinicId: parts.clinic.id,
    entity: 'session',
    entityId: id,
    version: 1,
    happening: 'open',
    from: null,
    to: 'creating',
    actor: wish.actor,
    atMs: born.now,
  });
}

async function pointToNew(
  tx: Tx,
  parts: Parts,
  oldId: string,
  newId: string,
  actor: string,
  atMs: number,
): Promise<void> {
  const old = await tx.one<SessionRow>(sessionByPublicId, oldId);
  if (old !== undefined && old.replaced_by === null)
    await noteReplacement(tx, parts.hub, old, newId, { actor, atMs });
}

async function startCreate(parts: Parts, lease: Lease): Promise<void> {
  try {
    await createAtChannel(parts, lease);
  } catch (error) {
    // The intent is committed: the worker takes over when the lease runs out, and asks first.
    parts.log.error('create-call', {
      payment_id: lease.subjectId,
      detail: error instanceof Error ? error.message : String(error),
    });
  }
}

/** Waits with the first caller: a code, a definite no, money, or ten seconds of silence. */
async function waitForCode(parts: Parts, publicId: string, created: boolean): Promise<Opened | OpenRefusal> {
  const deadline = parts.world.now() + CODE_PATIENCE_MS;
  for (;;) {
    const changed = new AbortController();
    const stop = parts.hub.listen(publicId, () => changed.abort());
    try {
      const session = await parts.store.read((tx) => tx.one<SessionView>(sessionView, publicId));
      if (session === undefined) throw new Error('a session that was read a moment ago is gone');
      const facts = { session_id: publicId };
      if (session.status === 'paid') return refuse('bill_already_paid', { facts });
      if (session.end_reason === 'declined') return refuse('channel_declined', { facts });
      // Taken away, before its code came or after: whoever repeats an old wish must not be shown it.
      if (session.status !== 'pending' || session.retiring !== null)
        return refuse('session_ended', { facts });
      if (session.qr_code_content !== '') return { session, created };
      const left = deadline - parts.world.now();
      if (left <= 0) return refuse('channel_silent', { facts });
      // Another instance may do the work: its commits are seen by looking.
      await pause(parts.world, Math.min(left, 500), changed.signal);
    } finally {
      stop();
    }
  }
}
