/** The file of a day: when it is there, what stands in it, and how it can be wrong. */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { memberOf, openTestWorld, signedRequest, worldStart } from './harness.ts';
import type { Got, TestWorld } from './harness.ts';
import { makeWechatMerchant } from './merchant.ts';

const merchant = await makeWechatMerchant({ bits: 1024 });
const minute = 60_000;
const hour = 60 * minute;
/** The world begins on a Monday at 10:00 in Beijing. */
const [today, tomorrow] = ['2027-01-04', '2027-01-05'];

let world: TestWorld;

beforeEach(() => {
  world = openTestWorld(merchant);
});

async function pay(number: string, more: object = {}): Promise<void> {
  world.gateway.pay(await world.code(number, more), 'anna');
}

function refund(out_trade_no: string, out_refund_no: string, fen: number): Promise<Got> {
  const amount = { refund: fen, total: 1230, currency: 'CNY' };
  const body = JSON.stringify({ out_trade_no, out_refund_no, amount });
  return world.send({ method: 'POST', target: '/v3/refund/domestic/refunds', body });
}

const ask = (day: string, more = ''): Promise<Got> =>
  world.send({ target: `/v3/bill/tradebill?bill_date=${day}${more}`, headers: { host: '127.0.0.1:8090' } });

async function fetchFile(promise: Got) {
  const { pathname, search } = new URL(String(memberOf(promise.json, 'download_url')));
  const atMs = world.kernel.clock.channelNow();
  const answer = await world.gateway.handle(signedRequest(merchant, { target: pathname + search, atMs }));
  if (answer.kind === 'drop') throw new Error('dropped');
  return answer;
}

/** The file's lines, once its hash is right. */
async function linesOf(day: string, more = ''): Promise<string[]> {
  const promise = await ask(day, more);
  const { body } = await fetchFile(promise);
  expect(createHash('sha1').update(body).digest('hex')).toBe(memberOf(promise.json, 'hash_value'));
  return Buffer.from(body).toString().split('\r\n');
}

/** 09:00 of the next day is 23 hours from the start. */
const untilBuilt = 23 * hour;

