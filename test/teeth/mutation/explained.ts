import type { Mutant } from './mutant.ts';

/** A mutant that no test can kill, and why the product is none the worse for it. */
export interface Explained extends Pick<Mutant, 'file' | 'text' | 'from' | 'to'> {
  nth?: number;
  why: string;
}

const FIRST_PIECE =
  'split always gives a first piece; the default is there for the compiler, which cannot know it';

const BY_FOREIGN_KEY = 'the row is there by a foreign key, or was a moment ago; the compiler cannot know it';
const PAID_HAS_RECEIVED = 'a paid payment has received_fen by constraint; the compiler cannot know it';
const ALWAYS_A_ROW = 'an aggregate gives one row in any case; the compiler cannot know it';
const ONE_WRITER =
  'on SQLite one transaction writes at a time; the lock is for MariaDB, where 20 parts race in the journeys';

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
  {
    file: 'src/refund/move-refund.ts',
    text: 'evidenceId: cause.evidenceId ?? null,',
    from: 'cause.evidenceId ?? null',
    to: 'cause.evidenceId',
    why: 'recordEvent writes null for what it was not given',
  },
  ...['refund === undefined', 'payment === undefined'].map((to) => ({
    file: 'src/refund/follow-refund.ts',
    text: 'if (refund === undefined || payment === undefined) throw new Error(`no refund ${lease.subjectId}`);',
    from: 'refund === undefined || payment === undefined',
    to,
    why: 'a refund has a payment by foreign key, and no payment is read without a refund: both or none',
  })),
  {
    file: 'src/refund/follow-refund.ts',
    text: 'totalFen: fen(payment.received_fen ?? payment.amount_fen),',
    from: 'payment.received_fen ?? payment.amount_fen',
    to: 'payment.received_fen',
    why: PAID_HAS_RECEIVED,
  },
  ...['follow-refund', 'request-refund'].map((name) => ({
    file: `src/refund/${name}.ts`,
    text: 'await tx.run(lockPayment, payment.id);',
    from: 'await tx.run(lockPayment, payment.id);',
    to: '',
    why: ONE_WRITER,
  })),
  {
    file: 'src/refund/follow-refund.ts',
    text: 'if (row === undefined) throw new Error(`refund ${step.refund.id} is gone`);',
    from: 'row === undefined',
    to: 'false',
    why: BY_FOREIGN_KEY,
  },
  {
    file: 'src/refund/request-refund.ts',
    text: 'if (payment === undefined) throw new Error(`bill ${bill.id} is settled by a payment that is not there`);',
    from: 'payment === undefined',
    to: 'false',
    why: BY_FOREIGN_KEY,
  },
  {
    file: 'src/refund/request-refund.ts',
    text: 'if (payment === undefined) throw new Error(`refund ${id} has no payment`);',
    from: 'payment === undefined',
    to: 'false',
    why: BY_FOREIGN_KEY,
  },
  {
    file: 'src/refund/request-refund.ts',
    text: 'if (refund === undefined) throw new Error(`refund ${id} is gone`);',
    from: 'refund === undefined',
    to: 'false',
    why: BY_FOREIGN_KEY,
  },
  {
    file: 'src/refund/tell-refund.ts',
    text: 'if (row === undefined) throw new Error(`refund ${refund.id} is gone`);',
    from: 'row === undefined',
    to: 'false',
    why: BY_FOREIGN_KEY,
  },
  {
    file: 'src/refund/request-refund.ts',
    text: 'const left = (payment.received_fen ?? 0) - payment.refund_reserved_fen;',
    from: 'payment.received_fen ?? 0',
    to: 'payment.received_fen',
    why: PAID_HAS_RECEIVED,
  },
  {
    file: 'src/refund/request-refund.ts',
    text: 'const left = (payment.received_fen ?? 0) - payment.refund_reserved_fen;',
    from: '0',
    to: '1',
    why: PAID_HAS_RECEIVED,
  },
  ...[
    {
      from: '(await tx.one<{ fen: number }>(refundedOfLine, line.id))?.fen ?? 0',
      to: '(await tx.one<{ fen: number }>(refundedOfLine, line.id))?.fen',
    },
    {
      from: '(await tx.one<{ fen: number }>(refundedOfLine, line.id))?.fen',
      to: '(await tx.one<{ fen: number }>(refundedOfLine, line.id)).fen',
    },
    { from: '0', to: '1' },
  ].map((change) => ({
    file: 'src/refund/request-refund.ts',
    text: 'const gone = (await tx.one<{ fen: number }>(refundedOfLine, line.id))?.fen ?? 0;',
    ...change,
    why: ALWAYS_A_ROW,
  })),
];
