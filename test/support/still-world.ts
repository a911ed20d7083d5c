import { createHash } from 'node:crypto';
import { NetworkFault, type World } from '#world';

/** A world whose clock a test moves, whose chance comes from a seed, and which nobody can call out of. */
export interface StillWorld extends World {
  /** Moves the clock; what was due by then has run, in order. */
  advance(ms: number): void;
}

export function stillWorld(startMs = Date.UTC(2026, 10, 22, 2, 0, 0), seed = 'still'): StillWorld {
  let nowMs = startMs;
  let drawn = 0;
  let due: { atMs: number; task: () => void }[] = [];
  return {
    now: () => nowMs,
    random: (count) => {
      const blocks: Buffer[] = [];
      for (let have = 0; have < count; have += 32) {
        drawn += 1;
        blocks.push(createHash('sha256').update(`${seed}:${drawn}`).digest());
      }
      return new Uint8Array(Buffer.concat(blocks).subarray(0, count));
    },
    after: (delayMs, task) => {
      const entry = { atMs: nowMs + delayMs, task };
      due.push(entry);
      return () => {
        due = due.filter((other) => other !== entry);
      };
    },
    send: async () => {
      throw new NetworkFault('forbidden', 'a still world sends nothing');
    },
    advance: (ms) => {
      const end = nowMs + ms;
      for (;;) {
        const next = due.filter((entry) => entry.atMs <= end).toSorted((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        due = due.filter((entry) => entry !== next);
        nowMs = Math.max(nowMs, next.atMs);
        next.task();
      }
      nowMs = end;
    },
  };
}
