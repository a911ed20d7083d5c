import type { ChannelReport } from '#channel';
import type { Row, Value } from '#store';
import type { Call } from './answers.ts';
import type { Await, Chapter, Errand } from './errand.ts';
import type { StoredEvidence, Tables } from './memory/tables.ts';
import { digest } from './seen.ts';
import type { State } from './state.ts';
import type { Told } from './tape.ts';
import { WAITER_MS } from './wishes.ts';
import type { Wallets } from './wallets.ts';

/**
 * Two states are alike when the same can come of both. So the text of a state says what any operation,
 * check or channel can still see, and leaves out what none of them asks:
 * - minted numbers and ids (they are compared with themselves only; rows are named by their place);
 * - versions and fences (they are compared with the row that somebody holds; a held row says whether it
 *   is still the newest);
 * - the clock itself: an instant stands as its distance from now, and no further back than anybody looks;
 * - due times (any waiting job may be taken at any time here, as "ask now" does), counts of questions,
 *   history rows, evidence that was applied and changed something (applied again, it changes nothing).
 */
export function likeness(state: State): string {
  const { tables, nowMs } = state;
  const numbers = new Map<Value, string>();
  for (const { out_trade_no, id } of tables.payments) numbers.set(out_trade_no, `p${id}`);
  for (const { out_refund_no, id } of tables.refunds) numbers.set(out_refund_no, `r${id}`);
  const errands = state.errands.map((errand) => errandText(errand, state, numbers)).toSorted();
  return [
    rowsText(tables.bills, nowMs),
    rowsText(tables.payments, nowMs),
    rowsText(tables.payment_sessions, nowMs),
    rowsText(tables.refunds, nowMs),
    rowsText(tables.jobs, nowMs),
    evidenceText(tables, numbers),
    tables.alarms
      .map(({ code, entity, entity_id }) => `${code} ${entity}${entity_id}`)
      .toSorted()
      .join(),
    tables.suspense.map((one) => `${one.reason} ${one.subject} ${one.state}`).join(),
    walletsText(state.wallets, numbers, nowMs),
    ...errands,
  ].join('|');
}

// ── rows ───────────────────────────────────────────────────────────────────────────────────────────

/** How a column stands in the text: as it is, only whether it is there, or as a distance from now (ms, at least). */
type How = 'as is' | 'is there' | 'up to two' | { from: number };

/** Nobody looks further back than this: proof of a lost refund or create call, both a minute (traits). */
const LOOK_BACK_MS = 61_000;
/** The last word on an order: ten minutes after its time (traits). */
const LAST_WORD_MS = 600_000;

const seen: readonly (readonly [column: string, how: How])[] = [
  ['id', 'as is'],
  ['bill_id', 'as is'],
  ['payment_id', 'as is'],
  ['refund_id', 'as is'],
  ['subject_id', 'as is'],
  ['payment_method', 'as is'],
  ['state', 'as is'],
  ['status', 'as is'],
  ['phase', 'as is'],
  ['retiring', 'as is'],
  ['end_reason', 'as is'],
  ['insisted', 'as is'],
  ['shown_bill_id', 'as is'],
  ['replaced_by', 'is there'],
  ['disposition', 'as is'],
  ['late', 'as is'],
  ['amount_fen', 'as is'],
  ['received_fen', 'as is'],
  ['refund_reserved_fen', 'as is'],
  ['refunded_fen', 'as is'],
  ['paid_fen', 'as is'],
  ['settled_payment_id', 'as is'],
  ['kind', 'as is'],
  ['surplus_of', 'as is'],
  ['counted_at', 'is there'],
  ['sent_at', { from: -LOOK_BACK_MS }],
  ['refused_at', 'is there'],
  ['lease_until', { from: 0 }],
  ['qr_code_url', 'is there'],
  ['qr_code_content', 'is there'],
  ['qr_code_expires_at', { from: -LAST_WORD_MS }],
  ['expires_at', { from: -LAST_WORD_MS }],
  ['applied_at', 'is there'],
];

const cache = new WeakMap<object, { nowMs: number; text: string }>();

function rowText(object: object, nowMs: number): string {
  const known = cache.get(object);
  if (known?.nowMs === nowMs) return known.text;
  const row = object as Row;
  let text = '';
  for (const [column, how] of seen) {
    // Which evidence a report became is known by the report.
    if (column === 'id' && row.applied_at !== undefined) continue;
    const value = row[column];
    if (value !== undefined && value !== null) text += `${columnText(value, how, nowMs)},`;
    else if (value === null) text += '-,';
  }
  text += waitsText(row, nowMs);
  cache.set(object, { nowMs, text });
  return text;
}

