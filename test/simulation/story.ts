import { createBill, type CreateBill } from '#bill';
import type { PaymentMethod } from '#channel';
import { requestRefund, approveRefund } from '#refund';
import { cancelSession, openSession, readSession, voidBill, watch, type SessionView } from '#session';
import { isRefusal } from '#trouble';
import type { Stream } from './chance.ts';
import type { Day } from './day.ts';
import { sendPatient, type Patient } from './patient.ts';
import type { Parts } from './ground.ts';
import { CUT } from './site.ts';

const MOST_CODES = 4;
const MOST_TRIES = 12;

/** One bill, from the clinic's own system to its end at the counter: everybody who has to do with it. */
export async function tellStory(day: Day, index: number, stream: Stream): Promise<void> {
  const { agenda } = day;
  await agenda.sleep(stream.fork('arrival').below(day.spanMs));
  const billId = await post(day, index, stream.fork('his'));
  if (billId === undefined) return;
  const paid = await collect(day, billId, index, stream.fork('counter'));
  if (paid) await maybeRefund(day, billId, stream.fork('refund'));
}

/** The clinic's system posts the bill, sometimes again, sometimes with another content under the same number. */
async function post(day: Day, index: number, stream: Stream): Promise<number | undefined> {
  const { profile } = day;
  const bill = (fen: number): CreateBill => ({
    external_bill_no: `HIS-${index}`,
    patient_name: '张小丰',
    lines: [{ fee_class: '09', name: '阿莫西林胶囊', quantity: '1', unit: '盒', unit_price_fen: fen }],
  });
  const fen = stream.is(0.02) ? 404 : stream.between(1, stream.is(0.5) ? 5_000 : 120_000);
  const ask = () => day.site.ask((parts) => createBill(parts, bill(fen), 'key:his'));
  if (stream.is(profile.posts_again)) {
    day.did('posts_again', `the bill ${index} is posted twice at once`);
    void ask();
  }
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const made = await ask();
    if (made === CUT) {
      await day.agenda.sleep(stream.between(500, 5_000));
      continue;
    }
    if (isRefusal(made)) {
      day.books.violate(`A1: the same bill ${index} was refused: ${made.refused}`);
      return undefined;
    }
    if (stream.is(profile.posts_other_content)) await postOther(day, index, bill(fen + 1));
    return made.bill.id;
  }
  return undefined;
}

async function postOther(day: Day, index: number, other: CreateBill): Promise<void> {
  day.did('posts_other_content', `the bill ${index} is posted with another sum`);
  const answer = await day.site.ask((parts) => createBill(parts, other, 'key:his'));
  if (answer !== CUT && !isRefusal(answer)) {
    const forgotten = day.rewound;
    if (!forgotten) day.books.violate(`A2: bill ${index} took two contents`);
  }
}

interface Counter {
  day: Day;
  billId: number;
  index: number;
  stream: Stream;
  method: PaymentMethod;
  insist: boolean;
  refresh: boolean;
  patient: Patient | undefined;
}

/** The cashier shows codes until the bill is paid, void, or everybody gives up. Answers whether it was paid. */
async function collect(day: Day, billId: number, index: number, stream: Stream): Promise<boolean> {
  const at: Counter = {
    day,
    billId,
    index,
    stream,
    method: stream.pick(['alipay', 'wechat']),
    insist: false,
    refresh: false,
    patient: undefined,
  };
  for (let code = 0, tries = 0; code < MOST_CODES && tries < MOST_TRIES; tries += 1) {
    const session = await open(at, code);
    if (session === 'paid') return true;
    if (session === 'over') return false;
    if (session === undefined) {
      await day.agenda.sleep(stream.between(1_000, 20_000));
      continue;
    }
    code += 1;
    at.patient?.looksAway();
    const name = `patient ${index}${code === 1 ? '' : `, code ${code}`}`;
    at.patient = sendPatient(day, session, name, stream.fork(`patient ${code}`));
    const end = await attend(at, session);
    if (end !== 'again') return end === 'paid';
  }
  return false;
}

/** A code on the screen; 'paid' or 'over' when there will be none; undefined: try again in a moment. */
async function open(at: Counter, code: number): Promise<SessionView | 'paid' | 'over' | undefined> {
  const { day, stream, method, billId } = at;
  const wish = {
    billId,
    method,
    timeoutMinutes: stream.is(0.03) ? stream.between(15, 120) : stream.between(1, 5),
    refresh: at.refresh,
    insist: at.insist,
    actor: 'staff:cashier',
    ...(stream.is(0.5) ? { requestKey: `req ${at.index} ${code} ${stream.below(1e9)}` } : {}),
  };
  const ask = () => day.site.ask((parts) => openSession(parts, wish));
  day.tell(`bill ${billId}: the cashier opens a code (${method}${wish.refresh ? ', anew' : ''})`);
  if (stream.is(day.profile.double_click)) {
    day.did('double_click', `bill ${billId}: a double click`);
    void ask();
  }
  const opened = await ask();
  if (opened === CUT) return undefined;
  if (!isRefusal(opened)) {
    at.refresh = false;
    if (opened.session.bill_id !== billId) day.books.violate(`D1: bill ${billId} shows another bill's code`);
    return opened.session;
  }
  day.tell(`bill ${billId}: ${opened.refused}`);
  if (opened.refused === 'bill_already_paid') return 'paid';
  if (opened.refused === 'retire_unfinished') at.insist = stream.is(day.profile.insists);
  else if (opened.refused === 'channel_declined') at.method = stream.pick(['alipay', 'wechat']);
  else if (opened.refused !== 'channel_silent') return 'over';
  return undefined;
}

