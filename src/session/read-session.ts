import { hasten, takeLease } from '#job';
import {
  sessionByPublicId,
  sessionView,
  watchSession,
  type SessionRow,
  type SessionView,
} from '#sql/sessions';
import { refuse, type Refusal } from '#trouble';
import { pause } from '#world';
import { followPayment } from './follow-payment.ts';
import type { Parts } from './parts.ts';
import { hasEnded, showsCode, stageOf } from './states.ts';

/** A look counts as watching for this long. */
const WATCHED_MS = 10_000;
/** Written at most this often for a session, however many pages look. */
const WRITE_AT_MOST_MS = 5_000;
const INQUIRY_PATIENCE_MS = 8_000;

export function readSession(parts: Pick<Parts, 'store'>, publicId: string): Promise<SessionView | undefined> {
  return parts.store.read((tx) => tx.one<SessionView>(sessionView, publicId));
}

/** True while the code may stand on a screen, at this moment of the server's clock. */
export function codeShown(session: SessionView, nowMs: number): boolean {
  return showsCode(stageOf(session)) && session.qr_code_content !== '' && nowMs < session.expires_at;
}

/**
 * Somebody looks at this session: its channel is asked quickly for a while. Costs a write at most
 * every five seconds, and nothing once the session has ended.
 */
export async function watch(parts: Parts, session: SessionView): Promise<void> {
  const now = parts.world.now();
  if (hasEnded(stageOf(session)) || session.watched_until - now > WATCHED_MS - WRITE_AT_MOST_MS) return;
  await parts.store.transact('watch', async (tx) => {
    const { rows } = await tx.run(
      watchSession,
      now + WATCHED_MS,
      session.public_id,
      now + WATCHED_MS - WRITE_AT_MOST_MS,
    );
    // Nobody looked a moment ago: what was to be asked at leisure is asked now.
    if (rows === 1 && session.watched_until < now)
      await hasten(tx, 'follow_payment', session.payment_id, now, now);
  });
}

/**
 * "Did the money come?": asks the channel now, unless somebody is asking already, and answers with
 * what then is known.
 * refuses  session_not_found
 */
export async function inquire(
  parts: Parts,
  publicId: string,
): Promise<SessionView | Refusal<'session_not_found'>> {
  const session = await parts.store.read((tx) => tx.one<SessionRow>(sessionByPublicId, publicId));
  if (session === undefined) return refuse('session_not_found');
  const deadline = parts.world.now() + INQUIRY_PATIENCE_MS;
  for (;;) {
    const lease = await takeLease(parts, 'follow_payment', session.payment_id);
    if (lease === 'done') break;
    if (lease !== undefined) {
      const bell = new AbortController();
      const asked = followPayment(parts, lease).catch((error: unknown) => {
        // Overtaken, or the database is away: what is known is answered all the same.
        parts.log.warn('inquiry', { detail: error instanceof Error ? error.message : String(error) });
      });
      await Promise.race([asked, pause(parts.world, INQUIRY_PATIENCE_MS, bell.signal)]);
      bell.abort();
      break;
    }
    if (parts.world.now() >= deadline) break;
    await pause(parts.world, 100);
  }
  return (await readSession(parts, publicId)) ?? refuse('session_not_found');
}