function columnText(value: Value, how: How, nowMs: number): string {
  if (how === 'as is') return String(value);
  if (how === 'is there') return value === '' ? '-' : '+';
  if (how === 'up to two') return String(Math.min(2, Number(value)));
  return String(Math.max(how.from, Number(value) - nowMs));
}

/** What only one kind of row, in one of its states, is asked for. */
function waitsText(row: Row, nowMs: number): string {
  if (row.out_trade_no === undefined || row.qr_code_url === undefined) return '';
  const silences = Math.min(2, Number(row.silences));
  // When the create call ended counts only for a number that has no code (wechatpay.md 6.7).
  const counts = row.payment_method === 'wechat' && row.qr_code_url === '' && row.create_ended_at !== null;
  return counts
    ? `${silences},${Math.max(-LOOK_BACK_MS, Number(row.create_ended_at) - nowMs)}`
    : `${silences}`;
}

function rowsText(rows: readonly object[], nowMs: number): string {
  let text = '';
  for (const row of rows) text += `${rowText(row, nowMs)};`;
  return text;
}

const evidenceCache = new WeakMap<object, string>();

/**
 * Evidence that waits to be applied, in its order: a sweep goes by that. And answers that were applied and
 * changed nothing: the same words again are not applied anew.
 */
function evidenceText(tables: Tables, numbers: ReadonlyMap<Value, string>): string {
  const waiting = tables.evidence.filter((row) => row.applied_at === null);
  const idle = tables.evidence.filter((row) => row.source === 'query' && row.result === 'no_change');
  return [waiting, idle].map((rows) => rows.map((row) => oneEvidence(row, numbers)).join()).join('+');
}

function oneEvidence(row: StoredEvidence, numbers: ReadonlyMap<Value, string>): string {
  const known = evidenceCache.get(row);
  if (known !== undefined) return known;
  const report = row.report === null ? undefined : (JSON.parse(row.report) as ChannelReport);
  const text = report === undefined ? '' : `${row.source} ${reportText(report, numbers)}`;
  evidenceCache.set(row, text);
  return text;
}

function reportText(report: ChannelReport, numbers: ReadonlyMap<Value, string>): string {
  const { refund } = report;
  const about = refund === undefined ? '' : `${numbers.get(refund.outRefundNo ?? '') ?? '?'} ${refund.state}`;
  return `${numbers.get(report.outTradeNo) ?? '?'} ${report.about} ${report.state} ${report.totalFen ?? ''} ${about}`;
}

// ── channels ───────────────────────────────────────────────────────────────────────────────────────

function walletsText(wallets: Wallets, numbers: ReadonlyMap<Value, string>, nowMs: number): string {
  const name = (number: string): string => numbers.get(number) ?? '?';
  // What a question sent now may still be told of.
  const lately = (past: readonly { state: string; untilMs: number }[]): string =>
    [...new Set(past.filter(({ untilMs }) => untilMs === nowMs).map(({ state }) => state))].join('+');
  const orders = wallets.orders.map((order) =>
    [
      name(order.number),
      order.state,
      lately(order.past),
      order.paidFen,
      order.brokeItsWord ? 'broke' : '',
      order.answeredAskedAtMs >= order.expiresAtMs ? 'asked' : '',
    ].join(' '),
  );
  const returns = wallets.returns.map((one) =>
    [name(one.number), one.state, lately(one.past), one.brokeItsWord ? 'broke' : ''].join(' '),
  );
  const notices = wallets.notices.map(
    ({ report, delivered }) => `${reportText(report, numbers)}${delivered ? ' told' : ''}`,
  );
  const strays = wallets.strays.map((stray) =>
    stray.api === 'create'
      ? `create ${name(stray.order.outTradeNo)}`
      : `refund ${name(stray.request.outRefundNo)}`,
  );
  return [orders.join(), returns.join(), notices.toSorted().join(), strays.toSorted().join()].join('/');
}

// ── what is under way ──────────────────────────────────────────────────────────────────────────────

function errandText(errand: Errand, state: State, numbers: ReadonlyMap<Value, string>): string {
  const { tables, nowMs } = state;
  const leases = errand.leases.map((lease) => {
    const job = tables.jobs.find(({ id }) => id === lease.jobId);
    const mine = job?.fence === lease.fence;
    return `${lease.jobId}${mine ? 'mine' : 'lost'}${Math.max(0, lease.untilMs - nowMs)}`;
  });
  let before = '';
  let told = '';
  for (const chapter of errand.chapters) {
    const text = chapterText(chapter, nowMs);
    // A round that was told the same as the one before it left nothing behind.
    if (text !== before) told += `${text}>`;
    before = text;
  }
  const awaits = errand.awaits.map(
    (one) => `${awaitText(one, state, numbers)}${errand.acted.includes(one.at) ? ' acted' : ''}`,
  );
  return `${wishText(errand, numbers)}{${told}${awaits.join()}${leases.join()}${newest(errand, tables)}}`;
}

