import type { Store } from '#store';
import type { Kernel, LedgerEntry } from '../simulator/kernel/contract.ts';
import { auditOutbox } from './support/audit-outbox.ts';
import { auditRefunds } from './support/audit-refunds.ts';
import type { GatewayCall } from './support/gateway-call.ts';
import { payableAtGateways } from './support/gateway-truth.ts';

/**
 * The audit: keeps its own books from the simulators' ledger, the gateways' own memory and the bare
 * tables, and holds the product to the invariants of money-safety.md 3.2. It knows the design and
 * not one line of `src/`.
 */
export interface Audited {
  store: Pick<Store, 'read'>;
  ledger(): readonly LedgerEntry[];
  /** Everything that the product asked the channels. */
  calls: readonly GatewayCall[];
  sim: { kernel: Pick<Kernel, 'clock' | 'load'> };
}

export interface AuditOptions {
  /** Numbers about which the channel itself told a lie in this test: what it said has no debit behind it. */
  liedAbout?: readonly string[];
  /** Money that only a statement could still bring home may be unseen at the end. */
  unseenAllowed?: boolean;
  /** Instances with wrong clocks: what they wrote down of time proves nothing. */
  clocksLie?: boolean;
  /** How far the clocks of processes may differ that hear the time over the network. */
  clocksDifferMs?: number;
}

/** Every breach in words; none when the books agree. */
export async function audit(audited: Audited, options: AuditOptions = {}): Promise<string[]> {
  const books = await readBooks(audited);
  return [
    ...ofRows(books, options),
    ...immutable(audited, books),
    ...payableIsWatched(audited, books),
    ...intentBeforeCall(audited),
    ...silenceEndsNothing(audited, books, options),
    ...(await ofTables(audited, options)),
  ];
}

/** The same as far as rows and ledger alone can tell, for whoever has no gateways to ask. */
export async function auditRows(
  audited: Pick<Audited, 'store' | 'ledger'>,
  options: AuditOptions = {},
): Promise<string[]> {
  return [...ofRows(await readBooks(audited), options), ...(await ofTables(audited, options))];
}

async function ofTables(
  audited: Pick<Audited, 'store' | 'ledger'>,
  options: AuditOptions,
): Promise<string[]> {
  return [
    ...(await auditOutbox(audited.store)),
    ...(await auditRefunds(audited.store, audited.ledger(), options.unseenAllowed === true)),
  ];
}

function ofRows(books: Books, options: AuditOptions): string[] {
  return [
    ...conservation(books, options.unseenAllowed === true),
    ...settledOnce(books),
    ...noFalsePaid(books, new Set(options.liedAbout ?? [])),
    ...history(books),
  ];
}

interface Bill {
  id: number;
  status: string;
  payable_fen: number;
  paid_fen: number;
  settled_payment_id: number | null;
  version: number;
}

interface Payment {
  id: number;
  /** None when the number was not ours: money that was adopted. */
  bill_id: number | null;
  out_trade_no: string;
  payment_method: string;
  amount_fen: number;
  received_fen: number | null;
  app_id: string;
  merchant_id: string;
  state: string;
  disposition: string | null;
  paid_evidence_id: number | null;
  version: number;
}

interface Session {
  id: number;
  bill_id: number;
  payment_id: number;
  status: string;
  phase: string;
  retiring: string | null;
  shown_bill_id: number | null;
  expires_at: number;
  qr_code_content: string;
  insisted: number;
  version: number;
}

interface Evidence {
  id: number;
  verdict: string;
  source: string;
  report: string | null;
  applied_at: number | null;
}

interface Event {
  entity: string;
  entity_id: number;
  version: number;
  from_state: string | null;
  to_state: string;
  evidence_id: number | null;
  at: number;
}

interface Books {
  bills: Bill[];
  payments: Payment[];
  sessions: Session[];
  evidence: Map<number, Evidence>;
  events: Event[];
  debits: Map<string, LedgerEntry>;
  refunds: readonly LedgerEntry[];
  /** What each bill asks for. */
  payable: Map<number | null, number>;
  /** Payments about whose disputed money a person has decided (I-05). */
  decided: Set<number>;
}

