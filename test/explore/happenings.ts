import type { PaymentMethod } from '#channel';
import type { PaymentRow } from '#sql/payments';
import type { SessionRow } from '#sql/sessions';
import { stageOf } from '../../src/session/states.ts';
import { answersTo } from './answers.ts';
import type { Await, Errand } from './errand.ts';
import type { State } from './state.ts';
import { orderOf, type WalletOrder } from './wallets.ts';
import { BILL_FEN, LIMIT_FEN, traits, WAITER_MS, type Wish } from './wishes.ts';

/** One step of the world. Errands and awaits are named by their numbers, which a path always gives again. */
export type Happened =
  | { it: 'begin'; wish: Wish }
  /** An errand's call is answered; `say` names the answer. */
  | { it: 'answer'; errand: number; at: number; say: string }
  /** The channel acts on a create or refund call whose answer stays on its way. */
  | { it: 'act'; errand: number; at: number }
  /** A gate opens, or a timer fires. */
  | { it: 'go' | 'wake'; errand: number; at: number }
  /** Everything that an errand asks is answered truthfully and at once, until it ends or waits for time. */
  | { it: 'finish'; errand: number }
  | { it: 'crash' }
  | { it: 'scan' | 'pay' | 'pay_other' | 'overdue'; number: string }
  | { it: 'break_word'; number: string; as: 'paid' | 'closed' }
  | { it: 'settle_return' | 'break_return'; number: string; as: 'succeeded' | 'abnormal' | 'closed' }
  | { it: 'arrive'; stray: number }
  | { it: 'clock'; to: 'ten seconds' | 'a minute' | 'expiry' | 'the last word' };

export const SHORT_MS = 1_000;
export const TEN_SECONDS_MS = 10_000;
/** Past every lease, every pause and the proof of a lost call. */
export const A_MINUTE_MS = 61_000;

/** The scope: 1 bill × 2 payments × 1 refund, and so much under way at a time. */
const PAYMENTS = 2;
const REFUNDS = 1;
const UNDER_WAY = 3;

/** All that can happen now. What provably changes nothing is left out, and says so where it is. */
export function possible(state: State): Happened[] {
  return [
    ...fromErrands(state),
    ...fromPersons(state),
    ...fromWorker(state),
    ...fromPatient(state),
    ...fromChannels(state),
    ...fromClock(state),
  ];
}

function fromErrands(state: State): Happened[] {
  const all: Happened[] = state.errands.flatMap((errand) => fromErrand(state, errand));
  return state.errands.length === 0 ? all : [...all, { it: 'crash' }];
}

function fromErrand(state: State, errand: Errand): Happened[] {
  const { id } = errand;
  const all = errand.awaits.flatMap((one) => endingsOf(state, errand, one));
  const asks = errand.awaits.some(({ kind }) => kind !== 'timer');
  return asks ? [...all, { it: 'finish', errand: id }] : all;
}

function endingsOf(state: State, { id: errand, acted }: Errand, one: Await): Happened[] {
  const { at } = one;
  if (one.kind === 'gate') return [{ it: 'go', errand, at }];
  if (one.kind === 'timer') return isRipe(one, state.nowMs) ? [{ it: 'wake', errand, at }] : [];
  const answers = answersTo(one.call, state.wallets, state.nowMs, acted.includes(at));
  const all = answers.map(({ say }): Happened => ({ it: 'answer', errand, at, say }));
  const acts = one.call.api === 'refund' || one.call.api === 'create';
  const mayAct =
    acts && !acted.includes(at) && answers[0]?.say === 'done' && answers[0].wallets !== state.wallets;
  return mayAct ? [...all, { it: 'act', errand, at }] : all;
}

/** What a call is answered in good weather. */
export function truthOf(
  state: State,
  { errand: id, at }: { errand: number; at: number },
): string | undefined {
  const errand = state.errands.find((one) => one.id === id);
  const one = errand?.awaits.find((other) => other.at === at);
  if (errand === undefined || one?.kind !== 'call') return undefined;
  return answersTo(one.call, state.wallets, state.nowMs, errand.acted.includes(at))[0]?.say;
}

/**
 * A short pause is over whenever one likes; a long one when its time has come. A request that waits for
 * its code only reads when it wakes: left asleep.
 */
export function isRipe(timer: { delayMs: number; dueAtMs: number }, nowMs: number): boolean {
  if (timer.delayMs === WAITER_MS) return false;
  return timer.delayMs <= SHORT_MS || timer.dueAtMs <= nowMs;
}

const begin = (wish: Wish): Happened => ({ it: 'begin', wish });

