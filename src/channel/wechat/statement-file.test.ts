import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StatementLine } from '../channel.ts';
import { readStatementFile } from './statement-file.ts';

const DAY = '2021-01-28';
const TITLES =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,' +
  '应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,' +
  '手续费,费率,订单金额,申请退款金额,费率备注';
const SUMS = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';

// Lines in the form of wechatpay.md 10.3, written by hand.
const PAID =
  '`2021-01-28 17:07:11,`wx81be3101902f7cb2,`1601959334,`0,`,`4200000925202101284997714292,`ZF20210128_1,' +
  '`ofyak5qR_1wYsC99CsWA6R9MJazA,`NATIVE,`SUCCESS,`OTHERS,`CNY,`12.00,`0.30,`0,`0,`0.00,`0.00,`,`,' +
  '`仁和门诊\\ 医疗\\`服务费,`p\\ 1\\\\\\"\\n2,`0.07380,`0.60%,`12.30,`0.00,`';
const RETURNED =
  '`2021-01-28 23:59:59,`wx81be3101902f7cb2,`1601959334,`0,`,`4200000925202101284997714292,`ZF20210128_1,' +
  '`ofyak5qR_1wYsC99CsWA6R9MJazA,`NATIVE,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`50300907132021012800000000001,`R1,' +
  '`2.00,`0.05,`ORIGINAL,`PROCESSING,`医疗\\140服务费,`,`-0.01200,`0.60%,`0.00,`2.05,`';
const TOTALS = '`2.0,`12.00,`2.00,`0.05,`0.06180,`12.30,`2.05';
const WHOLE = [TITLES, PAID, RETURNED, SUMS, TOTALS];

const BOM = '\uFEFF';
const file = (lines: readonly string[], end = '\r\n') =>
  Buffer.from(BOM + lines.map((one) => one + end).join(''));

function linesOf(bytes: Uint8Array): StatementLine[] | string {
  const reading = readStatementFile(bytes, DAY);
  return 'problem' in reading ? reading.problem : [...reading.lines];
}

