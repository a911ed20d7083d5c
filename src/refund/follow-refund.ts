import type { Channel, ChannelFault, ChannelReport, RefundRequest } from '#channel';
import { raiseAlarm } from '#alarm';
import { keepLease, release, underLease, type Lease } from '#job';
import { fen } from '#money';
import { lockPayment, paymentById, type PaymentRow } from '#sql/payments';
import {
  lastSendBeside,
  noteRefundAsked,
  noteRefundRefused,
  noteRefundSent,
  refundById,
  type RefundRow,
} from '#sql/refunds';
import type { Tx } from '#store';
import { jitter } from '#world';
import { toPerson } from './believe-refund.ts';
import { moveRefund } from './move-refund.ts';
import type { Parts } from './parts.ts';
import { finalStates } from './states.ts';

/** Alipay: a refund is not asked about earlier (alipay.md 2.6); good manners with WeChat Pay too. */
const FIRST_ASK_MS = 10_000;
const ASK_MAX_MS = 1_800_000;
const ABNORMAL_MS = 21_600_000;
/** Short of balance: an operator fills it up; the same number goes out again until it succeeds. */
const SHORT_AGAIN_MS = 600_000;

type Step = 'final' | { dueAtMs: number; attempts: number };

interface Case {
  parts: Parts;
  apply: ApplyReport;
  lease: Lease;
  channel: Channel;
  payment: PaymentRow;
  refund: RefundRow;
}

/** Keeps a report as evidence and believes it, through the one door. */
export type ApplyReport = (report: ChannelReport) => Promise<void>;

/**
 * One step of one refund, under its lease: sends what is approved, asks about what was sent, sends
 * the same number again where the channel knows nothing of it, and ends by a definite word alone.
 */
export async function followRefund(parts: Parts, lease: Lease, apply: ApplyReport): Promise<void> {
  const { refund, payment } = await parts.store.read(async (tx) => {
    const row = await tx.one<RefundRow>(refundById, lease.subjectId);
    return { refund: row, payment: row && (await tx.one<PaymentRow>(paymentById, row.payment_id)) };
  });
  if (refund === undefined || payment === undefined) throw new Error(`no refund ${lease.subjectId}`);
  const channel = parts.channels.get(payment.payment_method);
  let step: Step;
  if (refund.state === 'succeeded') step = 'final';
  else if (channel === undefined)
    step = { dueAtMs: parts.world.now() + 60_000, attempts: lease.attempts + 1 };
  else step = await act({ parts, apply, lease, channel, payment, refund });
  await parts.store.transact('end-refund-step', (tx) =>
    release(tx, lease, step === 'final' ? 'done' : step, parts.world.now()),
  );
}

function act(step: Case): Promise<Step> {
  switch (step.refund.state) {
    case 'requested': // approval wakes the job anew
    case 'cancelled':
    case 'failed':
      return lookOnly(step);
    case 'approved':
      return send(step);
    default:
      return askThenDecide(step);
  }
}

/**
 * Not sent from here, or given up: nothing is sent, but the channel may say that money went back all the
 * same, and its whole answer decides.
 */
async function lookOnly(step: Case): Promise<Step> {
  const { parts, lease, channel } = step;
  await keepLease(parts, lease);
  const outcome = await channel.queryRefund(requestOf(step));
  if (outcome.outcome !== 'done') return again(step, FIRST_ASK_MS);
  const state = outcome.value.refund?.state;
  return state === 'succeeded' || state === 'accepted'
    ? believed(step, outcome.value, FIRST_ASK_MS)
    : 'final';
}

/** The number and its content, read back from the rows: no call ever computes them anew (C12, J1). */
function requestOf({ parts, payment, refund, channel }: Case): RefundRequest {
  return {
    outTradeNo: payment.out_trade_no,
    outRefundNo: refund.out_refund_no,
    ...(payment.channel_trade_no === null ? {} : { channelTradeNo: payment.channel_trade_no }),
    amountFen: fen(refund.amount_fen),
    totalFen: fen(payment.received_fen ?? payment.amount_fen),
    // Shown in the payer's wallet: neutral words, whatever the clinic wrote down for itself.
    reason: refund.kind === 'surplus' ? '重复支付退款' : '门诊退费',
    notifyUrl: `${parts.publicBaseUrl}/api/v1/finance/notifications/${channel.method}`,
  };
}

/**
 * Sends, or sends again. The intent is committed first, with the moment that "not known" counts from; the
 * payment is held still meanwhile, so that of parts that come together one sees the other go.
 */
