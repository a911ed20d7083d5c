import type { Row, Value } from '#store';
import type { LedgerEntry } from '../../simulator/kernel/contract.ts';
import type { Asked } from './books.ts';
import type { Tally } from './tally.ts';

/** What a check may look at: the bare tables, and the auditor's own truth. */
export interface Given {
  one(text: string, ...values: Value[]): Row | undefined;
  all(text: string, ...values: Value[]): Row[];
  debits: ReadonlyMap<string, LedgerEntry>;
  refunds: ReadonlyMap<string, LedgerEntry>;
  callsOf(outTradeNo: string): readonly Asked[];
  /** How many questions had been asked when this session's code was to leave the screens. */
  retiredAt(session: number): number | undefined;
  payable(): ReadonlySet<string>;
  /** Payments whose sum was compared with their bill's already. */
  pinned: Set<number>;
  tally: Tally;
  violate(what: string): void;
}

const closing = `SELECT evidence_id FROM events WHERE entity = 'payment' AND entity_id = ? AND to_state = 'closed'`;

type Standing = { state: string; version: number };

const mayBePayable = new Set(['creating', 'create_unknown', 'open', 'closing']);
const dispositions = new Set(['settled', 'surplus', 'disputed']);

/** I-05, I-07, I-08, I-11, I-12, I-21 for one payment. */
export function checkPayment(given: Given, id: number): Standing | undefined {
  const row = given.one('SELECT * FROM payments WHERE id = ?', id);
  if (row === undefined) return undefined;
  const number = String(row['out_trade_no']);
  const state = String(row['state']);
  const disposed = dispositions.has(String(row['disposition']));
  if ((state === 'paid') !== disposed)
    given.violate(`I-05: payment ${id} is ${state}, ${String(row['disposition'])}`);
  if (!mayBePayable.has(state) && state !== 'paid' && given.payable().has(number)) {
    given.violate(`I-12: ${number} is ${state} here and can still be paid there`);
  }
  if (state === 'paid') checkPaid(given, row);
  if (state === 'closed') checkClosed(given, id);
  if (row['bill_id'] !== null && !given.pinned.has(id)) {
    given.pinned.add(id);
    const bill = given.one('SELECT payable_fen FROM bills WHERE id = ?', Number(row['bill_id']));
    if (bill?.['payable_fen'] !== row['amount_fen'] && row['disposition'] !== 'disputed')
      given.violate(`I-11: payment ${id} is not its bill's sum`);
  }
  return { state, version: Number(row['version']) };
}

/** I-07: behind `paid` stands kept and verified evidence, equal in all that is pinned, and a real debit. */
function checkPaid(given: Given, row: Row): void {
  const id = Number(row['id']);
  const number = String(row['out_trade_no']);
  const debit = given.debits.get(number);
  if (debit === undefined) return given.violate(`I-07: payment ${id} is paid, and nobody was debited`);
  const proof = given.one(
    'SELECT verdict, report FROM evidence WHERE id = ?',
    Number(row['paid_evidence_id']),
  );
  const report = JSON.parse(String(proof?.['report'] ?? '{}'));
  const same = (told: unknown, pinned: unknown): boolean => told === undefined || told === pinned;
  const equal =
    report.outTradeNo === number &&
    report.method === row['payment_method'] &&
    report.state === 'paid' &&
    same(report.appId, row['app_id']) &&
    same(report.merchantId, row['merchant_id']) &&
    same(report.currency, 'CNY') &&
    (report.totalFen === row['amount_fen'] || row['disposition'] === 'disputed' || isDecided(given, id));
  if (proof?.['verdict'] !== 'genuine' || !equal) given.violate(`I-07: payment ${id} is paid without proof`);
  if (row['received_fen'] !== debit.amount_fen)
    given.violate(
      `I-01: payment ${id} holds ${String(row['received_fen'])} fen, ${debit.amount_fen} were debited`,
    );
  return undefined;
}

/** A person has decided about money that was disputed (I-05). */
function isDecided(given: Given, id: number): boolean {
  return (
    given.one(
      `SELECT 1 FROM events WHERE entity = 'payment' AND entity_id = ? AND from_state = 'paid'`,
      id,
    ) !== undefined
  );
}

/** I-21: only the channel's own, verified word closes. */
function checkClosed(given: Given, id: number): void {
  const event = given.one(closing, id);
  const proof = given.one(
    'SELECT verdict, report FROM evidence WHERE id = ?',
    Number(event?.['evidence_id'] ?? 0),
  );
  const said = JSON.parse(String(proof?.['report'] ?? '{}')).state;
  if (proof?.['verdict'] !== 'genuine' || !['closed', 'none'].includes(said))
    given.violate(`I-21: payment ${id} was closed and the channel never said so`);
}

