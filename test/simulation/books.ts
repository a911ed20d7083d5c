import type { Statement, Value } from '#store';
import type { OutboundRequest } from '#world';
import type { Connection } from '../../src/store/sqlite-connection.ts';
import type { LedgerEntry } from '../../simulator/kernel/contract.ts';
import { readCall, readRefund, type GatewayCall } from '../support/gateway-call.ts';
import { checkBill, checkPayment, checkRefund, checkSession, type Given } from './checks.ts';
import { isLegal } from './edges.ts';
import type { Gateways } from './gateways.ts';
import type { Tally } from './tally.ts';

/** One event row, as it went into a transaction. */
export interface SeenEvent {
  entity: string;
  entity_id: number;
  version: number;
  happening: string;
  from_state: string | null;
  to_state: string;
  actor: string;
  evidence_id: number | null;
  at: number;
}

/** What one run of one transaction wrote. */
export interface Seen {
  machine: string;
  name: string;
  events: SeenEvent[];
  tables: Set<string>;
}

/** A question with its place among all of them: an order that no clock can lie about. */
export interface Asked extends GatewayCall {
  order: number;
}

interface Standing {
  state: string;
  version: number;
}

/**
 * The auditor's own books. Their truth comes from the gateways alone (`D`, `R`, `G`) and from the
 * record of what was asked (`Q`); the product's tables are what is held against it. After each step all
 * that the step touched is checked (C), the sums now and then (T), everything at the end (Z, audit.ts).
 */
export class Books {
  readonly calls: Asked[] = [];
  readonly debits = new Map<string, LedgerEntry>();
  readonly refunds = new Map<string, LedgerEntry>();
  readonly violations: string[] = [];
  /** Transactions that are open at this moment; after a step there must be none (I-18). */
  open = 0;
  /** Tables that were written since somebody asked last. */
  readonly written = new Set<string>();
  gateways: Gateways | undefined;
  readonly #connection: Connection;
  readonly #tally: Tally;
  readonly #standing = new Map<string, Standing>();
  readonly #touched = new Set<string>();
  readonly #numbersTouched = new Set<string>();
  readonly #known = new Set<string>();
  /** Payments whose sum was found to be their bill's: neither ever changes. */
  readonly #pinned = new Set<number>();
  readonly #contents = new Map<string, string>();
  readonly #refundContents = new Map<string, string>();
  readonly #byNumber = new Map<string, Asked[]>();
  /** How many questions had been asked when a session began to be retired. */
  readonly #retiredAt = new Map<number, number>();
  /** Numbers that a rewind took out of the database: nobody there can know them. */
  readonly forgotten = new Set<string>();

  constructor(connection: Connection, tally: Tally) {
    this.#connection = connection;
    this.#tally = tally;
  }

  violate(what: string): void {
    this.violations.push(what);
  }

  /** A statement on its way into a transaction. */
  watch(seen: Seen, statement: Statement, values: readonly Value[]): void {
    const text = typeof statement === 'string' ? statement : statement.sqlite;
    const { table, columns } = targetOf(text);
    if (table === undefined) return;
    seen.tables.add(table);
    if (table !== 'events') return;
    seen.events.push(
      Object.fromEntries(columns.map((name, at) => [name, values[at] ?? null])) as unknown as SeenEvent,
    );
  }

  /** Called in the moment of the commit, before anybody hears of it. */
  committed(seen: Seen): void {
    for (const table of seen.tables) this.written.add(table);
    for (const event of seen.events) this.#hear(event, seen);
  }

