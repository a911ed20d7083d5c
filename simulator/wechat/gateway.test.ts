/** The documented rules: who may call, what a body may hold, and how one number lives and ends. */
import { beforeEach, describe, expect, test } from 'vitest';
import { memberOf, openTestWorld, worldStart as start } from './harness.ts';
import type { Got, TestWorld } from './harness.ts';
import { makeWechatMerchant } from './merchant.ts';
import { rfc3339 } from './time.ts';

const merchant = await makeWechatMerchant({ bits: 1024 });
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

let world: TestWorld;

beforeEach(() => {
  world = openTestWorld(merchant);
});

/** An order as these bytes, whatever they are. */
function raw(body: string): Promise<Got> {
  return world.send({ method: 'POST', target: '/v3/pay/transactions/native', body });
}

const codeOf = (got: Got): string => String(memberOf(got.json, 'code_url'));

describe('who is calling', () => {
  test('unknown paths and wrong methods have an empty answer', async () => {
    expect(await world.send({ target: '/v3/nothing' })).toMatchObject({ status: 404, json: undefined });
    expect(await world.send({ target: '/v3/pay/transactions/native' })).toMatchObject({
      status: 405,
      json: undefined,
    });
  });

  test('a request without Authorization is refused in the words of its path, unsigned', async () => {
    const bare = { authorization: '' };
    const order = await world.send({ target: '/v3/pay/transactions/id/4?mchid=1', headers: bare });
    expect(order).toMatchObject({
      status: 401,
      json: { code: 'SIGN_ERROR', message: '签名信息错误，验签失败' },
    });
    expect(order.headers).not.toHaveProperty('Request-ID');
    const list = await world.send({ target: '/v3/certificates', headers: bare });
    expect(list.json).toMatchObject({ message: expect.stringContaining('Http头Authorization值格式错误') });
    expect(Object.keys(list.headers).filter((name) => name.startsWith('Wechatpay'))).toEqual([]);
    expect(list.headers['Request-ID']).toMatch(/^[0-9A-F]+-270924332$/);
    const basic = await world.send({ target: '/v3/certificates', headers: { authorization: 'Basic abc' } });
    expect(basic.json).toMatchObject({ message: 'HTTP头Authorization认证类型不正确' });
  });

  test('a wrong clock is named before a wrong signature', async () => {
    const wrong = { target: '/v3/certificates', signedTarget: '/other' };
    const late = await world.send({ ...wrong, atMs: start - 301_000 });
    expect(late.json).toMatchObject({ message: expect.stringContaining('不得超过5分钟') });
    expect((await world.send({ ...wrong, atMs: start - 300_000 })).json).toMatchObject({
      message: '签名错误',
    });
  });

  test('skew moves the channel alone, and its window with it', async () => {
    world.kernel.clock.change({ skew_ms: 10 * minute });
    expect((await world.send({ target: '/v3/certificates', atMs: world.clock.now() })).code).toBe(
      'SIGN_ERROR',
    );
  });

  test('a signature mismatch tells what was signed, the body cut to eight characters', async () => {
    const target = '/v3/pay/transactions/native';
    const got = await world.send({ method: 'POST', target, body: '{"appid":"x"}', signedTarget: '/other' });
    expect(got.status).toBe(401);
    expect(got.json).toMatchObject({
      detail: {
        detail: { issue: 'sign not match' },
        field: 'signature',
        location: 'authorization',
        sign_information: {
          method: 'POST',
          url: target,
          truncated_sign_message: `POST\n${target}\n${start / 1000}\nnonce\n{"appid"\n`,
          sign_message_length: `POST\n${target}\n${start / 1000}\nnonce\n{"appid":"x"}\n`.length,
        },
      },
    });
  });

  test('an unknown serial is named, whatever the order of the pairs', async () => {
    const authorization =
      `WECHATPAY2-SHA256-RSA2048 signature="AA==",serial_no="00AA",timestamp="${start / 1000}",` +
      `nonce_str="n",mchid="${merchant.mchid}"`;
    const got = await world.send({ target: '/v3/certificates', headers: { authorization } });
    expect(got.json).toMatchObject({ message: '商户证书序列号有误。请使用签名私钥匹配的证书序列号' });
  });

  test('an expired merchant certificate signs nothing any more', async () => {
    world.kernel.clock.change({ advance_ms: 6 * 365 * day });
    expect((await world.send({ target: '/v3/certificates' })).json).toMatchObject({
      code: 'SIGN_ERROR',
      message: expect.stringContaining('过期'),
    });
  });

  test('a request without User-Agent is refused before it is authenticated', async () => {
    const got = await world.send({
      target: '/v3/certificates',
      headers: { 'user-agent': '', authorization: '' },
    });
    expect(got).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
  });
});

