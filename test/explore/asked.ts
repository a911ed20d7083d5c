import { settleBill, tellBill, voidBillRow } from '#bill';
import { Hub } from '#session';
import { movePayment, receiveDebit } from '#payment';
import type { PaymentRow } from '#sql/payments';
import type { Tx } from '#store';
import * as payment from '../../src/payment/states.ts';
import { moveRefund } from '../../src/refund/move-refund.ts';
import * as refund from '../../src/refund/states.ts';
import { moveSession } from '../../src/session/move-session.ts';
import * as session from '../../src/session/states.ts';
import { asking, cellOf, forbids, type GridName } from './cells.ts';
import { checkHistory } from './checks/history.ts';
import { MemoryStore, TableDesk } from './memory/store.ts';
import type { Tables } from './memory/tables.ts';

/**
 * An operation looks before it asks a grid: for a lease, for a final state, for what is shown. So there are
 * cells that no order of events comes to, and refusals that nobody ever meets. They are what still stands
 * when such a look is forgotten one day, or when two processes disagree; so they are asked outright: in each
 * constellation of states that was met, every row is asked for every happening, by the production function
 * that moves it, on tables of its own.
 */
export class Asker {
  /** Pairs that were asked and refused, with nothing changed; and how often in all. */
  readonly refused = new Set<string>();
  readonly allowed = new Set<string>();
  refusals = 0;
  constellations = 0;
  readonly #met = new Set<string>();

  /** Every breach in words; none for a constellation that was asked before. */
  async ask(tables: Tables): Promise<string[]> {
    const name = constellation(tables);
    if (this.#met.has(name)) return [];
    this.#met.add(name);
    this.constellations += 1;
    const faults: string[] = [];
    for (const question of questionsTo(tables)) {
      const fault = await asking(() => this.#one(question));
      if (fault !== undefined) faults.push(fault);
    }
    return faults;
  }

  async #one({ pair, tables, move }: Question): Promise<string | undefined> {
    const cell = cellOf(pair);
    const desk = new TableDesk(tables);
    const came = await new MemoryStore(desk).transact('ask', move);
    if (came === 'elsewhere') return undefined;
    const expected = forbids(cell) ? 'illegal' : cell === 'stay' ? 'stayed' : 'moved';
    if (came !== expected) return `${pair}: asked outright it ${came}, and the grid says ${cell}`;
    if (came === 'moved' ? desk.committed === tables : desk.committed !== tables)
      return `${pair}: it ${came}, and the tables say otherwise`;
    const faults: string[] = [];
    checkHistory(tables, desk.committed, (holds, words) => void (holds || faults.push(words())));
    if (came === 'illegal') {
      this.refusals += 1;
      this.refused.add(pair);
    } else this.allowed.add(pair);
    return faults.length === 0 ? undefined : `${pair}: ${faults.join('; ')}`;
  }
}

/** What the movers look at: states, dispositions, and what is reserved. */
function constellation({ bills, payments, payment_sessions, refunds }: Tables): string {
  const all = [
    ...bills.map((one) => one.status),
    ...payments.map((one) => `${one.state} ${one.disposition} ${one.refund_reserved_fen}`),
    ...payment_sessions.map((one) => `${session.stageOf(one)} ${one.shown_bill_id}`),
    ...refunds.map((one) => `${one.state} ${one.kind} ${one.payment_id}`),
  ];
  return all.join();
}

interface Question {
  /** As in `cells.ts`: `payment open × retire`. */
  pair: string;
  tables: Tables;
  /** 'elsewhere': refused for another reason than the state. */
  move(tx: Tx): Promise<'moved' | 'stayed' | 'illegal' | 'elsewhere'>;
}

const hub = new Hub();
const clinic = { id: 1 } as const;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const cause = { actor: 'test', atMs: 1 };

function questionsTo(tables: Tables): Question[] {
  return [
    ...tables.payments.flatMap((row) => toPayment(tables, row)),
    ...tables.payments.filter(({ state }) => state === 'creating').flatMap((row) => toIntent(tables, row)),
    ...tables.payment_sessions.flatMap((row) =>
      session.happenings.map((happening) => ({
        pair: named('session', session.stageOf(row), happening),
        tables,
        move: (tx: Tx) =>
          moveSession(
            tx,
            hub,
            { ...row },
            happening,
            cause,
            happening === 'retire' ? { retiring: 'cancel' } : {},
          ),
      })),
    ),
    ...tables.refunds.flatMap((row) =>
      refund.happenings.map((happening) => ({
        pair: named('refund', row.state, happening),
        tables,
        move: (tx: Tx) => moveRefund(tx, { clinic, log: quiet }, { ...row }, happening, cause),
      })),
    ),
    ...toBill(tables),
  ];
}

const named = (grid: GridName, state: string, happening: string): string => `${grid} ${state} × ${happening}`;

function toPayment(tables: Tables, row: PaymentRow): Question[] {
  // That money came is told to a payment once; told again it is compared, not moved (see `noteMoves`).
  const all = payment.happenings.filter((happening) => row.state !== 'paid' || happening !== 'paid');
  return all.map((happening) => ({
    pair: named('payment', row.state, happening),
    tables,
    move: async (tx) => {
      if (happening !== 'paid') return movePayment(tx, { ...row }, happening, cause);
      await receiveDebit(tx, { ...row }, debitOf(row), cause);
      return 'moved';
    },
  }));
}

function debitOf(row: PaymentRow): Parameters<typeof receiveDebit>[2] {
  const { amount_fen: receivedFen } = row;
  const told = { channelTradeNo: undefined, payerFen: undefined, paidAtMs: 1, evidenceId: 1 };
  return { ...told, disposition: 'disputed', late: false, receivedFen };
}

/** `intent` and `creating` are told in one commit, so only here does a row stand as its first half left it. */
function toIntent(tables: Tables, row: PaymentRow): Question[] {
  const intent: PaymentRow = { ...row, state: 'intent' };
  const payments = tables.payments.map((one) => (one === row ? intent : one));
  return toPayment({ ...tables, payments }, intent);
}

function toBill(tables: Tables): Question[] {
  const [bill] = tables.bills;
  const [payer] = tables.payments;
  if (bill === undefined || payer === undefined) return [];
  const { id: billId, payable_fen: paidFen } = bill;
  const voiding: Question = {
    pair: named('bill', bill.status, 'void'),
    tables,
    move: async (tx) => {
      const came = await voidBillRow(tx, billId, 'wrong', cause.actor, cause.atMs);
      if ('voided' in came) return came.voided ? 'moved' : 'stayed';
      return came.refused === 'bill_already_paid' ? 'illegal' : 'elsewhere';
    },
  };
  const settling: Question = {
    pair: named('bill', bill.status, 'settle'),
    tables,
    move: async (tx) => {
      const settlement = { billId, paymentId: payer.id, paidFen, evidenceId: 1, ...cause };
      if (!(await settleBill(tx, settlement))) return 'stayed';
      await tellBill(tx, 'bill.paid', { id: billId, clinicId: clinic.id }, cause.atMs);
      return 'moved';
    },
  };
  return [voiding, settling];
}