function wishText({ wish }: Errand, numbers: ReadonlyMap<Value, string>): string {
  switch (wish.do) {
    case 'open':
      return `open ${wish.method} ${wish.refresh} ${wish.insist} ${wish.timeoutMinutes}`;
    case 'cancel':
      return `cancel ${wish.session} ${wish.insist}`;
    case 'deliver':
      return `deliver ${reportText(wish.notice.report, numbers)}`;
    case 'void':
      return `void ${wish.insist}`;
    case 'refund':
      return `refund ${wish.amountFen}`;
    case 'approve':
    case 'cancel_refund':
      return `${wish.do} ${wish.refund}`;
    case 'follow_payment':
    case 'follow_refund':
      return `${wish.do} ${wish.subject}`;
    default:
      return wish.do;
  }
}

/** What was told is long, and only compared: 64 bits of it will do. */
function inShort(text: string): string {
  const { high, low } = digest(text);
  return `${high.toString(36)}${low.toString(36)}`;
}

const chapterCache = new WeakMap<Chapter, string>();

function chapterText(chapter: Chapter, nowMs: number): string {
  let text = chapterCache.get(chapter);
  if (text === undefined) {
    const told = chapter.tape.map((one) => toldText(one, chapter.nowMs)).join(' ');
    text = inShort(`${answerText(chapter.answer)}:${told}`);
    chapterCache.set(chapter, text);
  }
  const ago = Math.min(LOOK_BACK_MS, nowMs - chapter.nowMs);
  return ago === 0 ? text : `${text}@${ago}`;
}

function toldText(told: Told, nowMs: number): string {
  if ('thrown' in told) return told.thrown.name;
  if ('rows' in told) return `=${told.rows}`;
  return `[${rowsText(told, nowMs)}]`;
}

/** An answer of any call, by what it may say. */
interface Heard {
  outcome?: string;
  value?: { state?: string; result?: string; refund?: { state?: string } };
  fault?: { code: string };
}

function answerText(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return '';
  const { outcome, value, fault } = answer as Heard;
  return `${outcome} ${value?.state ?? value?.result ?? ''} ${value?.refund?.state ?? ''} ${fault?.code ?? ''}`;
}

function awaitText(one: Await, { wallets, nowMs }: State, numbers: ReadonlyMap<Value, string>): string {
  if (one.kind === 'gate') return one.name;
  if (one.kind === 'timer') {
    return one.delayMs === WAITER_MS ? '' : `${one.delayMs}in${Math.max(0, one.dueAtMs - nowMs)}`;
  }
  return callText(one.call, wallets, numbers);
}

/** A call that is out, with how old its answer may be. */
function callText(call: Call, wallets: Wallets, numbers: ReadonlyMap<Value, string>): string {
  const since = (past: readonly { state: string; untilMs: number }[] | undefined): string =>
    [
      ...new Set((past ?? []).filter(({ untilMs }) => untilMs >= call.sentAtMs).map(({ state }) => state)),
    ].join('+');
  switch (call.api) {
    case 'create':
      return `create ${numbers.get(call.order.outTradeNo)}`;
    case 'query': {
      const order = wallets.orders.find(({ number }) => number === call.number);
      const asked = order !== undefined && call.sentAtMs >= order.expiresAtMs ? 'late' : '';
      return `query ${numbers.get(call.number)} ${since(order?.past)} ${asked}`;
    }
    case 'close':
      return `close ${numbers.get(call.number)}`;
    case 'refund':
      return `refund ${numbers.get(call.request.outRefundNo)}`;
    default: {
      const past = wallets.returns.find(({ number }) => number === call.request.outRefundNo)?.past;
      return `queryRefund ${numbers.get(call.request.outRefundNo)} ${since(past)}`;
    }
  }
}

/** For each row that the errand has seen, whether it is still as the errand left it. */
function newest(errand: Errand, tables: Tables): string {
  const left = new Map<string, boolean>();
  for (const { saw } of errand.chapters) {
    for (const { table, id, version } of saw) {
      left.set(`${table}${id}`, tables[table][id - 1]?.version === version);
    }
  }
  return [...left.values()].map((same) => (same ? '=' : '!')).join('');
}
