import { createApiKey } from '#access';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';

const API = '/api/v1/finance';
const UNKNOWN_SESSION = 'A'.repeat(22);

interface Case {
  what: string;
  method?: 'GET' | 'POST';
  url: string;
  body?: unknown;
  headers?: Record<string, string>;
  says: [status: number, code: string, field?: string];
}

const pay = '/bills/$unpaid/qr-payment';
const good = { payment_method: 'wechat' };
const line = { fee_class: '09', name: '阿莫西林胶囊', quantity: 1, unit: '盒', unit_price_fen: 100 };
const bill = { external_bill_no: 'BAD-1', patient_name: '张小丰', lines: [line] };
const oneLine = (more: object, without: string[] = []) => {
  const changed: Record<string, unknown> = { ...line, ...more };
  for (const name of without) delete changed[name];
  return { ...bill, lines: [changed] };
};
const yuan = (unit_price: unknown) => oneLine({ unit_price }, ['unit_price_fen']);

const sessionsCases: Case[] = [
  { what: 'an unknown bill', url: '/bills/999999/qr-payment', body: good, says: [404, 'bill_not_found'] },
  { what: 'a paid bill', url: '/bills/$paid/qr-payment', body: good, says: [409, 'bill_already_paid'] },
  { what: 'a void bill', url: '/bills/$void/qr-payment', body: good, says: [409, 'bill_void'] },
  ...[undefined, null, 'cash', 'ALIPAY', '', 1, ['alipay'], { alipay: true }].map((payment_method) => ({
    what: `the method ${JSON.stringify(payment_method)}`,
    url: pay,
    body: { payment_method },
    says: [400, 'invalid_input', 'payment_method'] as Case['says'],
  })),
  ...[0, -5, 121, 1.5, 1e9, '15', null, true].map((timeout_minutes) => ({
    what: `a timeout of ${JSON.stringify(timeout_minutes)}`,
    url: pay,
    body: { ...good, timeout_minutes },
    says: [400, 'invalid_input', 'timeout_minutes'] as Case['says'],
  })),
  ...['0', '-1', '1.5', 'abc', '1e0', '0x1', '+1', '01', '%201', '9007199254740993', '%D9%A1'].map((id) => ({
    what: `the bill id ${id}`,
    url: `/bills/${id}/qr-payment`,
    body: good,
    says: [400, 'invalid_input', 'bill_id'] as Case['says'],
  })),
  {
    what: 'an unknown field',
    url: pay,
    body: { ...good, amount_fen: 1 },
    says: [400, 'invalid_input', 'amount_fen'],
  },
  {
    what: 'a refresh that is no truth value',
    url: pay,
    body: { ...good, refresh: 'yes' },
    says: [400, 'invalid_input', 'refresh'],
  },
  {
    what: 'an insist that is no truth value',
    url: pay,
    body: { ...good, insist: 1 },
    says: [400, 'invalid_input', 'insist'],
  },
  { what: 'a list', url: pay, body: '[]', says: [400, 'invalid_input', 'body'] },
  { what: 'null', url: pay, body: 'null', says: [400, 'invalid_input', 'body'] },
  { what: 'nothing', url: pay, body: '', says: [400, 'invalid_input', 'payment_method'] },
  { what: 'half of a JSON text', url: pay, body: '{"payment_method":', says: [400, 'malformed_json'] },
  { what: 'two JSON texts', url: pay, body: '{"payment_method":"wechat"}{}', says: [400, 'malformed_json'] },
  {
    what: 'a comment in JSON',
    url: pay,
    body: '{"payment_method":"wechat"/**/}',
    says: [400, 'malformed_json'],
  },
  {
    what: 'a key twice',
    url: pay,
    body: '{"payment_method":"alipay","payment_method":"wechat"}',
    says: [400, 'duplicate_key'],
  },
  {
    what: 'a key twice, once escaped',
    url: pay,
    body: '{"refresh":false,"payment_method":"wechat","r\\u0065fresh":true}',
    says: [400, 'duplicate_key'],
  },
  {
    what: 'a prototype',
    url: pay,
    body: '{"payment_method":"wechat","__proto__":{"insist":true}}',
    says: [400, 'malformed_json'],
  },
  {
    what: 'a body of 300 kB',
    url: pay,
    body: JSON.stringify({ ...good, note: 'x'.repeat(300_000) }),
    says: [413, 'body_too_large'],
  },
  {
    what: 'a form',
    url: pay,
    body: 'payment_method=wechat',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    says: [415, 'unsupported_media_type'],
  },
  {
    what: 'plain text',
    url: pay,
    body: JSON.stringify(good),
    headers: { 'content-type': 'text/plain' },
    says: [415, 'unsupported_media_type'],
  },
  { what: 'nobody', url: pay, body: good, headers: { authorization: '' }, says: [401, 'not_signed_in'] },
  {
    what: 'a stranger',
    url: pay,
    body: good,
    headers: { authorization: `Bearer zfk_${'a'.repeat(43)}` },
    says: [401, 'not_signed_in'],
  },
  {
    what: 'a key without the scope',
    url: pay,
    body: good,
    headers: { authorization: '$reader' },
    says: [403, 'scope_missing'],
  },
  {
    what: 'a bad cancellation',
    url: '/payment-sessions/$session/cancellation',
    body: { insist: 'yes' },
    says: [400, 'invalid_input', 'insist'],
  },
  {
    what: 'a cancellation with more',
    url: '/payment-sessions/$session/cancellation',
    body: { reason: 'x' },
    says: [400, 'invalid_input', 'reason'],
  },
  {
    what: 'an inquiry with more',
    url: '/payment-sessions/$session/inquiry',
    body: { force: true },
    says: [400, 'invalid_input', 'force'],
  },
  {
    what: 'a void without a reason',
    url: '/bills/$unpaid/void',
    body: {},
    says: [400, 'invalid_input', 'reason'],
  },
  {
    what: 'a void of nothing',
    url: '/bills/999999/void',
    body: { reason: '开错了' },
    says: [404, 'bill_not_found'],
  },
  {
    what: 'a void of a paid bill',
    url: '/bills/$paid/void',
    body: { reason: '开错了' },
    says: [409, 'bill_already_paid'],
  },
  ...['/bills/%zz', `/bills/${'1'.repeat(129)}`, `/payment-sessions/${'A'.repeat(300)}/status`].map(
    (url) => ({
      what: `the address ${url.slice(0, 40)}, which nothing can read`,
      method: 'GET' as const,
      url,
      says: [404, 'not_found'] as Case['says'],
    }),
  ),
  ...['bills', 'webhooks', 'suspense', '../prescriptions'].flatMap((list) => {
    const cursor = list === 'suspense' ? 'after_id' : 'before_id';
    return ['1e1', '0x10', '01', '+1', '%201', '1.0', '-1', '', 'true'].flatMap((text) =>
      [cursor, 'limit'].map((name) => ({
        what: `${name}=${text} for the list of ${list}`,
        method: 'GET' as const,
        url: `/${list}?${name}=${text}`,
        says: [400, 'invalid_input', name] as Case['says'],
      })),
    );
  }),
  { what: 'no such address', url: '/bills/1/qr-payments', body: good, says: [404, 'not_found'] },
];

