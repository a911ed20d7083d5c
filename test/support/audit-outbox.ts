import type { Store } from '#store';

interface Event {
  entity: string;
  entity_id: number;
  from_state: string | null;
  to_state: string;
}

interface Row {
  bill_id: number;
  sequence: number;
  type: string;
  payload: string;
}

interface Bill {
  id: number;
  status: string;
  paid_fen: number;
  refunded_fen: number;
}

/**
 * I-27, from the bare tables: each change that the clinic's own system is to hear of has exactly one
 * row in the outbox and no row tells of anything else; the numbers of a bill have no gap; and whoever
 * keeps the newest of each bill holds what we hold.
 */
export async function auditOutbox(store: Pick<Store, 'read'>): Promise<string[]> {
  const { events, rows, bills } = await store.read(async (tx) => ({
    // A refund is told of as succeeded when it is counted: until then its case is what is told.
    events: await tx.all<Event>(
      `SELECT entity, entity_id, from_state, to_state FROM events
       WHERE NOT (entity = 'refund' AND to_state = 'succeeded' AND entity_id IN
         (SELECT id FROM refunds WHERE state = 'succeeded' AND counted_at IS NULL)) ORDER BY id`,
    ),
    rows: await tx.all<Row>('SELECT bill_id, sequence, type, payload FROM outbox ORDER BY bill_id, sequence'),
    bills: await tx.all<Bill>('SELECT id, status, paid_fen, refunded_fen FROM bills'),
  }));
  return [...oneRowEach(events, rows), ...withoutGap(rows), ...mirrored(rows, bills)];
}

/** What is told of, written down a second time: the issue names these five and no other. */
function publishable({ entity, from_state: from, to_state: to }: Event): string | undefined {
  if (from === to) return undefined;
  if (entity === 'bill' && to === 'paid') return 'bill.paid';
  if (entity === 'bill' && to === 'void') return 'bill.voided';
  if (entity === 'refund' && (to === 'succeeded' || to === 'failed')) return `refund.${to}`;
  return entity === 'suspense' && from === null ? 'suspense.opened' : undefined;
}

function oneRowEach(events: readonly Event[], rows: readonly Row[]): string[] {
  const changes = events.flatMap((event) => {
    const type = publishable(event);
    return type === undefined ? [] : [`${type} ${event.entity_id}`];
  });
  const told = rows.map(({ type, payload }) => `${type} ${JSON.parse(payload).data.id}`);
  const [happened, known] = [new Set(changes), new Set(told)];
  const twice = [...Map.groupBy(told, (one) => one)].filter(([, times]) => times.length > 1);
  return [
    ...changes.filter((one) => !known.has(one)).map((one) => `I-27: nobody is told of ${one}`),
    ...told.filter((one) => !happened.has(one)).map((one) => `I-27: ${one} is told and never happened`),
    ...twice.map(([one]) => `I-27: ${one} is told twice`),
  ];
}

function withoutGap(rows: readonly Row[]): string[] {
  return [...Map.groupBy(rows, (row) => row.bill_id)].flatMap(([bill, of]) =>
    of.every(({ sequence }, at) => sequence === at + 1)
      ? []
      : [`I-27: the events of bill ${bill} have a gap`],
  );
}

function mirrored(rows: readonly Row[], bills: readonly Bill[]): string[] {
  const newestOf = new Map(rows.map((row) => [row.bill_id, row]));
  return bills.flatMap((bill) => {
    const newest = newestOf.get(bill.id);
    if (newest === undefined)
      return bill.status === 'unpaid' ? [] : [`I-27: bill ${bill.id} was never told of`];
    const { data } = JSON.parse(newest.payload);
    const mirror: Bill = newest.type.startsWith('bill.') ? data : data.bill;
    const words = (one: Bill): string => `${one.status}, ${one.paid_fen} paid, ${one.refunded_fen} back`;
    return words(mirror) === words(bill)
      ? []
      : [`I-27: bill ${bill.id} is ${words(bill)}, and was told as ${words(mirror)}`];
  });
}