  #hear(event: SeenEvent, seen: Seen): void {
    const key = `${event.entity}:${event.entity_id}`;
    const before = this.#standing.get(key);
    this.#touched.add(key);
    if (event.version !== (before?.version ?? 0) + 1) {
      this.violate(
        `I-14: ${key} tells version ${event.version} after ${before?.version ?? 0} (${seen.name})`,
      );
    }
    if (event.from_state !== (before?.state ?? null) || !isLegal(event)) {
      const was = before?.state ?? 'nothing';
      this.violate(
        `I-14: ${key} goes from ${event.from_state} to ${event.to_state}, having been ${was} (${seen.name})`,
      );
    }
    this.#standing.set(key, { state: event.to_state, version: event.version });
    if (event.entity === 'session' && event.happening === 'retire')
      this.#retiredAt.set(event.entity_id, this.calls.length);
    if (event.entity === 'refund' && event.from_state === 'unknown' && event.to_state === 'succeeded') {
      this.#tally.came('refund_unknown_then_succeeded');
    }
  }

  /** A request leaves: I-19 and I-11, before it is on the road. */
  asked(request: OutboundRequest, atMs: number): Asked | undefined {
    this.#refundAsked(request);
    const read = readCall(request, atMs);
    if (read === undefined) return undefined;
    const call: Asked = { ...read, order: this.calls.length };
    call.known = this.#isKnown(call);
    if (!call.known)
      this.violate(`I-19: ${call.api} of ${call.outTradeNo} left before its row was committed`);
    if (call.api === 'create') {
      const first = this.#contents.get(call.outTradeNo) ?? call.content;
      if (first !== call.content) this.violate(`I-11: ${call.outTradeNo} was ordered with two contents`);
      this.#contents.set(call.outTradeNo, first);
    }
    this.calls.push(call);
    const earlier = this.#byNumber.get(call.outTradeNo);
    if (earlier === undefined) this.#byNumber.set(call.outTradeNo, [call]);
    else earlier.push(call);
    return call;
  }

  /** I-09 and I-19 for refunds: one number, one content for life, and a committed row before it leaves. */
  #refundAsked(request: OutboundRequest): void {
    const sent = readRefund(request);
    if (sent === undefined) return;
    const { outRefundNo, content } = sent;
    const first = this.#refundContents.get(outRefundNo) ?? content;
    if (first !== content) this.violate(`I-09: refund ${outRefundNo} was asked for with two contents`);
    this.#refundContents.set(outRefundNo, first);
    if (this.#connection.one(refundIsKnown, [outRefundNo]) === undefined)
      this.violate(`I-19: refund ${outRefundNo} left before its row was committed`);
  }

  /** A committed row never goes: one look for each number is enough, until a rewind. */
  #isKnown({ outTradeNo, api }: Asked): boolean {
    if (this.#known.has(outTradeNo)) return true;
    const known = this.#connection.one(numberIsKnown, [outTradeNo]) !== undefined;
    if (known) this.#known.add(outTradeNo);
    // A statement names numbers that a rewind made the database forget, and the channel is asked about them.
    return known || ((api === 'query' || api === 'refund_query') && this.forgotten.has(outTradeNo));
  }

  callsOf(outTradeNo: string): readonly Asked[] {
    return this.#byNumber.get(outTradeNo) ?? [];
  }

  /** A gateway acted on this number: what became payable must be watched (I-12). */
  acted(outTradeNo: string): void {
    this.#numbersTouched.add(outTradeNo);
  }

  /** Money moved at a channel: I-06 at once. */
  money(entry: LedgerEntry): void {
    const number = entry.kind === 'debit' ? entry.out_trade_no : (entry.out_refund_no ?? '');
    const map = entry.kind === 'debit' ? this.debits : this.refunds;
    if (map.has(number)) this.violate(`I-06: ${entry.kind} ${number} twice at the channel`);
    map.set(number, entry);
    this.#numbersTouched.add(entry.out_trade_no);
  }

  /** C: everything that the last step touched. */
  check(): void {
    if (this.open !== 0) this.violate('I-18: a transaction waits for something outside the database');
    if (this.#touched.size === 0 && this.#numbersTouched.size === 0) return;
    let payable: Set<string> | undefined;
    const given: Given = {
      one: (text, ...values) => this.#connection.one(text, values),
      all: (text, ...values) => this.#connection.all(text, values),
      debits: this.debits,
      refunds: this.refunds,
      callsOf: (number) => this.callsOf(number),
      retiredAt: (session) => this.#retiredAt.get(session),
      payable: () => (payable ??= this.gateways?.payable() ?? new Set()),
      pinned: this.#pinned,
      tally: this.#tally,
      violate: (what) => this.violate(what),
    };
    for (const key of this.#touched) {
      const [entity = '', id = ''] = key.split(':');
      const row = checkers[entity]?.(given, Number(id));
      const standing = this.#standing.get(key);
      if (row === undefined || standing === undefined) continue;
      if (row.state !== standing.state)
        this.violate(`I-14: ${key} is ${row.state}, its events say ${standing.state}`);
      if (row.version !== standing.version)
        this.violate(`I-15: ${key} has version ${row.version}, and ${standing.version} events`);
    }
    for (const number of this.#numbersTouched) {
      if (this.forgotten.has(number)) continue;
      const row = this.#connection.one(paymentOfNumber, [number]);
      if (row !== undefined) checkPayment(given, Number(row['id']));
    }
    this.#touched.clear();
    this.#numbersTouched.clear();
  }

  /** T: I-01 in fen, over all there is. Answers what nobody has seen yet. */
  sums(): { unseenDebitsFen: number; unseenRefundsFen: number } {
    const paid = this.#connection.all(paidPayments, []);
    const succeeded = this.#connection.all(succeededRefunds, []);
    const seen = new Set(paid.map((row) => row['out_trade_no']));
    const returned = new Set(succeeded.map((row) => row['out_refund_no']));
    const debited = sum([...this.debits.values()].map(({ amount_fen }) => amount_fen));
    const gone = sum([...this.refunds.values()].map(({ amount_fen }) => amount_fen));
    const unseenDebitsFen = sum(
      [...this.debits.values()].map((debit) => (seen.has(debit.out_trade_no) ? 0 : debit.amount_fen)),
    );
    const unseenRefundsFen = sum(
      [...this.refunds.values()].map((one) => (returned.has(one.out_refund_no ?? '') ? 0 : one.amount_fen)),
    );
    const held = sum(paid.map((row) => Number(row['received_fen']) - Number(row['refunded_fen'])));
    if (debited - gone !== held + unseenDebitsFen - unseenRefundsFen) {
      this.violate(
        `I-01: the channels moved ${debited} − ${gone} fen; we hold ${held}, unseen ${unseenDebitsFen} − ${unseenRefundsFen}`,
      );
    }
    return { unseenDebitsFen, unseenRefundsFen };
  }

  /** The refunds at the channels that stand in no sum of the product. */
  unseenRefunds(): string[] {
    const returned = new Set(this.#connection.all(succeededRefunds, []).map((row) => row['out_refund_no']));
    return [...this.refunds.keys()].filter((number) => !returned.has(number));
  }

  /** The database was taken back to an earlier commit: it may know less than we do from now on. */
  rewound(): void {
    const known = new Set(
      this.#connection.all('SELECT out_trade_no FROM payments', []).map((row) => row['out_trade_no']),
    );
    for (const number of this.#byNumber.keys()) if (!known.has(number)) this.forgotten.add(number);
    this.#standing.clear();
    this.#touched.clear();
    this.#known.clear();
    // What was retired before the backup was taken is retired still, and was asked about since then.
    const retired = new Set(this.#connection.all(retiredSessions, []).map((row) => row['entity_id']));
    for (const id of this.#retiredAt.keys()) if (!retired.has(id)) this.#retiredAt.delete(id);
    this.#pinned.clear();
    for (const row of this.#connection.all(lastEvents, [])) {
      const state = { state: String(row['to_state']), version: Number(row['version']) };
      this.#standing.set(`${String(row['entity'])}:${String(row['entity_id'])}`, state);
    }
  }
}

const checkers: Record<string, (given: Given, id: number) => Standing | undefined> = {
  payment: checkPayment,
  session: checkSession,
  bill: checkBill,
  refund: checkRefund,
};

const numberIsKnown = 'SELECT 1 AS known FROM payments WHERE out_trade_no = ?';
const refundIsKnown = 'SELECT 1 AS known FROM refunds WHERE out_refund_no = ?';
const paymentOfNumber = 'SELECT id FROM payments WHERE out_trade_no = ?';
const paidPayments = `SELECT out_trade_no, received_fen, refunded_fen FROM payments WHERE state = 'paid'`;
const succeededRefunds = `SELECT out_refund_no FROM refunds WHERE counted_at IS NOT NULL`;
const retiredSessions = `SELECT entity_id FROM events WHERE entity = 'session' AND happening = 'retire'`;
const lastEvents = `
  SELECT entity, entity_id, version, to_state FROM events AS e
  WHERE version = (SELECT MAX(version) FROM events WHERE entity = e.entity AND entity_id = e.entity_id)`;

const targets = new Map<string, { table: string | undefined; columns: string[] }>();

/** The table that a statement writes, and the columns that an INSERT names, read once for each text. */
function targetOf(text: string): { table: string | undefined; columns: string[] } {
  const known = targets.get(text);
  if (known !== undefined) return known;
  const found = /^\s*(?:INSERT INTO|UPDATE)\s+(\w+)\s*(?:\(([^)]*)\))?/.exec(text);
  const target = { table: found?.[1], columns: (found?.[2] ?? '').split(',').map((name) => name.trim()) };
  targets.set(text, target);
  return target;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