describe('the file of a day', () => {
  test('is being created until 09:00 of the next day', async () => {
    await pay('DAY-0001');
    expect((await ask(today)).headers['Request-ID']).toMatch(/-270522884$/);
    await world.clock.advance(untilBuilt - 1);
    expect(await ask(today)).toMatchObject({ status: 400, code: 'STATEMENT_CREATING' });
    await world.clock.advance(1);
    expect(await ask(today)).toMatchObject({ status: 200, json: { hash_type: 'SHA1' } });
  });

  test('of a day without money does not exist', async () => {
    await world.create('DAY-0001');
    await world.clock.advance(untilBuilt);
    expect(await ask(today)).toMatchObject({ status: 400, code: 'NO_STATEMENT_EXIST' });
  });

  test('is byte for byte as the documents describe it', async () => {
    await pay('DAY-0001', { description: '诊疗,费`"\\', attach: "p'1\n\t" });
    await world.clock.advance(hour);
    await refund('DAY-0001', 'R-1', 205);
    await world.clock.advance(untilBuilt - hour);
    const { transaction_id, payer } = (await world.query('DAY-0001')).json as {
      transaction_id: string;
      payer: { openid: string };
    };
    const { refund_id } = (await world.send({ target: '/v3/refund/domestic/refunds/R-1' })).json as {
      refund_id: string;
    };
    const who = `\`${merchant.appid},\`${merchant.mchid},\`0,\`,\`${transaction_id},\`DAY-0001,\`${payer.openid}`;
    expect(await linesOf(today)).toEqual([
      '\uFEFF交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,' +
        '货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,' +
        '商户数据包,手续费,费率,订单金额,申请退款金额,费率备注',
      `\`2027-01-04 11:00:00,${who},\`NATIVE,\`REFUND,\`OTHERS,\`CNY,\`0.00,\`0.00,\`${refund_id},\`R-1,` +
        '`2.05,`0.00,`ORIGINAL,`SUCCESS,`诊疗\\ 费\\140\\"\\\\,`p\\\'1\\n\\t,`-0.01230,`0.60%,`0.00,`2.05,`',
      `\`2027-01-04 10:00:00,${who},\`NATIVE,\`SUCCESS,\`OTHERS,\`CNY,\`12.30,\`0.00,\`0,\`0,` +
        '`0.00,`0.00,`,`,`诊疗\\ 费\\`\\"\\\\,`p\\\'1\\n\\t,`0.07380,`0.60%,`12.30,`0.00,`',
      '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额',
      '`2,`12.30,`2.05,`0.00,`0.06150,`12.30,`2.05',
      '',
    ]);
  });

  test('has 20 columns of payments alone and 29 of refunds alone', async () => {
    await pay('DAY-0001');
    await refund('DAY-0001', 'R-1', 205);
    await world.clock.advance(untilBuilt);
    const [payments, refunds] = [
      await linesOf(today, '&bill_type=SUCCESS'),
      await linesOf(today, '&bill_type=REFUND'),
    ];
    expect([payments.length, refunds.length]).toEqual([5, 5]);
    expect(payments[0]?.split(',')).toHaveLength(20);
    expect(payments[1]?.split(',`')).toHaveLength(20);
    expect(payments[2]).toBe('总交易单数,应结订单总金额,手续费总金额,订单总金额');
    expect(refunds[0]?.split(',').slice(14, 17)).toEqual(['退款申请时间', '退款成功时间', '微信退款单号']);
    expect(refunds[1]?.split(',`').slice(14, 16)).toEqual(['2027-01-04 10:00:00', '2027-01-04 10:00:02']);
  });

  test('holds what was paid from 00:00:00 to 23:59:59 in Beijing, whenever it was ordered', async () => {
    const midnight = Date.parse('2027-01-05T00:00:00+08:00') - worldStart;
    await world.clock.advance(midnight - minute);
    const [late, next] = [await world.code('DAY-0001'), await world.code('DAY-0002')];
    await world.clock.advance(minute - 1);
    world.gateway.pay(late, 'anna');
    await world.clock.advance(1);
    world.gateway.pay(next, 'anna');
    await world.clock.advance(2 * 24 * hour);
    const [first, second] = [await linesOf(today), await linesOf(tomorrow)];
    expect([first.length, second.length]).toEqual([5, 5]);
    expect(first[1]).toMatch(/^`2027-01-04 23:59:59,.*`DAY-0001,/);
    expect(second[1]).toMatch(/^`2027-01-05 00:00:00,.*`DAY-0002,/);
  });

  test('is frozen when it is built: a refund that ends later stays PROCESSING in it', async () => {
    world.kernel.board.merge({ refund_stuck: true });
    await pay('DAY-0001');
    await refund('DAY-0001', 'R-1', 1);
    await world.clock.advance(untilBuilt);
    const first = await linesOf(today);
    world.kernel.board.merge({ reset: true });
    await world.clock.advance(hour);
    expect((await world.send({ target: '/v3/refund/domestic/refunds/R-1' })).json).toMatchObject({
      status: 'SUCCESS',
    });
    expect(await linesOf(today)).toEqual(first);
    expect(first[2]).toContain('`ORIGINAL,`PROCESSING,');
  });

  test.each([
    [{ refund_abnormal: 1 }, 'CHANGE'],
    [{ wechat_refund_closed: 1 }, 'FAIL'],
  ])('under %j calls the refund %s', async (weather, word) => {
    world.kernel.board.merge(weather);
    await pay('DAY-0001');
    await refund('DAY-0001', 'R-1', 1);
    await world.clock.advance(untilBuilt);
    expect((await linesOf(today))[2]).toContain(`\`ORIGINAL,\`${word},`);
  });
});

