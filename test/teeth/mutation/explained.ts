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
const SETTLED_HAS_BILL =
  'money that is on no bill is disputed, never settled or surplus; the compiler cannot know it';
const NO_ID = 'no row has the id NULL: the look-up finds nothing, and the end is the same';
const NULL_ANYWAY = 'recordEvent writes null for what it was not given';
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
    why: NULL_ANYWAY,
  },
  {
    file: 'src/refund/move-refund.ts',
    text: 'evidenceId: cause.evidenceId ?? null,',
    from: 'cause.evidenceId ?? null',
    to: 'cause.evidenceId',
    why: NULL_ANYWAY,
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
  ...[
    { text: 'const received = payment?.received_fen ?? 0;', of: 'payment?.received_fen' },
    {
      text: 'const free = (payment.received_fen ?? 0) - payment.refund_reserved_fen;',
      of: 'payment.received_fen',
    },
  ].flatMap(({ text, of }) => [
    { file: 'src/disposition/acts.ts', text, from: `${of} ?? 0`, to: of, why: PAID_HAS_RECEIVED },
    { file: 'src/disposition/acts.ts', text, from: '0', to: '1', why: PAID_HAS_RECEIVED },
  ]),
  {
    file: 'src/disposition/acts.ts',
    text: 'payment === undefined ||',
    from: 'payment === undefined || free < bill.payable_fen',
    to: 'free < bill.payable_fen',
    why: 'without a payment nothing is free, and no bill is of less than one fen (bills_payable)',
  },
  {
    file: 'src/disposition/acts.ts',
    text: 'const failed = item.refund_id === null ? undefined : await tx.one<RefundRow>(refundById, item.refund_id);',
    from: 'item.refund_id === null',
    to: 'false',
    why: NO_ID,
  },
  {
    file: 'src/disposition/acts.ts',
    text: "if (failed?.state !== 'failed' || paid === undefined) return false;",
    from: "failed?.state !== 'failed' || paid === undefined",
    to: "failed?.state !== 'failed'",
    why: BY_FOREIGN_KEY,
  },
  {
    file: 'src/disposition/acts.ts',
    text: 'if (item.payment_id === null) return undefined;',
    from: 'item.payment_id === null',
    to: 'false',
    why: NO_ID,
  },
  {
    file: 'src/disposition/acts.ts',
    text: "return payment?.disposition === 'disputed' ? payment : undefined;",
    from: 'payment?.disposition',
    to: 'payment.disposition',
    why: BY_FOREIGN_KEY,
  },
  {
    file: 'src/suspense/open-suspense.ts',
    text: 'evidenceId: opening.evidenceId ?? null,',
    from: 'opening.evidenceId ?? null',
    to: 'opening.evidenceId',
    why: NULL_ANYWAY,
  },
  {
    file: 'src/suspense/open-suspense.ts',
    text: 'if (row === undefined) throw new Error(`suspense ${id} is gone`);',
    from: 'row === undefined',
    to: 'false',
    why: BY_FOREIGN_KEY,
  },
  {
    file: 'src/inbox/keep-evidence.ts',
    text: '...(reading.report === undefined ? {} : { report: reading.report }),',
    from: 'reading.report === undefined',
    to: 'false',
    why: 'a report that is undefined and one that is absent are read alike; exactOptionalPropertyTypes wants it absent',
  },
  {
    file: 'src/inbox/keep-evidence.ts',
    text: "if (first === undefined) throw new Error('evidence was refused by its key and is not there');",
    from: 'first === undefined',
    to: 'false',
    why: 'evidence is never deleted: what the unique key refused is there; the guard is for the compiler',
  },
  {
    file: 'src/session/apply-report.ts',
    text: "if (evidence.applied_at !== null || evidence.report === null) return 'applied_before';",
    from: 'evidence.applied_at !== null || evidence.report === null',
    to: 'evidence.applied_at !== null',
    why: 'what has no report is marked as applied when it is kept, and never changes',
  },
  {
    file: 'src/session/take-debit.ts',
    text: 'if (payment.bill_id !== null) {',
    from: 'payment.bill_id !== null',
    to: 'true',
    why: SETTLED_HAS_BILL,
  },
  {
    file: 'src/session/take-debit.ts',
    text: "if (theirs !== undefined) await movePayment(tx, theirs, 'retire', { ...cause, reason: 'paid_elsewhere' });",
    from: 'theirs !== undefined',
    to: 'true',
    why: BY_FOREIGN_KEY,
  },
];