function fromPersons(state: State): Happened[] {
  const { bills, payment_sessions, refunds } = state.tables;
  const bill = bills[0];
  if (bill === undefined || state.errands.length >= UNDER_WAY) return [];
  const shown = payment_sessions.find(({ shown_bill_id }) => shown_bill_id !== null);
  const all: Happened[] = [];
  if (bill.status === 'unpaid') {
    all.push(...openings(state, shown));
    // A person insists after a refusal, so once the code is being retired.
    const insist = shown !== undefined && isRetiring(shown);
    all.push(begin({ do: 'void', insist }));
    if (shown !== undefined)
      all.push(begin({ do: 'cancel', session: shown.id, publicId: shown.public_id, insist }));
  }
  const asked = refunds.filter(({ kind }) => kind === 'bill');
  if (bill.status === 'paid' && asked.length < REFUNDS) {
    all.push(
      begin({ do: 'refund', amountFen: LIMIT_FEN - 10 }),
      begin({ do: 'refund', amountFen: BILL_FEN }),
    );
  }
  for (const { id } of asked)
    all.push(begin({ do: 'approve', refund: id }), begin({ do: 'cancel_refund', refund: id }));
  return all;
}

const isRetiring = (session: SessionRow): boolean => stageOf(session) === 'retiring';

/** The code that is shown, asked for again, is read and returned: nothing changes. All else may. */
function openings(state: State, shown: SessionRow | undefined): Happened[] {
  const methods: readonly PaymentMethod[] = ['alipay', 'wechat'];
  const more = state.tables.payments.length < PAYMENTS;
  const open = (method: PaymentMethod, refresh: boolean, insist: boolean): Happened =>
    begin({ do: 'open', method, refresh, insist, timeoutMinutes: minutesLeft(state) });
  if (shown === undefined) return more ? methods.map((method) => open(method, false, false)) : [];
  const retiring = isRetiring(shown);
  const again = retiring && state.nowMs < shown.expires_at ? [open(shown.payment_method, false, false)] : [];
  if (!more) return again;
  return [...again, ...methods.map((method) => open(method, method === shown.payment_method, retiring))];
}

const LIFE_MS = 15 * 60_000;
/** Codes of one scope end together, so that the clock has few places to go to. */
function minutesLeft({ tables, nowMs }: State): number {
  const ends = tables.payments.map((payment) => payment.qr_code_expires_at);
  const common = ends.find((at) => at - nowMs >= 2 * 60_000);
  return common === undefined ? LIFE_MS / 60_000 : (common - nowMs) / 60_000;
}

function fromWorker(state: State): Happened[] {
  const { jobs, evidence } = state.tables;
  const all: Happened[] = [];
  if (state.errands.length >= UNDER_WAY) return all;
  for (const { kind, subject_id: subject, state: stands, lease_until } of jobs) {
    const free = stands === 'waiting' && lease_until <= state.nowMs;
    if (free && (kind === 'follow_payment' || kind === 'follow_refund'))
      all.push(begin({ do: kind, subject }));
  }
  if (evidence.some(({ applied_at }) => applied_at === null)) all.push(begin({ do: 'sweep' }));
  return all;
}

/** A code is seen while, or after, it stood on a screen: a photograph of it stays. */
export function wasShown({ tables }: State, number: string): boolean {
  const payment = tables.payments.find(({ out_trade_no }) => out_trade_no === number);
  const session = tables.payment_sessions.find(({ payment_id }) => payment_id === payment?.id);
  return session !== undefined && session.qr_code_content !== '';
}

/**
 * Whether somebody could pay this order now. Who has the code is not asked: a channel that has made it may
 * be paid by it before we hear of that, and our books must stand even so.
 */
export function isPayable(state: State, order: WalletOrder): boolean {
  if (order.state === 'scanned') return true;
  if (order.state !== 'waiting') return false;
  // How exactly Alipay keeps its times is not confirmed, so a late scan is possible up to the last word (3.4).
  const late = order.method === 'alipay' ? traits.alipay.deadAfterExpiryMs : 0;
  return state.nowMs < order.expiresAtMs + late;
}

function fromPatient(state: State): Happened[] {
  return state.wallets.orders.flatMap((order): Happened[] => {
    if (!isPayable(state, order)) return [];
    const { number } = order;
    if (order.method === 'alipay' && order.state === 'waiting') return [{ it: 'scan', number }];
    // Another sum than ours cannot be paid by any document; once on a path it is all the same.
    const odd = state.wallets.orders.some(({ paidFen }) => paidFen !== 0);
    return odd
      ? [{ it: 'pay', number }]
      : [
          { it: 'pay', number },
          { it: 'pay_other', number },
        ];
  });
}

