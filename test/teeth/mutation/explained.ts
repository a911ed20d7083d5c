import type { Mutant } from './mutant.ts';

/** A mutant that no test can kill, and why the product is none the worse for it. */
export interface Explained extends Pick<Mutant, 'file' | 'text' | 'from' | 'to'> {
  nth?: number;
  why: string;
}

const FIRST_PIECE =
  'split always gives a first piece; the default is there for the compiler, which cannot know it';

export const explained: readonly Explained[] = [
  {
    file: 'src/money/fen.ts',
    text: "typeof value === 'number' &&",
    from: "typeof value === 'number' && Number.isSafeInteger(value)",
    to: 'Number.isSafeInteger(value)',
    why: 'isSafeInteger is false for everything that is no number; the compiler wants to hear it',
  },
  {
    file: 'src/money/fen.ts',
    text: String.raw`const YUAN = /^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,2})?$/;`,
    from: String.raw`/^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,2})?$/`,
    to: String.raw`/^(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,2})?$/`,
    why: 'one digit more is past MAX_FEN, which isFen refuses',
  },
  ...[1, 2].map((nth) => ({
    file: 'src/money/fen.ts',
    text: "const [whole = '0', part = ''] = text.split('.');",
    from: "'0'",
    to: "''",
    nth,
    why: FIRST_PIECE,
  })),
  {
    file: 'src/bill/quantity.ts',
    text: "const [whole = '0', part = ''] = text.split('.');",
    from: "'0'",
    to: "''",
    why: FIRST_PIECE,
  },
  {
    file: 'src/bill/quantity.ts',
    text: "const [whole = '0', part = ''] = quantity.split('.');",
    from: "'0'",
    to: "''",
    why: FIRST_PIECE,
  },
  {
    file: 'src/payment/move-payment.ts',
    text: 'evidenceId: cause.evidenceId ?? null,',
    from: 'cause.evidenceId ?? null',
    to: 'cause.evidenceId',
    why: 'recordEvent writes null for what it was not given',
  },
];
