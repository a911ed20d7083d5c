import { raiseAlarm } from '#alarm';
import type { Channel, ChannelFault, ChannelReport, Outcome } from '#channel';
import { keepAnswer } from '#inbox';
import { keepLease, release, underLease, type Lease } from '#job';
import { finalStates, movePayment, orderOf } from '#payment';
import {
  countAnswer,
  countSilence,
  noteCreateEnded,
  noteCreateSent,
  paymentById,
  type PaymentRow,
} from '#sql/payments';
import { sessionByPayment, type SessionRow } from '#sql/sessions';
import type { Tx } from '#store';
import { applyEvidence } from './apply-report.ts';
import { endSession } from './close-order.ts';
import { nextAsk } from './cadence.ts';
import { moveSession } from './move-session.ts';
import type { Parts } from './parts.ts';
import { hasEnded, showsCode, stageOf } from './states.ts';

/**
 * A create call is never sent this close to `time_expire`, nor after it: a late one could bring an
 * expired WeChat Pay number back to life (wechatpay.md 6.4).
 */
export const CREATE_MARGIN_MS = 5_000;

/** An unfinished retirement that people wait for is tried again this soon. */
const RETIRE_AGAIN_MS = 1_500;

/** What one step came to: nothing more to ask, or when to ask again. */
type Step = 'final' | { dueAtMs: number; attempts: number; note?: (tx: Tx) => Promise<void> };

interface Case {
  parts: Parts;
  lease: Lease;
  channel: Channel;
  payment: PaymentRow;
  session: SessionRow;
  /** When the last question left: an answer may be as old as that, however late it is read. */
  askedAtMs: number;
}

const worker = 'worker';

/**
 * One step for one payment, under its lease: asks the channel what its state wants asked, believes
 * what is verified, and gives the lease back with the time of the next step. The worker, a person who
 * presses "ask now" and a code that is retired all come through here, so a payment has one
 * questioner at a time on all instances together.
 */
export async function followPayment(parts: Parts, lease: Lease): Promise<void> {
  const step = await takeStep(parts, lease, stepOf);
  await endStep(parts, lease, step);
}

/** Makes the first create call of a session, right after its intent was committed. */
export async function createAtChannel(parts: Parts, lease: Lease): Promise<void> {
  const step = await takeStep(parts, lease, callCreate);
  await endStep(parts, lease, step);
}

async function takeStep(parts: Parts, lease: Lease, act: (step: Case) => Promise<Step>): Promise<Step> {
  const { payment, session } = await parts.store.read(async (tx) => ({
    payment: await tx.one<PaymentRow>(paymentById, lease.subjectId),
    session: await tx.one<SessionRow>(sessionByPayment, lease.subjectId),
  }));
  if (payment === undefined || session === undefined) throw new Error(`no payment ${lease.subjectId}`);
  if (finalStates.includes(payment.state)) return 'final';
  const channel = parts.channels.get(payment.payment_method);
  if (channel === undefined || !isAccountOf(channel, payment)) return waitForKeys(parts, lease, payment);
  return act({ parts, lease, channel, payment, session, askedAtMs: 0 });
}

function endStep(parts: Parts, lease: Lease, step: Step): Promise<void> {
  return parts.store.transact('end-step', async (tx) => {
    if (step !== 'final') await step.note?.(tx);
    await release(tx, lease, step === 'final' ? 'done' : step, parts.world.now());
  });
}

function isAccountOf(channel: Channel, payment: PaymentRow): boolean {
  const { appId, merchantId } = channel.account;
  // A seller id that was configured later does not make older payments another's.
  return appId === payment.app_id && (payment.merchant_id === '' || merchantId === payment.merchant_id);
}

