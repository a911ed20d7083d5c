import { createHash } from 'node:crypto';
import { isFen, type Fen } from '#money';

/** Statements count in 1/100000 yuan: their fees carry up to five decimals. */
const PLACES = 5;
const MICRO_PER_FEN = 1000;

/** At most ten digits of yuan, so that every value is far inside the whole numbers that are exact. */
const DECIMAL = /^-?(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,5})?$/;

/**
 * Decimal yuan text as 1/100000 yuan, by its digits: `"0.01000"` → 1000, `"-12.3"` → -1230000.
 * Undefined for every other text: exponents, blanks, thousands marks, more than five decimals.
 */
export function microFromYuan(text: string): number | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const [whole = '0', part = ''] = text.replace('-', '').split('.');
  const micro = Number(whole + part.padEnd(PLACES, '0'));
  return text.startsWith('-') && micro !== 0 ? -micro : micro;
}

/** The same amount in fen; undefined when it is negative, not whole fen, or more than we carry. */
export function fenFromMicro(micro: number): Fen | undefined {
  if (micro % MICRO_PER_FEN !== 0) return undefined;
  const amount = micro / MICRO_PER_FEN;
  return isFen(amount) ? amount : undefined;
}

/** What a statement is known by in our records, equal exactly when its bytes are. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const [LF, CR] = [0x0a, 0x0d];

/**
 * The lines of a file without their ends (LF or CRLF); a last line may lack its end. Bytes and not
 * text, for a whole file as text would cost several times its size. Safe in UTF-8 and in GBK alike:
 * neither uses these two bytes inside a character.
 */
export function* linesOf(bytes: Uint8Array): Generator<Uint8Array, undefined> {
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(LF, start);
    const end = found < 0 ? bytes.length : found;
    yield bytes.subarray(start, end > start && bytes[end - 1] === CR ? end - 1 : end);
    start = end + 1;
  }
  return undefined;
}
