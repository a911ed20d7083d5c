import { oneBill } from './beginning.ts';
import { check } from './checks/check.ts';
import { possible } from './happenings.ts';
import type { State } from './state.ts';
import { step } from './step.ts';
import { inWords } from './told.ts';

/** One path, step by step: what was heard on it and what broke, what stands at its end, and what could happen next. */
export async function* retrace(words: readonly string[]): AsyncGenerator<string> {
  let state = await oneBill();
  for (const word of words) {
    const happened = possible(state).find((one) => inWords(state, one) === word);
    if (happened === undefined) {
      yield `✗ ${word}: cannot happen here`;
      break;
    }
    const { state: after, deed } = await step(state, happened);
    const faults = check(state, after, deed);
    yield `${faults.length === 0 ? '·' : '✗'} ${word}`;
    for (const fault of faults) yield `    ${fault}`;
    for (const { call, say } of deed?.heard ?? []) yield `    ${call.api}: ${say}`;
    state = after;
  }
  yield* standing(state);
  const next = possible(state).map((one) => inWords(state, one));
  yield `next: ${next.join(' | ')}`;
}

function standing({ tables }: State): string[] {
  const { bills, payments, payment_sessions, refunds } = tables;
  return [
    ...bills.map((one) => `bill ${one.id} ${one.status}`),
    ...payments.map((one) => `payment ${one.id} ${one.payment_method} ${one.state} ${one.disposition ?? ''}`),
    ...payment_sessions.map((one) => `session ${one.id} ${one.status} ${one.phase} ${one.retiring ?? ''}`),
    ...refunds.map((one) => `refund ${one.id} ${one.kind} ${one.state}`),
  ];
}
