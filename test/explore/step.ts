import type { Outcome } from '#channel';
import { answersTo, type Call } from './answers.ts';
import { inMemory, type Errand, type Ground, type Stage } from './errand.ts';
import { A_MINUTE_MS, TEN_SECONDS_MS, type Happened } from './happenings.ts';
import type { State } from './state.ts';
import {
  breakReturn,
  changeOrder,
  endOverdue,
  moveOrder,
  moveReturn,
  orderOf,
  pay,
  place,
  returnOf,
  takeBack,
  type Wallets,
} from './wallets.ts';
import { BILL_FEN, traits, WAITER_MS, type Wish } from './wishes.ts';

/** What an errand did in one step, for whoever checks it. */
export interface Deed {
  wish: Wish;
  /** Calls that left in this step, with the tables as they were committed then. */
  calls: { call: Call; committed: State['tables'] | undefined }[];
  /** The answers that it was given in this step. */
  heard: { call: Call; outcome: Outcome<unknown>; say: string }[];
  ended: { value: unknown } | { error: unknown } | undefined;
  complaints: readonly string[];
}

export interface Stepped {
  state: State;
  deed: Deed | undefined;
}

/** The state after one happening, and what the errand in it did. Never changes the state before. */
export function step(before: State, happened: Happened, ground: Ground = inMemory): Promise<Stepped> {
  const path = { happened, before: before.path, depth: (before.path?.depth ?? 0) + 1 };
  return happen({ ...before, path }, happened, ground);
}

async function happen(state: State, happened: Happened, ground: Ground): Promise<Stepped> {
  switch (happened.it) {
    case 'begin':
      return beginErrand(state, happened.wish, ground);
    case 'answer':
    case 'go':
    case 'wake':
    case 'finish':
      return continueErrand(state, happened, ground);
    default:
      return { state: outside(state, happened), deed: undefined };
  }
}

// ── errands ────────────────────────────────────────────────────────────────────────────────────────

async function beginErrand(state: State, wish: Wish, ground: Ground): Promise<Stepped> {
  const deed: Deed = { wish, calls: [], heard: [], ended: undefined, complaints: [] };
  const stage = await ground.setOut(
    state,
    wish,
    (call, committed) => void deed.calls.push({ call, committed }),
  );
  const wallets = wish.do === 'deliver' ? delivered(state.wallets, wish.notice.id) : state.wallets;
  return finishStep({ ...state, wallets, next: state.next + 1 }, stage, deed, undefined);
}

function delivered(wallets: Wallets, id: string): Wallets {
  const notices = wallets.notices.map((one) => (one.id === id ? { ...one, delivered: true } : one));
  return { ...wallets, notices };
}

type OfErrand = Extract<Happened, { it: 'answer' | 'go' | 'wake' | 'finish' }>;

async function continueErrand(state: State, happened: OfErrand, ground: Ground): Promise<Stepped> {
  const errand = state.errands.find(({ id }) => id === happened.errand);
  if (errand === undefined) throw new Error(`no errand ${happened.errand} is under way`);
  const deed: Deed = { wish: errand.wish, calls: [], heard: [], ended: undefined, complaints: [] };
  const stage = await ground.takeUp(
    state,
    errand,
    (call, committed) => void deed.calls.push({ call, committed }),
  );
  let { wallets } = state;
  const hear = async (at: number, say: string | undefined): Promise<void> => {
    const one = stage.run.awaits.find((other) => other.at === at);
    if (one?.kind !== 'call') return stage.goOn(at, undefined, state.nowMs);
    const answers = answersTo(one.call, wallets, state.nowMs, errand.acted.includes(at));
    const answer = say === undefined ? answers[0] : answers.find((other) => other.say === say);
    if (answer === undefined) throw new Error(`${one.call.api} cannot be answered ${say}`);
    ({ wallets } = answer);
    deed.heard.push({ call: one.call, outcome: answer.outcome, say: answer.say });
    await stage.goOn(at, answer.outcome, state.nowMs);
  };
  if (happened.it === 'finish') {
    for (let rounds = 0; rounds < 20; rounds += 1) {
      const next = stage.run.awaits.find(({ kind }) => kind !== 'timer');
      if (next === undefined) break;
      await hear(next.at, undefined);
    }
  } else {
    await hear(happened.at, happened.it === 'answer' ? happened.say : undefined);
  }
  return finishStep({ ...state, wallets }, stage, deed, errand);
}

/** A request that only waits for its code is woken once, so that its answer is heard, and then let go: it only reads. */
async function finishStep(state: State, stage: Stage, deed: Deed, was: Errand | undefined): Promise<Stepped> {
  const { awaits } = stage.run;
  const waiter =
    awaits.length > 0 && awaits.every((one) => one.kind === 'timer' && one.delayMs === WAITER_MS);
  if (waiter) await stage.goOn(awaits[0]?.at ?? 0, undefined, state.nowMs);
  deed.ended = stage.run.ended;
  deed.complaints = stage.run.complaints;
  const others = state.errands.filter((one) => one !== was);
  const over = waiter || stage.run.awaits.length === 0;
  const errands = over ? others : [...others, stage.putDown()];
  return { state: { ...state, tables: await stage.tables(), errands }, deed };
}