/** The account that this payment is pinned to is not configured now: nothing is asked, nothing ends. */
function waitForKeys(parts: Parts, lease: Lease, payment: PaymentRow): Step {
  const atMs = parts.world.now();
  const detail = `${payment.payment_method} ${payment.merchant_id}: not configured, payment ${payment.id} waits`;
  return {
    dueAtMs: atMs + 60_000,
    attempts: lease.attempts + 1,
    note: (tx) =>
      raiseAlarm(tx, parts, {
        code: 'channel_configuration',
        entity: 'payment',
        entityId: payment.id,
        detail,
        atMs,
      }),
  };
}

async function stepOf(step: Case): Promise<Step> {
  switch (step.payment.state) {
    case 'intent':
    case 'creating':
      // Whoever made the call is gone (its lease ran out): it may have arrived. Ask.
      await underLease(step.parts, step.lease, 'create-abandoned', (tx) => noteSilence(tx, step, undefined));
      return resumeCreate(step);
    case 'create_unknown':
      await endAbandonedCreate(step);
      return resumeCreate(step);
    case 'open':
      return askOpen(step);
    case 'closing':
      await endAbandonedCreate(step);
      return closeDown(step);
    default:
      return 'final';
  }
}

/**
 * Whoever sent the create call once more is gone, and the call may still be on its way: "never arrived"
 * counts from this moment, not from the end of an earlier call.
 */
async function endAbandonedCreate({ parts, lease, payment }: Case): Promise<void> {
  if (payment.create_ended_at !== null || payment.qr_code_url !== '') return;
  const atMs = parts.world.now();
  await underLease(parts, lease, 'create-abandoned', (tx) =>
    tx.run(noteCreateEnded, atMs, 'silent', payment.id),
  );
  payment.create_ended_at = atMs;
}

/** The create call for a payment that is `creating` or `create_unknown`. Same number, same content. */
async function callCreate(step: Case): Promise<Step> {
  const { parts, lease, channel, payment, session } = step;
  if (parts.world.now() >= payment.qr_code_expires_at - CREATE_MARGIN_MS) return retireThenClose(step);
  await keepLease(parts, lease);
  if (payment.create_ended_at !== null)
    await underLease(parts, lease, 'create-again', (tx) => tx.run(noteCreateSent, payment.id));
  const outcome = await channel.create(orderOf(payment));
  const cause = { actor: `channel:${channel.method}`, atMs: parts.world.now() };
  return underLease(parts, lease, 'create-answered', async (tx): Promise<Step> => {
    await reload(tx, step);
    if (finalStates.includes(payment.state)) return 'final';
    if (outcome.outcome === 'done') {
      const { content } = outcome.value;
      await movePayment(tx, payment, 'created', cause, { qrCodeUrl: content });
      await moveSession(tx, parts.hub, session, 'coded', cause, { qrCodeContent: content });
      if (!hasEnded(stageOf(session))) return again(step, 0);
      // Its session ended while the call was on its way: no screen will have this code, so it is closed now.
      await movePayment(tx, payment, 'retire', cause);
      return { dueAtMs: cause.atMs, attempts: 0 };
    }
    if (outcome.outcome === 'refused') return declined(tx, step, outcome.fault, cause);
    await noteSilence(tx, step, outcome.fault);
    // Retired while the call was on its way: "never arrived" counts from the end of this call, not of an earlier one.
    if (payment.state === 'closing')
      await tx.run(noteCreateEnded, cause.atMs, outcome.fault.code, payment.id);
    return again(step, lease.attempts + 1);
  });
}

/** A verified, definite no. The number was never payable, unless an earlier call of it went unanswered. */
async function declined(
  tx: Tx,
  step: Case,
  fault: ChannelFault,
  cause: { actor: string; atMs: number },
): Promise<Step> {
  const { parts, payment, session } = step;
  const moved = await movePayment(
    tx,
    payment,
    'rejected',
    { ...cause, reason: faultWords(fault) },
    { faultCode: fault.code },
  );
  if (moved === 'illegal')
    await movePayment(
      tx,
      payment,
      'retire',
      { ...cause, reason: faultWords(fault) },
      { faultCode: fault.code },
    );
  await moveSession(tx, parts.hub, session, 'cancel', cause, {
    endReason: 'declined',
    reason: faultWords(fault),
  });
  if (fault.code === 'configuration') {
    const about = { entity: 'payment', entityId: payment.id, atMs: cause.atMs };
    await raiseAlarm(tx, parts, {
      ...about,
      code: 'channel_configuration',
      detail: `${payment.payment_method}: ${faultWords(fault)}`,
    });
  }
  return moved === 'moved' ? 'final' : again(step, 0);
}