/** A code stands on the screen. What happens at the counter until it is gone. */
async function attend(at: Counter, session: SessionView): Promise<'paid' | 'over' | 'again'> {
  const { day, stream, billId } = at;
  const { profile } = day;
  const page = stream.is(0.25);
  // With a queue at the counter nobody looks at one code for an hour.
  const pageUntil = day.agenda.nowMs + stream.wait(45_000, 0.9);
  const plans = (['refreshes', 'switches', 'cancels', 'voids'] as const).filter((plan) =>
    stream.is(profile[plan]),
  );
  const plan = plans.length === 0 ? undefined : stream.pick(plans);
  const planAt = day.agenda.nowMs + stream.wait(25_000, 0.9);
  const leisureMs = stream.between(10_000, 30_000);
  const last = session.expires_at + 30_000;
  while (day.agenda.nowMs < last) {
    const watched = page && day.agenda.nowMs < pageUntil;
    const stepMs = watched ? 3_000 : leisureMs;
    await day.agenda.sleep(
      Math.min(stepMs, plan === undefined ? stepMs : Math.max(500, planAt - day.agenda.nowMs)),
    );
    const now = await look(day, session.public_id, watched);
    if (now === undefined) continue;
    if (now.status === 'paid') return 'paid';
    if (now.status !== 'pending') return stream.is(0.6) ? 'again' : 'over';
    if (plan === undefined || day.agenda.nowMs < planAt) continue;
    day.did(plan, `bill ${billId}: the clinic ${plan}`);
    if (plan === 'cancels' || plan === 'voids') return takeAway(at, session, plan);
    if (plan === 'switches') at.method = at.method === 'alipay' ? 'wechat' : 'alipay';
    at.refresh = plan === 'refreshes';
    return 'again';
  }
  return 'over';
}

async function look(day: Day, publicId: string, page: boolean): Promise<SessionView | undefined> {
  const seen = await day.site.ask(async (parts) => {
    const session = await readSession(parts, publicId);
    if (page && session !== undefined) await watch(parts, session);
    return session;
  });
  return seen === CUT ? undefined : seen;
}

async function takeAway(
  at: Counter,
  session: SessionView,
  plan: 'cancels' | 'voids',
): Promise<'paid' | 'over' | 'again'> {
  const { day, stream, billId } = at;
  for (let tries = 0; tries < 4; tries += 1) {
    const insist = tries > 0 && stream.is(day.profile.insists);
    const actor = 'staff:cashier';
    const act = (parts: Parts) =>
      plan === 'cancels'
        ? cancelSession(parts, { publicId: session.public_id, insist, actor })
        : voidBill(parts, { id: billId, reason: '重开', insist, actor });
    const answer = await day.site.ask<Awaited<ReturnType<typeof act>>>(act);
    if (answer === CUT) continue;
    if (isRefusal(answer)) {
      day.tell(`bill ${billId}: ${answer.refused}`);
      if (answer.refused === 'bill_already_paid') return 'paid';
      if (answer.refused !== 'retire_unfinished') return 'over';
      await day.agenda.sleep(stream.between(2_000, 15_000));
      continue;
    }
    if ('result' in answer) {
      if (answer.result !== 'paid') at.patient?.looksAway();
      return answer.result === 'paid' ? 'again' : stream.is(0.5) ? 'again' : 'over';
    }
    return 'over';
  }
  return 'over';
}

/** Money of a paid bill goes back, whole or in parts, asked for once or by two people at once. */
async function maybeRefund(day: Day, billId: number, stream: Stream): Promise<void> {
  if (!stream.is(0.25)) return;
  await day.agenda.sleep(stream.wait(600_000, 1));
  const amountFen = stream.is(0.5) ? undefined : stream.between(1, 3_000);
  const times = stream.is(day.profile.refunds_twice) ? 2 : 1;
  if (times === 2) day.did('refunds_twice', `bill ${billId}: two people send money back`);
  const whole = await day.site.ask((parts) =>
    parts.store.read((tx) =>
      tx.one<{ payable_fen: number }>('SELECT payable_fen FROM bills WHERE id = ?', billId),
    ),
  );
  if (whole === CUT || whole === undefined) return;
  const wish = { billId, amountFen: amountFen ?? whole.payable_fen, reason: '退药', actor: 'staff:cashier' };
  for (let turn = 0; turn < times; turn += 1) void refund(day, wish, stream.fork(turn));
}

async function refund(
  day: Day,
  wish: { billId: number; amountFen: number; reason: string; actor: string },
  stream: Stream,
): Promise<void> {
  const requestKey = `refund ${wish.billId} ${stream.below(1e9)}`;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const made = await day.site.ask((parts) => requestRefund(parts, { ...wish, requestKey }));
    if (made === CUT) {
      await day.agenda.sleep(stream.between(1_000, 10_000));
      continue;
    }
    if (isRefusal(made)) {
      day.tell(`bill ${wish.billId}: refund ${made.refused}`);
      return;
    }
    day.tell(`bill ${wish.billId}: ${made.amount_fen} fen are to go back, ${made.state}`);
    if (made.state === 'requested') await approve(day, made.id, stream);
    return;
  }
}

async function approve(day: Day, id: number, stream: Stream): Promise<void> {
  await day.agenda.sleep(stream.wait(60_000, 1));
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    if ((await day.site.ask((parts) => approveRefund(parts, id, 'staff:second'))) !== CUT) return;
    await day.agenda.sleep(stream.between(1_000, 10_000));
  }
}
