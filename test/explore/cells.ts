import { movePayment } from '#payment';
import { paymentById, type PaymentRow } from '#sql/payments';
import { refundById, type RefundRow } from '#sql/refunds';
import * as bill from '../../src/bill/states.ts';
import * as payment from '../../src/payment/states.ts';
import { moveRefund } from '../../src/refund/move-refund.ts';
import * as refund from '../../src/refund/states.ts';
import * as session from '../../src/session/states.ts';
import { MemoryStore, TableDesk } from './memory/store.ts';
import type { Tables } from './memory/tables.ts';

/**
 * Which cells of the four grids were read by production code while it ran: each cell is replaced by a
 * getter that gives the same and remembers. A cell is a pair of a state and a happening; it is legal unless
 * it says `illegal` or `refuse`.
 */
export const grids = { payment: payment.grid, session: session.grid, refund: refund.grid, bill: bill.grid };
export type GridName = keyof typeof grids;

const reached = new Set<string>();
const cells = new Map<string, string>();

for (const [name, grid] of Object.entries(grids)) {
  for (const [state, row] of Object.entries(grid)) {
    for (const [happening, cell] of Object.entries(row as Record<string, string>)) {
      const pair = `${name} ${state} × ${happening}`;
      cells.set(pair, cell);
      const get = (): string => {
        reached.add(pair);
        return cell;
      };
      Object.defineProperty(row, happening, { get, enumerable: true });
    }
  }
}

const forbids = (cell: string): boolean => cell === 'illegal' || cell === 'refuse';

/** Every pair by what its grid says of it. */
export const pairs = {
  legal: [...cells].filter(([, cell]) => !forbids(cell)).map(([pair]) => pair),
  illegal: [...cells].filter(([, cell]) => forbids(cell)).map(([pair]) => pair),
};

/** The legal pairs that were met so far; `fresh` forgets them, for the next count. */
export function reachedPairs(): string[] {
  return [...reached].filter((pair) => !forbids(cells.get(pair) ?? 'illegal'));
}

export function forgetPairs(): void {
  reached.clear();
}

/**
 * Some moves are made without asking the grid: by the minting of a payment, which tells two steps at once,
 * and by the guarded updates that settle a bill or take a debit. They are seen in what they wrote.
 */
export function noteMoves(before: Tables, after: Tables): void {
  for (const event of after.events.slice(before.events.length)) {
    const pair = `${event.entity} ${event.from_state} × ${event.happening}`;
    if (cells.has(pair)) reached.add(pair);
  }
  for (const row of after.payments) {
    const was = before.payments[row.id - 1];
    if (row.disposition !== 'surplus' || was?.disposition === 'surplus') continue;
    reached.add(`bill ${after.bills[0]?.status} × settle`); // the money came too late for the bill
  }
  for (const proof of after.evidence) {
    const was = before.evidence[proof.id - 1];
    if (was === proof || proof.applied_at === null || proof.payment_id === null) continue;
    const { state } = JSON.parse(proof.report ?? '{}') as { state?: string };
    const row = before.payments[proof.payment_id - 1];
    if (state === 'paid' && row?.state === 'paid') reached.add('payment paid × paid');
  }
}

/** What a move of a payment in this state comes to, by the real function on tables of its own. */
export async function tryPayment(
  tables: Tables,
  state: payment.PaymentState,
  happening: Exclude<payment.Happening, 'paid'>,
): Promise<{ came: string; changed: boolean }> {
  const [row] = tables.payments;
  if (row === undefined) throw new Error('a table with a payment is needed');
  const paid = state === 'paid';
  const standing: PaymentRow = {
    ...row,
    state,
    disposition: paid ? 'settled' : null,
    paid_evidence_id: paid ? 1 : null,
    received_fen: paid ? row.amount_fen : null,
  };
  const desk = new TableDesk({ ...tables, payments: [standing, ...tables.payments.slice(1)] });
  const came = await new MemoryStore(desk).transact('try', async (tx) => {
    const mine = await tx.one<PaymentRow>(paymentById, row.id);
    if (mine === undefined) throw new Error('the payment is gone');
    return movePayment(tx, mine, happening, { actor: 'test', atMs: 1 });
  });
  return { came, changed: desk.committed.payments[0] !== standing };
}

/** The same for a refund. */
export async function tryRefund(
  tables: Tables,
  state: refund.RefundState,
  happening: refund.Happening,
): Promise<{ came: string; changed: boolean }> {
  const [row] = tables.refunds;
  if (row === undefined) throw new Error('a table with a refund is needed');
  const standing: RefundRow = { ...row, state };
  const desk = new TableDesk({ ...tables, refunds: [standing, ...tables.refunds.slice(1)] });
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const came = await new MemoryStore(desk).transact('try', async (tx) => {
    const mine = await tx.one<RefundRow>(refundById, row.id);
    if (mine === undefined) throw new Error('the refund is gone');
    return moveRefund(tx, { clinic: { id: 1 }, log: quiet }, mine, happening, { actor: 'test', atMs: 1 });
  });
  return { came, changed: desk.committed.refunds[0] !== standing };
}
