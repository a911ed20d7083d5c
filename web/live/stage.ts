import type { SessionStatus } from '../api/shapes.ts';

/**
 * What a screen says about a session, in the order of its life. Success is said only when the service
 * says `paid`; a code whose time is up is `confirming` until the service has asked the channel.
 */
export type Stage =
  | 'creating'
  | 'ready'
  | 'scanned'
  | 'silent'
  | 'confirming'
  | 'paid'
  | 'paid_late'
  | 'surplus'
  | 'disputed'
  | 'expired'
  | 'declined'
  | 'replaced'
  | 'paid_elsewhere'
  | 'cancelled';

type Told = Pick<
  SessionStatus,
  'status' | 'phase' | 'code_shown' | 'disposition' | 'late' | 'end_reason' | 'replaced_by'
>;

/** The stage of a session; `remainingMs` is the time until `expires_at` on the service's clock. */
export function stageOf(told: Told, remainingMs: number): Stage {
  if (told.disposition === 'disputed') return 'disputed';
  if (told.disposition === 'surplus') return 'surplus';
  if (told.status === 'paid') return told.late ? 'paid_late' : 'paid';
  if (told.status === 'pending') return pendingStage(told, remainingMs);
  if (told.end_reason === 'paid_elsewhere') return 'paid_elsewhere';
  if (told.end_reason === 'disputed') return 'disputed';
  if (told.end_reason === 'declined') return 'declined';
  if (told.replaced_by !== null) return 'replaced';
  return told.status === 'expired' ? 'expired' : 'cancelled';
}

function pendingStage(told: Told, remainingMs: number): Stage {
  if (told.phase === 'creating') return 'creating';
  if (!told.code_shown || remainingMs <= 0) return 'confirming';
  // The channel does not answer, but the code still stands and may be paid.
  if (told.phase === 'confirming') return 'silent';
  return told.phase === 'scanned' ? 'scanned' : 'ready';
}

/** True while the image of the code may stand on the screen. */
export function showsCode(stage: Stage): boolean {
  return stage === 'ready' || stage === 'scanned' || stage === 'silent';
}

/** True when nothing more is expected to happen to this session by itself. */
export function isOver(stage: Stage): boolean {
  return !['creating', 'ready', 'scanned', 'silent', 'confirming'].includes(stage);
}
