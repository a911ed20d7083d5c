import type { ChannelReport } from '#channel';
import type { Happened } from './happenings.ts';
import type { State } from './state.ts';
import { step } from './step.ts';
import { orderOf, returnOf } from './wallets.ts';

/** The worker is in no hurry here: each question that it leaves out makes it harder to end in time. */
const BETWEEN_MS = 60_000;

/** More rounds than thirty simulated minutes and a code's whole life need. */
const ROUNDS = 400;

/**
 * The weather clears: calls are answered at once and truthfully, the channels tell and settle what they
 * have, the worker does what is due, and the clock goes on. Then all money must be where it belongs
 * (I-01, I-23): nothing unseen, nothing half done, every surplus back.
 * notices   false: every notification is lost, and our own questions must find everything
 */
export async function calmDown(from: State, notices: boolean): Promise<{ state: State; faults: string[] }> {
  let state = from;
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = nextThing(state, notices);
    if (next === undefined) return { state, faults: atRest(state, notices) };
    state = 'nowMs' in next ? later(state, next.nowMs) : (await step(state, next)).state;
  }
  return {
    state,
    faults: [`I-23: still busy after ${ROUNDS} rounds of calm: ${JSON.stringify(nextThing(state, notices))}`],
  };
}

/** No request is on its way for that long: what had not arrived never does. */
function later(state: State, nowMs: number): State {
  return { ...state, nowMs, wallets: { ...state.wallets, strays: [] } };
}

function nextThing(state: State, notices: boolean): Happened | { nowMs: number } | undefined {
  const { errands, wallets, tables, nowMs } = state;
  for (const { id, awaits } of errands) {
    if (awaits.some(({ kind }) => kind !== 'timer')) return { it: 'finish', errand: id };
    const ripe = awaits.find((one) => one.kind === 'timer' && one.dueAtMs <= nowMs);
    if (ripe !== undefined) return { it: 'wake', errand: id, at: ripe.at };
  }
  const timers = errands
    .flatMap(({ awaits }) => awaits)
    .flatMap((one) => (one.kind === 'timer' ? [one.dueAtMs] : []));
  if (timers.length > 0) return { nowMs: Math.min(...timers) };
  const open = wallets.returns.find(
    (one) => one.method === 'wechat' && (one.state === 'accepted' || one.state === 'abnormal'),
  );
  if (open !== undefined) return { it: 'settle_return', number: open.number, as: 'succeeded' };
  const overdue = wallets.orders.find(
    (one) => one.method === 'alipay' && one.state === 'scanned' && nowMs >= one.expiresAtMs,
  );
  if (overdue !== undefined) return { it: 'overdue', number: overdue.number };
  const told = wallets.notices.find(
    ({ delivered, report }) => !delivered && (notices || onlyItCanTell(state, report)),
  );
  if (told !== undefined) return { it: 'begin', wish: { do: 'deliver', notice: told } };
  if (tables.evidence.some(({ applied_at }) => applied_at === null))
    return { it: 'begin', wish: { do: 'sweep' } };
  const jobs = tables.jobs.filter((job) => job.state === 'waiting' && job.kind !== 'deliver_webhooks');
  const free = (job: (typeof jobs)[number]): number => Math.max(job.due_at, job.lease_until);
  const [first] = jobs.toSorted((one, other) => free(one) - free(other));
  if (first === undefined) return undefined;
  if (free(first) > nowMs) return { nowMs: Math.max(free(first), nowMs + BETWEEN_MS) };
  const kind = first.kind === 'follow_refund' ? 'follow_refund' : 'follow_payment';
  return { it: 'begin', wish: { do: kind, subject: first.subject_id } };
}

/** What a channel did against its own word, after all was over for us, nobody asks about. */
function onlyItCanTell({ tables, wallets }: State, report: ChannelReport): boolean {
  if (report.refund === undefined) return orderOf(wallets, report.outTradeNo)?.brokeItsWord === true;
  const number = report.refund.outRefundNo ?? '';
  const ours = tables.refunds.find(({ out_refund_no }) => out_refund_no === number);
  const unasked = ours !== undefined && ['requested', 'cancelled', 'failed'].includes(ours.state);
  return unasked && returnOf(wallets, number)?.brokeItsWord === true;
}

function atRest({ tables, wallets }: State, notices: boolean): string[] {
  const faults: string[] = [];
  for (const payment of tables.payments) {
    const order = orderOf(wallets, payment.out_trade_no);
    const name = `payment ${payment.id}`;
    if (!['paid', 'closed', 'create_rejected'].includes(payment.state))
      faults.push(`I-23: ${name} is ${payment.state} at rest`);
    const debited = order?.state === 'paid' ? order.paidFen : 0;
    if ((payment.received_fen ?? 0) !== debited)
      faults.push(`I-01: ${debited} fen were debited for ${name}, ${payment.received_fen} are seen`);
    const returns = wallets.returns.filter(
      (one) => one.orderNumber === payment.out_trade_no && one.state === 'succeeded',
    );
    const back = returns.reduce((sum, { amountFen }) => sum + amountFen, 0);
    if (payment.refunded_fen !== back)
      faults.push(`I-01: ${back} fen of ${name} went back, ${payment.refunded_fen} are seen`);
    // A refund that the channel closed, or refused for good, is before a person: no worker may try again.
    const before = tables.suspense.some((one) => one.payment_id === payment.id);
    if (payment.disposition === 'surplus' && back !== payment.received_fen && !before) {
      faults.push(`I-23: ${name} is surplus, and ${back} of ${payment.received_fen} fen went back`);
    }
  }
  for (const session of tables.payment_sessions) {
    if (session.status === 'pending') faults.push(`I-23: session ${session.id} is ${session.phase} at rest`);
  }
  for (const refund of tables.refunds) {
    const over = ['requested', 'cancelled', 'failed', 'succeeded'].includes(refund.state);
    if (!over) faults.push(`I-23: refund ${refund.id} is ${refund.state} at rest`);
  }
  if (notices && wallets.notices.some(({ delivered }) => !delivered)) faults.push('I-23: a notice is left');
  return faults;
}