/**
 * The create call has no answer. Ask first: the order may stand, or be paid. Only a verified "none" or
 * "unpaid" lets the same number, with the same content, go out again for its code.
 */
async function resumeCreate(step: Case): Promise<Step> {
  const { parts, session } = step;
  const answer = await ask(step);
  if (answer === 'final') return 'final';
  // Somebody may have taken the code away while we asked: a number that is to end is not ordered anew.
  await parts.store.read((tx) => reload(tx, step));
  if (hasEnded(stageOf(session)) || stageOf(session) === 'retiring') return retireThenClose(step, answer);
  if (answer === undefined) return again(step, step.lease.attempts + 1);
  return callCreate(step);
}

async function askOpen(step: Case): Promise<Step> {
  const { parts, payment, session } = step;
  const retiring = hasEnded(stageOf(session)) || stageOf(session) === 'retiring';
  if (retiring || parts.world.now() >= payment.qr_code_expires_at) return retireThenClose(step);
  const answer = await ask(step);
  if (answer === 'final') return 'final';
  const next = again(step, step.lease.attempts + 1);
  return answer === undefined ? next : { ...next, note: (tx) => showAnswer(tx, step, answer) };
}

/** What the channel says now, for the screen: scanned, or answering again after a silence. */
async function showAnswer(tx: Tx, step: Case, answer: ChannelReport): Promise<void> {
  const { parts, payment, session } = step;
  const cause = { actor: `channel:${payment.payment_method}`, atMs: parts.world.now() };
  await tx.run(countAnswer, cause.atMs, payment.id);
  const stage = stageOf(session);
  if (answer.state === 'scanned' && stage !== 'scanned') await moveIfSame(tx, step, 'scanned', cause);
  else if (stage === 'silent' && session.qr_code_content !== '') await moveIfSame(tx, step, 'coded', cause);
}

/** A step read its session some seconds ago; a note for the screen is dropped when it has moved since. */
async function moveIfSame(
  tx: Tx,
  step: Case,
  happening: 'scanned' | 'coded' | 'silent',
  cause: { actor: string; atMs: number },
): Promise<void> {
  const now = await tx.one<SessionRow>(sessionByPayment, step.payment.id);
  if (now !== undefined) await moveSession(tx, step.parts.hub, now, happening, cause);
}

/** Time ran out, or somebody wants the code gone: off the screens first, then ask, close, ask. */
async function retireThenClose(step: Case, answered?: ChannelReport): Promise<Step> {
  const { parts, lease } = step;
  const ready = await underLease(parts, lease, 'retire', async (tx) => {
    await reload(tx, step);
    return beginRetirement(tx, parts, step.payment, step.session, 'timeout', worker);
  });
  return ready ? closeDown(step, answered) : again(step, 0);
}

/**
 * Takes a code off every screen and turns its payment towards its end, in the caller's transaction.
 * A code that no screen ever had ends its session at once. Answers false while the create call is
 * still under way: then only its end can be closed.
 */
export async function beginRetirement(
  tx: Tx,
  parts: Parts,
  payment: PaymentRow,
  session: SessionRow,
  reason: 'timeout' | 'refresh' | 'switch' | 'cancel' | 'void',
  actor: string,
): Promise<boolean> {
  const cause = { actor, atMs: parts.world.now(), reason };
  const moved = await movePayment(tx, payment, 'retire', cause);
  await moveSession(tx, parts.hub, session, 'retire', cause, { retiring: reason });
  if (session.qr_code_content === '') await endSession(tx, parts, session, cause);
  return moved !== 'illegal';
}

