/**
 * The states that were met, by 60 bits of their text, each with the least depth it was met at: one table in
 * shared memory for all threads. Open addressing; an entry is written once, and its depth may only fall.
 * Two states in a few million share 60 bits once in 10^5 such runs.
 */
export class Seen {
  readonly #slots: BigInt64Array;
  readonly #count: Int32Array;
  readonly #mask: number;

  constructor(memory: SharedArrayBuffer) {
    const slots = (memory.byteLength - HEAD) / 8;
    this.#count = new Int32Array(memory, 0, 1);
    this.#slots = new BigInt64Array(memory, HEAD, slots);
    this.#mask = slots - 1;
  }

  static memory(most: number): SharedArrayBuffer {
    const slots = 2 ** Math.ceil(Math.log2(most * 1.6));
    return new SharedArrayBuffer(HEAD + slots * 8);
  }

  /** How many states there are. */
  get size(): number {
    return Atomics.load(this.#count, 0);
  }

  /** `new`: never met. `nearer`: met, but only further from the beginning than this. `known`: nothing to do. */
  meet({ high, low }: Digest, depth: number): 'new' | 'nearer' | 'known' {
    const name = (BigInt(high >>> 0) << 28n) | BigInt(low >>> 4);
    const entry = (name << 4n) | BigInt(depth);
    let at = (low ^ (high >>> 5)) & this.#mask;
    for (;;) {
      const there = Atomics.load(this.#slots, at);
      if (there === 0n) {
        if (Atomics.compareExchange(this.#slots, at, 0n, entry) !== 0n) continue; // another took the place: look again
        if (Atomics.add(this.#count, 0, 1) > this.#mask * 0.9) throw new Error('the table of states is full');
        return 'new';
      }
      if (BigInt.asUintN(60, there >> 4n) === name) {
        if (Number(there & 15n) <= depth) return 'known';
        if (Atomics.compareExchange(this.#slots, at, there, entry) === there) return 'nearer';
        continue;
      }
      at = (at + 1) & this.#mask;
    }
  }
}

const HEAD = 8;

export interface Digest {
  high: number;
  low: number;
}

/** Two independent 32-bit halves, mixed as in MurmurHash3 and cyrb53. */
export function digest(text: string): Digest {
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return { high: high >>> 0, low: low >>> 0 };
}
