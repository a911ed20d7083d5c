import { jitter, type World } from '#world';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Waits after the first failed tries; then every six hours. Sums to a little over three days (L1). */
const waits = [
  5_000,
  30_000,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  ...Array.from({ length: 12 }, () => 6 * HOUR_MS),
];
const LAST_WAIT_MS = 6 * HOUR_MS;
const THREE_DAYS_MS = 72 * HOUR_MS;

/** After so many failed tries in a row a person is told that the receiver does not hear. */
export const TROUBLING = 6;

/**
 * When a failed event is tried again, or 'park'. It is given up only when both are behind it: three
 * days since its first try, and every rung of the ladder. So three days without our machine cost no
 * event a single try.
 */
export function nextTry(world: World, tried: { attempts: number; firstTriedAtMs: number }): number | 'park' {
  const now = world.now();
  const givenUp = tried.attempts > waits.length && now - tried.firstTriedAtMs >= THREE_DAYS_MS;
  if (givenUp) return 'park';
  return now + jitter(world, waits[tried.attempts - 1] ?? LAST_WAIT_MS);
}
