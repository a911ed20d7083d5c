import { describe, expect, test } from 'vitest';
import { serialOf } from './serial.ts';
import { HOUR, makeDesk, merchant, MINUTE, nodeOf, signed, START } from './testing.ts';
import { afterExpress, beijing, fenOfYuan, parseBeijing, yuan } from './text.ts';
import { encodeText } from './wire.ts';

const QUERY = 'alipay.trade.query';
const PRECREATE = 'alipay.trade.precreate';
const biz = { out_trade_no: 'A1', total_amount: '12.80', subject: '挂号费' };

test.each([
  [
    'CN=Ant Financial Certification Authority Class 1 R1,OU=Certification Authority,O=Ant Financial,C=CN',
    '42707007516446637443986944728042269631',
    '47a27aac8ae3b5c589576f371da36dc2',
  ],
  [
    'CN=Ant Financial Certification Authority E1 test,OU=Certification Authority,O=Ant Financial,C=CN',
    '42665187297916327060058565718060548556',
    '003000e81372fe0d2853daa0d056cfc9',
  ],
])('the SN of a certificate is what Alipay’s own fixtures say: %s', (issuer, serial, sn) => {
  expect(serialOf(issuer, serial)).toBe(sn);
});

describe('amounts and instants', () => {
  test('yuan become fen by their digits, and back', () => {
    expect(['0.01', '12.8', '100000000', '12.80'].map(fenOfYuan)).toEqual([1, 1280, 10_000_000_000, 1280]);
    expect(['', '1.234', '-1', '1e3', '1,00', '.5'].map(fenOfYuan)).toEqual(Array(6).fill(undefined));
    expect([1, 10, 1280, 10_000].map(yuan)).toEqual(['0.01', '0.10', '12.80', '100.00']);
  });

  test('instants are Beijing’s whatever the host’s zone, and no day is invented', () => {
    expect(beijing(START)).toBe('2026-11-22 10:00:00');
    expect(parseBeijing('2026-11-22 10:00:00')).toBe(START);
    expect(parseBeijing('2026-02-30 10:00:00')).toBeUndefined();
    expect(parseBeijing('2026-11-22T10:00:00')).toBeUndefined();
  });

  test('a relative time-out counts minutes, hours and days up to fifteen, and 1c ends at midnight', () => {
    expect(afterExpress('90m', START)).toBe(START + 90 * MINUTE);
    expect(afterExpress('1c', START)).toBe(START + 14 * HOUR);
    expect(['0m', '1.5h', '16d', '10s', 'c'].map((text) => afterExpress(text, START))).toEqual(
      Array(5).fill(undefined),
    );
  });
});

describe('the checks before business', () => {
  test.each([
    [{ method: undefined }, '40001', 'isv.missing-method'],
    [{ method: 'alipay.trade.guess' }, '40002', 'isv.invalid-method'],
    [{ app_id: undefined }, '40001', 'isv.missing-app-id'],
    [{ app_id: '2021000000000000' }, '40002', 'isv.invalid-app-id'],
    [{ sign_type: undefined }, '40001', 'isv.missing-signature-type'],
    [{ sign_type: 'RSA' }, '40002', 'isv.invalid-signature-type'],
    [{ timestamp: undefined }, '40001', 'isv.missing-timestamp'],
    [{ timestamp: '2026-11-22 10:16:00' }, '40002', 'isv.invalid-timestamp'],
    [{ timestamp: '2026-11-22 02:00:00' }, '40002', 'isv.invalid-timestamp'],
    [{ version: undefined }, '40001', 'isv.missing-version'],
    [{ charset: 'latin1' }, '40002', 'isv.invalid-charset'],
    [{ app_cert_sn: '47a27aac8ae3b5c589576f371da36dc2' }, '40001', 'isv.missing-alipay-root-cert-sn'],
  ])('%j is turned away unsigned', async (change, code, subCode) => {
    const answer = await makeDesk().call(QUERY, biz, change);
    expect(answer).toMatchObject({ code, sub_code: subCode, signed: false });
  });

  test('the app id is looked at before the signature, and the signature before the content', async () => {
    const { call } = makeDesk();
    expect(await call(QUERY, biz, { app_id: 'test', sign: 'ZmFrZQ==' })).toMatchObject({
      sub_code: 'isv.invalid-app-id',
      node: 'alipay_trade_query_response',
    });
    expect(await call(QUERY, '{not json', { sign: 'ZmFrZQ==' })).toMatchObject({
      sub_code: 'isv.invalid-signature',
    });
    expect(await call(QUERY, '{not json')).toMatchObject({ sub_code: 'isv.illegal-json', signed: true });
  });

  test('an API without a contract is refused by permission, an unknown one by name', async () => {
    const { call } = makeDesk();
    expect(await call('alipay.trade.pay', biz)).toMatchObject({ code: '40006', signed: true });
    expect(await call('alipay.trade.guess', biz)).toMatchObject({ node: 'error_response' });
  });

  test('a channel whose clock is off refuses what this machine calls now', async () => {
    const { call, kernel } = makeDesk();
    kernel.clock.change({ skew_ms: 20 * MINUTE });
    expect(await call(QUERY, biz)).toMatchObject({ sub_code: 'isv.invalid-timestamp' });
  });
});

