import { pause } from '#world';
import type { PaymentMethod } from '#channel';
import type { Stream } from '../simulation/chance.ts';
import { insist, type Counter } from './counter.ts';
import { CUT, type Answer } from './desk.ts';
import { refundCrowd, sendBack } from './story-refund.ts';

interface Shown {
  session_id: string;
  qr_code_content: string;
  expires_at: string;
}

const MOST_TRIES = 25;
const MOST_CODES = 3;

/** One bill from the clinic's own system to its end, with cashiers on both instances. */
export async function tellStory(at: Counter, index: string, stream: Stream): Promise<void> {
  const fen = stream.is(0.02) ? 60_000 : stream.between(10, 40_000);
  const bill = await post(at, index, fen, stream.fork('post'));
  if (bill === undefined) return;
  const paid = await collect(at, bill, stream.fork('collect'));
  at.desk.count(paid ? 'bills seen paid' : 'bills left');
  if (!paid || at.closing()) return;
  if (stream.is(0.015)) await refundCrowd(at, bill, fen, stream.fork('crowd'));
  else if (stream.is(0.25)) await sendBack(at, bill, fen, stream.fork('refund'));
}

/** The clinic's system posts its bill, now and then twice at once, and again until it is answered. */
async function post(at: Counter, index: string, fen: number, stream: Stream): Promise<number | undefined> {
  const body = {
    external_bill_no: `HIS-${index}`,
    patient_name: '张小丰',
    lines: [{ fee_class: '09', name: '阿莫西林胶囊', quantity: 1, unit: '盒', unit_price_fen: fen }],
  };
  const key = stream.is(0.3) ? { key: `bill-${index}` } : {};
  const ask = () => at.desk.ask(stream, 'POST', '/bills', body, key);
  const heard: Promise<Answer | undefined>[] = [insist(at, stream, ask)];
  if (stream.is(0.15)) heard.push(insist(at, stream.fork('again'), ask));
  const answers = (await Promise.all(heard)).filter((one) => one !== undefined);
  for (const { status, body: made } of answers) {
    if (status > 201) at.desk.breaches.push(`A1: the bill ${index} was refused: ${JSON.stringify(made)}`);
    else at.promised.bill(made.id, `HIS-${index}`, fen);
  }
  return answers[0]?.body.id;
}

/** Cashiers show codes until the bill is paid, void, or everybody gives up. */
async function collect(at: Counter, bill: number, stream: Stream): Promise<boolean> {
  let method: PaymentMethod = stream.pick(['alipay', 'wechat']);
  let refresh = false;
  for (let code = 0, tries = 0; code < MOST_CODES && tries < MOST_TRIES; tries += 1) {
    if (at.closing()) return false;
    const opened = await open(at, bill, method, refresh, stream);
    if (opened === 'paid') return true;
    if (opened === 'over') return false;
    if (opened === undefined) {
      await pause(at.world, stream.between(1_000, 8_000));
      if (stream.is(0.2)) method = method === 'alipay' ? 'wechat' : 'alipay';
      continue;
    }
    code += 1;
    void at.wallets.send(opened, stream.fork(`patient ${code}`));
    const end = await attend(at, bill, opened, stream);
    if (end === 'paid' || end === 'over') return end === 'paid';
    refresh = end === 'anew';
    if (end === 'other') method = method === 'alipay' ? 'wechat' : 'alipay';
  }
  return false;
}

/** A code on the screen, asked for by one cashier or by two at once who may want different ones. */
async function open(
  at: Counter,
  bill: number,
  method: PaymentMethod,
  refresh: boolean,
  stream: Stream,
): Promise<Shown | 'paid' | 'over' | undefined> {
  const ask = (wish: PaymentMethod, instance: number) =>
    at.desk.ask(
      stream,
      'POST',
      `/bills/${bill}/qr-payment`,
      { payment_method: wish, timeout_minutes: stream.between(1, 3), refresh, insist: stream.is(0.3) },
      { at: instance, ...(stream.is(0.2) ? { key: `open-${bill}-${stream.below(1e9)}` } : {}) },
    );
  const here = stream.below(2);
  if (stream.is(0.25)) {
    at.desk.count('two cashiers at one bill');
    void ask(stream.is(0.5) ? method : 'alipay', 1 - here).then((other) => {
      if (other !== CUT && other.status <= 201) void at.wallets.mayPay(other.body, stream.fork('other'));
    });
  }
  const answer = await ask(method, here);
  if (answer === CUT) return undefined;
  if (answer.status <= 201) {
    at.promised.session(answer.body.session_id, bill);
    return answer.body;
  }
  const { code } = answer.body;
  if (code === 'bill_already_paid') return 'paid';
  return ['retire_unfinished', 'channel_silent', 'channel_declined', 'session_ended'].includes(code)
    ? undefined
    : 'over';
}

/** A code stands on the screen: what happens at the counter until it is gone. */
async function attend(
  at: Counter,
  bill: number,
  shown: Shown,
  stream: Stream,
): Promise<'paid' | 'over' | 'again' | 'anew' | 'other'> {
  const url = `/payment-sessions/${shown.session_id}`;
  const plan = stream.is(0.3) ? stream.pick(['anew', 'other', 'cancel', 'void', 'ask'] as const) : undefined;
  const until = Date.parse(shown.expires_at) + 20_000;
  let acted = false;
  while (at.world.now() < until && !at.closing()) {
    await pause(at.world, stream.between(3_000, 12_000));
    const now = await at.desk.ask(stream, 'GET', `${url}/status`);
    if (now === CUT) continue;
    if (now.body.status === 'paid') {
      at.promised.paid(shown.session_id);
      return 'paid';
    }
    if (now.body.status !== 'pending') return stream.is(0.5) ? 'again' : 'over';
    if (plan === undefined || acted) continue;
    acted = true;
    if (plan === 'anew' || plan === 'other') return plan;
    if (plan === 'ask') void at.desk.ask(stream, 'POST', `${url}/inquiry`, {});
    else if (plan === 'cancel')
      await at.desk.ask(stream, 'POST', `${url}/cancellation`, { insist: stream.is(0.3) });
    else if (await makeVoid(at, bill, stream)) return 'over';
  }
  return 'over';
}

async function makeVoid(at: Counter, bill: number, stream: Stream): Promise<boolean> {
  const answer = await at.desk.ask(stream, 'POST', `/bills/${bill}/void`, { reason: '开错了' });
  if (answer === CUT || answer.status !== 200 || answer.body.status !== 'void') return false;
  at.promised.void(bill);
  return true;
}
