import type { Store } from '#store';
import type { LedgerEntry } from '../../simulator/kernel/contract.ts';
import { isLegal } from '../simulation/edges.ts';

interface Payment {
  id: number;
  out_trade_no: string;
  state: string;
  disposition: string | null;
  received_fen: number | null;
  refund_reserved_fen: number;
  refunded_fen: number;
}

interface Refund {
  id: number;
  payment_id: number;
  out_refund_no: string;
  amount_fen: number;
  kind: string;
  state: string;
  counted_at: number | null;
  version: number;
}

interface Bill {
  id: number;
  settled_payment_id: number | null;
  paid_fen: number;
  refunded_fen: number;
}

interface Event {
  entity: string;
  entity_id: number;
  version: number;
  from_state: string | null;
  to_state: string;
  actor: string;
}

interface Books {
  payments: Payment[];
  refunds: Refund[];
  bills: Bill[];
  suspended: Set<number>;
  events: Event[];
  moved: Map<string, LedgerEntry>;
  /** Refunds of which more went back than there was room for: a person has the case. */
  exceeding: Set<number>;
}

/**
 * The money that goes back, from the bare tables and the channels' ledger: I-07 and I-08 for refunds,
 * I-10, I-14 and I-15, and in fen I-01: what patients paid less what they have again is what we hold.
 * `unseenAllowed`: what only a statement could still tell may be unknown here.
 */
export async function auditRefunds(
  store: Pick<Store, 'read'>,
  ledger: readonly LedgerEntry[],
  unseenAllowed: boolean,
): Promise<string[]> {
  const back = ledger.filter(({ kind }) => kind === 'refund');
  const books = await store.read(async (tx): Promise<Books> => ({
    payments: await tx.all<Payment>(
      `SELECT id, out_trade_no, state, disposition, received_fen, refund_reserved_fen, refunded_fen
       FROM payments WHERE state = 'paid'`,
    ),
    refunds: await tx.all<Refund>(
      'SELECT id, payment_id, out_refund_no, amount_fen, kind, state, counted_at, version FROM refunds',
    ),
    bills: await tx.all<Bill>('SELECT id, settled_payment_id, paid_fen, refunded_fen FROM bills'),
    suspended: new Set(
      (await tx.all<{ id: number }>('SELECT payment_id AS id FROM suspense')).map(({ id }) => id),
    ),
    events: await tx.all<Event>(
      `SELECT entity, entity_id, version, from_state, to_state, actor FROM events
       WHERE entity = 'refund' ORDER BY entity_id, version`,
    ),
    moved: new Map(back.map((entry) => [entry.out_refund_no ?? '', entry])),
    exceeding: new Set(
      (
        await tx.all<{ id: number }>(`SELECT refund_id AS id FROM suspense WHERE reason = 'refund_exceeds'`)
      ).map(({ id }) => id),
    ),
  }));
  return [
    ...moneyMoved(books, unseenAllowed),
    ...reserved(books),
    ...leftOut(books),
    ...ofBills(books),
    ...homes(books),
    ...history(books),
    ...(unseenAllowed ? [] : sums(books, ledger)),
  ];
}

/** I-07: what we call returned was returned by a channel, in full, and whatever was returned is known. */
function moneyMoved({ refunds, moved }: Books, unseenAllowed: boolean): string[] {
  const faults: string[] = [];
  const succeeded = new Set<string>();
  for (const refund of refunds.filter(({ state }) => state === 'succeeded')) {
    succeeded.add(refund.out_refund_no);
    const entry = moved.get(refund.out_refund_no);
    if (entry?.amount_fen !== refund.amount_fen)
      faults.push(`I-07: refund ${refund.id} succeeded, the channel moved ${entry?.amount_fen ?? 0} fen`);
  }
  const unseen = [...moved.keys()].filter((number) => !succeeded.has(number));
  return unseenAllowed
    ? faults
    : [...faults, ...unseen.map((number) => `I-01: refund ${number} was never seen`)];
}

/** I-08 and I-10: no more is promised than came, the sums on the row are true, surplus goes back once. */
function reserved({ payments, refunds }: Books): string[] {
  const faults: string[] = [];
  const of = Map.groupBy(refunds, (refund) => refund.payment_id);
  for (const payment of payments) {
    const all = of.get(payment.id) ?? [];
    const standing = all.filter((one) => !isOver(one) && !isLeftOut(one));
    const promised = sum(standing);
    const back = sum(all.filter((one) => one.counted_at !== null));
    if (promised > (payment.received_fen ?? 0) || promised !== payment.refund_reserved_fen)
      faults.push(
        `I-08: payment ${payment.id} got ${payment.received_fen}, reserves ${payment.refund_reserved_fen}, promises ${promised} fen`,
      );
    if (back !== payment.refunded_fen)
      faults.push(`I-08: payment ${payment.id} says ${payment.refunded_fen} fen went back, ${back} did`);
    if (standing.filter(({ kind }) => kind === 'surplus').length > 1)
      faults.push(`I-10: the surplus of payment ${payment.id} goes back twice`);
  }
  return faults;
}