function readBooks(audited: Pick<Audited, 'store' | 'ledger'>): Promise<Books> {
  const debits = audited.ledger().filter(({ kind }) => kind === 'debit');
  return audited.store.read(async (tx) => {
    const bills = await tx.all<Bill>('SELECT * FROM bills');
    const events = await tx.all<Event>('SELECT * FROM events ORDER BY entity, entity_id, version');
    const evidence = await tx.all<Evidence>('SELECT id, verdict, source, report, applied_at FROM evidence');
    const decisions = events.filter((event) => event.entity === 'payment' && event.from_state === 'paid');
    return {
      bills,
      payments: await tx.all<Payment>('SELECT * FROM payments'),
      sessions: await tx.all<Session>('SELECT * FROM payment_sessions'),
      evidence: new Map(evidence.map((one) => [one.id, one])),
      events,
      debits: new Map(debits.map((debit) => [debit.out_trade_no, debit])),
      refunds: audited.ledger().filter(({ kind }) => kind === 'refund'),
      payable: new Map(bills.map((bill) => [bill.id, bill.payable_fen])),
      decided: new Set(decisions.map((event) => event.entity_id)),
    };
  });
}

/** I-01 in simple form: every fen that was debited stands in one of our piles, and no pile holds more. */
function conservation(books: Books, unseenAllowed: boolean): string[] {
  const { bills, payments, debits } = books;
  const byNumber = new Map(payments.map((payment) => [payment.out_trade_no, payment]));
  const unseen = [...debits.values()].filter((debit) => byNumber.get(debit.out_trade_no)?.state !== 'paid');
  const settled = payments.filter(({ disposition }) => disposition === 'settled');
  const faults = settled
    .concat(payments.filter(({ disposition }) => disposition === 'surplus'))
    .filter((payment) => debits.has(payment.out_trade_no))
    .filter((payment) => debits.get(payment.out_trade_no)?.amount_fen !== payment.received_fen)
    .map(
      (payment) => `I-01: payment ${payment.id} holds ${payment.received_fen} fen, another sum was debited`,
    );
  const inBills = sum(bills.map(({ paid_fen }) => paid_fen));
  const inSettled = sum(settled.map((payment) => settledFen(books, payment)));
  if (inBills !== inSettled) faults.push(`I-01: bills hold ${inBills} fen, settled payments ${inSettled}`);
  if (unseenAllowed) return faults;
  return [
    ...faults,
    ...unseen.map(({ out_trade_no }) => `I-03: the debit of ${out_trade_no} was never seen`),
  ];
}

/** Of money that a person posted, the bill takes what it asks, and the rest goes back (I-05). */
function settledFen({ payable, decided }: Books, payment: Payment): number {
  const asked = payable.get(payment.bill_id) ?? 0;
  return decided.has(payment.id) && (payment.received_fen ?? 0) >= asked ? asked : payment.amount_fen;
}

/** I-04 and I-05: one settled payment makes a bill paid, in full; every paid payment has one disposition. */
function settledOnce(books: Books): string[] {
  const { bills, payments } = books;
  const faults: string[] = [];
  const settledOf = Map.groupBy(
    payments.filter(({ disposition }) => disposition === 'settled'),
    ({ bill_id }) => bill_id,
  );
  for (const bill of bills) {
    const settled = settledOf.get(bill.id) ?? [];
    if (settled.length > 1) faults.push(`I-04: bill ${bill.id} was settled ${settled.length} times`);
    const [first] = settled;
    const whole =
      first !== undefined &&
      first.id === bill.settled_payment_id &&
      settledFen(books, first) === bill.payable_fen;
    if ((bill.status === 'paid') !== whole)
      faults.push(`I-04: bill ${bill.id} is ${bill.status}, settled: ${whole}`);
  }
  for (const payment of payments) {
    const disposed = ['settled', 'surplus', 'disputed'].includes(payment.disposition ?? '');
    if ((payment.state === 'paid') !== disposed)
      faults.push(`I-05: payment ${payment.id} is ${payment.state}`);
  }
  return faults;
}