const sessionAddresses: [method: 'GET' | 'POST', url: string][] = [
  ['GET', '/payment-sessions/$id/status'],
  ['GET', '/payment-sessions/$id/events'],
  ['POST', '/payment-sessions/$id/cancellation'],
  ['POST', '/payment-sessions/$id/inquiry'],
  ['GET', '/qr-codes/$id.png'],
  ['GET', '/qr-codes/$id.svg'],
];
const idCases: Case[] = sessionAddresses.flatMap(([method, url]) => [
  ...[
    'x',
    'A'.repeat(21),
    'A'.repeat(23),
    `${'A'.repeat(21)}!`,
    `${'A'.repeat(21)}%00`,
    "'%20OR%201=1--",
  ].map((id) => ({
    what: `the garbled session id ${id} at ${url}`,
    method,
    url: url.replace('$id', id),
    ...(method === 'POST' ? { body: {} } : {}),
    says: [400, 'invalid_input', 'session_id'] as Case['says'],
  })),
  {
    what: `a session that is not ours at ${url}`,
    method,
    url: url.replace('$id', UNKNOWN_SESSION),
    ...(method === 'POST' ? { body: {} } : {}),
    says: [404, 'session_not_found'] as Case['says'],
  },
]);

const billCases: Case[] = [
  ...[0, -1, 1.5, '100', 1e15, null, '１００'].map((price) => ({
    what: `a bill of ${JSON.stringify(price)} fen`,
    url: '/bills',
    body: oneLine({ unit_price_fen: price }),
    says: [400, 'invalid_input'] as Case['says'],
  })),
  ...[
    '0',
    '0.00',
    '0.001',
    '-1.00',
    '1.00001',
    '1e2',
    '12.',
    '.5',
    '１２.00',
    ' 1.00',
    '1,000.00',
    '',
    '+1',
    'NaN',
    1,
  ].map((price) => ({
    what: `a bill of ${JSON.stringify(price)} yuan`,
    url: '/bills',
    body: yuan(price),
    says: [400, 'invalid_input'] as Case['says'],
  })),
  ...[0, -1, 1.5, '0', '1.0001', '1e3', '-1', '', null, '01'].map((quantity) => ({
    what: `a quantity of ${JSON.stringify(quantity)}`,
    url: '/bills',
    body: oneLine({ quantity }),
    says: [400, 'invalid_input', 'lines.0.quantity'] as Case['says'],
  })),
  {
    what: 'both prices',
    url: '/bills',
    body: oneLine({ unit_price: '1.00' }),
    says: [400, 'invalid_input', 'lines.0.unit_price_fen'],
  },
  {
    what: 'no price',
    url: '/bills',
    body: oneLine({}, ['unit_price_fen']),
    says: [400, 'invalid_input', 'lines.0.unit_price_fen'],
  },
  {
    what: 'a discount above the total',
    url: '/bills',
    body: { ...bill, discount_fen: 101 },
    says: [400, 'invalid_input'],
  },
  {
    what: 'a discount of the whole',
    url: '/bills',
    body: { ...bill, discount_fen: 100 },
    says: [400, 'invalid_input'],
  },
  {
    what: 'a discount with decimals',
    url: '/bills',
    body: { ...bill, discount_fen: 0.125 },
    says: [400, 'invalid_input', 'discount_fen'],
  },
  {
    what: 'a negative share',
    url: '/bills',
    body: { ...bill, fund_pay_fen: -1 },
    says: [400, 'invalid_input', 'fund_pay_fen'],
  },
  { what: 'no line', url: '/bills', body: { ...bill, lines: [] }, says: [400, 'invalid_input', 'lines'] },
  {
    what: '201 lines',
    url: '/bills',
    body: { ...bill, lines: Array.from({ length: 201 }, () => line) },
    says: [400, 'invalid_input', 'lines'],
  },
  {
    what: 'an unknown fee class',
    url: '/bills',
    body: oneLine({ fee_class: '99' }),
    says: [400, 'invalid_input', 'lines.0.fee_class'],
  },
  {
    what: 'a name with a line break',
    url: '/bills',
    body: oneLine({ name: '阿莫\n西林' }),
    says: [400, 'invalid_input', 'lines.0.name'],
  },
  {
    what: 'no patient',
    url: '/bills',
    body: { ...bill, patient_name: '' },
    says: [400, 'invalid_input', 'patient_name'],
  },
  {
    what: 'an amount from the caller',
    url: '/bills',
    body: { ...bill, payable_fen: 1 },
    says: [400, 'invalid_input', 'payable_fen'],
  },
  {
    what: 'a number with a blank',
    url: '/bills',
    body: { ...bill, external_bill_no: 'a b' },
    says: [400, 'invalid_input', 'external_bill_no'],
  },
  {
    what: 'a fen twice',
    url: '/bills',
    body: JSON.stringify(bill).replace('"unit_price_fen":100', '"unit_price_fen":100,"unit_price_fen":1'),
    says: [400, 'duplicate_key'],
  },
];