/**
 * I-01: a refund that went back stands outside the sums only while another one holds the room, and only
 * before a person; what is counted went back.
 */
function leftOut({ payments, refunds, exceeding }: Books): string[] {
  const free = new Map(payments.map((one) => [one.id, (one.received_fen ?? 0) - one.refund_reserved_fen]));
  const faults: string[] = [];
  for (const refund of refunds) {
    if (refund.counted_at !== null && refund.state !== 'succeeded')
      faults.push(`I-07: refund ${refund.id} is ${refund.state}, and counted as returned`);
    if (!isLeftOut(refund)) continue;
    if (!exceeding.has(refund.id)) faults.push(`I-01: refund ${refund.id} is in no sum and before nobody`);
    if ((free.get(refund.payment_id) ?? 0) >= refund.amount_fen)
      faults.push(`I-01: refund ${refund.id} is in no sum, and payment ${refund.payment_id} has room for it`);
  }
  return faults;
}

/**
 * I-04: a bill gave back what was asked back of it and went back. What a channel's own pages sent back counts
 * too, up to what was paid, unless it went before the bill was settled.
 */
function ofBills({ bills, refunds }: Books): string[] {
  const of = Map.groupBy(
    refunds.filter((one) => one.counted_at !== null),
    (one) => one.payment_id,
  );
  return bills.flatMap(({ id, settled_payment_id: settled, paid_fen: paid, refunded_fen: back }) => {
    const all = (settled === null ? undefined : of.get(settled)) ?? [];
    const asked = sum(all.filter(({ kind }) => kind === 'bill'));
    const elsewhere = sum(all.filter(({ kind }) => kind === 'external'));
    const right = Math.min(asked, paid) <= back && back <= Math.min(asked + elsewhere, paid);
    return right ? [] : [`I-04: bill ${id} says ${back} fen went back of ${paid}, ${asked} did`];
  });
}

function isOver({ state }: Refund): boolean {
  return state === 'failed' || state === 'cancelled';
}

function isLeftOut({ state, counted_at: countedAt }: Refund): boolean {
  return state === 'succeeded' && countedAt === null;
}

/** I-05: money that is on no bill is on its way back or before a person. */
function homes({ payments, refunds, suspended }: Books): string[] {
  const goingBack = new Set(
    refunds.filter(({ state }) => state !== 'cancelled').map((refund) => refund.payment_id),
  );
  return payments
    .filter(({ id, disposition }) =>
      disposition === 'surplus'
        ? !goingBack.has(id) && !suspended.has(id)
        : disposition === 'disputed' && !suspended.has(id),
    )
    .map(({ id, disposition }) => `I-05: payment ${id} is ${disposition}, and its money has no home`);
}

function history({ refunds, events }: Books): string[] {
  const faults: string[] = [];
  const of = Map.groupBy(events, (event) => event.entity_id);
  for (const { id, version, state } of refunds) {
    const told = of.get(id) ?? [];
    if (told.length !== version)
      faults.push(`I-15: refund ${id} has version ${version} and ${told.length} events`);
    for (const [at, event] of told.entries()) {
      const before = told[at - 1]?.to_state ?? null;
      if (event.version !== at + 1 || event.from_state !== before || !isLegal(event))
        faults.push(
          `I-14: refund ${id} went from ${event.from_state} to ${event.to_state}, having been ${before}`,
        );
    }
    if (told.at(-1)?.to_state !== state)
      faults.push(`I-14: refund ${id} is ${state}, its events end in ${told.at(-1)?.to_state}`);
  }
  return faults;
}

function sums({ payments, refunds, moved }: Books, ledger: readonly LedgerEntry[]): string[] {
  const debited = sum(ledger.filter(({ kind }) => kind === 'debit'));
  const returned = sum([...moved.values()]) - sum(refunds.filter(isLeftOut));
  const debits = new Map(ledger.filter(({ kind }) => kind === 'debit').map((one) => [one.out_trade_no, one]));
  // That a channel says one sum and has taken another is what a dispute is about, until a person decides.
  const came = (one: Payment): number =>
    (one.disposition === 'disputed' ? debits.get(one.out_trade_no)?.amount_fen : one.received_fen) ?? 0;
  const held = payments.reduce((total, one) => total + came(one) - one.refunded_fen, 0);
  return debited - returned === held
    ? []
    : [`I-01: wallets are ${debited - returned} fen lighter, and we hold ${held}`];
}

function sum(entries: readonly { amount_fen: number }[]): number {
  return entries.reduce((total, { amount_fen }) => total + amount_fen, 0);
}
