import iconv from 'iconv-lite';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { HOUR, makeDesk, merchant, MINUTE } from './testing.ts';

const FIND = 'alipay.data.dataservice.bill.downloadurl.query';
const UTF8_NAMES = 1 << 11;

/** The desk opens on 2026-11-22 at 10:00 in Beijing; `dayAfter` takes it to the next day at ten. */
async function deskWithADay() {
  const desk = makeDesk();
  const refund = (biz: object) => desk.call('alipay.trade.refund', { out_trade_no: 'A1', ...biz });
  desk.gateway.pay(await desk.precreate('A1', { store_id: '门店/1' }), 'Zhang');
  await desk.host.advance(MINUTE);
  desk.gateway.pay(await desk.precreate('A2', { total_amount: '0.01', subject: '挂号费' }), 'Li');
  await desk.host.advance(MINUTE);
  await refund({ refund_amount: '2.80', out_request_no: 'R1' });
  return { ...desk, dayAfter: () => desk.host.advance(24 * HOUR), refund };
}

type Desk = Awaited<ReturnType<typeof deskWithADay>>;

const find = (desk: Pick<Desk, 'call'>, day: string, type = 'trade') =>
  desk.call(FIND, { bill_type: type, bill_date: day });

async function download(desk: Pick<Desk, 'raw'>, address: unknown) {
  const { pathname, search } = new URL(String(address));
  return desk.raw(`${pathname}${search}`, '', { host: '127.0.0.1:8090' }, 'GET');
}

interface Unpacked {
  name: string;
  flags: number;
  lines: string[];
}

async function unpack(bytes: Uint8Array): Promise<Unpacked[]> {
  const zip = await fromBufferPromise(Buffer.from(bytes), { decodeStrings: false });
  const files: Unpacked[] = [];
  for await (const entry of zip.eachEntry()) {
    const text = iconv.decode(await buffer(await zip.openReadStreamPromise(entry)), 'gbk');
    files.push({
      name: iconv.decode(Buffer.from(entry.fileNameRaw), 'gbk'),
      flags: entry.generalPurposeBitFlag,
      lines: text.split('\r\n'),
    });
  }
  return files;
}

async function statement(desk: Pick<Desk, 'call' | 'raw'>, day = '2026-11-22'): Promise<Unpacked[]> {
  const answer = await download(desk, (await find(desk, day))['bill_download_url']);
  return unpack(answer?.body ?? new Uint8Array());
}

