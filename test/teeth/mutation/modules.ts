import { existsSync, globSync } from 'node:fs';

/** The money modules, as the closing note counts them. */
export const modules: Readonly<Record<string, readonly string[]>> = {
  money: ['src/money/fen.ts'],
  payment: [
    'src/payment/compare-report.ts',
    'src/payment/mint-payment.ts',
    'src/payment/move-payment.ts',
    'src/payment/states.ts',
  ],
  refund: [
    'src/refund/believe-refund.ts',
    'src/refund/count-returned.ts',
    'src/refund/follow-refund.ts',
    'src/refund/move-refund.ts',
    'src/refund/request-refund.ts',
    'src/refund/reserve-refund.ts',
    'src/refund/states.ts',
    'src/refund/tell-refund.ts',
  ],
  disposition: ['src/disposition/acts.ts'],
  suspense: ['src/suspense/open-suspense.ts', 'src/suspense/reply.ts'],
  bill: [
    'src/bill/price-lines.ts',
    'src/bill/quantity.ts',
    'src/bill/settle-bill.ts',
    'src/bill/void-bill.ts',
  ],
  session: [
    'src/session/adopt-money.ts',
    'src/session/apply-report.ts',
    'src/session/close-order.ts',
    'src/session/paid-moment.ts',
    'src/session/take-debit.ts',
  ],
  inbox: ['src/inbox/keep-evidence.ts', 'src/inbox/refused-flood.ts'],
};

/** Tests that may meet them. What starts processes, threads or browsers of its own meets no mutant of ours. */
export function testsOf(project: string): string[] {
  const patterns = [
    'src/{money,payment,refund,disposition,suspense,bill,session,inbox,outbox,statement,prescription}/**/*.test.ts',
    'test/{alipay,wechat}-*.test.ts',
    'test/journeys/*.test.ts',
  ];
  const apart = new Set(['test/journeys/readme-walk.test.ts']);
  return globSync(patterns, { cwd: project })
    .filter((file) => !apart.has(file) && existsSync(`${project}/${file}`))
    .toSorted();
}