describe('asking and fetching', () => {
  beforeEach(async () => {
    await pay('DAY-0001');
    await world.clock.advance(untilBuilt);
  });

  test('the hash is over the plain file, also where the file travels gzipped', async () => {
    const promise = await ask(today, '&tar_type=GZIP');
    expect(String(memberOf(promise.json, 'download_url'))).toMatch(/token=[\w-]{64}&tartype=gzip$/);
    const { body, headers } = await fetchFile(promise);
    expect(headers).not.toHaveProperty('Content-Encoding');
    const sha1 = createHash('sha1').update(gunzipSync(body)).digest('hex');
    expect(memberOf(promise.json, 'hash_value')).toBe(sha1);
  });

  test('the address leads back to where the caller reached us', async () => {
    const at = async (host: string) => {
      const target = `/v3/bill/tradebill?bill_date=${today}`;
      return new URL(String(memberOf((await world.send({ target, headers: { host } })).json, 'download_url')))
        .origin;
    };
    expect(await at('127.0.0.1:8090')).toBe('http://127.0.0.1:8090');
    expect(await at('api2.mch.weixin.qq.com')).toBe('https://api2.mch.weixin.qq.com');
    expect(await at('')).toBe('https://api.mch.weixin.qq.com');
  });

  test('the file is not signed, and its address lives five minutes', async () => {
    const promise = await ask(today);
    const file = await fetchFile(promise);
    expect(file).toMatchObject({ status: 200, headers: { 'Content-Type': 'text/plain' } });
    expect(file.headers).not.toHaveProperty('Wechatpay-Signature');
    await world.clock.advance(5 * minute);
    expect((await fetchFile(promise)).status).toBe(400);
    const forged = await world.send({ target: '/v3/billdownload/file?token=x' });
    expect(forged).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
  });

  test.each([
    ['2027-1-4', '', 'PARAM_ERROR'],
    ['2027-02-30', '', 'PARAM_ERROR'],
    [today, '&bill_type=SOME', 'PARAM_ERROR'],
    [today, '&tar_type=ZIP', 'PARAM_ERROR'],
    [tomorrow, '', 'INVALID_REQUEST'],
    ['2026-10-05', '', 'INVALID_REQUEST'],
    ['2026-10-06', '', 'NO_STATEMENT_EXIST'],
  ])('a bill of %s%s is %s', async (day, more, code) => {
    expect(await ask(day, more)).toMatchObject({ status: 400, code });
  });
});

describe('bad weather', () => {
  beforeEach(async () => {
    await pay('DAY-0001');
    await pay('DAY-0002');
    await world.clock.advance(untilBuilt);
  });

  test('a late file is still being created when it should be there', async () => {
    world.kernel.board.merge({ statement_late: 1 });
    expect((await ask(today)).code).toBe('STATEMENT_CREATING');
  });

  test('a truncated file is shorter than its hash promised, and a wrong hash is another file’s', async () => {
    const whole = await fetchFile(await ask(today));
    world.kernel.board.merge({ statement_truncated: 1 });
    const cut = await fetchFile(await ask(today));
    expect(cut.body.length).toBeLessThan(whole.body.length);
    expect(Buffer.from(whole.body.subarray(0, cut.body.length))).toEqual(Buffer.from(cut.body));
    world.kernel.board.merge({ reset: true, statement_wrong_hash: 1 });
    const promise = await ask(today);
    const sha1 = createHash('sha1').update(whole.body).digest('hex');
    expect(memberOf(promise.json, 'hash_value')).not.toBe(sha1);
  });

  test('a wrong sum stands under a right hash', async () => {
    world.kernel.board.merge({ statement_wrong_sum: 1 });
    expect((await linesOf(today)).at(-2)).toBe('`2,`24.60,`0.00,`0.00,`0.14760,`24.61,`0.00');
  });

  test('a planted difference has sums that agree, and is there at every download', async () => {
    world.kernel.board.merge({ statement_line_differs: 1 });
    const lines = await linesOf(today);
    expect(lines.filter((line) => line.includes('`12.31,`0.00,`'))).toHaveLength(2);
    expect(lines.at(-2)).toBe('`2,`24.60,`0.00,`0.00,`0.14760,`24.62,`0.00');
    expect(await linesOf(today)).toEqual(lines);
    world.kernel.board.merge({ reset: true, statement_line_missing: 1 });
    expect((await ask(today)).code).toBe('NO_STATEMENT_EXIST');
  });
});
