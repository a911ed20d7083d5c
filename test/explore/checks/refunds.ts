import type { ChannelReport, Outcome } from '#channel';
import type { RefundRow } from '#sql/refunds';
import type { Tables } from '../memory/tables.ts';
import type { State } from '../state.ts';
import type { Deed } from '../step.ts';
import { returnOf } from '../wallets.ts';
import { LIMIT_FEN, traits } from '../wishes.ts';
import type { Must } from './must.ts';

export function refundMoved(
  state: State,
  was: RefundRow | undefined,
  is: RefundRow,
  deed: Deed | undefined,
  must: Must,
): void {
  const name = `refund ${is.id}`;
  if (was === undefined) {
    newIntent(state.tables, is, must);
    const small = is.kind === 'surplus' || is.amount_fen <= LIMIT_FEN;
    must(
      is.state === (small ? 'approved' : 'requested'),
      () => `section 5: ${name} of ${is.amount_fen} fen was born ${is.state}`,
    );
    return;
  }
  for (const column of ['payment_id', 'out_refund_no', 'amount_fen', 'kind', 'created_at'] as const) {
    must(was[column] === is[column], () => `I-09: ${name} has another ${column}`);
  }
  must(was.state !== 'succeeded' || is.state === 'succeeded', () => `I-22: ${name} succeeded no more`);
  if (was.state === is.state) return;
  const there = returnOf(state.wallets, is.out_refund_no);
  if (is.state === 'succeeded')
    must(there?.state === 'succeeded', () => `I-07: ${name} succeeded, there it is ${there?.state}`);
  if (is.state === 'abnormal')
    must(
      there !== undefined && there.state !== 'accepted',
      () => `I-07: ${name} is abnormal, there ${there?.state}`,
    );
  if (is.state === 'succeeded' && (was.state === 'cancelled' || was.state === 'failed')) {
    const alarmed = state.tables.alarms.some(
      (one) => one.code === 'refund_contradicts' && one.entity_id === is.id,
    );
    must(alarmed, () => `section 5: ${name} succeeded after ${was.state}, and no alarm says so`);
  }
  if (is.state === 'submitted') must(is.sent_at !== null, () => `I-19: ${name} was sent, nobody knows when`);
  if (is.state === 'failed' && there?.brokeItsWord !== true) {
    const given = there === undefined && provenUnknown(was, deed);
    must(there?.state === 'closed' || given, () => `I-21: ${name} was given up, there it is ${there?.state}`);
  }
}

/** A definite no, and a query that was sent later than any call could still arrive, which knows nothing of it. */
function provenUnknown(was: RefundRow, deed: Deed | undefined): boolean {
  const asked = deed?.heard.findLast(({ call }) => call.api === 'queryRefund');
  const none = saidOfRefund(asked?.outcome) === 'none';
  const late =
    (asked?.call.sentAtMs ?? -1) >= (was.sent_at ?? Infinity) + traits.wechat.refundNoneProvesAfterMs;
  return was.refused_at !== null && none && late;
}

function saidOfRefund(outcome: Outcome<unknown> | undefined): string | undefined {
  if (outcome?.outcome !== 'done') return undefined;
  return (outcome.value as ChannelReport).refund?.state;
}

/** I-10: one intent at a time for one surplus. */
function newIntent(tables: Tables, refund: RefundRow, must: Must): void {
  if (refund.kind !== 'surplus') return;
  const same = tables.refunds.filter((one) => one.kind === 'surplus' && one.payment_id === refund.payment_id);
  const alive = same.filter(({ state }) => state !== 'failed' && state !== 'cancelled');
  must(
    alive.length === 1,
    () => `I-10: surplus payment ${refund.payment_id} goes back ${alive.length} times`,
  );
}