/**
 * I-21 for screens: no code that people had expires before the channel answered a question that was
 * asked after the code left the screens, or said by itself that the order is closed. Clocks have no say.
 */
export function checkSession(given: Given, id: number): Standing | undefined {
  const row = given.one(
    'SELECT s.*, p.out_trade_no, p.state AS payment_state FROM payment_sessions s JOIN payments p ON p.id = s.payment_id WHERE s.id = ?',
    id,
  );
  if (row === undefined) return undefined;
  const state = stageOf(row);
  const number = String(row['out_trade_no']);
  if (state === 'expired' && row['qr_code_content'] !== '' && row['insisted'] !== 1) {
    const retiredAt = given.retiredAt(id) ?? Infinity;
    const asked = given
      .callsOf(number)
      .some((call) => call.api === 'query' && call.order >= retiredAt && call.answeredAtMs !== undefined);
    // What was closed then may turn out to have been paid, and sent back, before a backup was restored.
    const said = asked || given.one(closing, Number(row['payment_id'])) !== undefined;
    if (!said) given.violate(`I-21: session ${id} expired unasked`);
  }
  if (row['shown_bill_id'] === null && row['payment_state'] === 'open' && given.payable().has(number))
    given.violate(`I-13: ${number} is on no screen, payable, and open, not closing`);
  return { state, version: Number(row['version']) };
}

/** I-04: exactly one settled payment, of the whole amount, makes a bill paid. */
export function checkBill(given: Given, id: number): Standing | undefined {
  const row = given.one('SELECT * FROM bills WHERE id = ?', id);
  if (row === undefined) return undefined;
  const settled = given.all(
    `SELECT id, amount_fen, refunded_fen FROM payments WHERE bill_id = ? AND disposition = 'settled'`,
    id,
  );
  if (settled.length > 1) given.violate(`I-04: bill ${id} was settled ${settled.length} times`);
  const [one] = settled;
  const whole =
    one !== undefined && one['amount_fen'] === row['payable_fen'] && one['id'] === row['settled_payment_id'];
  if ((row['status'] === 'paid') !== whole)
    given.violate(`I-04: bill ${id} is ${String(row['status'])}, settled: ${whole}`);
  return { state: String(row['status']), version: Number(row['version']) };
}

/** I-08: what is promised to go back is never more than what came, here and at the channel. */
export function checkRefund(given: Given, id: number): Standing | undefined {
  const row = given.one('SELECT * FROM refunds WHERE id = ?', id);
  if (row === undefined) return undefined;
  const payment = given.one('SELECT * FROM payments WHERE id = ?', Number(row['payment_id']));
  const all = given.all('SELECT * FROM refunds WHERE payment_id = ?', Number(row['payment_id']));
  // What went back and found no room is in no sum; that it is before a person the audit asks (test/audit.ts).
  const leftOut = (one: Row): boolean => one['state'] === 'succeeded' && one['counted_at'] === null;
  const standing = all.filter(
    (one) => one['state'] !== 'failed' && one['state'] !== 'cancelled' && !leftOut(one),
  );
  const promised = standing.reduce((total, one) => total + Number(one['amount_fen']), 0);
  const returned = all.filter((one) => one['counted_at'] !== null);
  const back = returned.reduce((total, one) => total + Number(one['amount_fen']), 0);
  if (promised > Number(payment?.['received_fen'] ?? 0))
    given.violate(`I-08: payment ${String(row['payment_id'])} promises ${promised} fen`);
  if (promised !== payment?.['refund_reserved_fen'] || back !== payment['refunded_fen'])
    given.violate(
      `I-08: payment ${String(row['payment_id'])} reserves ${String(payment?.['refund_reserved_fen'])} for ${promised} fen`,
    );
  if (row['state'] === 'succeeded') {
    const moved = given.refunds.get(String(row['out_refund_no']));
    if (moved?.amount_fen !== row['amount_fen'])
      given.violate(
        `I-07: refund ${id} of ${String(row['amount_fen'])} fen succeeded, the channel moved ${moved?.amount_fen ?? 0}`,
      );
  }
  if (all.filter((one) => one['kind'] === 'surplus' && one['state'] !== 'failed').length > 1)
    given.violate(`I-10: the surplus of payment ${String(row['payment_id'])} goes back twice`);
  return { state: String(row['state']), version: Number(row['version']) };
}

function stageOf(row: Row): string {
  if (row['status'] !== 'pending') return String(row['status']);
  if (row['phase'] !== 'confirming') return String(row['phase']);
  return row['retiring'] === null ? 'silent' : 'retiring';
}
