import { raiseAlarm } from '#alarm';
import type { ChannelReport } from '#channel';
import { movePayment } from '#payment';
import type { PaymentRow } from '#sql/payments';
import { sessionByPayment, type SessionRow } from '#sql/sessions';
import type { Tx } from '#store';
import type { Belief, Cause } from './apply-report.ts';
import { moveSession } from './move-session.ts';
import type { Parts } from './parts.ts';

/** A verified "closed". An open order that the channel ends by itself passes through closing. */
export async function closeOrder(
  tx: Tx,
  parts: Parts,
  report: ChannelReport,
  payment: PaymentRow,
  cause: Cause,
): Promise<Belief> {
  if (report.paidAtMs !== undefined && payment.state !== 'paid') {
    const detail = `${payment.out_trade_no}: closed, and paid before that, which we never heard`;
    const about = { entity: 'payment', entityId: payment.id, atMs: cause.atMs };
    await raiseAlarm(tx, parts, { ...about, code: 'report_contradicts', detail });
  }
  if (payment.state === 'open' || payment.state === 'create_unknown')
    await movePayment(tx, payment, 'retire', cause);
  const moved = await movePayment(tx, payment, 'closed', cause);
  if (moved === 'illegal') {
    // Closed before its create call was answered: nothing is ended by it, and a person should know.
    const about = { entity: 'payment', entityId: payment.id, atMs: cause.atMs };
    await raiseAlarm(tx, parts, { ...about, code: 'illegal_edge', detail: `closed while ${payment.state}` });
  }
  if (moved !== 'moved') return { applied: 'no_change' };
  const session = await tx.one<SessionRow>(sessionByPayment, payment.id);
  if (session !== undefined) await endSession(tx, parts, session, cause);
  return { applied: 'closed' };
}

/** The order behind a session is dead, or only watched on: the session ends for the reason that it was retired. */
export async function endSession(
  tx: Tx,
  parts: Pick<Parts, 'hub'>,
  session: SessionRow,
  cause: { actor: string; atMs: number },
): Promise<void> {
  const reason = (session.retiring ?? 'timeout') as 'timeout' | 'refresh' | 'switch' | 'cancel' | 'void';
  await moveSession(tx, parts.hub, session, reason === 'timeout' ? 'expire' : 'cancel', cause, {
    endReason: reason,
  });
}