describe('the statement of a day', () => {
  test('lies behind an address of the recorded shape, for whoever has it, for thirty seconds', async () => {
    const desk = await deskWithADay();
    await desk.dayAfter();
    const found = await find(desk, '2026-11-22');
    const address = new URL(String(found['bill_download_url']));
    expect(found).toMatchObject({ code: '10000', signed: true });
    expect(found['bill_file_code']).toBeUndefined();
    expect(address.pathname).toBe('/downloadBillFile.resource');
    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      bizType: 'trade',
      userId: `${merchant.sellerId}0156`,
      bizDates: '20261122',
      fileId: `/trade/${merchant.sellerId}0156/20261122.csv.zip`,
    });
    await desk.host.advance(29_999);
    expect(await download(desk, address)).toMatchObject({ status: 200 });
    await desk.host.advance(1);
    expect(await download(desk, address)).toMatchObject({ status: 403 });
    address.searchParams.set('token', 'guessed');
    expect(await download(desk, address)).toMatchObject({ status: 403 });
  });

  test('is two files whose names are GBK and do not claim to be UTF-8', async () => {
    const desk = await deskWithADay();
    await desk.dayAfter();
    const files = await statement(desk);
    const name = `${merchant.sellerId}0156_20261122_业务明细`;
    expect(files.map((file) => file.name)).toEqual([`${name}.csv`, `${name}(汇总).csv`]);
    expect(files.map((file) => file.flags & UTF8_NAMES)).toEqual([0, 0]);
  });

  test('tells payments and refunds as the recorded files do, TABs and signs included', async () => {
    const desk = await deskWithADay();
    await desk.dayAfter();
    const [detail] = await statement(desk);
    const lines = detail?.lines ?? [];
    expect(lines.slice(0, 4)).toEqual([
      '#支付宝业务明细查询',
      `#账号：[${merchant.sellerId}0156]`,
      '#起始日期：[2026年11月22日 00:00:00]   终止日期：[2026年11月23日 00:00:00]',
      `#${'-'.repeat(41)}业务明细列表${'-'.repeat(40)}`,
    ]);
    expect(lines[4]?.split(',')).toHaveLength(25);
    expect(lines[4]).toContain('订单金额（元）,商家实收（元）');
    expect(lines.slice(8)).toEqual([
      `#${'-'.repeat(41)}业务明细列表结束${'-'.repeat(36)}`,
      '#交易合计：2笔，商家实收共12.81元，商家优惠共0.00元',
      '#退款合计：1笔，商家实收退款共-2.80元，商家优惠退款共0.00元',
      '#导出时间：[2026年11月23日 06:12:00]',
      '',
    ]);
    const [paid, , back] = lines.slice(5, 8).map((line) => line.split(','));
    expect(paid?.slice(1, 7)).toEqual([
      'A1\t',
      '交易\t',
      '诊所 缴费',
      '2026-11-22 10:00:00',
      '2026-11-22 10:00:00',
      '门店/1\t',
    ]);
    expect([paid?.[11], paid?.[19], paid?.[21], paid?.[22]]).toEqual(['12.80', '0.00\t', '\t', '-0.08']);
    expect(back?.slice(1, 6)).toEqual([
      'A1\t',
      '退款\t',
      '诊所 缴费',
      '2026-11-22 10:00:00',
      '2026-11-22 10:02:00',
    ]);
    expect([back?.[0], back?.[11], back?.[12], back?.[21], back?.[22]]).toEqual([
      paid?.[0],
      '-2.80',
      '-2.80',
      'R1\t',
      '0.02',
    ]);
  });

  test('sums up in its second file', async () => {
    const desk = await deskWithADay();
    await desk.dayAfter();
    const [, summary] = await statement(desk);
    expect(summary?.lines.slice(5, 7)).toEqual([
      '\t,\t,2,1,10.01,10.01,0.00,0.00,0.00,-0.06,0.00,9.95',
      '合计,,2,1,10.01,10.01,0.00,0.00,0.00,-0.06,0.00,9.95',
    ]);
  });

  test('holds what was completed before midnight, and the next day the rest', async () => {
    const desk = makeDesk();
    const first = await desk.precreate('A1');
    await desk.host.advance(14 * HOUR - 1);
    desk.gateway.pay(await desk.precreate('A2'), 'Zhang');
    await desk.host.advance(1);
    desk.gateway.pay(await desk.precreate('A3'), 'Zhang');
    expect(desk.gateway.pay(first, 'Zhang').ok).toBe(false);
    await desk.host.advance(48 * HOUR);
    const numbers = async (day: string) =>
      (await statement(desk, day))[0]?.lines.slice(5, -5).map((line) => line.split(',')[1]);
    expect(await numbers('2026-11-22')).toEqual(['A2\t']);
    expect(await numbers('2026-11-23')).toEqual(['A3\t']);
  });

  test('is not there for a day that runs, nor before nine of the next', async () => {
    const desk = await deskWithADay();
    expect(await find(desk, '2026-11-22')).toMatchObject({ code: '40004', sub_code: 'INVAILID_ARGUMENTS' });
    await desk.host.advance(23 * HOUR - 2 * MINUTE - 1);
    expect(await find(desk, '2026-11-22')).toMatchObject({ sub_code: 'BILL_NOT_EXIST' });
    await desk.host.advance(1);
    expect(await find(desk, '2026-11-22')).toMatchObject({ code: '10000' });
  });

  test('of a day without money says so, and has a file all the same', async () => {
    const desk = await deskWithADay();
    const found = await find(desk, '2026-11-20');
    expect(found).toMatchObject({ code: '10000', bill_file_code: 'EMPTY_DATA_WITH_BILL_FILE' });
    const [detail] = await statement(desk, '2026-11-20');
    expect(detail?.lines.at(-4)).toBe('#交易合计：0笔，商家实收共0.00元，商家优惠共0.00元');
  });

  test.each([
    ['2026-11-21', 'signcustomer', 'TYPE_NOT_SUPPORTED'],
    ['2026-11', 'trade', 'INVAILID_ARGUMENTS'],
    ['2026-02-30', 'trade', 'INVAILID_ARGUMENTS'],
  ])('of %s and type %s is refused as %s', async (day, type, subCode) => {
    expect(await find(makeDesk(), day, type)).toMatchObject({ code: '40004', sub_code: subCode });
  });
});