describe('strict bodies', () => {
  test.each([
    ['an amount as text', { amount: { total: '1230' } }, '/amount/total', '268435461'],
    ['an amount of nothing', { amount: { total: 0 } }, '/amount/total', '268435464'],
    ['half a fen', { amount: { total: 1.5 } }, '/amount/total', '268435461'],
    ['another currency', { amount: { total: 1, currency: 'USD' } }, '/amount/currency', '268435461'],
    ['a missing field', { description: undefined }, '/description', '268435461'],
    ['a null', { attach: null }, '/attach', '268435461'],
    ['an unknown field', { limit_pay: [] }, '/limit_pay', '270924358'],
    ['an unknown inner field', { amount: { total: 1, tax: 1 } }, '/amount/tax', '270924358'],
    ['a short number', { out_trade_no: 'A1' }, '/out_trade_no', '268435463'],
    ['a number with a blank', { out_trade_no: 'A 1234567' }, '/out_trade_no', '268435461'],
    ['a long description', { description: '长'.repeat(128) }, '/description', '268435462'],
    ['a notify_url with a query', { notify_url: 'https://clinic.example/n?x=1' }, '/notify_url', '268435461'],
    ['a plain http notify_url', { notify_url: 'http://clinic.example/n' }, '/notify_url', '268435461'],
    ['a private notify_url', { notify_url: 'https://192.168.1.2/n' }, '/notify_url', '268435461'],
    ['a local time_expire', { time_expire: '2027-01-04 10:00:00' }, '/time_expire', '268435461'],
    ['a four-byte character', { description: '𠮷野家' }, '/', '268435461'],
    ['broken JSON', '{"appid":', '/', '268435461'],
    ['a list', '[]', '/', '268435461'],
  ])('%s is PARAM_ERROR', async (_name, fault, field, number) => {
    const got = await (typeof fault === 'string' ? raw(fault) : world.create('STRICT-1', fault));
    expect(got).toMatchObject({
      status: 400,
      json: { code: 'PARAM_ERROR', detail: { field, location: 'body' } },
    });
    expect(got.headers['Request-ID']?.split('-')[1]).toBe(number);
    expect(got.headers).toHaveProperty('Wechatpay-Signature');
  });

  test('http to loopback is the one liberty of notify_url', async () => {
    expect((await world.create('LOOPBACK', { notify_url: 'http://127.0.0.1:8080/n' })).status).toBe(200);
  });

  test('another mchid or appid than the signer has is refused by its own code', async () => {
    expect((await world.create('OTHER-MCH', { mchid: '1900000000' })).json).toMatchObject({
      code: 'PARAM_ERROR',
      message: 'http header中的mchid与post payload中的mchid不匹配',
    });
    expect((await world.create('OTHER-APP', { appid: 'wx0000' })).code).toBe('APPID_MCHID_NOT_MATCH');
  });

  test('a query needs the mchid in its query string', async () => {
    await world.create('QUERY-01');
    expect((await world.query('QUERY-01', '')).json).toMatchObject({
      code: 'PARAM_ERROR',
      detail: { field: 'mchid', location: 'query' },
    });
    expect((await world.query('query-01')).code).toBe('ORDER_NOT_EXIST');
  });

  test('a bill of 404 fen is declined', async () => {
    expect(await world.create('DECLINED', { amount: { total: 404 } })).toMatchObject({
      status: 403,
      code: 'NO_AUTH',
    });
    expect(await world.state('DECLINED')).toBe('ORDER_NOT_EXIST');
  });

  test('an encoded number is signed as sent and read as meant', async () => {
    await world.create('A|B*C_12');
    expect(await world.state(encodeURIComponent('A|B*C_12'))).toBe('NOTPAY');
  });
});

