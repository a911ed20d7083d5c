import type { PaymentMethod } from '#channel';
import type { Store } from '#store';

/** So many refused words of one channel are kept in one stretch of time; the others are counted. */
export const KEPT_REFUSED = 60;
const STRETCH_MS = 600_000;

/** Of a refused body, and of its headers: the beginning. A channel's own notification is hardly longer. */
export const REFUSED_BYTES = 2_048;

interface Stretch {
  number: number;
  refused: number;
}

/** This process's count, for each database that it serves. */
const stretches = new WeakMap<Store, Map<PaymentMethod, Stretch>>();

/**
 * Anybody may knock at the door of notifications, and evidence is never deleted: what is not believed
 * must not fill the disk. Counts one refused word, and answers the number of the stretch of time whose
 * measure it exceeds, or undefined while words are still kept one by one.
 */
export function exceededStretch(store: Store, method: PaymentMethod, nowMs: number): number | undefined {
  const number = Math.floor(nowMs / STRETCH_MS);
  const methods = stretches.get(store) ?? new Map<PaymentMethod, Stretch>();
  stretches.set(store, methods);
  const last = methods.get(method);
  const stretch = last?.number === number ? last : { number, refused: 0 };
  methods.set(method, stretch);
  stretch.refused += 1;
  return stretch.refused > KEPT_REFUSED ? number : undefined;
}
