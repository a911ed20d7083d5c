import { NetworkFault } from '#world';
import type { Clinic, Meddler } from '../clinic.ts';
import type { GatewayCall } from './gateway-call.ts';

/** As long as any of our calls waits for its answer. */
const PATIENCE_MS = 10_000;

/** The channel takes these calls and never says a word; it does not act either. */
export function neverAnswered(clinic: Clinic, which: (call: GatewayCall) => boolean): Meddler {
  return async (call, act) => {
    if (!which(call)) return act();
    await new Promise<void>((resolve) => clinic.world.after(PATIENCE_MS, resolve));
    throw new NetworkFault('no_answer', 'ETIMEDOUT');
  };
}