describe('how parameters may travel', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' };
  const asText = (params: Record<string, string>) => new URLSearchParams(params).toString();
  const parse = (bytes: Uint8Array | undefined) => nodeOf(JSON.parse(Buffer.from(bytes ?? []).toString()));
  const params = signed(PRECREATE, biz, {}, START);

  test('all in the body, all in the query of a GET, and charset in both', async () => {
    const { raw } = makeDesk();
    const answers = [
      await raw('/gateway.do', asText(params), form),
      await raw(`/gateway.do?${asText(params)}`, '', {}, 'GET'),
      await raw('/gateway.do?charset=utf-8', asText(params), form),
    ];
    expect(answers.map((answer) => parse(answer?.body)['code'])).toEqual(['10000', '10000', '10000']);
  });

  test('as multipart, as the documentation’s own samples send it', async () => {
    const { raw } = makeDesk();
    const data = new FormData();
    for (const [name, value] of Object.entries(params)) data.set(name, value);
    const encoded = new Response(data);
    const answer = await raw('/gateway.do?charset=utf-8', new Uint8Array(await encoded.arrayBuffer()), {
      'content-type': encoded.headers.get('content-type') ?? '',
    });
    expect(parse(answer?.body)).toMatchObject({ code: '10000' });
  });

  test('two values of one name are refused', async () => {
    const { raw } = makeDesk();
    const answer = await raw(
      `/gateway.do?charset=utf-8&app_id=${merchant.appId}&version=2.0`,
      asText(params),
      form,
    );
    expect(parse(answer?.body)).toMatchObject({ sub_code: 'isv.suspected-attack' });
  });

  test('without a charset in the query a UTF-8 body is misread, and the signature with it', async () => {
    const { raw } = makeDesk();
    const answer = await raw('/gateway.do', asText(params), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(answer?.headers['content-type']).toBe('text/html;charset=GBK');
    expect(Buffer.from(answer?.body ?? []).toString('latin1')).toContain('isv.invalid-signature');
  });

  test('GBK is understood when it is named', async () => {
    const { raw } = makeDesk();
    const gbk = signed(PRECREATE, biz, {}, START, 'gbk');
    const body = Object.entries(gbk)
      .map(([name, value]) => `${name}=${encodeText(value, 'gbk').toString('hex').replace(/../g, '%$&')}`)
      .join('&');
    const answer = await raw('/gateway.do?charset=gbk', body, {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(parse(answer?.body)).toMatchObject({ code: '10000' });
  });

  test('an empty parameter is not part of the signed text', async () => {
    const { call } = makeDesk();
    expect(await call(QUERY, biz, { return_url: '' })).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' });
  });
});

describe('precreate', () => {
  test('opens no trade: before the scan query and close find none, and cancel finds nothing to do', async () => {
    const { call, precreate } = makeDesk();
    await precreate('A1');
    expect(await call(QUERY, { out_trade_no: 'A1' })).toMatchObject({
      code: '40004',
      sub_code: 'ACQ.TRADE_NOT_EXIST',
      receipt_amount: '0.00',
      signed: true,
    });
    expect(await call('alipay.trade.close', { out_trade_no: 'A1' })).toMatchObject({
      sub_code: 'ACQ.TRADE_NOT_EXIST',
    });
    const cancelled = await call('alipay.trade.cancel', { out_trade_no: 'A1' });
    expect(cancelled).toMatchObject({ code: '10000', retry_flag: 'N' });
    expect([cancelled['action'], cancelled['trade_no']]).toEqual([undefined, undefined]);
  });

  test('a cancel before the scan leaves the code payable, unless the weather says else', async () => {
    const { call, gateway, kernel, precreate } = makeDesk();
    const codes = [await precreate('A1'), await precreate('A2')];
    await call('alipay.trade.cancel', { out_trade_no: 'A1' });
    kernel.board.merge({ alipay_cancel_ends_unscanned_code: true });
    await call('alipay.trade.cancel', { out_trade_no: 'A2' });
    expect(codes.map((code) => gateway.scan(code, 'Zhang').ok)).toEqual([true, false]);
  });

  test.each([
    [{ total_amount: '0.00' }, 'ACQ.INVALID_PARAMETER'],
    [{ total_amount: '1.234' }, 'ACQ.INVALID_PARAMETER'],
    [{ total_amount: '100000000.01' }, 'ACQ.TOTAL_FEE_EXCEED'],
    [{ subject: '' }, 'ACQ.INVALID_PARAMETER'],
    [{ out_trade_no: 'x'.repeat(65) }, 'ACQ.INVALID_PARAMETER'],
    [{ seller_id: '2088000000000000' }, 'ACQ.INVALID_RECEIVE_ACCOUNT'],
    [{ time_expire: '2026-11-22 09:59:59' }, 'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR'],
    [{ time_expire: 'tomorrow' }, 'ACQ.INVALID_PARAMETER'],
    [{ qr_code_timeout_express: '10s' }, 'ACQ.INVALID_PARAMETER'],
  ])('%j is refused', async (change, subCode) => {
    const { call } = makeDesk();
    expect(await call(PRECREATE, { ...biz, ...change })).toMatchObject({ code: '40004', sub_code: subCode });
  });

  test('a number is used once: paid, closed and changed ones are refused by name', async () => {
    const { call, gateway, precreate } = makeDesk();
    gateway.pay(await precreate('paid'), 'Zhang');
    gateway.scan(await precreate('closed'), 'Zhang');
    await call('alipay.trade.close', { out_trade_no: 'closed' });
    gateway.scan(await precreate('open'), 'Zhang');
    const again = async (outTradeNo: string, change = {}) =>
      (
        await call(PRECREATE, {
          out_trade_no: outTradeNo,
          total_amount: '12.80',
          subject: '诊所 缴费',
          ...change,
        })
      )['sub_code'];
    expect(await again('paid')).toBe('ACQ.TRADE_HAS_SUCCESS');
    expect(await again('closed')).toBe('ACQ.TRADE_HAS_CLOSE');
    expect(await again('open', { total_amount: '1.00' })).toBe('ACQ.CONTEXT_INCONSISTENT');
    expect(await again('open')).toBeUndefined();
  });
});

describe('scanning', () => {
  test('the first scanner binds the trade: another payer is refused and changes nothing', async () => {
    const { call, gateway, precreate } = makeDesk();
    const code = await precreate('A1');
    expect(gateway.scan(code, 'Zhang')).toMatchObject({
      ok: true,
      value: { payee: '模拟诊所', amount_fen: 1280, out_trade_no: 'A1', subject: '诊所 缴费' },
    });
    expect(gateway.scan(code, 'Li')).toMatchObject({ ok: false });
    expect(gateway.pay(code, 'Li')).toMatchObject({ ok: false });
    expect(await call(QUERY, { out_trade_no: 'A1' })).toMatchObject({ trade_status: 'WAIT_BUYER_PAY' });
    expect(gateway.pay(code, 'Zhang')).toMatchObject({
      ok: true,
      value: { amount_fen: 1280, kind: 'debit' },
    });
  });

  test('one order is debited once', async () => {
    const { gateway, kernel, precreate } = makeDesk();
    const code = await precreate('A1');
    gateway.pay(code, 'Zhang');
    expect(gateway.pay(code, 'Zhang')).toMatchObject({ ok: false, words: '该订单已支付，请勿重复付款' });
    expect(kernel.ledger.all()).toHaveLength(1);
  });

  test.each([
    ['two hours, whatever is asked', { timeout_express: '15d' }, 120],
    ['qr_code_timeout_express', { qr_code_timeout_express: '10m', time_expire: '2026-11-22 11:00:00' }, 10],
    ['time_expire', { qr_code_timeout_express: '2h', time_expire: '2026-11-22 10:15:00' }, 15],
  ])('a code can be scanned until %s', async (_name, limits, minutes) => {
    const { gateway, host, precreate } = makeDesk();
    const codes = [await precreate('A1', limits), await precreate('A2', limits)];
    await host.advance(minutes * MINUTE - 1);
    expect(gateway.scan(codes[0] ?? '', 'Zhang').ok).toBe(true);
    await host.advance(1);
    expect(gateway.scan(codes[1] ?? '', 'Zhang')).toMatchObject({ ok: false, words: /过期/ });
  });

  test('a trade scanned in time lives until its own limit, three hours after the scan by default', async () => {
    const { call, gateway, host, precreate } = makeDesk();
    const code = await precreate('A1');
    await host.advance(119 * MINUTE);
    gateway.scan(code, 'Zhang');
    await host.advance(3 * HOUR - 1);
    expect(await call(QUERY, { out_trade_no: 'A1' })).toMatchObject({ trade_status: 'WAIT_BUYER_PAY' });
    await host.advance(1);
    expect(await call(QUERY, { out_trade_no: 'A1' })).toMatchObject({ trade_status: 'TRADE_CLOSED' });
    expect(gateway.pay(code, 'Zhang')).toMatchObject({ ok: false, words: /关闭/ });
  });

  test('the weather lets a closed order be paid all the same', async () => {
    const { call, gateway, host, kernel, precreate } = makeDesk();
    const code = await precreate('A1', { time_expire: '2026-11-22 10:15:00' });
    await host.advance(15 * MINUTE + 1000);
    kernel.board.merge({ pay_after_close: true });
    expect(gateway.pay(code, 'Zhang').ok).toBe(true);
    expect(await call(QUERY, { out_trade_no: 'A1' })).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
  });
});

describe('ending an order', () => {
  test('close ends what is unpaid and refuses what is paid', async () => {
    const { call, gateway, precreate } = makeDesk();
    gateway.scan(await precreate('A1'), 'Zhang');
    const code = await precreate('A2');
    gateway.pay(code, 'Zhang');
    expect(await call('alipay.trade.close', { out_trade_no: 'A1' })).toMatchObject({ code: '10000' });
    expect(await call('alipay.trade.close', { out_trade_no: 'A2' })).toMatchObject({
      sub_code: 'ACQ.TRADE_STATUS_ERROR',
      out_trade_no: 'A2',
    });
  });

  test('cancel closes the unpaid, refunds the paid, and says the same when repeated', async () => {
    const { call, gateway, kernel, precreate } = makeDesk();
    gateway.scan(await precreate('A1'), 'Zhang');
    gateway.pay(await precreate('A2'), 'Zhang');
    const cancel = (outTradeNo: string) => call('alipay.trade.cancel', { out_trade_no: outTradeNo });
    expect([await cancel('A1'), await cancel('A2'), await cancel('A1'), await cancel('A2')]).toMatchObject([
      { action: 'close', retry_flag: 'N' },
      { action: 'refund', retry_flag: 'N' },
      { action: 'close' },
      { action: 'refund' },
    ]);
    expect(kernel.ledger.all().map((entry) => [entry.kind, entry.amount_fen])).toEqual([
      ['debit', 1280],
      ['refund', 1280],
    ]);
  });

  test('cancel is refused after 24 hours, and still carries its retry_flag', async () => {
    const { call, gateway, host, precreate } = makeDesk();
    gateway.pay(await precreate('A1'), 'Zhang');
    await host.advance(24 * HOUR + 1);
    expect(await call('alipay.trade.cancel', { out_trade_no: 'A1' })).toMatchObject({
      sub_code: 'ACQ.TRADE_CANCEL_TIME_OUT',
      retry_flag: 'N',
    });
  });
});