describe('a whole file', () => {
  it('tells of a payment and of a refund, to the fen, with the words of the line', () => {
    expect(linesOf(file(WHOLE))).toEqual([
      {
        lineNo: 1,
        feeMicro: 7_380,
        words: PAID,
        report: {
          method: 'wechat',
          source: 'statement',
          about: 'payment',
          outTradeNo: 'ZF20210128_1',
          state: 'paid',
          channelState: 'SUCCESS',
          appId: 'wx81be3101902f7cb2',
          merchantId: '1601959334',
          totalFen: 1230,
          currency: 'CNY',
          tradeType: 'NATIVE',
          channelTradeNo: '4200000925202101284997714292',
          paidAtMs: Date.parse('2021-01-28T17:07:11+08:00'),
          attach: 'p,1\\"\n2',
        },
      },
      {
        lineNo: 2,
        feeMicro: -1_200,
        words: RETURNED,
        report: {
          method: 'wechat',
          source: 'statement',
          about: 'refund',
          outTradeNo: 'ZF20210128_1',
          state: 'paid',
          channelState: 'PROCESSING',
          appId: 'wx81be3101902f7cb2',
          merchantId: '1601959334',
          currency: 'CNY',
          channelTradeNo: '4200000925202101284997714292',
          refund: {
            outRefundNo: 'R1',
            channelRefundNo: '50300907132021012800000000001',
            state: 'accepted',
            amountFen: 205,
          },
        },
      },
    ]);
  });

  it('can be read twice, with the same lines', () => {
    const reading = readStatementFile(file(WHOLE), DAY);
    if ('problem' in reading) throw new Error(reading.problem);
    expect([...reading.lines]).toEqual([...reading.lines]);
  });

  it('may lack the byte order mark, end its lines with LF alone, and trail off in empty lines', () => {
    const expected = linesOf(file(WHOLE));
    expect(linesOf(file(WHOLE, '\n'))).toEqual(expected);
    expect(linesOf(file(WHOLE).subarray(3))).toEqual(expected);
    expect(linesOf(file([...WHOLE, '', '']))).toEqual(expected);
    expect(linesOf(Buffer.from(WHOLE.join('\r\n')))).toEqual(expected);
  });

  it('may have its columns in another order, and more of them', () => {
    const turned = (line: string, mark: string) => line.split(`,${mark}`).reverse().join(`,${mark}`);
    const other = [
      `新列,${turned(TITLES, '')}`,
      ...[PAID, RETURNED].map((line) => `\`x,\`${turned(line.slice(1), '`')}`),
      turned(SUMS, ''),
      `\`${turned(TOTALS.slice(1), '`')}`,
    ];
    const reports = (lines: readonly string[]) => {
      const read = linesOf(file(lines));
      return typeof read === 'string' ? read : read.map(({ report, feeMicro }) => ({ report, feeMicro }));
    };
    expect(reports(other)).toEqual(reports(WHOLE));
  });

  it('of a day without money has no lines', () => {
    expect(linesOf(file([TITLES, SUMS, '`0.0,`0.00,`0.00,`0.00,`0.00000,`0.00,`0.00']))).toEqual([]);
  });

  it.each([
    ['SUCCESS', 'succeeded'],
    ['PROCESSING', 'accepted'],
    ['FAIL', 'closed'],
    ['CHANGE', 'abnormal'],
    ['CLOSED', 'unknown'], // a word of the API and not of the file
    ['constructor', 'unknown'],
  ])('with 退款状态 %s tells of a refund %s', (word, state) => {
    const lines = linesOf(file([TITLES, PAID, RETURNED.replace('PROCESSING', word), SUMS, TOTALS]));
    expect(lines).toMatchObject([{}, { report: { channelState: word, refund: { state } } }]);
  });

  it('tells of a reversed order as closed, and of a word nobody listed as nothing it knows', () => {
    const refund = '`2.00,`0.05,`ORIGINAL';
    for (const [word, about, state] of [
      ['REVOKED', 'payment', 'closed'],
      ['SETTLED', 'other', 'none'],
    ] as const) {
      const odd = RETURNED.replace('`REFUND', `\`${word}`);
      expect(odd).toContain(refund);
      const [, line] = linesOf(file([TITLES, PAID, odd, SUMS, TOTALS])) as StatementLine[];
      expect(line?.report).toMatchObject({ about, state, channelState: word });
      expect(line?.report.refund).toBeUndefined();
    }
  });
});

describe('a file that contradicts itself', () => {
  const changed = (from: string, to: string) => {
    const text = Buffer.from(file(WHOLE)).toString();
    expect(text).toContain(from);
    return linesOf(Buffer.from(text.replace(from, to)));
  };

  it.each([
    ['a line is missing', `${PAID}\r\n`, '', /总交易单数/],
    ['a line stands twice', `${PAID}\r\n`, `${PAID}\r\n${PAID}\r\n`, /总交易单数/],
    ['an amount is another', '`12.30,`0.00,`', '`12.31,`0.00,`', /订单总金额/],
    ['a refund is another', '`0.00,`2.05,`', '`0.00,`2.04,`', /申请退款总金额/],
    ['a fee is another', '`-0.01200', '`-0.01201', /手续费总金额/],
    ['a sum is another', '`0.06180,`12.30', '`0.06180,`12.3001', /订单总金额/],
    ['an amount is none', '`12.30,', '`12.30元,', /订单金额/],
    ['an amount is less than a fen', '`0.60%,`12.30', '`0.60%,`12.301', /fen/],
    ['a refund is negative', '`0.00,`2.05,`', '`0.00,`-2.05,`', /申请退款金额/],
    ['a payment has no number', '`ZF20210128_1', '`', /商户订单号/],
    ['a payment has no transaction', '`4200000925202101284997714292', '`', /微信订单号/],
    ['a time is none', '2021-01-28 17:07:11', '2021-01-28 24:07:11', /交易时间/],
    ['a value is missing', ',`OTHERS', '', /values/],
    ['a value is too many', '`OTHERS,', '`OTHERS,`,', /values/],
    ['a column is gone', '申请退款金额', '申请退款', /申请退款金额/],
    ['a column stands twice', '设备号', '商户号', /twice/],
    ['a sum is not given', '订单总金额,', '', /订单总金额|columns/],
    ['another file is appended', TOTALS, `${TOTALS}\r\n${TITLES}`, /follows/],
    ['there is no summary', `${SUMS}\r\n${TOTALS}\r\n`, '', /ends/],
  ])('because %s, is refused whole', (_, from, to, problem) => {
    expect(changed(from, to)).toMatch(problem);
  });

  it('or is another day’s, is refused whole', () => {
    expect(readStatementFile(file(WHOLE), '2021-01-29')).toEqual({ problem: 'no line is of 2021-01-29' });
  });

  it('or is not UTF-8, is refused whole', () => {
    expect(linesOf(Buffer.from(file(WHOLE).toString('latin1').replace('OTHERS', '\xff'), 'latin1'))).toMatch(
      /UTF-8/,
    );
  });

  it('wherever it was cut, is refused whole, unless only the end of its last line is gone', () => {
    const bytes = file(WHOLE);
    const read = (end: number) => linesOf(bytes.subarray(0, end));
    for (let end = 0; end < bytes.length - 2; end += 1) expect(typeof read(end)).toBe('string');
    for (const end of [bytes.length - 2, bytes.length - 1]) expect(read(end)).toEqual(linesOf(bytes));
  });
});

describe('any file', () => {
  it('is read or refused, and never in between: what was handed over adds up', () => {
    const bytes = file(WHOLE);
    const change = fc.record({
      at: fc.nat({ max: bytes.length - 1 }),
      byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...Buffer.from('`,\n\r0129.-'))),
      kind: fc.constantFrom('replace', 'insert', 'remove'),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let mutated = Buffer.from(bytes);
        for (const { at, byte, kind } of changes) {
          const middle = kind === 'remove' ? [] : [byte];
          const after = mutated.subarray(kind === 'insert' ? at : at + 1);
          mutated = Buffer.concat([mutated.subarray(0, at), Buffer.from(middle), after]);
        }
        const read = linesOf(mutated);
        if (typeof read === 'string') return;
        const paid = read.reduce((sum, { report }) => sum + (report.totalFen ?? 0), 0);
        expect(read.length).toBe(2);
        expect(paid === 1230 || paid === 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
