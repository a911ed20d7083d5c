import { sessionView, type SessionView } from '#sql/sessions';
import { refuse, type Refusal } from '#trouble';
import type { Parts } from './parts.ts';
import { retireSession, type Retirement } from './retire-session.ts';

export interface Cancelled extends Retirement {
  session: SessionView;
}

/**
 * Takes a session's code away for good.
 * refuses  session_not_found; retire_unfinished: what became of the code is not certain after ten
 *          seconds: ask again later, or insist
 */
export async function cancelSession(
  parts: Parts,
  wish: { publicId: string; insist: boolean; actor: string },
): Promise<Cancelled | Refusal<'session_not_found' | 'retire_unfinished'>> {
  const session = await read(parts, wish.publicId);
  if (session === undefined) return refuse('session_not_found');
  const retired = await retireSession(parts, { ...wish, reason: 'cancel' });
  if (retired === 'unfinished') return refuse('retire_unfinished', { facts: { session_id: wish.publicId } });
  return { ...retired, session: (await read(parts, wish.publicId)) ?? session };
}

function read(parts: Parts, publicId: string): Promise<SessionView | undefined> {
  return parts.store.read((tx) => tx.one<SessionView>(sessionView, publicId));
}
