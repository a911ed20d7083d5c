import {
  billById,
  billPage,
  billPageOfStatus,
  foundBillPage,
  foundBillPageOfStatus,
  linesOfBill,
  sessionsOfBill,
  type BillLineRow,
  type BillSessionRow,
  type BillSummaryRow,
} from '#sql/bills';
import type { Statement, Store, Tx, Value } from '#store';
import { refuse, type Refusal } from '#trouble';
import type { BillState } from './states.ts';

/** A bill in a list. Amounts are fen, instants epoch milliseconds; the words are the API's. */
export type BillSummary = Omit<BillSummaryRow, 'late'> & { late: boolean };
export type BillLine = BillLineRow;
/** One attempt to collect the bill. `shown`: its code may stand on a screen now. */
export type BillSession = Omit<BillSessionRow, 'late' | 'shown'> & { late: boolean; shown: boolean };

export interface Bill extends BillSummary {
  lines: BillLine[];
  /** Newest first. */
  sessions: BillSession[];
}

export interface BillQuery {
  status?: BillState | undefined;
  /** The beginning of a bill number, external number, patient number or patient name. */
  q?: string | undefined;
  before_id?: number | undefined;
  limit: number;
}

interface Parts {
  store: Store;
  clinic: { id: number };
}

/** The whole bill, with its lines and every session that tried to collect it. */
export async function readBill(
  parts: Pick<Parts, 'store'>,
  id: number,
): Promise<Bill | Refusal<'bill_not_found'>> {
  return (await parts.store.read((tx) => billIn(tx, id))) ?? refuse('bill_not_found');
}

/** The same inside a transaction: as that leaves it so far. */
export async function billIn(tx: Pick<Tx, 'one' | 'all'>, id: number): Promise<Bill | undefined> {
  const summary = await billSummaryIn(tx, id);
  if (summary === undefined) return undefined;
  const lines = await tx.all<BillLineRow>(linesOfBill, id);
  const sessions = await tx.all<BillSessionRow>(sessionsOfBill, id);
  return { ...summary, lines, sessions: sessions.map(toSession) };
}

export async function billSummaryIn(tx: Pick<Tx, 'one'>, id: number): Promise<BillSummary | undefined> {
  const row = await tx.one<BillSummaryRow>(billById, id);
  return row === undefined ? undefined : toSummary(row);
}

/** The whole bill, which is known to be there. */
export async function wholeBill(parts: Pick<Parts, 'store'>, id: number): Promise<Bill> {
  const bill = await readBill(parts, id);
  if ('refused' in bill) throw new Error(`bill ${id} is gone`);
  return bill;
}

/** Bills, newest first, page by page: `next_before_id` is the next page's `before_id`, null at the end. */
export async function listBills(
  parts: Parts,
  query: BillQuery,
): Promise<{ bills: BillSummary[]; next_before_id: number | null }> {
  const [statement, ...values] = pageStatement(parts.clinic.id, query);
  const rows = await parts.store.read((tx) => tx.all<BillSummaryRow>(statement, ...values));
  const bills = rows.slice(0, query.limit).map(toSummary);
  return { bills, next_before_id: rows.length > query.limit ? (bills.at(-1)?.id ?? null) : null };
}

function pageStatement(clinicId: number, query: BillQuery): [Statement, ...Value[]] {
  const { status, q } = query;
  const from = query.before_id ?? Number.MAX_SAFE_INTEGER;
  const limit = query.limit + 1; // one more tells whether another page follows
  if (q === undefined) {
    if (status === undefined) return [billPage, clinicId, from, limit];
    return [billPageOfStatus, clinicId, status, from, limit];
  }
  // Our own numbers are in capitals, however they were typed; foreign numbers are compared as they are.
  const ranges = [q.toUpperCase(), q, q, q].flatMap((first) => [clinicId, first, pastPrefix(first)]);
  if (status === undefined) return [foundBillPage, ...ranges, from, limit];
  return [foundBillPageOfStatus, ...ranges, status, from, limit];
}

/** The first text after all that begin with `prefix`, in the order of code points. */
export function pastPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

function toSummary(row: BillSummaryRow): BillSummary {
  return { ...row, late: row.late === 1 };
}

function toSession(row: BillSessionRow): BillSession {
  return { ...row, late: row.late === 1, shown: row.shown === 1 };
}