describe('one number, one order', () => {
  test('a repeat gives another code of the same order, whatever the order of its keys', async () => {
    const first = await world.create('REPEAT-1');
    const turned = Object.fromEntries(Object.entries(world.orderBody('REPEAT-1')).toReversed());
    const second = await raw(JSON.stringify(turned));
    expect(second.status).toBe(200);
    expect(codeOf(second)).not.toBe(codeOf(first));
    expect(world.gateway.pay(codeOf(first), 'anna').ok).toBe(true);
    expect(world.gateway.pay(codeOf(second), 'anna')).toEqual({ ok: false, words: '该订单已支付' });
    expect(world.kernel.ledger.all()).toHaveLength(1);
  });

  test('where repeats end old codes, only the last code can be paid', async () => {
    world.kernel.board.merge({ wechat_repeat_ends_old_code: true });
    const [first, second] = [await world.create('REPEAT-2'), await world.create('REPEAT-2')];
    expect(world.gateway.scan(codeOf(first), 'anna').ok).toBe(false);
    expect(world.gateway.scan(codeOf(second), 'anna').ok).toBe(true);
  });

  test('other parameters, a dropped one included, are refused and the first order stays payable', async () => {
    const first = await world.create('DIFFER-1', { attach: 'a' });
    expect((await world.create('DIFFER-1')).code).toBe('OUT_TRADE_NO_USED');
    world.kernel.board.merge({ wechat_number_refused_with_201: true });
    expect((await world.create('DIFFER-1', { attach: 'b' })).json).toEqual({
      code: 'INVALID_REQUEST',
      message: '201 商户订单号重复',
    });
    expect(world.gateway.pay(codeOf(first), 'anna').ok).toBe(true);
  });

  test('a paid number is ORDERPAID, a closed one ORDER_CLOSED', async () => {
    world.gateway.pay(await world.code('SPENT-01'), 'anna');
    expect(await world.create('SPENT-01')).toMatchObject({ status: 400, code: 'ORDERPAID' });
    await world.create('SPENT-02');
    await world.close('SPENT-02');
    expect(await world.create('SPENT-02')).toMatchObject({ status: 400, code: 'ORDER_CLOSED' });
  });

  test('a number named like a JavaScript property is only a number', async () => {
    expect(await world.state('__proto__')).toBe('ORDER_NOT_EXIST');
    await world.create('__proto__');
    expect(await world.state('__proto__')).toBe('NOTPAY');
  });
});

describe('time', () => {
  const in5min = { time_expire: rfc3339(start + 5 * minute) };

  test('after time_expire nobody pays, and the order stays NOTPAY', async () => {
    const code = await world.code('EXPIRE-1', in5min);
    await world.clock.advance(5 * minute + 1);
    expect(world.gateway.pay(code, 'anna')).toMatchObject({
      ok: false,
      words: expect.stringContaining('最晚支付成功时间'),
    });
    expect(await world.state('EXPIRE-1')).toBe('NOTPAY');
  });

  test('a repeat after time_expire revives the order for a minute, or does not', async () => {
    await world.create('EXPIRE-2', in5min);
    await world.clock.advance(hour);
    world.kernel.board.merge({ wechat_repeat_revives_expired: false });
    expect(world.gateway.scan(await world.code('EXPIRE-2', in5min), 'anna').ok).toBe(false);
    world.kernel.board.merge({ wechat_repeat_revives_expired: true });
    const code = await world.code('EXPIRE-2', in5min);
    expect(world.gateway.scan(code, 'anna').ok).toBe(true);
    await world.clock.advance(minute + 1);
    expect(world.gateway.pay(code, 'anna').ok).toBe(false);
  });

  test('a time_expire in the past is raised to a minute from now', async () => {
    const code = await world.code('EXPIRE-3', { time_expire: rfc3339(start - hour) });
    await world.clock.advance(minute - 1000);
    expect(world.gateway.pay(code, 'anna').ok).toBe(true);
  });

  test('a code lives two hours, its order seven days', async () => {
    const code = await world.code('EXPIRE-4');
    await world.clock.advance(2 * hour);
    expect(world.gateway.scan(code, 'anna').ok).toBe(false);
    expect(world.gateway.scan(await world.code('EXPIRE-4'), 'anna').ok).toBe(true);
    await world.clock.advance(7 * day - 2 * hour);
    expect(await world.state('EXPIRE-4')).toBe('CLOSED');
  });
});

