import type { PaymentRow } from '#sql/payments';
import type { Must } from './must.ts';
import type { State } from '../state.ts';
import { orderOf } from '../wallets.ts';

/**
 * I-01: every fen that left a wallet is on a bill, on its way back, or in front of a named person's list; and
 * what we have not seen yet is still being told. Each pile is counted from rows of its own, so that none can
 * stand for another.
 */
export function checkMoney({ tables, wallets }: State, must: Must): void {
  const debited = sum(wallets.orders.map(({ paidFen }) => paidFen));
  const onBills = sum(tables.bills.map(({ paid_fen }) => paid_fen));
  let goingBack = 0;
  let beforePerson = 0;
  for (const payment of tables.payments) {
    if (payment.disposition === 'surplus') {
      const back = surplusGoingBack(payment, tables.refunds);
      goingBack += back;
      if (back === 0) beforePerson += onList(payment, ['refund_failed'], tables.suspense);
    }
    if (payment.disposition === 'disputed')
      beforePerson += onList(payment, ['amount_differs', 'refunded_before'], tables.suspense);
  }
  const unseen = unseenFen({ tables, wallets });
  must(
    debited === onBills + goingBack + beforePerson + unseen,
    () =>
      `I-01: ${debited} fen were debited; ${onBills} on the bill, ${goingBack} going back, ${beforePerson} before a person, ${unseen} still being told`,
  );
  // Nothing is counted as returned that did not go back.
  const returned = sum(tables.payments.map(({ refunded_fen }) => refunded_fen));
  const gone = wallets.returns.filter(({ state }) => state === 'succeeded');
  must(
    returned <= sum(gone.map(({ amountFen }) => amountFen)),
    () => `I-01: ${returned} fen count as returned, less went back`,
  );
}

function surplusGoingBack(payment: PaymentRow, refunds: State['tables']['refunds']): number {
  const alive = refunds.filter(
    ({ payment_id, state }) => payment_id === payment.id && state !== 'failed' && state !== 'cancelled',
  );
  return sum(alive.map(({ amount_fen }) => amount_fen));
}

function onList(payment: PaymentRow, reasons: string[], suspense: State['tables']['suspense']): number {
  const items = suspense.filter((one) => one.payment_id === payment.id && reasons.includes(one.reason));
  const open = items.filter(({ state }) => state === 'open' || state === 'held');
  return open[0]?.amount_fen ?? 0;
}

/** Debits that our books do not have yet, as far as a word of them is on its way or waits to be applied. */
function unseenFen({ tables, wallets }: Pick<State, 'tables' | 'wallets'>): number {
  let fen = 0;
  for (const payment of tables.payments) {
    const order = orderOf(wallets, payment.out_trade_no);
    if (payment.state === 'paid' || order?.state !== 'paid') continue;
    const told = wallets.notices.some(({ id, report }) => {
      if (report.outTradeNo !== payment.out_trade_no || report.state !== 'paid') return false;
      const kept = tables.evidence.find(({ notification_id }) => notification_id === id);
      return kept === undefined || kept.applied_at === null;
    });
    if (told) fen += order.paidFen;
  }
  return fen;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
