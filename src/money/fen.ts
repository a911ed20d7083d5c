/**
 * Money is a whole number of fen (分, 1/100 yuan). The brand says that somebody checked it: the only
 * ways in are `fen()` and the digit readers below, so no float ever becomes an amount.
 */
export type Fen = number & { readonly __unit: 'fen' };

/** The largest amount we carry: 100,000,000.00 yuan, Alipay's upper bound for one trade. */
export const MAX_FEN = 10_000_000_000;

/** Takes a whole number of fen, from 0 to MAX_FEN; anything else is a bug and throws. */
export function fen(value: number): Fen {
  if (!Number.isSafeInteger(value) || Object.is(value, -0) || value < 0 || value > MAX_FEN) {
    throw new RangeError(`not an amount in fen: ${value}`);
  }
  return value as Fen;
}

/** True when `value` would be accepted by `fen()`. */
export function isFen(value: unknown): value is Fen {
  return (
    typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    !Object.is(value, -0) &&
    value >= 0 &&
    value <= MAX_FEN
  );
}

/** `1250` → `"12.50"`: the wallets' and the screens' way to write it, by digits alone. */
export function yuan(amount: Fen): string {
  const digits = String(amount).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

const YUAN = /^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,2})?$/;

/**
 * `"12.5"` → `1250`. Reads yuan text by its digits: ASCII only, no sign, no exponent, no blanks, at
 * most two decimals. Returns undefined for every other text: the caller says whose text it was.
 */
export function fenFromYuan(text: string): Fen | undefined {
  if (!YUAN.test(text)) return undefined;
  const [whole = '0', part = ''] = text.split('.');
  const value = Number(whole + part.padEnd(2, '0'));
  return isFen(value) ? value : undefined;
}

/** Adds amounts; a sum past MAX_FEN is a bug and throws. */
export function sum(amounts: Iterable<Fen>): Fen {
  let total = 0;
  for (const amount of amounts) total += amount;
  return fen(total);
}

const QUANTITY = /^(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,3})?$/;
const UNIT_PRICE = /^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,4})?$/;

/** A decimal text as a whole number of its smallest step: `scaled("1.5", 3)` is 1500n. */
function scaled(text: string, places: number): bigint {
  const [whole = '0', part = ''] = text.split('.');
  return BigInt(whole + part.padEnd(places, '0'));
}

/** True for a quantity as a line may carry it: above 0, at most 7 digits and 3 decimals. */
export function isQuantity(text: string): boolean {
  return QUANTITY.test(text) && scaled(text, 3) > 0n;
}

/** True for a unit price in yuan as a line may carry it: at most 9 digits and 4 decimals (herbs by the gram). */
export function isUnitPrice(text: string): boolean {
  return UNIT_PRICE.test(text);
}

/**
 * The amount of one line: quantity × unit price, rounded once, half up, to whole fen.
 * quantity   decimal text, ≤ 3 places (`isQuantity`)
 * unitPrice  yuan text, ≤ 4 places (`isUnitPrice`)
 * Returns undefined when the product is above MAX_FEN.
 */
export function lineAmount(quantity: string, unitPrice: string): Fen | undefined {
  const product = scaled(quantity, 3) * scaled(unitPrice, 4); // in 1/10^7 yuan
  const step = 100_000n; // 1 fen in 1/10^7 yuan
  const rounded = Number((product + step / 2n) / step);
  return isFen(rounded) ? rounded : undefined;
}
