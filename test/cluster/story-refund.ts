import { pause } from '#world';
import type { Stream } from '../simulation/chance.ts';
import { insist, type Counter } from './counter.ts';
import { CUT } from './desk.ts';

/** Money of a paid bill goes back, whole or in parts; above the limit a second person approves. */
export async function sendBack(at: Counter, bill: number, fen: number, stream: Stream): Promise<void> {
  await pause(at.world, stream.between(1_000, 20_000));
  const times = stream.is(0.3) ? 2 : 1;
  const amount = stream.is(0.5) ? fen : stream.between(1, fen);
  await Promise.all(Array.from({ length: times }, (_, turn) => ask(at, bill, amount, stream.fork(turn))));
}

/**
 * Twenty at once, on both instances, of a tenth each: exactly ten are taken, and one more for each that
 * failed meanwhile.
 */
export async function refundCrowd(at: Counter, bill: number, fen: number, stream: Stream): Promise<void> {
  const part = Math.floor(fen / 10);
  if (part === 0) return;
  at.desk.count('crowds of refunds');
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, turn) => ask(at, bill, part, stream.fork(turn))),
  );
  const taken = answers.filter((one) => one === 'taken').length;
  const unheard = answers.filter((one) => one === 'unheard').length;
  at.desk.count(`crowds with ${taken} taken${unheard === 0 ? '' : ' and some unheard'}`);
  const payable = Math.floor(fen / part);
  if (taken + unheard < payable)
    at.desk.breaches.push(`I-08: ${taken} of ${payable} payable refunds of bill ${bill} were taken`);
}

async function ask(
  at: Counter,
  bill: number,
  amount: number,
  stream: Stream,
): Promise<'taken' | 'refused' | 'unheard'> {
  const key = `refund-${bill}-${stream.below(1e9)}`;
  const body = { amount_fen: amount, reason: '退药' };
  const keyed = stream.is(0.8);
  const send = () => at.desk.ask(stream, 'POST', `/bills/${bill}/refunds`, body, keyed ? { key } : {});
  // Without a key nobody may ask twice: the second asking would be a second refund.
  const answer = keyed ? await insist(at, stream, send) : await send();
  if (answer === undefined || answer === CUT) return 'unheard';
  if (answer.status !== 201) return 'refused';
  const { id, state } = answer.body;
  at.promised.refund(id, bill, amount);
  if (state !== 'requested') return 'taken';
  const decide = stream.is(0.8) ? 'approval' : 'cancellation';
  await pause(at.world, stream.between(1_000, 10_000));
  await insist(at, stream, () => at.desk.ask(stream, 'POST', `/refunds/${id}/${decide}`, {}, { person: 1 }));
  return 'taken';
}
