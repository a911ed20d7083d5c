/**
 * All chance of a simulated day. One seed opens one stream, and each stream opens further ones by name,
 * so that what happens to one bill does not hang on how often chance was asked about another: a trace
 * can be made smaller and still fails.
 */
export interface Stream {
  /** From 0 up to, not including, 1. */
  unit(): number;
  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  is(share: number): boolean;
  pick<T>(list: readonly T[]): T;
  bytes(count: number): Uint8Array;
  /** Log-normal, in whole milliseconds: most waits are short and a few are very long. */
  wait(medianMs: number, spread: number): number;
  /** How many events pass until one that happens with `share`. Infinity when it never does. */
  until(share: number): number;
  /** The stream of that name below this one: always the same, whatever was drawn before. */
  fork(name: string | number): Stream;
}

/** sfc32 (Chris Doty-Humphrey, PractRand): fast and even. It guards no secret. */
export function openStream(name: string): Stream {
  let [a, b, c, d] = seedsOf(name);

  function next(): number {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  }
  for (let round = 0; round < 12; round += 1) next();

  const unit = (): number => next() / 4_294_967_296;
  const below = (limit: number): number => Math.floor(unit() * limit);
  return {
    unit,
    below,
    between: (least, most) => least + below(most - least + 1),
    is: (share) => share > 0 && unit() < share,
    pick<T>(list: readonly T[]): T {
      const picked = list[below(list.length)];
      if (picked === undefined) throw new RangeError('nothing to pick from');
      return picked;
    },
    bytes(count) {
      const bytes = new Uint8Array(count);
      for (let at = 0; at < count; at += 4) {
        const word = next();
        for (let byte = 0; byte < 4 && at + byte < count; byte += 1) bytes[at + byte] = word >>> (8 * byte);
      }
      return bytes;
    },
    wait(medianMs, spread) {
      const normal = Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit());
      return Math.max(1, Math.round(medianMs * Math.exp(spread * normal)));
    },
    until: (share) => (share <= 0 ? Infinity : Math.floor(Math.log(1 - unit()) / Math.log(1 - share))),
    fork: (child) => openStream(`${name}/${child}`),
  };
}

/** cyrb128 (bryc): four words from a text. */
function seedsOf(text: string): [number, number, number, number] {
  let [h1, h2, h3, h4] = [1779033703, 3144134277, 1013904242, 2773480762];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    h1 = h2 ^ Math.imul(h1 ^ code, 597399067);
    h2 = h3 ^ Math.imul(h2 ^ code, 2869860233);
    h3 = h4 ^ Math.imul(h3 ^ code, 951274213);
    h4 = h1 ^ Math.imul(h4 ^ code, 2716044179);
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067);
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233);
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213);
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179);
  const all = h1 ^ h2 ^ h3 ^ h4;
  return [all, all ^ h2, all ^ h3, all ^ h4];
}
