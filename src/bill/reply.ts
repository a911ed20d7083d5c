import { fen, yuan } from '#money';
import { rfc3339 } from '#world';
import { feeClasses } from './fee-classes.ts';
import type { Bill, BillSummary } from './read-bill.ts';

/**
 * How the API writes a bill: instants as RFC 3339 text, amounts also as yuan. The schema at the edge
 * takes from this what it names.
 */
export function billSummaryReply(bill: BillSummary) {
  const {
    clinic_id: _clinic,
    discount_fen: _d,
    fund_pay_fen: _f,
    account_pay_fen: _a,
    void_reason: _v,
    ...rest
  } = bill;
  return {
    ...rest,
    payable: yuan(fen(bill.payable_fen)),
    paid_at: instant(bill.paid_at),
    valid_until: instant(bill.valid_until),
    created_at: rfc3339(bill.created_at),
  };
}

export function billReply(bill: Bill) {
  const { lines, sessions, ...summary } = bill;
  const { discount_fen, fund_pay_fen, account_pay_fen, void_reason } = bill;
  return {
    ...billSummaryReply(summary),
    discount_fen,
    fund_pay_fen,
    account_pay_fen,
    void_reason,
    lines: lines.map((line) => ({
      ...line,
      fee_class_name: feeClasses[line.fee_class],
      amount: yuan(fen(line.amount_fen)),
    })),
    sessions: sessions.map((session) => ({
      ...session,
      expires_at: rfc3339(session.expires_at),
      created_at: rfc3339(session.created_at),
      paid_at: instant(session.paid_at),
    })),
  };
}

export function billPageReply(page: { bills: BillSummary[]; next_before_id: number | null }) {
  return { bills: page.bills.map(billSummaryReply), next_before_id: page.next_before_id };
}

function instant(atMs: number | null): string | null {
  return atMs === null ? null : rfc3339(atMs);
}
