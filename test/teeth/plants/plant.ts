/**
 * The mistakes that public code of this kind has made (money-safety.md 2.2), in its order. Each of them
 * is planted in ours at least once.
 */
export const knownMistakes = [
  'signature good, content not compared',
  'it decrypts, so it need not be verified',
  "another merchant's callback accepted",
  'amount taken from the client',
  'second payment throws away its own evidence',
  'refund stuck after a gateway error',
  'gateway called inside a transaction',
  'cancelled here, payable there',
  'no trade yet is read as failure',
  'time-out overwrites success',
  'duplicate notification acts twice',
  'guarded in the pages alone',
  'latest certificate for every callback',
  'TLS not verified',
  'XML is let in',
  'webhook goes where the name leads',
  'webhook follows redirects',
  'status read shows too much',
  'private key in the repository',
] as const;

/** A row of money-safety.md 2.4, by its id. */
type Row = `${'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'N' | 'P'}${number}`;

/** One line of ours, made wrong in the way that others got it wrong. */
export interface Plant {
  /** What the product does wrong with it, as a person would tell it. */
  name: string;
  of: (typeof knownMistakes)[number] | Row | `C-${number}`;
  file: string;
  /** Stands exactly once in the file. */
  find: string;
  replace: string;
  /** The narrowest test files that should notice. Where they do not, or none is named, the simulated world must. */
  finders: readonly string[];
}

/** The file with its defect. Throws when the place is not exactly one: then the product has moved on and the plant has not. */
export function applyPlant(text: string, { name, file, find, replace }: Plant): string {
  const places = text.split(find).length - 1;
  if (places !== 1) throw new Error(`${name}: its line stands ${places} times in ${file}`);
  return text.replace(find, () => replace);
}
