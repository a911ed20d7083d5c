import * as bill from '../../src/bill/states.ts';
import * as payment from '../../src/payment/states.ts';
import * as refund from '../../src/refund/states.ts';
import * as session from '../../src/session/states.ts';
import type { Tables } from './memory/tables.ts';

/**
 * Which cells of the four grids were read by production code while it ran: each cell is replaced by a
 * getter that gives the same and remembers. A cell is a pair of a state and a happening; it is legal unless
 * it says `illegal` or `refuse`.
 */
const grids = { payment: payment.grid, session: session.grid, refund: refund.grid, bill: bill.grid };
export type GridName = keyof typeof grids;

const cells = new Map<string, string>();
const reached = new Set<string>();
/** Where a reading is noted: not as reached, while a grid is only asked outright. */
let noted: Set<string> | undefined = reached;

for (const [name, grid] of Object.entries(grids)) {
  for (const [state, row] of Object.entries(grid)) {
    for (const [happening, cell] of Object.entries(row as Record<string, string>)) {
      const pair = `${name} ${state} × ${happening}`;
      cells.set(pair, cell);
      const get = (): string => {
        noted?.add(pair);
        return cell;
      };
      Object.defineProperty(row, happening, { get, enumerable: true });
    }
  }
}

export function cellOf(pair: string): string {
  const cell = cells.get(pair);
  if (cell === undefined) throw new Error(`no grid has ${pair}`);
  return cell;
}

export const forbids = (cell: string): boolean => cell === 'illegal' || cell === 'refuse';

/** Every pair by what its grid says of it. */
export const pairs = {
  legal: [...cells].filter(([, cell]) => !forbids(cell)).map(([pair]) => pair),
  illegal: [...cells].filter(([, cell]) => forbids(cell)).map(([pair]) => pair),
};

/** The pairs that operations came to so far, the refused ones among them. */
export const reachedPairs = (): string[] => [...reached];

/** What is read while this runs was asked, not come to. Nothing else may run beside it. */
export async function asking<T>(work: () => Promise<T>): Promise<T> {
  noted = undefined;
  try {
    return await work();
  } finally {
    noted = reached;
  }
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