async function send(step: Case): Promise<Step> {
  const { parts, lease, channel, payment, refund } = step;
  const earliest = await underLease(parts, lease, 'send-refund', async (tx) => {
    await tx.run(lockPayment, payment.id);
    await reload(tx, step);
    const now = parts.world.now();
    const mayGoAt = await earliestSend(tx, step);
    if (mayGoAt > now) return mayGoAt;
    await moveRefund(tx, parts, refund, 'submit', { actor: 'worker', atMs: now });
    if (refund.state === 'submitted') await tx.run(noteRefundSent, now, refund.id);
    return undefined;
  });
  if (earliest !== undefined) return { dueAtMs: earliest, attempts: 0 };
  // The channel told more while we asked: what ended, or waits for a person, is not sent; the latter is asked about on.
  if (refund.state === 'abnormal') return { dueAtMs: parts.world.now() + ABNORMAL_MS, attempts: 0 };
  if (refund.state !== 'submitted') return 'final';
  await keepLease(parts, lease);
  const outcome = await channel.refund(requestOf(step));
  if (outcome.outcome === 'done') return believed(step, outcome.value, FIRST_ASK_MS);
  await underLease(parts, lease, 'refund-unanswered', async (tx) => {
    await reload(tx, step);
    const atMs = parts.world.now();
    if (outcome.outcome === 'refused') await tx.run(noteRefundRefused, atMs, outcome.fault.code, refund.id);
    else
      await moveRefund(
        tx,
        parts,
        refund,
        'silent',
        { actor: 'worker', atMs, reason: outcome.fault.code },
        { faultCode: outcome.fault.code },
      );
    await tellTrouble(tx, step, outcome.fault, atMs);
  });
  const short = outcome.fault.code === 'short_of_balance';
  return again(step, short ? SHORT_AGAIN_MS : FIRST_ASK_MS);
}

/** Never two refunds of one payment at once, nor closer than the channel allows (9.2: one minute; 2.5: 3 s). */
async function earliestSend(tx: Tx, { refund, payment, channel }: Case): Promise<number> {
  const last = await tx.one<{ sent_at: number }>(lastSendBeside, payment.id, refund.id);
  return last === undefined ? -Infinity : last.sent_at + channel.traits.betweenRefundsMs + 1_000;
}

async function askThenDecide(step: Case): Promise<Step> {
  const { parts, lease, channel, refund } = step;
  await keepLease(parts, lease);
  const askedAtMs = parts.world.now();
  const outcome = await channel.queryRefund(requestOf(step));
  const atMs = parts.world.now();
  if (outcome.outcome !== 'done') {
    await parts.store.transact('refund-query-silent', async (tx) => {
      await tx.run(noteRefundAsked, atMs, refund.silences + 1, outcome.fault.code, refund.id);
    });
    return again(step, FIRST_ASK_MS);
  }
  if (outcome.value.refund?.state !== 'none') return believed(step, outcome.value, FIRST_ASK_MS);
  await parts.store.transact('refund-asked', async (tx) => {
    await tx.run(noteRefundAsked, atMs, 0, null, refund.id);
  });
  // The answer may be as old as the question: what counts is when that left, not when the answer is read.
  const provesFrom = (refund.sent_at ?? askedAtMs) + channel.traits.refundNoneProvesAfterMs;
  if (askedAtMs < provesFrom) return { dueAtMs: provesFrom, attempts: lease.attempts + 1 };
  // A person mends an abnormal refund at the channel; it is not sent again from here.
  if (refund.state === 'abnormal') return { dueAtMs: atMs + ABNORMAL_MS, attempts: 0 };
  // Unknown to the channel, long enough after the last send: a definite no is final now, silence is not.
  return refund.refused_at === null ? send(step) : giveUp(step);
}

/** The channel said no, and a later, verified query knows of no such refund: the amount is free again (J4). */
async function giveUp(step: Case): Promise<Step> {
  const { parts, lease, refund } = step;
  await underLease(parts, lease, 'refund-failed', async (tx) => {
    await reload(tx, step);
    const cause = { actor: `channel:${step.channel.method}`, atMs: parts.world.now() };
    const reason = refund.fault_code ?? 'refused';
    if ((await moveRefund(tx, parts, refund, 'fail', { ...cause, reason })) === 'moved') {
      await toPerson(tx, parts, refund, 'refund_failed', `the channel refused it: ${reason}`, cause);
    }
  });
  return 'final';
}

/** News that changes something is kept and applied like any other report; "still under way" is asked again. */
async function believed(step: Case, report: ChannelReport, askInMs: number): Promise<Step> {
  const { parts, refund } = step;
  const state = report.refund?.state;
  if (state === 'succeeded' || state === 'abnormal' || state === 'closed') {
    await step.apply(report);
    await parts.store.read((tx) => reload(tx, step));
    if (finalStates.includes(refund.state)) return 'final';
    if (refund.state === 'abnormal') return { dueAtMs: parts.world.now() + ABNORMAL_MS, attempts: 0 };
  }
  return again(step, askInMs);
}

async function tellTrouble(
  tx: Tx,
  { parts, refund }: Case,
  fault: ChannelFault,
  atMs: number,
): Promise<void> {
  if (fault.code !== 'short_of_balance' && fault.code !== 'configuration' && fault.code !== 'declined')
    return;
  const detail = [fault.code, fault.channelCode].filter((word) => word !== undefined).join(' ');
  await raiseAlarm(tx, parts, {
    code: 'refund_trouble',
    entity: 'refund',
    entityId: refund.id,
    detail,
    atMs,
  });
}

async function reload(tx: Pick<Tx, 'one'>, step: Case): Promise<void> {
  const row = await tx.one<RefundRow>(refundById, step.refund.id);
  if (row === undefined) throw new Error(`refund ${step.refund.id} is gone`);
  Object.assign(step.refund, row);
}

function again({ parts, lease }: Case, baseMs: number): Step {
  const wait = Math.min(baseMs * 1.8 ** lease.attempts, ASK_MAX_MS);
  return { dueAtMs: parts.world.now() + jitter(parts.world, wait), attempts: lease.attempts + 1 };
}