// ── all else ───────────────────────────────────────────────────────────────────────────────────────

function outside(state: State, happened: Happened): State {
  const { wallets, nowMs } = state;
  switch (happened.it) {
    case 'act':
      return act(state, happened.errand, happened.at);
    case 'crash':
      return { ...state, errands: [] };
    case 'scan':
    case 'pay':
    case 'pay_other':
    case 'overdue':
      return { ...state, wallets: atOrder(state, happened.it, happened.number) };
    case 'break_word':
      return { ...state, wallets: breakWord(state, happened.number, happened.as) };
    case 'settle_return': {
      const one = returnOf(wallets, happened.number);
      if (one === undefined) throw new Error(`no refund ${happened.number}`);
      return { ...state, wallets: moveReturn(wallets, one, happened.as, nowMs) };
    }
    case 'break_return':
      return { ...state, wallets: breakRefund(state, happened.number, happened.as) };
    case 'arrive':
      return { ...state, wallets: arrive(wallets, happened.stray, nowMs) };
    case 'clock':
      return clock(state, happened.to);
    default:
      throw new Error(`${happened.it} is no errand's and nobody else's`);
  }
}

function act(state: State, id: number, at: number): State {
  const { nowMs } = state;
  const errand = state.errands.find((one) => one.id === id);
  const one = errand?.awaits.find((other) => other.at === at);
  if (errand === undefined || one?.kind !== 'call') throw new Error('nothing to act on');
  const { wallets } = answersTo(one.call, state.wallets, nowMs, false)[0] ?? state;
  const acted = [...errand.acted, at];
  const errands = state.errands.map((other) => (other === errand ? { ...errand, acted } : other));
  return { ...state, errands, wallets };
}

function breakWord({ wallets, nowMs, tables }: State, number: string, as: 'paid' | 'closed'): Wallets {
  const payment = tables.payments.find(({ out_trade_no }) => out_trade_no === number);
  if (payment === undefined) throw new Error(`no payment ${number}`);
  const { payment_method, qr_code_expires_at: expiresAtMs } = payment;
  const asked = { outTradeNo: number, amountFen: BILL_FEN, expiresAtMs } as Parameters<typeof place>[2];
  const placed = place(wallets, payment_method, asked, nowMs);
  const there = orderOf(placed, number);
  if (there === undefined) throw new Error(`no order ${number}`);
  if (as === 'paid') return pay(placed, there, nowMs, { paidFen: BILL_FEN, brokeItsWord: true });
  return endOverdue(
    changeOrder(placed, there, { brokeItsWord: true }),
    { ...there, brokeItsWord: true },
    nowMs,
  );
}

function atOrder({ wallets, nowMs }: State, it: string, number: string): Wallets {
  const order = orderOf(wallets, number);
  if (order === undefined) throw new Error(`no order ${number}`);
  if (it === 'scan') return moveOrder(wallets, order, 'scanned', nowMs);
  if (it === 'overdue') return endOverdue(wallets, order, nowMs);
  return pay(wallets, order, nowMs, { paidFen: it === 'pay' ? BILL_FEN : BILL_FEN - 10 });
}

function breakRefund(
  { tables, wallets, nowMs }: State,
  number: string,
  as: 'succeeded' | 'abnormal' | 'closed',
): Wallets {
  const refund = tables.refunds.find(({ out_refund_no }) => out_refund_no === number);
  const payment = tables.payments.find(({ id }) => id === refund?.payment_id);
  if (refund === undefined || payment === undefined) throw new Error(`no refund ${number}`);
  const { payment_method: method, out_trade_no: orderNumber, received_fen } = payment;
  const asked = { method, number, orderNumber, amountFen: refund.amount_fen, totalFen: received_fen ?? 0 };
  return breakReturn(wallets, asked, as, nowMs);
}

function arrive(wallets: Wallets, at: number, nowMs: number): Wallets {
  const stray = wallets.strays[at];
  if (stray === undefined) throw new Error(`no stray ${at}`);
  const rest = { ...wallets, strays: wallets.strays.filter((other) => other !== stray) };
  return stray.api === 'create'
    ? place(rest, stray.method, stray.order, nowMs)
    : takeBack(rest, stray.method, stray.request, nowMs);
}

/** No request is on its way for a minute: what had not arrived by then never does. */
function clock(state: State, to: Extract<Happened, { it: 'clock' }>['to']): State {
  const { tables, nowMs, wallets } = state;
  if (to === 'ten seconds') return { ...state, nowMs: nowMs + TEN_SECONDS_MS };
  const later = { ...state, wallets: wallets.strays.length === 0 ? wallets : { ...wallets, strays: [] } };
  if (to === 'a minute') return { ...later, nowMs: nowMs + A_MINUTE_MS };
  const ends = tables.payments.map((one) => one.qr_code_expires_at);
  const dead = ends.map((at) => at + traits.alipay.deadAfterExpiryMs);
  const places = (to === 'expiry' ? ends : dead).filter((at) => at > nowMs);
  return { ...later, nowMs: Math.min(...places) };
}