function fromChannels(state: State): Happened[] {
  const { wallets, tables, nowMs } = state;
  const all: Happened[] = [];
  for (const order of wallets.orders) {
    const { number, method, expiresAtMs } = order;
    if (method === 'alipay' && order.state === 'scanned' && nowMs >= expiresAtMs)
      all.push({ it: 'overdue', number });
  }
  for (const { method, number, state: stands } of wallets.returns) {
    if (method !== 'wechat' || (stands !== 'accepted' && stands !== 'abnormal')) continue;
    const ends = ['succeeded', 'closed'] as const;
    const more = stands === 'accepted' ? (['abnormal'] as const) : [];
    for (const as of [...ends, ...more]) all.push({ it: 'settle_return', number, as });
  }
  for (const stray of wallets.strays.keys()) all.push({ it: 'arrive', stray });
  if (state.errands.length < UNDER_WAY) {
    for (const notice of wallets.notices) {
      // Told again after it was applied, it is only counted.
      if (!isApplied(state, notice.id)) all.push(begin({ do: 'deliver', notice }));
    }
  }
  const broke = [...wallets.orders, ...wallets.returns].some(({ brokeItsWord }) => brokeItsWord);
  if (!broke) {
    all.push(...brokenReturns(state));
    for (const { out_trade_no: number, state: stands } of tables.payments) {
      const dead = stands === 'closed' || stands === 'create_rejected';
      const order = orderOf(wallets, number);
      if (dead && order?.state !== 'paid') all.push({ it: 'break_word', number, as: 'paid' });
      if (stands === 'create_rejected' && order === undefined)
        all.push({ it: 'break_word', number, as: 'closed' });
    }
  }
  return all;
}

/** Money goes back by a number that was never sent, or that the channel had called dead. Against all documents. */
function brokenReturns({ tables, wallets }: State): Happened[] {
  return tables.refunds.flatMap(({ out_refund_no: number, payment_id, state: stands }): Happened[] => {
    if (wallets.returns.some((one) => one.number === number && one.state !== 'closed')) return [];
    if (stands === 'succeeded' || stands === 'abnormal') return [];
    const back: Happened = { it: 'break_return', number, as: 'succeeded' };
    if (stands === 'requested' || stands === 'approved' || stands === 'failed') return [back];
    // Alipay has no other word for a refund.
    if (tables.payments[payment_id - 1]?.payment_method === 'alipay') return [back];
    // Sent and lost, it arrives when no document lets it arrive any more.
    if (stands !== 'cancelled' && wallets.strays.length > 0) return [];
    const odd = ['abnormal', 'closed'] as const;
    return [back, ...odd.map((as): Happened => ({ it: 'break_return', number, as }))];
  });
}

function isApplied({ tables }: State, notice: string): boolean {
  return tables.evidence.some((row) => row.notification_id === notice && row.applied_at !== null);
}

/** Only here does it count when the create call ended (wechatpay.md 6.7). */
function isWithoutCode(payment: PaymentRow): boolean {
  return payment.payment_method === 'wechat' && payment.qr_code_url === '' && payment.state !== 'paid';
}

/** The clock goes only where somebody waits for it to have gone: elsewhere nobody could tell. */
function fromClock(state: State): Happened[] {
  const { tables, wallets, nowMs, errands } = state;
  const all: Happened[] = [];
  const timers = errands.flatMap(({ awaits }) => awaits).filter((one) => one.kind === 'timer');
  if (timers.some((one) => one.delayMs > SHORT_MS && one.dueAtMs > nowMs))
    all.push({ it: 'clock', to: 'ten seconds' });
  const lately = (at: number | null): boolean => at !== null && nowMs - at < traits.wechat.burntAfterMs;
  const waits =
    tables.jobs.some(({ lease_until }) => lease_until > nowMs) ||
    tables.payments.some((one) => isWithoutCode(one) && lately(one.create_ended_at)) ||
    tables.refunds.some((one) => lately(one.sent_at) && one.state !== 'succeeded') ||
    wallets.strays.length > 0;
  if (waits) all.push({ it: 'clock', to: 'a minute' });
  const alive = tables.payments.filter(
    ({ state: stands }) => stands !== 'paid' && stands !== 'closed' && stands !== 'create_rejected',
  );
  if (alive.some((one) => one.qr_code_expires_at > nowMs)) all.push({ it: 'clock', to: 'expiry' });
  else if (alive.some((one) => one.qr_code_expires_at + traits.alipay.deadAfterExpiryMs > nowMs)) {
    all.push({ it: 'clock', to: 'the last word' });
  }
  return all;
}
