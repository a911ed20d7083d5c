import { fen } from '#money';
import { NetworkFault } from '#world';
import { verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Order } from '../channel.ts';
import { cancelTrade, createAlipayChannel, createAlipayGateway } from './index.ts';
import { stringToSign } from './sign.ts';
import {
  alipays,
  answer,
  bare,
  bodyOf,
  configurationOf,
  newKeys,
  nodeText,
  NOW,
  ours,
  parametersOf,
  signedBy,
  strangers,
  unsignedBodyOf,
  worldThat,
} from '../../../test/support/alipay-fixture.ts';

const order: Order = {
  outTradeNo: 'A1',
  amountFen: fen(1250),
  subject: '仁心门诊 医疗服务费',
  expiresAtMs: NOW + 15 * 60_000,
  attach: 'ref+1',
  notifyUrl: 'https://pay.example.com/api/v1/finance/notifications/alipay',
};
const QR = 'https://qr.alipay.com/bax000000000000000000001';
const codeNode = { code: '10000', msg: 'Success', out_trade_no: 'A1', qr_code: QR };

function channelHearing(body: string | Uint8Array, status = 200) {
  const world = worldThat(() => answer(body, status));
  return { world, channel: createAlipayChannel(world, configurationOf()) };
}

const PRECREATE = 'alipay.trade.precreate';
const QUERY = 'alipay.trade.query';
const CLOSE = 'alipay.trade.close';
const CANCEL = 'alipay.trade.cancel';

describe('asking for a code', () => {
  it('a verified answer about this order gives the code', async () => {
    const { channel } = channelHearing(bodyOf(PRECREATE, codeNode));
    expect(await channel.create(order)).toEqual({ outcome: 'done', value: { content: QR } });
  });

  it('the order travels with both limits, in clinic time, and nothing empty', async () => {
    const { channel, world } = channelHearing(bodyOf(PRECREATE, codeNode));
    await channel.create(order);
    expect(world.sent).toHaveLength(1);
    const parameters = parametersOf(world.sent[0]);
    expect(parameters).toMatchObject({
      app_id: '2021000000000001',
      method: PRECREATE,
      charset: 'utf-8',
      sign_type: 'RSA2',
      version: '1.0',
      timestamp: '2026-11-22 10:00:00',
      notify_url: order.notifyUrl,
    });
    expect(JSON.parse(parameters['biz_content'] ?? '')).toEqual({
      out_trade_no: 'A1',
      total_amount: '12.50',
      subject: '仁心门诊 医疗服务费',
      product_code: 'FACE_TO_FACE_PAYMENT',
      seller_id: '2088000000000001',
      time_expire: '2026-11-22 10:15:00',
      qr_code_timeout_express: '15m',
      passback_params: 'ref%2B1',
    });
    expect(Object.values(parameters)).not.toContain('');
  });

  it('the URL holds nothing but the charset', async () => {
    const { channel, world } = channelHearing(bodyOf(PRECREATE, codeNode));
    await channel.create(order);
    expect(world.sent[0]?.url).toBe('http://127.0.0.1:8090/gateway.do?charset=utf-8');
  });

  it('the signature of a request is right over what travelled', async () => {
    const { channel, world } = channelHearing(bodyOf(PRECREATE, codeNode));
    await channel.create(order);
    const { sign, ...rest } = parametersOf(world.sent[0]);
    const text = Buffer.from(stringToSign(rest), 'utf8');
    expect(verify('sha256', text, ours.publicKey, Buffer.from(sign ?? '', 'base64'))).toBe(true);
  });

  it.each([
    ['a number with a blank', { outTradeNo: 'A 1' }],
    ['an amount of nothing', { amountFen: fen(0) }],
    ['a subject that looks like a parameter', { subject: 'a&sign=b' }],
    ['an expiry within a second', { expiresAtMs: NOW + 60_500 }],
  ])('%s never leaves the machine', async (_what, changes) => {
    const { channel, world } = channelHearing(bodyOf(PRECREATE, codeNode));
    const outcome = await channel.create({ ...order, ...changes });
    expect(outcome).toMatchObject({ outcome: 'refused', fault: { code: 'bug', notSent: true } });
    expect(world.sent).toHaveLength(0);
  });

  it('a code for another order is not shown to this patient', async () => {
    const { channel } = channelHearing(bodyOf(PRECREATE, { ...codeNode, out_trade_no: 'B2' }));
    expect(await channel.create(order)).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'foreign_answer' },
    });
  });

  it.each([
    ['without a code', { ...codeNode, qr_code: undefined }],
    ['with an empty code', { ...codeNode, qr_code: '' }],
    ['with a code that is no text', { ...codeNode, qr_code: 1 }],
    ['without a number', { ...codeNode, out_trade_no: undefined }],
  ])('a success %s concludes nothing', async (_what, node) => {
    const { channel } = channelHearing(bodyOf(PRECREATE, node));
    expect(await channel.create(order)).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'undocumented' },
    });
  });
});