describe('closing', () => {
  test('a closed order is closed for the wallet too, unless the weather pays after close', async () => {
    const code = await world.code('CLOSE-01');
    expect(await world.close('CLOSE-01')).toMatchObject({ status: 204, json: undefined });
    expect(await world.close('CLOSE-01')).toMatchObject({ status: 204 });
    expect(world.gateway.pay(code, 'anna')).toMatchObject({
      ok: false,
      words: expect.stringContaining('已关闭'),
    });
    world.kernel.board.merge({ pay_after_close: true });
    expect(world.gateway.pay(code, 'anna').ok).toBe(true);
    expect(await world.state('CLOSE-01')).toBe('SUCCESS');
  });

  test('a paid order cannot be closed', async () => {
    world.gateway.pay(await world.code('CLOSE-02'), 'anna');
    expect(await world.close('CLOSE-02')).toMatchObject({ status: 400, code: 'ORDERPAID' });
  });

  test('a 204 may be given for a number that was never ordered, and block it or not', async () => {
    world.kernel.board.merge({ wechat_close_unknown_gives_204: false });
    expect((await world.close('CLOSE-03')).code).toBe('ORDER_NOT_EXIST');
    world.kernel.board.merge({ wechat_close_unknown_gives_204: true });
    expect((await world.close('CLOSE-03')).status).toBe(204);
    expect(await world.state('CLOSE-03')).toBe('ORDER_NOT_EXIST');
    world.kernel.board.merge({ wechat_204_blocks_late_create: true });
    expect((await world.create('CLOSE-03')).code).toBe('ORDER_CLOSED');
    world.kernel.board.merge({ wechat_204_blocks_late_create: false });
    expect((await world.create('CLOSE-03')).status).toBe(200);
  });

  test('after a 204 an order may stay NOTPAY, and payable, for a while', async () => {
    world.kernel.board.merge({ wechat_not_closed_after_204_ms: 3000 });
    await world.create('CLOSE-04');
    expect((await world.close('CLOSE-04')).status).toBe(204);
    expect(await world.state('CLOSE-04')).toBe('NOTPAY');
    await world.clock.advance(3000);
    expect(await world.state('CLOSE-04')).toBe('CLOSED');
  });

  test('a close while somebody is paying may answer 202 or 429 and close nothing', async () => {
    world.kernel.board.merge({ wechat_close_while_paying: 1 });
    const code = await world.code('CLOSE-05');
    world.gateway.scan(code, 'anna');
    const seen = new Set<number>();
    for (let i = 0; i < 40; i += 1) seen.add((await world.close('CLOSE-05')).status);
    expect([...seen].toSorted()).toEqual([202, 429]);
    expect(world.gateway.pay(code, 'anna').ok).toBe(true);
  });
});

describe('the wallet', () => {
  test('a scan shows payee, subject and amount, and shuts out everybody else', async () => {
    const code = await world.code('WALLET-1');
    expect(world.gateway.scan(code, 'anna')).toEqual({
      ok: true,
      value: {
        channel: 'wechat',
        payee: '模拟诊所',
        subject: '门诊费',
        amount_fen: 1230,
        out_trade_no: 'WALLET-1',
      },
    });
    expect(world.gateway.pay(code, 'bert')).toEqual({ ok: false, words: '商家订单信息有误，请重新下单支付' });
    expect(world.gateway.pay(code, 'anna').ok).toBe(true);
  });

  test('a planted wrong amount is what was debited, and what the query says', async () => {
    expect(world.gateway.pay(await world.code('WALLET-2'), 'anna', 999)).toMatchObject({
      value: { amount_fen: 999 },
    });
    expect((await world.query('WALLET-2')).json).toMatchObject({ amount: { total: 999 } });
  });

  test('only texts of WeChat Pay are known', () => {
    expect(world.gateway.knows('weixin://wxpay/bizpayurl?pr=abc')).toBe(true);
    expect(world.gateway.knows('https://qr.alipay.com/bax')).toBe(false);
  });
});
