import type { Books } from './books-at-rest.ts';

/**
 * What somebody outside was told: a 2xx to a client, a "success" to a channel. Whatever is killed
 * from then on, the row must be there (money-safety.md, I-20).
 */
export interface Promised {
  words: string;
  /** A statement that finds a row while the promise is kept. */
  row: string;
  values: readonly (string | number)[];
}

/** The promises that are broken, in words. */
export function broken(promises: readonly Promised[], books: Books): string[] {
  return promises
    .filter(({ row, values }) => books.one(row, ...values) === undefined)
    .map(({ words }) => `I-20: ${words}, and it is not there`);
}
