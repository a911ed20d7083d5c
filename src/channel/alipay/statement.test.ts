import fc from 'fast-check';
import { NetworkFault, type InboundAnswer } from '#world';
import iconv from 'iconv-lite';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Outcome, StatementDay, StatementLine } from '../channel.ts';
import { alipayStatementOrigins, createAlipayChannel } from './index.ts';
import { readStatement } from './statement.ts';
import { UnusableStatement } from './unusable.ts';
import { unzip } from './unzip.ts';
import {
  answer,
  bodyOf,
  configurationOf,
  NOW,
  parametersOf,
  worldThat,
} from '../../../test/support/alipay-fixture.ts';
import {
  DAY,
  detailFile,
  detailLines,
  lineOf,
  newWords,
  noMoney,
  oldWords,
  PID,
  summaryFile,
  twoPaidOneRefunded,
  zipOf,
} from '../../../test/support/alipay-statement.ts';

const METHOD = 'alipay.data.dataservice.bill.downloadurl.query';
const ADDRESS = 'http://127.0.0.1:8090/downloadBillFile.resource?token=secret';
const located = { code: '10000', msg: 'Success', bill_download_url: ADDRESS };
const HOUR_MS = 3_600_000;

/** A channel whose gateway says `node`, and whose download gives `file`. */
function channelWith(node: object, file: () => InboundAnswer = () => answer('')) {
  const world = worldThat(({ method }) => (method === 'GET' ? file() : answer(bodyOf(METHOD, node))));
  return { world, channel: createAlipayChannel(world, configurationOf()) };
}

async function fetched(...files: Buffer[]): Promise<Outcome<StatementDay>> {
  const zip = await zipOf(...files);
  return channelWith(located, () => answer(zip)).channel.fetchStatement(DAY);
}

function linesOf(outcome: Outcome<StatementDay>): StatementLine[] {
  if (outcome.outcome !== 'done' || outcome.value.state !== 'whole') throw new Error(JSON.stringify(outcome));
  return [...outcome.value.lines];
}

const unknown = (code: string) => ({ outcome: 'unknown', fault: { code } });

