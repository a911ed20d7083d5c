import type { Plant } from './plant.ts';

const notifications = 'test/journeys/notifications.test.ts';
const retire = 'test/journeys/retire.test.ts';
const twice = 'test/journeys/late-and-double.test.ts';
const restart = 'test/journeys/restart.test.ts';
const refunds = 'test/journeys/refunds.test.ts';
const alipayRefunds = 'test/alipay-refunds.test.ts';

/** What a channel says, and what becomes of the money: rows F and H of money-safety.md 2.4. */
export const believing: readonly Plant[] = [
  {
    name: 'a notification is believed without its signature',
    of: 'F1',
    file: 'src/channel/alipay/verify.ts',
    find: "return keys.find(({ key }) => verify('sha256', bytes, key, raw));",
    replace: "return keys.find(({ key }) => verify('sha256', bytes, key, raw) || raw.length > 0);",
    finders: ['src/channel/alipay/verify.test.ts', 'src/channel/alipay/notification.test.ts'],
  },
  {
    name: 'another kind of trade settles the bill',
    of: 'F2',
    file: 'src/payment/compare-report.ts',
    find: "if (report.tradeType !== undefined && report.tradeType !== CODE_TRADE) differs.push('trade_type');",
    replace: '',
    finders: ['src/payment/compare-report.test.ts'],
  },
  {
    name: 'another currency settles the bill',
    of: 'F2',
    file: 'src/payment/compare-report.ts',
    find: "if (report.currency !== undefined && report.currency !== payment.currency) differs.push('currency');",
    replace: '',
    finders: ['src/payment/compare-report.test.ts'],
  },
  {
    name: 'closed after paid un-pays the payment',
    of: 'F4',
    file: 'src/payment/states.ts',
    find: 'reopen: illegal, closed: stay, paid: stay }, // Alipay',
    replace: "reopen: illegal, closed: 'closed', paid: stay }, // Alipay",
    finders: ['src/payment/states.test.ts'],
  },
  {
    name: 'a captured callback is good for ever',
    of: 'F5',
    file: 'src/channel/wechat/verify.ts',
    find: 'if (awayS > WINDOW_S) {',
    replace: 'if (awayS > WINDOW_S && !good) {',
    finders: ['src/channel/wechat/verify.test.ts'],
  },
  {
    name: 'a notification is acknowledged before it is kept',
    of: 'F7',
    file: 'src/session/receive-notification.ts',
    find: 'const kept = await keepNotification(parts, method, raw, reading);',
    replace:
      'const kept = { evidenceId: 0, toApply: false, contradicts: false };\n  void keepNotification(parts, method, raw, reading).then((known) => applyEvidence(parts, known.evidenceId)).catch(() => undefined);',
    finders: [restart, notifications],
  },
  {
    name: 'what a crash left between keeping and believing stays there',
    of: 'F9',
    file: 'src/store/sql/evidence.ts',
    find: 'WHERE applied_at IS NULL AND received_at <= ? ORDER BY id LIMIT 64`;',
    replace: 'WHERE applied_at IS NULL AND result IS NOT NULL AND received_at <= ? ORDER BY id LIMIT 64`;',
    finders: [restart],
  },
  {
    name: 'a refused notification is acknowledged',
    of: 'F10',
    file: 'src/session/receive-notification.ts',
    find: 'return { answer: channel.rejected };',
    replace: 'return { answer: channel.accepted };',
    finders: [notifications],
  },
  {
    name: 'money under an unknown number is forgotten',
    of: 'F11',
    file: 'src/session/apply-report.ts',
    find: 'if (payment === undefined) return adopt(tx, parts, report, cause);',
    replace: "if (payment === undefined) return { applied: 'no_change' };",
    finders: [notifications, restart],
  },
  {
    name: 'of a name that stands twice in a form the last counts',
    of: 'F12',
    file: 'src/channel/alipay/form.ts',
    find: 'if (fields.has(name)) return undefined;',
    replace: '',
    finders: ['src/channel/alipay/notification.test.ts'],
  },
  {
    name: 'of a key that stands twice in JSON the last counts',
    of: 'F12',
    file: 'src/json/index.ts',
    find: 'if (keys.has(key)) throw new DuplicateKeyError(key);',
    replace: '',
    finders: ['src/json/index.test.ts'],
  },
  {
    name: 'a notification of a refund in full is a new payment',
    of: 'F17',
    file: 'src/channel/alipay/notification.ts',
    find: "about: refund === undefined ? 'payment' : 'refund',",
    replace: "about: 'payment',",
    finders: ['src/channel/alipay/notification.test.ts', alipayRefunds],
  },
  {
    name: 'the bill is paid twice over, and nothing is surplus',
    of: 'H1',
    file: 'src/store/sql/bills.ts',
    find: "WHERE id = ? AND status = 'unpaid' AND payable_fen = ?`;",
    replace: "WHERE id = ? AND status IN ('unpaid', 'paid') AND payable_fen = ?`;",
    finders: [twice],
  },
  {
    name: 'a state changes and no event tells of it',
    of: 'H2',
    file: 'src/payment/move-payment.ts',
    find: 'if (rows === 0) throw new Conflict(`payment ${row.id}`);\n  await afterMove(tx, row, happening, cell, cause);',
    replace:
      "if (rows === 0) throw new Conflict(`payment ${row.id}`);\n  if (cell === 'closing') Object.assign(row, { state: cell, version: row.version + 1 });\n  else await afterMove(tx, row, happening, cell, cause);",
    finders: [retire],
  },
  {
    name: 'a transaction that lost its guard is not run again',
    of: 'H3',
    file: 'src/payment/move-payment.ts',
    find: "  if (rows === 0) throw new Conflict(`payment ${row.id}`);\n  await afterMove(tx, row, 'paid', 'paid', {",
    replace: "  if (rows === 0) return;\n  await afterMove(tx, row, 'paid', 'paid', {",
    finders: ['src/payment/move-payment.test.ts'],
  },
  {
    name: 'late money is not called late',
    of: 'H4',
    file: 'src/session/take-debit.ts',
    find: 'late: hasEnded(stageOf(session)),',
    replace: 'late: false,',
    finders: [twice],
  },
  {
    name: 'surplus stays where it is',
    of: 'H5',
    file: 'src/refund/reserve-refund.ts',
    find: 'if (refund.approved)\n    await addJob(',
    replace: "if (refund.approved && refund.kind !== 'surplus')\n    await addJob(",
    finders: [twice, refunds],
  },
  {
    name: 'disputed money goes back by itself',
    of: 'H6',
    file: 'src/session/take-debit.ts',
    find: "|| payment.bill_id === null) return 'disputed';",
    replace: "|| payment.bill_id === null) return 'surplus';",
    finders: ['test/journeys/suspense.test.ts'],
  },
  {
    name: 'after a lost COMMIT a racer loses the code that it opened',
    of: 'H7',
    file: 'src/session/open-session.ts',
    find: 'return ourOwn(parts, publicId);',
    replace: 'return undefined;',
    finders: ['test/journeys/unknown-commit.test.ts'],
  },
];