describe.each(engines)('bad input on $name', (engine) => {
  let clinic: Clinic;
  let reader: string;
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    clinic = await openClinic(engine);
    const [unpaid, paid, voided] = [await clinic.bill(), await clinic.bill(), await clinic.bill()];
    const opened = await clinic.open(paid, 'wechat');
    clinic.pay(opened.qr_code_content);
    await clinic.world.advance(1_000);
    await clinic.call('POST', `${API}/bills/${voided}/void`, { reason: '开错了' });
    const shown = await clinic.open(await clinic.bill(), 'wechat');
    Object.assign(ids, { unpaid, paid, void: voided, session: shown.session_id });
    reader = `Bearer ${await createApiKey(clinic.app.parts, 'reader', ['queries'])}`;
  });
  afterAll(() => closeAudited(clinic));

  /** Everything that a request could have changed, counted. */
  const counts = () =>
    clinic.store.read((tx) =>
      tx.one(`SELECT (SELECT COUNT(*) FROM bills) AS bills, (SELECT COUNT(*) FROM payments) AS payments,
        (SELECT COUNT(*) FROM payment_sessions) AS sessions, (SELECT COUNT(*) FROM events) AS events,
        (SELECT COUNT(*) FROM idempotency_keys) AS answers`),
    );
  const named = (text: string) => text.replaceAll(/\$(\w+)/g, (_all, name: string) => ids[name] ?? reader);

  it.each([...sessionsCases, ...idCases, ...billCases])(
    '$what is refused by name and changes nothing',
    async (one) => {
      const [status, code, field] = one.says;
      const before = await counts();
      const headers = Object.fromEntries(
        Object.entries(one.headers ?? {}).map(([name, value]) => [name, named(value)]),
      );
      const answer = await clinic.send(one.method ?? 'POST', API + named(one.url), one.body, headers);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.body).toMatchObject({
        status,
        type: expect.stringContaining(code),
        title: expect.any(String),
      });
      expect(answer.body.zh).toMatch(/\p{Script=Han}/u);
      expect(answer.body.en).toMatch(/[a-z]/);
      if (field !== undefined) expect(answer.body.field).toBe(field);
      if (code === 'invalid_input') expect(answer.body.rule).not.toBe('');
      expect(await counts()).toEqual(before);
    },
  );

  it('a body that is no UTF-8 is refused', async () => {
    const answer = await clinic.app.server.inject({
      method: 'POST',
      url: named(API + pay),
      headers: { authorization: `Bearer ${clinic.key}`, 'content-type': 'application/json' },
      payload: Buffer.from('{"payment_method":"wech\xe4t"}', 'latin1'),
    });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'malformed_json']);
  });

  it('what was not refused still works', async () => {
    expect((await clinic.call('POST', named(API + pay), good)).status).toBe(201);
    expect((await clinic.call('POST', `${API}/bills`, bill)).status).toBe(201);
  });
});
