import type { Channel } from '#channel';
import { LeaseLost, takeLease, release, underLease, type Lease } from '#job';
import { movePayment } from '#payment';
import { paymentById, type PaymentRow } from '#sql/payments';
import { sessionByPublicId, type SessionRow } from '#sql/sessions';
import { nextAsk } from './cadence.ts';
import { moveSession } from './move-session.ts';
import type { Parts } from './parts.ts';
import { stageOf } from './states.ts';

/**
 * A code that was being taken away comes back to its screen: the cashier asks for it again, the
 * channel's verified answer says that it can still be paid, and it is still the bill's shown session
 * (`closing → open`, design.md section 5). Answers false when any of that is not so.
 */
export async function reopenSession(parts: Parts, shown: SessionRow, actor: string): Promise<boolean> {
  const channel = parts.channels.get(shown.payment_method);
  const lease = await takeLease(parts, 'follow_payment', shown.payment_id);
  if (channel === undefined || lease === undefined || lease === 'done') return false;
  try {
    return await reopenUnder(parts, lease, channel, shown, actor);
  } catch (error) {
    if (error instanceof LeaseLost) return false;
    throw error;
  }
}

async function reopenUnder(
  parts: Parts,
  lease: Lease,
  channel: Channel,
  shown: SessionRow,
  actor: string,
): Promise<boolean> {
  const payment = await parts.store.read((tx) => tx.one<PaymentRow>(paymentById, shown.payment_id));
  const answer = payment === undefined ? undefined : await channel.query(payment.out_trade_no);
  const payable =
    answer?.outcome === 'done' && (answer.value.state === 'waiting' || answer.value.state === 'scanned');
  return underLease(parts, lease, 'reopen', async (tx) => {
    const now = parts.world.now();
    const rhythm = { watched: true, withdrawn: false, attempts: 0, silences: 0 };
    await release(tx, lease, { dueAtMs: nextAsk(parts.world, rhythm), attempts: 0 }, now);
    const session = await tx.one<SessionRow>(sessionByPublicId, shown.public_id);
    const row = await tx.one<PaymentRow>(paymentById, shown.payment_id);
    if (!payable || session === undefined || row === undefined) return false;
    if (stageOf(session) !== 'retiring' || session.qr_code_content === '' || now >= session.expires_at)
      return false;
    if ((await movePayment(tx, row, 'reopen', { actor, atMs: now })) !== 'moved') return false;
    await moveSession(tx, parts.hub, session, 'reopen', { actor, atMs: now });
    return true;
  });
}