describe('a day’s statement', () => {
  it('tells payments and refunds as the reports that the other messengers tell', async () => {
    const outcome = await fetched(detailFile(), summaryFile);
    expect(linesOf(outcome)).toEqual([
      {
        lineNo: 1,
        report: {
          method: 'alipay',
          source: 'statement',
          about: 'payment',
          outTradeNo: 'A1',
          state: 'paid',
          channelState: '交易',
          merchantId: PID,
          channelTradeNo: '20261121220014588605000000A1',
          totalFen: 1250,
          paidAtMs: Date.UTC(2026, 10, 21, 2, 55, 23),
        },
        feeMicro: 8000,
        words: lineOf(twoPaidOneRefunded[0]!),
      },
      expect.objectContaining({ lineNo: 2, feeMicro: 0 }),
      {
        lineNo: 3,
        report: {
          method: 'alipay',
          source: 'statement',
          about: 'refund',
          outTradeNo: 'A1',
          state: 'paid',
          channelState: '退款',
          merchantId: PID,
          channelTradeNo: '20261121220014588605000000A1',
          refund: {
            outRefundNo: 'R1',
            state: 'succeeded',
            amountFen: 250,
            refundedAtMs: Date.UTC(2026, 10, 21, 3, 26, 55),
          },
        },
        feeMicro: -2000,
        words: lineOf(twoPaidOneRefunded[2]!),
      },
    ]);
  });

  it('is kept as it came, and its lines can be read again', async () => {
    const file = detailFile();
    const outcome = await fetched(summaryFile, file);
    expect(linesOf(outcome)).toEqual(linesOf(outcome));
    expect(outcome).toMatchObject({ value: { digest: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    expect(
      outcome.outcome === 'done' && outcome.value.state === 'whole' && file.equals(outcome.value.bytes),
    ).toBe(true);
  });

  it.each([
    ['the words of today, CRLF', detailFile()],
    ['the words of today, LF', detailFile({}, '\n')],
    ['the words of 2019', detailFile({ trailer: oldWords })],
  ])('with its sums in %s is whole', async (_what, file) => {
    expect(linesOf(await fetched(file))).toHaveLength(3);
  });

  it('without any movement is whole and has no lines', async () => {
    expect(linesOf(await fetched(detailFile({ lines: [], trailer: noMoney })))).toEqual([]);
  });

  it('is read by the names of its columns, wherever they stand', async () => {
    const header = (detailLines()[4] ?? '')
      .split(',')
      .toReversed()
      .join(',')
      .replaceAll('（', '(')
      .replaceAll('）', ')');
    const lines = twoPaidOneRefunded.map((row) => lineOf(row).split(',').toReversed().join(','));
    const turned = linesOf(await fetched(detailFile({ header, lines })));
    const usual = linesOf(await fetched(detailFile()));
    expect(turned.map(({ report }) => report)).toEqual(usual.map(({ report }) => report));
  });

  it('keeps a comma in the name of the goods from shifting the money', async () => {
    const lines = twoPaidOneRefunded.map((row) => lineOf({ ...row, subject: '挂号费, 上午, "专家"' }));
    expect(linesOf(await fetched(detailFile({ lines }))).map(({ report }) => report.totalFen)).toEqual([
      1250,
      1,
      undefined,
    ]);
  });

  it('without a seller configured is not asked whose it is', () => {
    expect(readStatement([detailFile()], DAY, '')).toMatchObject({ state: 'whole' });
  });
});

describe('a statement is refused whole', () => {
  it.each([
    ['a sum is a fen off', { trailer: [newWords[0]!.replace('12.51', '12.52'), newWords[1]!] }, 'unverified'],
    [
      'the sum of refunds is off',
      { trailer: [newWords[0]!, newWords[1]!.replace('2.50', '2.51')] },
      'unverified',
    ],
    ['a discount is off', { trailer: [newWords[0]!.replace('0.00', '0.01'), newWords[1]!] }, 'unverified'],
    ['the count is off', { trailer: [newWords[0]!.replace('2笔', '3笔'), newWords[1]!] }, 'unverified'],
    ['a line is missing', { lines: twoPaidOneRefunded.slice(1).map(lineOf) }, 'unverified'],
    [
      'a line came twice',
      { lines: [...twoPaidOneRefunded, twoPaidOneRefunded[1]!].map(lineOf) },
      'unverified',
    ],
    ['the sums are missing', { trailer: [] }, 'unverified'],
    ['the sums stand twice', { trailer: [...newWords, newWords[0]!] }, 'unverified'],
    [
      'the sums stand in words that nobody knows',
      { trailer: ['#交易合计：2笔，总金额12.51元', newWords[1]!] },
      'undocumented',
    ],
    ['it is of another day', { from: '2026年11月20日' }, 'foreign_answer'],
    ['it is another merchant’s', { account: '2088999999999999' }, 'foreign_answer'],
    [
      'a column is missing',
      { header: (detailLines()[4] ?? '').replace('商家实收（元）', '实收') },
      'undocumented',
    ],
    [
      'a column stands twice',
      { header: (detailLines()[4] ?? '').replace('商家实收（元）', '订单金额（元）') },
      'undocumented',
    ],
    [
      'a kind of movement is unknown',
      { lines: [lineOf(twoPaidOneRefunded[0]!).replace('交易', '撤销')] },
      'undocumented',
    ],
    [
      'an amount is no amount',
      { lines: [lineOf({ kind: '交易', outTradeNo: 'A1', amount: '1e3' })] },
      'undocumented',
    ],
    [
      'a payment is negative',
      { lines: [lineOf({ kind: '交易', outTradeNo: 'A1', amount: '-1.00' })] },
      'undocumented',
    ],
    [
      'an amount is less than a fen',
      { lines: [lineOf({ kind: '交易', outTradeNo: 'A1', amount: '0.005' })] },
      'undocumented',
    ],
    [
      'a time is none',
      { lines: [lineOf(twoPaidOneRefunded[0]!).replace('10:55:23', '25:55:23')] },
      'undocumented',
    ],
    [
      'a line has no order number',
      { lines: [lineOf({ kind: '交易', outTradeNo: '', amount: '1.00' })] },
      'undocumented',
    ],
    ['a cell is missing', { lines: [lineOf(twoPaidOneRefunded[0]!).replace(',', '')] }, 'undocumented'],
    [
      'a line is endless',
      { lines: [lineOf({ ...twoPaidOneRefunded[0]!, subject: '费'.repeat(9000) })] },
      'undocumented',
    ],
  ])('when %s', async (_what, change, code) => {
    expect(await fetched(detailFile(change))).toMatchObject(unknown(code));
  });

  it('when a byte is no GBK', async () => {
    const file = detailFile();
    const at = file.indexOf(iconv.encode('仁心', 'gbk'));
    file[at + 1] = 0x20;
    expect(await fetched(file)).toMatchObject(unknown('undocumented'));
  });

  it.each([
    ['only the summary is there', [summaryFile]],
    ['two detail files are there', [detailFile(), detailFile()]],
    ['nothing is there', []],
  ])('when %s', async (_what, files) => {
    expect(await fetched(...files)).toMatchObject(unknown('undocumented'));
  });

  it('when the ZIP is full of files', async () => {
    expect(await fetched(detailFile(), ...Array.from({ length: 8 }, () => summaryFile))).toMatchObject(
      unknown('unverified'),
    );
  });

  it('when the ZIP would unpack to more than a day can hold, before it is unpacked', async () => {
    const zip = await zipOf(detailFile());
    // The size that the directory claims, in its own record.
    zip.writeUInt32LE(0xf0_00_00_00, zip.lastIndexOf(Buffer.from('PK\u0001\u0002')) + 24);
    await expect(unzip(zip)).rejects.toThrow('unpacks to too much');
  });

  it('when it is no ZIP at all', async () => {
    for (const body of ['', '<html>expired</html>', 'PK\u0003\u0004']) {
      const { channel } = channelWith(located, () => answer(body));
      expect(await channel.fetchStatement(DAY)).toMatchObject(unknown('unverified'));
    }
  });
});

describe('damage on the way', () => {
  let zip: Buffer;
  let whole: string;

  beforeAll(async () => {
    zip = await zipOf(detailFile(), summaryFile);
    whole = await outcomeOf(zip);
  });

  /** The lines as one text, or `refused`; whatever else is thrown is a bug. */
  async function outcomeOf(bytes: Uint8Array): Promise<string> {
    try {
      return textOf(await unzip(bytes));
    } catch (error) {
      if (error instanceof UnusableStatement) return 'refused';
      throw error;
    }
  }

  function textOf(files: readonly Uint8Array[]): string {
    const day = readStatement(files, DAY, PID);
    return day.state === 'whole' ? JSON.stringify([...day.lines]) : day.state;
  }

  it('is none in the file that the tests below damage', () => {
    expect(whole).toContain('"outTradeNo":"A2"');
  });

  it('cut off at any byte, the ZIP is refused', async () => {
    for (let length = 0; length < zip.length; length += 1) {
      expect([length, await outcomeOf(zip.subarray(0, length))]).toEqual([length, 'refused']);
    }
  });

  it('cut off at any byte before it was packed, the file is refused', async () => {
    const file = detailFile();
    // The line end after the last line is not part of what was said.
    for (let length = 0; length < file.length - 2; length += 1) {
      expect(() => readStatement([file.subarray(0, length)], DAY, PID)).toThrow(/cut off|0 detail files/);
    }
  });

  it('any byte changed: the same lines, or none', async () => {
    for (let at = 0; at < zip.length; at += 1) {
      const damaged = Buffer.from(zip);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      expect([at, whole, 'refused']).toContain(await outcomeOf(damaged));
    }
  });

  it('bytes changed, lost and added anywhere: the same lines, or none', async () => {
    const edit = fc.record({
      at: fc.nat(zip.length),
      lost: fc.nat(40),
      added: fc.uint8Array({ maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        let bytes = zip;
        for (const { at, lost, added } of edits) {
          bytes = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + lost)]);
        }
        expect([whole, 'refused']).toContain(await outcomeOf(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it('its lines in a heap, among others, are refused', async () => {
    const lines = fc.array(fc.oneof(fc.constantFrom(...detailLines()), fc.string()), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(lines, async (some) => {
        const packed = await zipOf(iconv.encode(some.join('\n'), 'gbk'));
        expect(await outcomeOf(packed)).toBe('refused');
      }),
      { numRuns: 200 },
    );
  });
});

describe('asking for a statement', () => {
  it('asks where it lies and fetches it at once', async () => {
    const zip = await zipOf(detailFile());
    const { channel, world } = channelWith(located, () => answer(zip));
    expect(linesOf(await channel.fetchStatement(DAY))).toHaveLength(3);
    expect(world.sent).toHaveLength(2);
    expect(JSON.parse(parametersOf(world.sent[0])['biz_content'] ?? '')).toEqual({
      bill_type: 'trade',
      bill_date: DAY,
    });
    expect(world.sent[1]).toMatchObject({ method: 'GET', url: ADDRESS });
    expect(world.sent[1]?.timeoutMs).toBeLessThan(30_000);
  });

  it.each(['NO_BILL_DATA', 'BILL_NOT_EXIST', 'isv.BILL_NOT_EXIST'])(
    '%s is "not made yet" until noon of the next day, and an empty day afterwards',
    async (subCode) => {
      const node = { code: '40004', msg: 'Business Failed', sub_code: subCode };
      const { channel, world } = channelWith(node);
      expect(await channel.fetchStatement(DAY)).toEqual({ outcome: 'done', value: { state: 'not_ready' } });
      const later = createAlipayChannel({ ...world, now: () => NOW + 2 * HOUR_MS }, configurationOf());
      expect(await later.fetchStatement(DAY)).toEqual({ outcome: 'done', value: { state: 'empty' } });
    },
  );

  it('a day of which Alipay says that its file is empty is empty', async () => {
    const { channel, world } = channelWith({ ...located, bill_file_code: 'EMPTY_DATA_WITH_BILL_FILE' });
    expect(await channel.fetchStatement(DAY)).toEqual({ outcome: 'done', value: { state: 'empty' } });
    expect(world.sent).toHaveLength(1);
  });

  it.each(['2026-11-22', '2026-11-23', '2027-01-01'])('%s is not over: nobody is asked', async (day) => {
    const { channel, world } = channelWith(located);
    expect(await channel.fetchStatement(day)).toEqual({ outcome: 'done', value: { state: 'not_ready' } });
    expect(world.sent).toHaveLength(0);
  });

  it.each(['2026-11', '2026-02-30', '2026-11-21 ', '20261121', ''])('%j is no day', async (day) => {
    const { channel, world } = channelWith(located);
    expect(await channel.fetchStatement(day)).toMatchObject({ outcome: 'refused', fault: { code: 'bug' } });
    expect(world.sent).toHaveLength(0);
  });

  it.each([
    ['INVAILID_ARGUMENTS', 'refused', 'bug'],
    ['BILL_DATE_BEFORE_REGISTRATION', 'refused', 'configuration'],
    ['UNKNOW_ERROR', 'unknown', 'system_error'],
    ['USER_RATE_LIMIT', 'unknown', 'throttled'],
  ])('%s is %s: %s', async (subCode, outcome, code) => {
    const { channel } = channelWith({ code: '40004', msg: 'Business Failed', sub_code: subCode });
    expect(await channel.fetchStatement(DAY)).toMatchObject({ outcome, fault: { code } });
  });

  it.each([
    ['elsewhere', 'http://bills.example.com/downloadBillFile.resource?token=secret'],
    ['at another port', 'http://127.0.0.1:9/downloadBillFile.resource?token=secret'],
    ['in a file of ours', 'file:///etc/passwd?token=secret'],
    ['nowhere', undefined],
  ])('a statement that lies %s is not fetched, and its token stands in no fault', async (_where, url) => {
    const { channel, world } = channelWith({ ...located, bill_download_url: url });
    const outcome = await channel.fetchStatement(DAY);
    expect(outcome).toMatchObject(unknown('undocumented'));
    expect(JSON.stringify(outcome)).not.toContain('secret');
    expect(world.sent).toHaveLength(1);
  });

  it.each([
    ['an expired address', () => answer('gone', 403), 'silent'],
    ['a redirect', () => answer('', 302), 'silent'],
  ])('%s leaves the day unknown', async (_what, file, code) => {
    const outcome = await channelWith(located, file).channel.fetchStatement(DAY);
    expect(outcome).toMatchObject(unknown(code));
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });

  it.each([
    ['no_answer', 'silent'],
    ['forbidden', 'configuration'],
  ] as const)('a download that ends in %s leaves it unknown: %s', async (trouble, code) => {
    const failing = () => {
      throw new NetworkFault(trouble, 'torn');
    };
    expect(await channelWith(located, failing).channel.fetchStatement(DAY)).toMatchObject(unknown(code));
  });

  it('each gateway has its own place for statements, and an unknown one has none', () => {
    expect(alipayStatementOrigins('https://openapi.alipay.com/gateway.do')).toContain(
      'http://dwbillcenter.alipay.com',
    );
    expect(alipayStatementOrigins('https://openapi-sandbox.dl.alipaydev.com/gateway.do')).not.toContain(
      'http://dwbillcenter.alipay.com',
    );
    expect(alipayStatementOrigins('http://127.0.0.1:8090/gateway.do')).toEqual(['http://127.0.0.1:8090']);
    expect(alipayStatementOrigins('https://example.com/gateway.do')).toEqual([]);
  });
});
