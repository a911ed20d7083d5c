import type { SessionRow } from '#sql/sessions';
import { stageOf } from '../../../src/session/states.ts';
import { isPayable } from '../happenings.ts';
import type { Call } from '../answers.ts';
import type { Tables } from '../memory/tables.ts';
import type { State } from '../state.ts';
import type { Deed } from '../step.ts';
import { orderOf } from '../wallets.ts';
import type { Must } from './must.ts';

/** I-19 and I-20, and that no operation ended in a way that nobody foresaw. */
export function ofDeed(after: State, deed: Deed, must: Must): void {
  for (const { call, committed } of deed.calls) if (committed !== undefined) ofCall(call, committed, must);
  if (deed.wish.do === 'deliver') {
    const { id } = deed.wish.notice;
    const kept = after.tables.evidence.some((one) => one.notification_id === id);
    must(kept, () => `I-20: a notice was taken and not kept`);
  }
  for (const words of deed.complaints) must(isForeseen(words), () => `an operation failed quietly: ${words}`);
  const { ended } = deed;
  if (ended === undefined) return;
  if ('value' in ended) return told(after, deed, ended.value, must);
  const error = ended.error as Error;
  must(isForeseen(error.message), () => `an operation failed: ${error.stack}`);
}

/** What leaves was committed before, in this state and with this content. */
function ofCall(call: Call, { payments, refunds }: Tables, must: Must): void {
  if (call.api === 'refund') {
    const row = refunds.find(({ out_refund_no }) => out_refund_no === call.request.outRefundNo);
    const sent = row?.state === 'submitted' && row.amount_fen === call.request.amountFen;
    return must(sent, () => `I-19: a refund left while its row was ${row?.state}`);
  }
  const row = payments.find(({ out_trade_no }) => out_trade_no === numberOf(call));
  must(row !== undefined, () => `I-19: ${call.api} of a number that we do not have`);
  if (call.api !== 'create' || row === undefined) return;
  const same =
    row.amount_fen === call.order.amountFen &&
    row.qr_code_expires_at === call.order.expiresAtMs &&
    row.subject === call.order.subject &&
    row.attach === call.order.attach &&
    row.notify_url === call.order.notifyUrl;
  must(same, () => `I-11: payment ${row.id} was ordered with another content`);
  // A late repeat brings an expired number back to life (wechatpay.md 6.4).
  must(call.sentAtMs < row.qr_code_expires_at, () => `6.4: payment ${row.id} was ordered after its time`);
  const orders = row.state === 'creating' || row.state === 'create_unknown';
  must(orders, () => `I-19: payment ${row.id} was ordered while ${row.state}`);
}

function numberOf(call: Exclude<Call, { api: 'refund' }>): string {
  if (call.api === 'create') return call.order.outTradeNo;
  return call.api === 'queryRefund' ? call.request.outTradeNo : call.number;
}

/** Overtaken by another holder: its transaction was rolled back, and the other goes on. */
function isForeseen(words: string): boolean {
  return words.includes('lease lost');
}

/** What a caller was told is true. */
function told(after: State, { wish }: Deed, value: unknown, must: Must): void {
  if (typeof value !== 'object' || value === null) return;
  const answer = value as {
    result?: string;
    refused?: string;
    session?: SessionRow;
    facts?: { session_id?: string };
  };
  if (wish.do === 'cancel' && answer.result !== undefined) {
    const session = after.tables.payment_sessions[wish.session - 1];
    const payment = after.tables.payments[(session?.payment_id ?? 0) - 1];
    const order = orderOf(after.wallets, payment?.out_trade_no ?? '');
    if (answer.result === 'paid')
      must(payment?.state === 'paid', () => `section 6: told "paid", it is ${payment?.state}`);
    if (answer.result === 'closed') {
      const dead =
        order === undefined || order.state === 'closed' || order.brokeItsWord || !isPayable(after, order);
      must(dead, () => `section 6: told "closed", it is ${order?.state}`);
    }
    must(session?.shown_bill_id === null, () => `section 6: told "${answer.result}", and it is shown`);
  }
  if (answer.refused === 'bill_already_paid')
    must(after.tables.bills[0]?.status === 'paid', () => `told "paid", the bill is not`);
  if (wish.do === 'open' && answer.session !== undefined) {
    const { id } = answer.session;
    const now = after.tables.payment_sessions[id - 1];
    must(now?.qr_code_content !== '', () => `session ${id} was handed out without a code`);
    const taken = now !== undefined && stageOf(now) === 'retiring';
    must(!taken, () => `session ${id} was handed out while it is retired`);
  }
}
