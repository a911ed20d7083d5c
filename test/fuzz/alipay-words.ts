import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import iconv from 'iconv-lite';
import { fen, yuan } from '#money';
import type { Stream } from '../simulation/chance.ts';
import { strangers } from '../support/alipay-fixture.ts';
import { hostileText, hostileTexts, hostileYuan, spoil } from './hostile.ts';
import type { RefundTarget, Scene, Target } from './scene.ts';
import type { Told } from './told.ts';

type Fields = Map<string, string>;

/** Alipay's side, and that of anybody who speaks in its name. Every text that it truly signed is remembered. */
export class AlipayWords {
  /** Everything that Alipay's own key signed, byte for byte as latin1. */
  readonly signed = new Set<string>();
  readonly #targets: readonly Target[];
  readonly #refunds: readonly RefundTarget[];
  readonly #key: KeyObject;
  readonly #ownKey: KeyObject;
  readonly #scene: Scene;
  #told = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#targets = scene.targets.filter(({ method }) => method === 'alipay');
    this.#refunds = scene.refunds.filter(({ method }) => method === 'alipay');
    this.#key = createPrivateKey(scene.merchants.alipay.alipayPrivateKey);
    this.#ownKey = createPrivateKey(scene.merchants.alipay.appPrivateKey);
  }

  draw(stream: Stream): Told {
    const target = stream.pick(this.#targets);
    const fields = this.#paid(target, stream);
    if (stream.is(0.12)) this.#refunded(fields, stream);
    const lot = stream.unit();
    if (lot < 0.1) return this.#tell(fields, target, 'true', 'true');
    if (lot < 0.6) {
      const how = this.#change(fields, stream, stream.is(0.6) ? 1 : stream.between(2, 4));
      return this.#tell(fields, target, 'changed', how);
    }
    if (lot < 0.7) this.#change(fields, stream, 1);
    return this.#forge(this.#tell(fields, target, 'forged', 'forged'), fields, stream);
  }

  #paid(target: Target, stream: Stream): Fields {
    this.#told += 1;
    const amount = yuan(fen(target.amountFen));
    return new Map([
      ['notify_time', '2026-11-22 10:01:05'],
      ['notify_type', 'trade_status_sync'],
      ['notify_id', `20261122${String(this.#told).padStart(24, '0')}`],
      ['app_id', target.appId],
      ['auth_app_id', target.appId],
      ['charset', 'utf-8'],
      ['version', '1.0'],
      ['trade_no', target.channelTradeNo ?? `2026112222001${stream.below(9_000_000) + 1_000_000}`],
      ['out_trade_no', target.number],
      ['seller_id', target.merchantId],
      ['trade_status', stream.is(0.9) ? 'TRADE_SUCCESS' : 'TRADE_FINISHED'],
      ['total_amount', amount],
      ['receipt_amount', amount],
      ['buyer_pay_amount', amount],
      ['subject', '示范诊所 医疗服务费'],
      ['gmt_create', '2026-11-22 10:00:30'],
      ['gmt_payment', '2026-11-22 10:01:04'],
      ['fund_bill_list', '[{"amount":"12.50","fundChannel":"ALIPAYACCOUNT"}]'],
      ['passback_params', encodeURIComponent(target.attach)],
    ]);
  }

  #refunded(fields: Fields, stream: Stream): void {
    const refund = stream.is(0.7) ? stream.pick(this.#refunds) : undefined;
    const of = this.#targets.find(({ number }) => number === refund?.number);
    if (of !== undefined) {
      fields.set('out_trade_no', of.number).set('total_amount', yuan(fen(of.amountFen)));
      if (of.channelTradeNo !== null) fields.set('trade_no', of.channelTradeNo);
    }
    fields.set('refund_fee', yuan(fen(refund?.amountFen ?? stream.between(1, 100_000))));
    fields.set('gmt_refund', '2026-11-22 10:20:00.123');
    fields.set('out_biz_no', refund?.outRefundNo ?? `X${stream.below(1e6)}`);
    if (stream.is(0.3)) fields.set('trade_status', 'TRADE_CLOSED');
  }

  #change(fields: Fields, stream: Stream, times: number): string {
    const done: string[] = [];
    for (let time = 0; time < times; time += 1) {
      const [name, act] = stream.pick(this.#changes);
      act(fields, stream);
      done.push(name);
    }
    return done.join('+');
  }

  readonly #changes: readonly [string, (fields: Fields, stream: Stream) => void][] = [
    ['amount', (fields, stream) => void fields.set('total_amount', this.#amount(fields, stream))],
    ['amount', (fields, stream) => void fields.set('total_amount', this.#amount(fields, stream))],
    ['payer_amount', (fields, stream) => void fields.set('buyer_pay_amount', stream.pick(hostileYuan))],
    ['number', (fields, stream) => void fields.set('out_trade_no', this.#number(stream))],
    [
      'account',
      (fields, stream) =>
        void fields.set(
          stream.pick(['app_id', 'seller_id']),
          stream.is(0.5) ? '2088000000000009' : hostileText(stream),
        ),
    ],
    ['no_seller', (fields) => void fields.delete('seller_id')],
    [
      'currency',
      (fields, stream) => void fields.set('trans_currency', stream.pick(['USD', 'CNY', '', '元'])),
    ],
    ['state', (fields, stream) => void fields.set('trade_status', stream.pick(states))],
    ['state', (fields, stream) => void fields.set('trade_status', stream.pick(states))],
    [
      'type',
      (fields, stream) =>
        void fields.set('notify_type', stream.pick(['', 'dut_user_sign', hostileText(stream)])),
    ],
    ['trade_no', (fields, stream) => void fields.set('trade_no', this.#tradeNo(stream))],
    ['event', (fields, stream) => void fields.set('notify_id', this.#event(stream))],
    [
      'time',
      (fields, stream) =>
        void fields.set(stream.pick(['gmt_payment', 'gmt_refund', 'notify_time']), stream.pick(times)),
    ],
    ['refund', (fields, stream) => this.#refunded(fields, stream)],
    ['refund_sum', (fields, stream) => void fields.set('refund_fee', stream.pick(hostileYuan))],
    ['refund_no', (fields, stream) => void fields.set('out_biz_no', hostileText(stream))],
    ['attach', (fields, stream) => void fields.set('passback_params', hostileText(stream))],
    ['subject', (fields, stream) => void fields.set('subject', hostileText(stream))],
    ['charset', (fields, stream) => void fields.set('charset', stream.pick(charsets))],
    ['missing', (fields, stream) => void fields.delete(stream.pick([...fields.keys()]))],
    ['empty', (fields, stream) => void fields.set(stream.pick([...fields.keys()]), '')],
    ['hostile', (fields, stream) => void fields.set(stream.pick([...fields.keys()]), hostileText(stream))],
    ['extra', (fields, stream) => void fields.set(hostileText(stream), hostileText(stream))],
    [
      'certificate',
      (fields, stream) => void fields.set('alipay_cert_sn', stream.is(0.5) ? 'f'.repeat(32) : ''),
    ],
    [
      'many',
      (fields, stream) => {
        for (let at = stream.between(10, 1_000); at > 0; at -= 1) fields.set(`f${at}`, String(at));
      },
    ],
  ];

  #amount(fields: Fields, stream: Stream): string {
    if (stream.is(0.4)) return stream.pick(hostileYuan);
    const now = fields.get('total_amount') ?? '1.00';
    return stream.pick([
      `${now}0`,
      now.replace(/0+$/, ''),
      now.replace('.', ''),
      yuan(fen(stream.between(1, 100_000))),
      `${Number(now) + 0.01}`,
      ` ${now}`,
      `${now}\u0000`,
      now.replace('.', ','),
    ]);
  }

  #number(stream: Stream): string {
    return stream.is(0.5)
      ? stream.pick(this.#scene.targets).number
      : stream.pick([`ZF${stream.below(1e9)}`, hostileText(stream), 'ZF'.repeat(40), '']);
  }

  #tradeNo(stream: Stream): string {
    return stream.pick([hostileText(stream), '2'.repeat(64), '2'.repeat(65), '药'.repeat(64), '']);
  }

  #event(stream: Stream): string {
    if (stream.is(0.5))
      return `20261122${String(stream.between(1, Math.max(1, this.#told))).padStart(24, '0')}`;
    return hostileText(stream);
  }

  /** Signs and writes out, in the charset that the form names. */
  #tell(fields: Fields, target: Target, kind: Told['kind'], how: string): Told {
    const named = (fields.get('charset') ?? 'utf-8').toLowerCase();
    const charset = named.startsWith('gb') && survives(fields) ? 'gbk' : 'utf-8';
    const names = [...fields.keys()].filter((name) => name !== 'sign' && name !== 'sign_type').toSorted();
    const text = names.map((name) => `${name}=${fields.get(name)}`).join('&');
    const bytes = encode(text, charset);
    this.signed.add(bytes.toString('latin1'));
    const signature = sign('sha256', bytes, this.#key).toString('base64');
    const pairs = [...fields, ['sign_type', 'RSA2'] as const, ['sign', signature] as const];
    return {
      endpoint: 'alipay',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: Buffer.from(
        pairs.map(([name, value]) => `${escaped(name, charset)}=${escaped(value, charset)}`).join('&'),
      ),
      kind,
      how,
      maySettle: this.#maySettle(fields, target),
    };
  }

  /** Rule C-1 of security.md 5.3, read a second time: equality in all that is pinned, and the word "paid". */
  #maySettle(fields: Fields, drawn: Target): boolean {
    const number = fields.get('out_trade_no');
    const target = number === drawn.number ? drawn : this.#targets.find((one) => one.number === number);
    if (target === undefined) return false;
    const [whole = '', part = ''] = (fields.get('total_amount') ?? '').split('.');
    return (
      BigIntOf(whole + part.padEnd(2, '0')) === BigInt(target.amountFen) &&
      fields.get('app_id') === target.appId &&
      [target.merchantId, '', undefined].includes(fields.get('seller_id')) &&
      ['TRADE_SUCCESS', 'TRADE_FINISHED'].includes(fields.get('trade_status') ?? '') &&
      fields.get('notify_type') === 'trade_status_sync'
    );
  }

  #forge(told: Told, fields: Fields, stream: Stream): Told {
    const text = told.body.toString('latin1');
    const signature = /&sign=([^&]*)$/.exec(text)?.[1] ?? '';
    const withSign = (other: string): string => text.replace(/&sign=[^&]*$/, `&sign=${other}`);
    const signedText = [...fields]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
    const by = (key: KeyObject, hash: string): string =>
      encodeURIComponent(sign(hash, Buffer.from(signedText), key).toString('base64'));
    const ways: [string, () => string][] = [
      ['no_sign', () => text.replace(/&sign=[^&]*$/, '')],
      ['empty_sign', () => withSign('')],
      ['stranger', () => withSign(by(strangers.privateKey, 'sha256'))],
      ['own_key', () => withSign(by(this.#ownKey, 'sha256'))],
      ['sha1', () => withSign(by(this.#key, 'sha1'))],
      ['sha1_named', () => withSign(by(this.#key, 'sha1')).replace('sign_type=RSA2', 'sign_type=RSA')],
      [
        'sign_type',
        () => text.replace('sign_type=RSA2', `sign_type=${stream.pick(['RSA', 'rsa2', 'none', ''])}`),
      ],
      ['sign_text', () => withSign(encodeURIComponent(hostileText(stream)))],
      ['sign_url', () => withSign(signature.replaceAll('%2B', '-').replaceAll('%2F', '_'))],
      ['sign_blank', () => withSign(`${signature}%20`)],
      ['sign_cut', () => withSign(signature.slice(0, -stream.between(1, 40)))],
      ['sign_twice', () => `${text}&sign=${signature}`],
      [
        'added',
        () => `${text}&${stream.pick(['refund_fee', 'x', '__proto__'])}=${stream.pick(['0.01', ''])}`,
      ],
      ['twice', () => `${text}&${stream.pick(['total_amount', 'out_trade_no', 'app_id'])}=0.01`],
      ['altered', () => text.replace(/total_amount=[^&]*/, 'total_amount=0.01')],
      [
        'redirected',
        () => text.replace(/out_trade_no=[^&]*/, `out_trade_no=${stream.pick(this.#targets).number}`),
      ],
      ['recoded', () => text.replace(/charset=[^&]*/, `charset=${stream.pick(charsets.slice(1))}`)],
      ['order', () => text.split('&').toReversed().join('&')],
      ['lower', () => text.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase())],
      ['json', () => JSON.stringify(Object.fromEntries(fields))],
      [
        'xml',
        () => `<xml>${[...fields].map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</xml>`,
      ],
      ['hostile', () => stream.pick(hostileTexts)],
    ];
    if (stream.is(0.35)) return { ...told, body: spoil(stream, told.body), how: 'spoilt' };
    const [how, way] = stream.pick(ways);
    return { ...told, body: Buffer.from(way(), 'latin1'), how };
  }
}

const states = [
  'WAIT_BUYER_PAY',
  'TRADE_CLOSED',
  'TRADE_SUCCESS',
  'TRADE_FINISHED',
  'trade_success',
  'TRADE_SUCCESS ',
  'SUCCESS',
  'TRADE_PENDING',
  '',
  '__proto__',
  'toString',
];
const charsets = [
  'utf-8',
  'gbk',
  'GBK',
  'gb2312',
  'UTF-8',
  'utf-16',
  'latin1',
  '',
  'utf8',
  'x-user-defined',
  '张',
];
const times = [
  '',
  '0000-00-00 00:00:00',
  '2026-02-30 10:00:00',
  '2026-11-22 24:00:00',
  '9999-12-31 23:59:59',
  '0001-01-01 00:00:00',
  '2026-11-22T10:00:00Z',
  '2026-11-22 10:00:00.999999999',
  '1763776865',
  '张',
];

function BigIntOf(digits: string): bigint | undefined {
  return /^[0-9]+$/.test(digits) ? BigInt(digits) : undefined;
}

function encode(text: string, charset: string): Buffer {
  return charset === 'gbk' ? iconv.encode(text, 'gbk') : Buffer.from(text, 'utf8');
}

const gbk = new TextDecoder('gbk');

/** Texts that GBK cannot write cannot be signed in it either. */
function survives(fields: Fields): boolean {
  const text = [...fields].flat().join('');
  return gbk.decode(iconv.encode(text, 'gbk')) === text;
}

function escaped(text: string, charset: string): string {
  if (charset !== 'gbk') return encodeURIComponent(text.toWellFormed());
  return [...iconv.encode(text, 'gbk')]
    .map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`)
    .join('');
}