/** I-07: behind every paid payment stands kept, verified evidence that is equal in all that is pinned, and a debit. */
function noFalsePaid({ payments, evidence, debits, decided }: Books, lied: ReadonlySet<string>): string[] {
  const faults: string[] = [];
  for (const payment of payments.filter(({ state }) => state === 'paid')) {
    const proof = evidence.get(payment.paid_evidence_id ?? 0);
    const report = JSON.parse(proof?.report ?? '{}');
    const same = (told: unknown, pinned: unknown): boolean => told === undefined || told === pinned;
    const equal =
      report.outTradeNo === payment.out_trade_no &&
      report.method === payment.payment_method &&
      report.state === 'paid' &&
      same(report.appId, payment.app_id) &&
      same(report.merchantId, payment.merchant_id) &&
      same(report.currency, 'CNY') &&
      (report.totalFen === payment.amount_fen ||
        payment.disposition === 'disputed' ||
        // A person has decided about money that was disputed (I-05).
        decided.has(payment.id));
    if (proof?.verdict !== 'genuine' || !equal)
      faults.push(`I-07: payment ${payment.id} is paid without proof`);
    if (!debits.has(payment.out_trade_no) && !lied.has(payment.out_trade_no)) {
      faults.push(`I-07: payment ${payment.id} is paid, and nobody was debited`);
    }
  }
  return faults;
}

/** I-11: a number belongs to one payment, of the bill's amount, and the channel heard one content for it. */
function immutable(audited: Audited, { payments, payable, decided }: Books): string[] {
  const faults: string[] = [];
  // Money that was adopted was never ordered for a bill; a person has posted it to one.
  for (const payment of payments.filter((one) => one.bill_id !== null && !decided.has(one.id))) {
    if (payable.get(payment.bill_id) !== payment.amount_fen)
      faults.push(`I-11: payment ${payment.id} is not its bill's sum`);
  }
  const contents = new Map<string, string>();
  for (const call of audited.calls.filter(({ api }) => api === 'create')) {
    const first = contents.get(call.outTradeNo) ?? call.content;
    if (first !== call.content) faults.push(`I-11: ${call.outTradeNo} was ordered with two contents`);
    contents.set(call.outTradeNo, first);
  }
  return faults;
}

/** I-12 and I-13, as design.md section 6 reads them: what can be paid is shown, or withdrawn and being closed. */
function payableIsWatched(audited: Audited, { payments, sessions }: Books): string[] {
  const faults: string[] = [];
  const payable = payableAtGateways(audited.sim);
  const alive = payments.filter(({ out_trade_no }) => payable.has(out_trade_no));
  const shownOf = new Map(sessions.map((session) => [session.payment_id, session.shown_bill_id]));
  for (const payment of alive) {
    if (!['creating', 'create_unknown', 'open', 'closing'].includes(payment.state)) {
      faults.push(`I-12: ${payment.out_trade_no} is ${payment.state} here and can still be paid there`);
    }
    const shown = shownOf.get(payment.id) ?? null;
    if (shown === null && payment.state !== 'closing') {
      faults.push(
        `I-13: ${payment.out_trade_no} is on no screen, payable, and ${payment.state}, not closing`,
      );
    }
  }
  const shownBills = sessions.flatMap(({ shown_bill_id }) => shown_bill_id ?? []);
  if (new Set(shownBills).size !== shownBills.length) faults.push('I-13: one bill has two shown codes');
  return faults;
}

/** The edges of design.md section 5, written down a second time. Money under an unknown number is born paid. */
const paymentEdges: Record<string, readonly string[]> = {
  intent: ['creating', 'paid'],
  creating: ['open', 'create_unknown', 'create_rejected', 'paid'],
  create_unknown: ['open', 'closing', 'paid'],
  open: ['closing', 'paid'],
  closing: ['closed', 'open', 'paid'],
  closed: ['paid'],
  create_rejected: ['paid'],
  paid: [],
};

const ends = ['paid', 'expired', 'cancelled'];
const sessionEdges: Record<string, readonly string[]> = {
  creating: ['ready', 'scanned', 'silent', 'retiring', ...ends],
  ready: ['scanned', 'silent', 'retiring', ...ends],
  scanned: ['silent', 'retiring', ...ends],
  silent: ['ready', 'scanned', 'retiring', ...ends],
  retiring: ['ready', ...ends],
  expired: ['paid'],
  cancelled: ['paid'],
  paid: [],
};

