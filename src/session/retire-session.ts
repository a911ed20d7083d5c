import { hasten, takeLease } from '#job';
import type { Tx } from '#store';
import { paymentById, type PaymentRow } from '#sql/payments';
import { sessionByPublicId, type SessionRow } from '#sql/sessions';
import { pause } from '#world';
import { endSession } from './close-order.ts';
import { beginRetirement, followPayment } from './follow-payment.ts';
import type { Parts } from './parts.ts';
import { hasEnded, stageOf } from './states.ts';

/** Ask, close and ask again, and 10 s in all; after that a person decides (design.md section 6). */
export const RETIRE_PATIENCE_MS = 10_000;
/** Who insists has decided already: one round is still asked, so that money that came is not overlooked. */
const INSIST_PATIENCE_MS = 3_000;
const LEASE_WAIT_MS = 100;
const ROUND_MS = 1_000;

export interface Retirement {
  /**
   * paid       the money came first: the bill is paid, or the surplus is known
   * closed     the channel says that it can never be paid
   * withdrawn  off every screen and watched; money may come until `payableUntilMs`
   */
  result: 'paid' | 'closed' | 'withdrawn';
  payableUntilMs?: number;
}

export interface Retiring {
  publicId: string;
  reason: 'refresh' | 'switch' | 'cancel' | 'void';
  insist: boolean;
  actor: string;
}

/**
 * Takes a code off the screens and finds out what became of it: one routine for expiry, refresh,
 * switch, cancel and void. Answers 'unfinished' when nothing definite is known after ten seconds and
 * nobody insists: the code stays off the screens, nothing new opens, the worker goes on asking.
 */
export async function retireSession(parts: Parts, retiring: Retiring): Promise<Retirement | 'unfinished'> {
  const paymentId = await takeOffScreens(parts, retiring);
  const patience = retiring.insist ? INSIST_PATIENCE_MS : RETIRE_PATIENCE_MS;
  const deadline = parts.world.now() + patience;
  for (;;) {
    const ended = await outcome(parts, retiring.publicId);
    if (ended !== undefined) return ended;
    const left = deadline - parts.world.now();
    if (left <= 0) break;
    await within(parts, left, oneRound(parts, retiring.publicId, paymentId, deadline));
  }
  return retiring.insist ? withdraw(parts, retiring) : 'unfinished';
}

/** The first commit: nobody may scan it from our screens any more, whatever happens next. */
function takeOffScreens(parts: Parts, { publicId, reason, actor }: Retiring): Promise<number> {
  return parts.store.transact('begin-retirement', async (tx) => {
    const { session, payment } = await bothOf(tx, publicId);
    if (!hasEnded(stageOf(session))) {
      await beginRetirement(tx, parts, payment, session, reason, actor);
      const now = parts.world.now();
      await hasten(tx, 'follow_payment', payment.id, now, now);
    }
    return payment.id;
  });
}

/** One ask → close → ask under the payment's lease, which another may hold for a moment. */
async function oneRound(parts: Parts, publicId: string, paymentId: number, deadline: number): Promise<void> {
  const lease = await takeLease(parts, 'follow_payment', paymentId);
  if (lease === 'done') return;
  if (lease === undefined) {
    await pause(parts.world, LEASE_WAIT_MS);
    return;
  }
  await followPayment(parts, lease);
  const left = deadline - parts.world.now();
  // A code that was withdrawn is watched on, and nobody at the counter waits for that.
  const ended = left > 0 ? await outcome(parts, publicId) : undefined;
  if (left > 0 && ended === undefined) await pause(parts.world, Math.min(ROUND_MS, left));
}

/** Waits no longer than the patience of whoever asked; a round under way ends by itself and gives its lease back. */
async function within(parts: Parts, patienceMs: number, round: Promise<void>): Promise<void> {
  const bell = new AbortController();
  const watched = round.catch((error: unknown) => {
    parts.log.error('retire-round', { detail: error instanceof Error ? error.message : String(error) });
    return pause(parts.world, ROUND_MS, bell.signal);
  });
  await Promise.race([watched, pause(parts.world, patienceMs, bell.signal)]);
  bell.abort();
}

/** A person insists: the session ends, its payment is watched like an unscanned Alipay code. */
function withdraw(parts: Parts, { publicId, reason, actor }: Retiring): Promise<Retirement> {
  return parts.store.transact('withdraw', async (tx) => {
    const { session, payment } = await bothOf(tx, publicId);
    if (!hasEnded(stageOf(session))) {
      session.insisted = 1;
      await beginRetirement(tx, parts, payment, session, reason, actor); // somebody may have reopened it meanwhile
      if (!hasEnded(stageOf(session)))
        await endSession(tx, parts, session, { actor, atMs: parts.world.now() });
    }
    return truthOf(session, payment);
  });
}

function outcome(parts: Parts, publicId: string): Promise<Retirement | undefined> {
  return parts.store.read(async (tx) => {
    const { session, payment } = await bothOf(tx, publicId);
    return hasEnded(stageOf(session)) ? truthOf(session, payment) : undefined;
  });
}

function truthOf(session: SessionRow, payment: PaymentRow): Retirement {
  if (payment.state === 'paid') return { result: 'paid' };
  if (payment.state === 'closed' || payment.state === 'create_rejected') return { result: 'closed' };
  return { result: 'withdrawn', payableUntilMs: session.expires_at };
}

async function bothOf(
  tx: Pick<Tx, 'one'>,
  publicId: string,
): Promise<{ session: SessionRow; payment: PaymentRow }> {
  const session = await tx.one<SessionRow>(sessionByPublicId, publicId);
  if (session === undefined) throw new Error('a session that was read a moment ago is gone');
  const payment = await tx.one<PaymentRow>(paymentById, session.payment_id);
  if (payment === undefined) throw new Error(`session ${session.id} has no payment`);
  return { session, payment };
}