/** ask → close → ask. Ends by the channel's word alone; what is not certain is asked again. */
async function closeDown(step: Case, answered?: ChannelReport): Promise<Step> {
  const { channel, payment } = step;
  const first = answered ?? (await ask(step));
  if (first === 'final') return 'final';
  if (first === undefined) return againRetiring(step);
  if (first.state === 'none' && step.channel.traits.unscannedIsInvisible && !isLast(step)) {
    // Nothing to close, but somebody may be scanning this instant: closing would catch that trade.
    if (hasEnded(stageOf(step.session)))
      return { ...againRetiring(step), note: (tx) => countAsked(tx, step) };
  }
  await keepLease(step.parts, step.lease);
  const closed = await channel.close(payment.out_trade_no);
  const second = await ask(step);
  if (second === 'final') return 'final';
  if (second === undefined) return againRetiring(step);
  if (second.state === 'none') return endOfNone(step, second, closed);
  return { ...againRetiring(step), note: (tx) => countAsked(tx, step) };
}

/** "No such trade", before and after a close call. What that means depends on the channel and the hour. */
async function endOfNone(
  step: Case,
  answer: ChannelReport,
  closed: Outcome<{ result: string }>,
): Promise<Step> {
  const { parts, channel } = step;
  if (closed.outcome === 'done' && isLast(step)) return closeByEndOfLife(step, answer);
  if (channel.traits.unscannedIsInvisible) {
    // No screen shows it and nobody has scanned it: the next code may come, this one is watched on.
    await underLease(parts, step.lease, 'withdraw', async (tx) => {
      await reload(tx, step);
      await endSession(tx, parts, step.session, { actor: worker, atMs: parts.world.now() });
    });
  }
  return { ...againRetiring(step), note: (tx) => countAsked(tx, step) };
}

/** True once "no such trade" may be believed for good. Sources: alipay.md 3.4, wechatpay.md 6.7. */
function isLast({ askedAtMs, channel, payment }: Case): boolean {
  return askedAtMs >= lastWordAt(channel, payment);
}

/** The moment from which "no such trade" is the last word on a payment. */
export function lastWordAt(channel: Pick<Channel, 'traits'>, payment: PaymentRow): number {
  const { traits } = channel;
  if (!traits.unscannedIsInvisible && payment.qr_code_url === '') {
    return (payment.create_ended_at ?? payment.updated_at) + traits.burntAfterMs;
  }
  return payment.qr_code_expires_at + traits.deadAfterExpiryMs;
}

async function closeByEndOfLife(step: Case, answer: ChannelReport): Promise<Step> {
  const { parts, lease, payment, session } = step;
  const kept = await keepAnswer(parts, answer);
  await underLease(parts, lease, 'close-at-end-of-life', async (tx) => {
    await reload(tx, step);
    const cause = {
      actor: `channel:${payment.payment_method}`,
      atMs: parts.world.now(),
      evidenceId: kept.evidenceId,
      reason: 'no trade at the end of its life',
    };
    if ((await movePayment(tx, payment, 'closed', cause)) !== 'moved') return;
    await endSession(tx, parts, session, cause);
    if (!step.channel.traits.unscannedIsInvisible && payment.qr_code_url !== '') {
      const detail = `${payment.out_trade_no}: the channel gave a code and then knew no order`;
      await raiseAlarm(tx, parts, {
        code: 'number_never_arrived',
        entity: 'payment',
        entityId: payment.id,
        detail,
        atMs: cause.atMs,
      });
    }
  });
  if (kept.toApply) await applyEvidence(parts, kept.evidenceId);
  return 'final';
}

/**
 * Asks the channel. 'final': paid, or closed, and applied. undefined: silence, counted and shown.
 * Else the answer, which changes no truth.
 */