const billEdges: Record<string, readonly string[]> = { unpaid: ['paid', 'void'], paid: [], void: [] };

/** I-14, I-15, I-22: one event for each version, along legal edges, ending in the state that stands. */
function history({ bills, payments, sessions, events }: Books): string[] {
  const faults: string[] = [];
  const byEntity = Map.groupBy(events, (event) => `${event.entity} ${event.entity_id}`);
  const check = (
    entity: string,
    rows: readonly { id: number; version: number }[],
    stateOf: (row: never) => string,
    edges: Record<string, readonly string[]>,
    births: readonly string[],
  ): void => {
    for (const row of rows) {
      const name = `${entity} ${row.id}`;
      const told = byEntity.get(name) ?? [];
      if (told.length !== row.version)
        faults.push(`I-15: ${name} has version ${row.version} and ${told.length} events`);
      let state: string | null = null;
      for (const [index, event] of told.entries()) {
        const legal =
          state === null
            ? births.includes(event.to_state)
            : event.to_state === state || (edges[state] ?? []).includes(event.to_state);
        if (event.version !== index + 1)
          faults.push(`I-14: ${name} tells version ${event.version} as number ${index + 1}`);
        if (event.from_state !== state || !legal) {
          faults.push(
            `I-14: ${name} went from ${event.from_state} to ${event.to_state}, having been ${state}`,
          );
        }
        state = event.to_state;
      }
      if (state !== stateOf(row as never))
        faults.push(`I-14: ${name} is ${stateOf(row as never)}, its events end in ${state}`);
    }
  };
  check('bill', bills, (bill: Bill) => bill.status, billEdges, ['unpaid']);
  check('payment', payments, (payment: Payment) => payment.state, paymentEdges, ['intent', 'paid']);
  check('session', sessions, stageOf, sessionEdges, ['creating']);
  return faults;
}

function stageOf(session: Session): string {
  if (session.status !== 'pending') return session.status;
  if (session.phase !== 'confirming') return session.phase;
  return session.retiring === null ? 'silent' : 'retiring';
}

/** I-19: the channel never heard a number that was not committed before. */
function intentBeforeCall({ calls }: Audited): string[] {
  return calls
    .filter(({ known }) => !known)
    .map((call) => `I-19: ${call.api} of ${call.outTradeNo} left before its row was committed`);
}

/**
 * I-21: a payment is closed by kept and verified evidence alone, and a code that screens had never
 * expires before the channel has answered a question that was asked after its time.
 */
function silenceEndsNothing(
  audited: Audited,
  { payments, sessions, evidence, events }: Books,
  { clocksLie = false, clocksDifferMs = 0 }: AuditOptions,
): string[] {
  const faults: string[] = [];
  const numberOf = new Map(payments.map((payment) => [payment.id, payment.out_trade_no]));
  const sessionOf = new Map(sessions.map((session) => [session.id, session]));
  const queriesOf = Map.groupBy(
    audited.calls.filter(({ api }) => api === 'query'),
    ({ outTradeNo }) => outTradeNo,
  );
  for (const event of events) {
    if (event.entity === 'payment' && event.to_state === 'closed') {
      const proof = evidence.get(event.evidence_id ?? 0);
      const said = JSON.parse(proof?.report ?? '{}').state;
      if (proof?.verdict !== 'genuine' || !['closed', 'none'].includes(said)) {
        faults.push(`I-21: payment ${event.entity_id} was closed and the channel never said so`);
      }
    }
    if (event.entity !== 'session' || event.to_state !== 'expired' || clocksLie) continue;
    const session = sessionOf.get(event.entity_id);
    if (session === undefined || session.qr_code_content === '' || session.insisted === 1) continue;
    const queries = queriesOf.get(numberOf.get(session.payment_id) ?? '') ?? [];
    const asked = queries.some(
      (call) =>
        call.atMs >= session.expires_at - clocksDifferMs &&
        (call.answeredAtMs ?? Infinity) <= event.at + clocksDifferMs,
    );
    if (!asked) faults.push(`I-21: session ${session.id} expired unasked`);
  }
  return faults;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