describe('whose answer is believed', () => {
  const paid = {
    code: '10000',
    msg: 'Success',
    out_trade_no: 'A1',
    trade_status: 'TRADE_SUCCESS',
    total_amount: '12.50',
  };

  it.each([
    ['a signature by a stranger', bodyOf(QUERY, paid, strangers.privateKey)],
    ['no signature on a success', unsignedBodyOf(QUERY, paid)],
    ['an empty signature on a success', `${unsignedBodyOf(QUERY, paid).slice(0, -1)},"sign":""}`],
    [
      'no signature on a business failure',
      unsignedBodyOf(QUERY, { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' }),
    ],
    [
      'a stranger who says no',
      bodyOf(QUERY, { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' }, strangers.privateKey),
    ],
  ])('%s leaves the outcome unknown', async (_what, body) => {
    const { channel } = channelHearing(body);
    expect(await channel.query('A1')).toMatchObject({ outcome: 'unknown', fault: { code: 'unverified' } });
  });

  it('a failure from before Alipay knows the caller counts without a signature', async () => {
    const { channel } = channelHearing(
      unsignedBodyOf(PRECREATE, {
        code: '40002',
        msg: 'Invalid Arguments',
        sub_code: 'isv.invalid-app-id',
        sub_msg: '无效的AppID参数',
      }),
    );
    expect(await channel.create(order)).toEqual({
      outcome: 'refused',
      fault: {
        code: 'configuration',
        channelCode: 'isv.invalid-app-id',
        detail: 'signature absent: 40002 isv.invalid-app-id 无效的AppID参数',
        trace: '0a1b2c3d',
      },
    });
  });

  it('while keys are rotated either of two verifies', async () => {
    const next = newKeys();
    const configuration = configurationOf({
      alipayPublicKeys: [bare(alipays.publicKey), bare(next.publicKey)],
    });
    for (const { privateKey } of [alipays, next]) {
      const channel = createAlipayChannel(
        worldThat(() => answer(bodyOf(QUERY, paid, privateKey))),
        configuration,
      );
      expect((await channel.query('A1')).outcome).toBe('done');
    }
  });

  it('an answer under error_response is read as well', async () => {
    const node = { code: '40002', msg: 'Invalid Arguments', sub_code: 'isv.invalid-signature' };
    const text = nodeText(node);
    const { channel } = channelHearing(
      `{"error_response":${text},"sign":"${signedBy(alipays.privateKey, text)}"}`,
    );
    expect(await channel.create(order)).toMatchObject({
      outcome: 'refused',
      fault: { code: 'configuration' },
    });
  });

  it.each([
    ['HTTP 502 with a page', '<html>Bad Gateway</html>', 502],
    ['HTTP 500 with a perfect success', bodyOf(QUERY, paid), 500],
    ['a page with status 200', '<html></html>', 200],
    ['half a body', bodyOf(QUERY, paid).slice(0, 40), 200],
    ['an empty body', '', 200],
  ])('%s is silence', async (_what, body, status) => {
    const { channel } = channelHearing(body, status);
    expect(await channel.query('A1')).toMatchObject({ outcome: 'unknown', fault: { code: 'silent' } });
  });

  it.each([
    ['not_sent', { outcome: 'unknown', fault: { code: 'silent', detail: 'not_sent: test', notSent: true } }],
    ['no_answer', { outcome: 'unknown', fault: { code: 'silent', detail: 'no_answer: test' } }],
    [
      'forbidden',
      { outcome: 'refused', fault: { code: 'configuration', detail: 'forbidden: test', notSent: true } },
    ],
  ] as const)(
    'the network trouble %s is told as what it is, without a second try',
    async (trouble, expected) => {
      const world = worldThat(() => {
        throw new NetworkFault(trouble, 'test');
      });
      const outcome = await createAlipayChannel(world, configurationOf()).create(order);
      expect(outcome).toEqual(expected);
      expect(world.sent).toHaveLength(1);
    },
  );
});

describe('asking what became of an order', () => {
  const node = {
    code: '10000',
    msg: 'Success',
    out_trade_no: 'A1',
    trade_no: '2026112222001',
    total_amount: '12.50',
  };

  it("a paid order comes with its amount, Alipay's number and the time of payment", async () => {
    const paid = {
      ...node,
      trade_status: 'TRADE_SUCCESS',
      send_pay_date: '2026-11-22 10:01:04',
      buyer_pay_amount: '12.00',
    };
    const { channel } = channelHearing(bodyOf(QUERY, paid));
    expect(await channel.query('A1')).toEqual({
      outcome: 'done',
      value: {
        method: 'alipay',
        source: 'query',
        about: 'payment',
        outTradeNo: 'A1',
        state: 'paid',
        channelState: 'TRADE_SUCCESS',
        totalFen: 1250,
        channelTradeNo: '2026112222001',
        paidAtMs: Date.UTC(2026, 10, 22, 2, 1, 4),
        payerFen: 1200,
      },
    });
  });

  it.each([
    ['WAIT_BUYER_PAY', 'scanned'],
    ['TRADE_SUCCESS', 'paid'],
    ['TRADE_FINISHED', 'paid'],
    ['TRADE_CLOSED', 'closed'],
  ])('%s is reported as %s', async (trade_status, state) => {
    const { channel } = channelHearing(bodyOf(QUERY, { ...node, trade_status }));
    expect(await channel.query('A1')).toMatchObject({
      outcome: 'done',
      value: { state, channelState: trade_status },
    });
  });

  it('no trade is a report that proves nothing, not a failure', async () => {
    const none = {
      code: '40004',
      msg: 'Business Failed',
      sub_code: 'ACQ.TRADE_NOT_EXIST',
      out_trade_no: 'A1',
      total_amount: '0.00',
    };
    const { channel } = channelHearing(bodyOf(QUERY, none));
    const outcome = await channel.query('A1');
    expect(outcome).toMatchObject({ outcome: 'done', value: { state: 'none' } });
    expect(outcome).not.toHaveProperty('value.totalFen');
  });

  it('a trade refunded in full never reports paid, and keeps the time of payment as a contradiction', async () => {
    const gone = { ...node, trade_status: 'TRADE_CLOSED', send_pay_date: '2026-11-22 10:01:04' };
    const { channel } = channelHearing(bodyOf(QUERY, gone));
    expect(await channel.query('A1')).toMatchObject({
      value: { state: 'closed', about: 'payment', paidAtMs: Date.UTC(2026, 10, 22, 2, 1, 4) },
    });
  });

  it.each([
    ['a number', 12.5],
    ['an exponent', '1e3'],
    ['nothing', undefined],
    ['three decimals', '12.500'],
  ])('an amount written as %s is not read', async (_what, total_amount) => {
    const { channel } = channelHearing(
      bodyOf(QUERY, { ...node, trade_status: 'TRADE_SUCCESS', total_amount }),
    );
    expect(await channel.query('A1')).toMatchObject({ outcome: 'unknown', fault: { code: 'undocumented' } });
  });

  it('a state that no page lists concludes nothing', async () => {
    const { channel } = channelHearing(bodyOf(QUERY, { ...node, trade_status: 'TRADE_PENDING' }));
    expect(await channel.query('A1')).toMatchObject({ outcome: 'unknown', fault: { code: 'undocumented' } });
  });

  it.each([
    ['a success', { ...node, out_trade_no: 'B2', trade_status: 'TRADE_SUCCESS' }],
    ['no trade', { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST', out_trade_no: 'B2' }],
  ])('%s about another order is nothing about ours', async (_what, foreign) => {
    const { channel } = channelHearing(bodyOf(QUERY, foreign));
    expect(await channel.query('A1')).toMatchObject({
      outcome: 'unknown',
      fault: { code: 'foreign_answer' },
    });
  });
});

describe('closing and cancelling', () => {
  it.each([
    ['is sent', { code: '10000', out_trade_no: 'A1' }, 'sent'],
    [
      'finds no trade before the scan',
      { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' },
      'nothing_to_close',
    ],
    [
      'comes after the payment',
      { code: '40004', sub_code: 'ACQ.TRADE_STATUS_ERROR', out_trade_no: 'A1' },
      'not_closable',
    ],
  ])('a close that %s says so', async (_what, node, result) => {
    const { channel } = channelHearing(bodyOf(CLOSE, node));
    expect(await channel.close('A1')).toEqual({ outcome: 'done', value: { result } });
  });

  it.each([
    [{ retry_flag: 'N', action: 'close' }, 'closed'],
    [{ retry_flag: 'N', action: 'refund' }, 'refunded'],
    [{ retry_flag: 'N' }, 'nothing'],
    [{ retry_flag: 'Y', action: 'close' }, 'unfinished'],
  ])('a cancel answered %j is told as %s', async (fields, result) => {
    const world = worldThat(() => answer(bodyOf(CANCEL, { code: '10000', out_trade_no: 'A1', ...fields })));
    const outcome = await cancelTrade(createAlipayGateway(world, configurationOf()), 'A1');
    expect(outcome).toEqual({ outcome: 'done', value: { result } });
  });
});

describe('the configuration a payment is pinned to', () => {
  it('stays equal for equal settings and changes with keys, account and gateway', () => {
    const ids = [
      {},
      { appId: '2021000000000002' },
      { sellerId: '2088000000000002' },
      { alipayPublicKeys: [bare(strangers.publicKey)] },
      { privateKey: bare(strangers.privateKey) },
      { gatewayUrl: 'http://127.0.0.1:8091/gateway.do' },
    ].map(idWith);
    expect(new Set(ids).size).toBe(6);
    expect(idWith({})).toBe(ids[0]);
  });
});

function idWith(changes: Parameters<typeof configurationOf>[0]): string {
  return createAlipayChannel(
    worldThat(() => answer('')),
    configurationOf(changes),
  ).configurationId;
}