async function ask(step: Case): Promise<ChannelReport | 'final' | undefined> {
  const { parts, lease, channel, payment } = step;
  await keepLease(parts, lease);
  step.askedAtMs = parts.world.now();
  const outcome = await channel.query(payment.out_trade_no);
  if (outcome.outcome !== 'done') {
    await underLease(parts, lease, 'query-unanswered', (tx) => noteSilence(tx, step, outcome.fault));
    return undefined;
  }
  const report = outcome.value;
  if (report.state !== 'paid' && report.state !== 'closed') return report;
  const kept = await keepAnswer(parts, report);
  const applied = await applyEvidence(parts, kept.evidenceId);
  if (applied === 'foreign_account' || applied === 'unknown_order') return undefined;
  const now = await parts.store.read((tx) => tx.one<PaymentRow>(paymentById, payment.id));
  return now !== undefined && finalStates.includes(now.state) ? 'final' : undefined;
}

/** No definite answer: counted, shown as "confirming" when it lasts, and never a reason to end anything. */
async function noteSilence(tx: Tx, step: Case, fault: ChannelFault | undefined): Promise<void> {
  const { parts, payment, session } = step;
  await reload(tx, step);
  const cause = { actor: worker, atMs: parts.world.now() };
  const code = fault?.code ?? 'silent';
  if (payment.state === 'creating' || payment.state === 'create_unknown') {
    await tx.run(noteCreateEnded, cause.atMs, code, payment.id);
    await movePayment(tx, payment, 'silent', { ...cause, reason: code });
  }
  await tx.run(countSilence, cause.atMs, code, payment.id);
  payment.silences += 1;
  if (!showsCode(stageOf(session)) || payment.silences >= 2)
    await moveSession(tx, parts.hub, session, 'silent', cause);
  if (fault?.code === 'configuration') {
    const detail = `${payment.payment_method}: ${faultWords(fault)}`;
    await raiseAlarm(tx, parts, {
      code: 'channel_configuration',
      entity: 'payment',
      entityId: payment.id,
      detail,
      atMs: cause.atMs,
    });
  }
}

async function countAsked(tx: Tx, step: Case): Promise<void> {
  await tx.run(countAnswer, step.parts.world.now(), step.payment.id);
}

/** Reads both rows again: inside the transaction that is going to change them, or before a call. */
async function reload(tx: Pick<Tx, 'one'>, step: Case): Promise<void> {
  const payment = await tx.one<PaymentRow>(paymentById, step.payment.id);
  const session = await tx.one<SessionRow>(sessionByPayment, step.payment.id);
  if (payment === undefined || session === undefined) throw new Error(`payment ${step.payment.id} is gone`);
  Object.assign(step.payment, payment);
  Object.assign(step.session, session);
}

function again(step: Case, attempts: number): Exclude<Step, 'final'> {
  const { parts, payment, session } = step;
  const now = parts.world.now();
  const dueAtMs = nextAsk(parts.world, {
    watched: session.watched_until > now,
    withdrawn: hasEnded(stageOf(session)),
    attempts,
    silences: payment.silences,
    notAfterMs: payment.qr_code_expires_at,
  });
  return { dueAtMs, attempts };
}

/** Soon while people wait for the old code; else at leisure, but in time for the last word. */
function againRetiring(step: Case): Exclude<Step, 'final'> {
  const { parts, lease, channel, payment, session } = step;
  const now = parts.world.now();
  const attempts = lease.attempts + 1;
  if (stageOf(session) === 'retiring' && attempts < 40) return { dueAtMs: now + RETIRE_AGAIN_MS, attempts };
  const rhythm = { watched: false, withdrawn: true, attempts, silences: payment.silences };
  return { dueAtMs: nextAsk(parts.world, { ...rhythm, notAfterMs: lastWordAt(channel, payment) }), attempts };
}

function faultWords(fault: ChannelFault): string {
  return [fault.code, fault.channelCode]
    .filter((word) => word !== undefined)
    .join(' ')
    .slice(0, 200);
}
