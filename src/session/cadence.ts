import { jitter, type World } from '#world';

/**
 * When to ask a channel again. Per payment, never per page: a hundred pages that watch one session
 * make it "watched" and nothing more (design.md section 6).
 */
export interface Rhythm {
  watched: boolean;
  /** The code is off every screen and only its end is awaited. */
  withdrawn: boolean;
  /** How often we asked since something happened. */
  attempts: number;
  /** The last answers were silence. */
  silences: number;
  /** Not later than this: a deadline that the next question belongs to. */
  notAfterMs?: number;
}

const WATCHED_MS = 2_500;
const FIRST_MS = 4_000;
/** Unwatched money is seen within a minute (budget of design.md section 10), jitter included. */
const UNWATCHED_MAX_MS = 45_000;
const SILENT_MAX_MS = 30_000;

export function nextAsk(world: World, rhythm: Rhythm): number {
  const now = world.now();
  const due = now + jitter(world, delay(rhythm));
  return rhythm.notAfterMs === undefined || rhythm.notAfterMs <= now ? due : Math.min(due, rhythm.notAfterMs);
}

function delay({ watched, withdrawn, attempts, silences }: Rhythm): number {
  const patience = 1.6 ** Math.min(attempts, 12);
  if (watched) return silences > 3 ? Math.min(WATCHED_MS * silences, 8_000) : WATCHED_MS;
  const most = silences > 0 && !withdrawn ? SILENT_MAX_MS : UNWATCHED_MAX_MS;
  return Math.min(FIRST_MS * patience, most);
}
