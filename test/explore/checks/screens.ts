import type { SessionRow } from '#sql/sessions';
import type { State } from '../state.ts';
import { orderOf } from '../wallets.ts';
import type { Must } from './must.ts';

/** I-13: one code of a bill on its screens, and what may be paid beside it is being closed (see `ofPayment`). */
export function onScreens(state: State, must: Must): void {
  const shown = state.tables.payment_sessions.filter(({ shown_bill_id }) => shown_bill_id !== null);
  must(shown.length <= 1, () => `I-13: one bill shows ${shown.length} codes`);
  const [bill] = state.tables.bills;
  for (const session of shown) {
    must(
      bill?.status === 'unpaid',
      () => `section 6: session ${session.id} is shown for a bill that is ${bill?.status}`,
    );
  }
}

/** I-21 for screens: nothing that a screen had expires before the channel was asked after its time. */
export function sessionMoved(state: State, was: SessionRow, is: SessionRow, must: Must): void {
  must(was.status !== 'paid' || is.status === 'paid', () => `I-22: session ${is.id} is paid no more`);
  must(
    was.shown_bill_id !== null || is.shown_bill_id === null,
    () => `I-13: session ${is.id} is shown again`,
  );
  if (is.status === was.status || is.status !== 'expired' || is.insisted === 1 || is.qr_code_content === '')
    return;
  const payment = state.tables.payments[is.payment_id - 1];
  const order = orderOf(state.wallets, payment?.out_trade_no ?? '');
  const asked = (order?.answeredAskedAtMs ?? -1) >= is.expires_at || order?.state === 'closed';
  must(asked, () => `I-21: session ${is.id} expired unasked`);
}
