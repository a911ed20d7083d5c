import type { State } from '../state.ts';
import type { Deed } from '../step.ts';
import { ofDeed } from './deeds.ts';
import { checkHistory } from './history.ts';
import { checkMoney } from './money.ts';
import type { Must } from './must.ts';
import { ofPayment, paymentMoved, settledOnce } from './payments.ts';
import { refundMoved } from './refunds.ts';
import { onScreens, sessionMoved } from './screens.ts';

/**
 * The invariants of money-safety.md 3.2 as they can be asked after every single step: of the state, and
 * of the change that led to it. The channels' own memory is the truth that our books are held to.
 */
export function check(before: State, after: State, deed: Deed | undefined): string[] {
  const faults: string[] = [];
  const must: Must = (holds, words) => {
    if (!holds) faults.push(words());
  };
  settledOnce(after.tables, must);
  for (const payment of after.tables.payments) {
    const was = before.tables.payments[payment.id - 1];
    ofPayment(after, payment, must);
    if (was !== undefined && was !== payment) paymentMoved(before, after, was, payment, deed, must);
  }
  for (const session of after.tables.payment_sessions) {
    const was = before.tables.payment_sessions[session.id - 1];
    if (was !== undefined && was !== session) sessionMoved(after, was, session, must);
  }
  for (const refund of after.tables.refunds) {
    const was = before.tables.refunds[refund.id - 1];
    if (was !== refund) refundMoved(after, was, refund, deed, must);
  }
  onScreens(after, must);
  checkMoney(after, must);
  checkHistory(before.tables, after.tables, must);
  if (deed !== undefined) ofDeed(after, deed, must);
  return faults;
}
