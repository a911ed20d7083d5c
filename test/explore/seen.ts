/**
 * The states that were met, by 60 bits of their text, each with the least depth it was met at: one table in
 * shared memory for all threads. Open addressing; a place has two words: 32 bits of the name, by which it is
 * taken once and for good, then 28 more beside the depth, which may only fall. Two states of ten million share
 * 60 bits once in 20,000 such runs.
 */
export class Seen {
  readonly #words: Int32Array;
  readonly #count: Int32Array;
  readonly #places: number;

  constructor(memory: SharedArrayBuffer) {
    this.#places = (memory.byteLength - HEAD) / 8;
    this.#count = new Int32Array(memory, 0, 1);
    this.#words = new Int32Array(memory, HEAD, this.#places * 2);
  }

  static memory(most: number): SharedArrayBuffer {
    return new SharedArrayBuffer(HEAD + 2 ** Math.ceil(Math.log2(most * 1.6)) * 8);
  }

  /** How many states there are. */
  get size(): number {
    return Atomics.load(this.#count, 0);
  }

  /** `new`: never met. `nearer`: met, but only further from the beginning than this (14 at most). `known`: nothing to do. */
  meet({ high, low }: Digest, depth: number): 'new' | 'nearer' | 'known' {
    const words = this.#words;
    // No word of a place that is taken is zero.
    const first = high === 0 ? 1 : high | 0;
    const rest = low & ~15;
    for (let at = (low ^ (high >>> 5)) & (this.#places - 1); ; at = (at + 1) & (this.#places - 1)) {
      const there = Atomics.compareExchange(words, at * 2, 0, first);
      if (there === 0) {
        Atomics.store(words, at * 2 + 1, rest | (depth + 1));
        if (Atomics.add(this.#count, 0, 1) > this.#places * 0.9)
          throw new Error('the table of states is full');
        return 'new';
      }
      if (there === first) {
        const met = this.#lower(at * 2 + 1, rest, depth);
        if (met !== 'another') return met;
      }
    }
  }

  /** Whoever took the place writes its second word at once: till then this looks again. */
  #lower(at: number, rest: number, depth: number): 'nearer' | 'known' | 'another' {
    for (;;) {
      const there = Atomics.load(this.#words, at);
      if (there === 0) continue;
      if ((there & ~15) !== rest) return 'another';
      if ((there & 15) <= depth + 1) return 'known';
      if (Atomics.compareExchange(this.#words, at, there, rest | (depth + 1)) === there) return 'nearer';
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