describe('bad weather for statements', () => {
  test('late: there is none yet, though it is time', async () => {
    const desk = await deskWithADay();
    await desk.dayAfter();
    desk.kernel.board.merge({ statement_late: 1 });
    expect(await find(desk, '2026-11-22')).toMatchObject({ sub_code: 'BILL_NOT_EXIST' });
  });

  test('truncated: no whole file comes, be the ZIP cut or what was packed in it', async () => {
    const desk = await deskWithADay();
    await desk.dayAfter();
    desk.kernel.board.merge({ statement_truncated: 1 });
    const seen = new Set<string>();
    for (let tries = 0; tries < 20; tries += 1) {
      const files = await statement(desk).catch(() => undefined);
      const whole = files?.[0]?.lines.some((line) => line.startsWith('#交易合计'));
      seen.add(files === undefined ? 'no ZIP' : whole === true ? 'whole' : 'a ZIP with half a file');
    }
    expect(seen).toEqual(new Set(['no ZIP', 'a ZIP with half a file']));
  });

  test('wrong sum: the lines are right and the trailer is not', async () => {
    const desk = await deskWithADay();
    await desk.dayAfter();
    desk.kernel.board.merge({ statement_wrong_sum: 1 });
    const [detail] = await statement(desk);
    expect(detail?.lines.at(-4)).toBe('#交易合计：2笔，商家实收共12.82元，商家优惠共0.00元');
    expect(detail?.lines.slice(5, 8).map((line) => line.split(',')[11])).toEqual(['12.80', '0.01', '-2.80']);
  });

  test('a planted difference agrees with the sums, and is the same at every download', async () => {
    const desk = await deskWithADay();
    await desk.dayAfter();
    desk.kernel.board.merge({ statement_line_differs: 1 });
    expect((await statement(desk))[0]?.lines.at(-4)).toBe(
      '#交易合计：2笔，商家实收共12.83元，商家优惠共0.00元',
    );
    desk.kernel.board.merge({ reset: true, statement_line_missing: 0.5 });
    expect(await statement(desk)).toEqual(await statement(desk));
    desk.kernel.board.merge({ reset: true, statement_line_missing: 1 });
    expect((await statement(desk))[0]?.lines.at(-4)).toBe(
      '#交易合计：0笔，商家实收共0.00元，商家优惠共0.00元',
    );
  });

  test('the download is lost or silent like any answer', async () => {
    const desk = await deskWithADay();
    await desk.dayAfter();
    const address = (await find(desk, '2026-11-22'))['bill_download_url'];
    for (const trouble of ['lose_request', 'lose_answer']) {
      desk.kernel.board.merge({ reset: true, [trouble]: 1 });
      expect(await download(desk, address)).toBeUndefined();
    }
    desk.kernel.board.merge({ reset: true, answer_html: 1 });
    expect(await download(desk, address)).toMatchObject({ status: 502 });
  });
});

describe('a refund that is stuck', () => {
  test('is accepted and moves nothing, until the weather lets it go: then once', async () => {
    const { call, host, kernel, refund, told } = await deskWithADay();
    const before = kernel.ledger.all().length;
    told.length = 0;
    kernel.board.merge({ refund_stuck: true });
    const wish = { refund_amount: '1.00', out_request_no: 'R2' };
    expect(await refund(wish)).toMatchObject({ code: '10000', fund_change: 'N', refund_fee: '2.80' });
    await host.advance(24 * HOUR);
    expect(await refund(wish)).toMatchObject({ fund_change: 'N', refund_fee: '2.80' });
    const asked = () =>
      call('alipay.trade.fastpay.refund.query', { out_trade_no: 'A1', out_request_no: 'R2' });
    expect((await asked())['refund_status']).toBeUndefined();
    expect(kernel.ledger.all()).toHaveLength(before);
    expect(told).toEqual([]);

    kernel.board.merge({ refund_stuck: false });
    await host.advance(MINUTE);
    expect(await asked()).toMatchObject({ refund_status: 'REFUND_SUCCESS', refund_amount: '1.00' });
    expect(kernel.ledger.all()).toHaveLength(before + 1);
    expect(told.map(({ fields }) => fields['refund_fee'])).toEqual(['3.80']);
  });
});
