import { createCipheriv, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import type { Stream } from '../simulation/chance.ts';
import { strangers } from '../support/alipay-fixture.ts';
import { anyText, hostileText, hostileTexts, hostileValue, nested, spoil, spoilJson } from './hostile.ts';
import type { RefundTarget, Scene, Target } from './scene.ts';
import type { Told } from './told.ts';

type Content = Record<string, unknown>;

/** What stands around the sealed content: each of it can be wrong by itself. */
interface Frame {
  id: string;
  event: string;
  apiV3Key: string;
  /** Changes of the resource after sealing. */
  resource: Content;
  envelope: Content;
  atMs: number;
}

/** WeChat Pay's side, and that of anybody who speaks in its name. */
export class WechatWords {
  /** Every message that it truly signed: time, nonce and body. */
  readonly signed = new Set<string>();
  readonly #scene: Scene;
  readonly #targets: readonly Target[];
  readonly #refunds: readonly RefundTarget[];
  /** Public key and platform certificate: a merchant who moves from one to the other hears both. */
  readonly #keys: readonly { serial: string; key: KeyObject }[];
  readonly #ownKey: KeyObject;
  readonly #now: () => number;
  #told = 0;

  constructor(scene: Scene, now: () => number) {
    const { wechat } = scene.merchants;
    this.#scene = scene;
    this.#now = now;
    this.#targets = scene.targets.filter(({ method }) => method === 'wechat');
    this.#refunds = scene.refunds.filter(({ method }) => method === 'wechat');
    this.#keys = [
      { serial: wechat.publicKeyId, key: createPrivateKey(wechat.publicKey.privateKey) },
      ...wechat.platformCertificates.map((certificate) => ({
        serial: certificate.serialNo,
        key: createPrivateKey(certificate.privateKey),
      })),
    ];
    this.#ownKey = createPrivateKey(wechat.certificate.privateKey);
  }

  draw(stream: Stream): Told {
    this.#told += 1;
    const target = stream.pick(this.#targets);
    const refund = stream.is(0.25) ? stream.pick(this.#refunds) : undefined;
    const content = refund === undefined ? this.#paid(target, stream) : this.#refunded(refund, stream);
    const frame: Frame = {
      id: `EV-2026112200${String(this.#told).padStart(22, '0')}`,
      event: refund === undefined ? 'TRANSACTION.SUCCESS' : stream.pick(refundEvents),
      apiV3Key: this.#scene.merchants.wechat.apiV3Key,
      resource: {},
      envelope: {},
      atMs: this.#now(),
    };
    const lot = stream.unit();
    if (lot < 0.1)
      return this.#tell(JSON.stringify(content), frame, stream, refund ? 'changed' : 'true', 'true');
    if (lot < 0.6) {
      const [text, how] = this.#change(content, frame, stream, stream.is(0.6) ? 1 : stream.between(2, 4));
      return this.#tell(text, frame, stream, 'changed', how);
    }
    const [text] = lot < 0.7 ? this.#change(content, frame, stream, 1) : [JSON.stringify(content)];
    return this.#forge(this.#tell(text, frame, stream, 'forged', 'forged'), stream);
  }

  #paid(target: Target, stream: Stream): Content {
    return {
      mchid: target.merchantId,
      appid: target.appId,
      out_trade_no: target.number,
      transaction_id: target.channelTradeNo ?? `42000099992026112200${stream.below(9e7)}`,
      trade_type: 'NATIVE',
      trade_state: 'SUCCESS',
      trade_state_desc: '支付成功',
      bank_type: 'OTHERS',
      attach: target.attach,
      success_time: '2026-11-22T10:00:05+08:00',
      payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
      amount: {
        total: target.amountFen,
        payer_total: target.amountFen,
        currency: 'CNY',
        payer_currency: 'CNY',
      },
    };
  }

  #refunded(refund: RefundTarget, stream: Stream): Content {
    const of = this.#targets.find(({ number }) => number === refund.number);
    return {
      mchid: of?.merchantId,
      out_trade_no: refund.number,
      transaction_id: of?.channelTradeNo ?? '4200009999202611220000000001',
      out_refund_no: stream.is(0.8) ? refund.outRefundNo : `R${stream.below(1e6)}`,
      refund_id: `5030000${stream.below(1e8)}`,
      refund_status: stream.pick(['SUCCESS', 'ABNORMAL', 'CLOSE', 'CLOSED', 'PROCESSING']),
      success_time: '2026-11-22T10:20:05+08:00',
      user_received_account: '招商银行信用卡0403',
      amount: { total: of?.amountFen, refund: refund.amountFen, payer_total: 1, payer_refund: 1 },
    };
  }

  #change(content: Content, frame: Frame, stream: Stream, times: number): [string, string] {
    const done: string[] = [];
    let raw = (text: string): string => text;
    for (let time = 0; time < times; time += 1) {
      if (stream.is(0.15)) {
        raw = (text) => spoilJson(stream, text);
        done.push('raw');
        continue;
      }
      const [name, act] = stream.pick(this.#changes);
      act(content, frame, stream);
      done.push(name);
    }
    return [raw(JSON.stringify(content)), done.join('+')];
  }

  readonly #changes: readonly [string, (content: Content, frame: Frame, stream: Stream) => void][] = [
    [
      'amount',
      (content, _frame, stream) => void (content['amount'] = this.#amount(content['amount'], stream)),
    ],
    [
      'amount',
      (content, _frame, stream) => void (content['amount'] = this.#amount(content['amount'], stream)),
    ],
    [
      'number',
      (content, _frame, stream) =>
        void (content['out_trade_no'] = stream.is(0.5)
          ? stream.pick(this.#scene.targets).number
          : stream.pick([hostileValue(stream), 'ZF'.repeat(40), `ZF${stream.below(1e9)}`])),
    ],
    [
      'account',
      (content, _frame, stream) =>
        void (content[stream.pick(['appid', 'mchid'])] = stream.pick([
          'wx0000000000000000',
          hostileValue(stream),
        ])),
    ],
    ['state', (content, _frame, stream) => void (content['trade_state'] = stream.pick(states))],
    [
      'trade_type',
      (content, _frame, stream) => void (content['trade_type'] = stream.pick(['JSAPI', '', null, 7])),
    ],
    [
      'transaction',
      (content, _frame, stream) =>
        void (content['transaction_id'] = stream.pick([
          '4'.repeat(64),
          '4'.repeat(65),
          '药'.repeat(70),
          '',
          null,
          hostileValue(stream),
        ])),
    ],
    [
      'refund_no',
      (content, _frame, stream) =>
        void (content[stream.pick(['out_refund_no', 'refund_id'])] = stream.pick([
          'R'.repeat(64),
          'R'.repeat(65),
          hostileValue(stream),
        ])),
    ],
    ['time', (content, _frame, stream) => void (content['success_time'] = stream.pick(times))],
    ['attach', (content, _frame, stream) => void (content['attach'] = hostileValue(stream))],
    ['missing', (content, _frame, stream) => void delete content[stream.pick(Object.keys(content))]],
    [
      'hostile',
      (content, _frame, stream) => void (content[stream.pick(Object.keys(content))] = hostileValue(stream)),
    ],
    ['extra', (content, _frame, stream) => void (content[`x${hostileText(stream)}`] = hostileValue(stream))],
    [
      'event',
      (_content, frame, stream) => void (frame.event = stream.pick([...events, hostileText(stream)])),
    ],
    [
      'id',
      (_content, frame, stream) =>
        void (frame.id = stream.is(0.5)
          ? `EV-2026112200${String(stream.between(1, this.#told)).padStart(22, '0')}`
          : hostileText(stream)),
    ],
    ['key', (_content, frame) => void (frame.apiV3Key = 'x'.repeat(32))],
    [
      'seal',
      (_content, frame, stream) =>
        void (frame.resource[stream.pick(['algorithm', 'ciphertext', 'nonce', 'associated_data'])] =
          stream.pick([hostileValue(stream), 'AAAA', 'A'.repeat(stream.below(60)), '\u00e9'.repeat(12)])),
    ],
    [
      'envelope',
      (_content, frame, stream) =>
        void (frame.envelope[
          stream.pick(['id', 'event_type', 'resource', 'resource_type', 'summary', 'zz'])
        ] = hostileValue(stream)),
    ],
  ];

  #amount(amount: unknown, stream: Stream): unknown {
    if (stream.is(0.2)) return hostileValue(stream);
    const now = typeof amount === 'object' && amount !== null ? { ...amount } : {};
    const name = stream.pick(['total', 'total', 'currency', 'payer_total', 'refund']);
    const value = stream.pick([
      1,
      0,
      -1,
      stream.between(1, 100_000),
      12_850.5,
      '12850',
      10_000_000_000,
      10_000_000_001,
      2 ** 53,
      'USD',
      'cny',
      '',
      null,
      hostileValue(stream),
    ]);
    return stream.is(0.1) ? { currency: 'CNY' } : { ...now, [name]: value };
  }

  #tell(content: string, frame: Frame, stream: Stream, kind: Told['kind'], how: string): Told {
    const body = JSON.stringify({
      id: frame.id,
      create_time: '2026-11-22T10:00:06+08:00',
      resource_type: 'encrypt-resource',
      event_type: frame.event,
      summary: '支付成功',
      resource: { original_type: 'transaction', ...seal(content, frame.apiV3Key, stream), ...frame.resource },
      ...frame.envelope,
    });
    const said = kind === 'changed' && stream.is(0.08) ? spoilJson(stream, body) : body;
    const drift = kind === 'true' ? 0 : stream.pick([0, 0, 0, 0, -299, 299]);
    const headers = signHeaders(said, stream.pick(this.#keys), frame.atMs + drift * 1_000, stream);
    this.signed.add(`${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${said}`);
    return {
      endpoint: 'wechat',
      headers,
      body: Buffer.from(said),
      kind,
      how,
      maySettle: this.#maySettle(content),
      mayReturn: mayReturn(content),
    };
  }

  /** Rule C-1 of security.md 5.3, read a second time. */
  #maySettle(text: string): boolean {
    const content = read(text);
    const target = this.#targets.find(({ number }) => number === content['out_trade_no']);
    if (target === undefined) return false;
    const amount = (content['amount'] ?? {}) as Content;
    return (
      amount['total'] === target.amountFen &&
      ['CNY', '', undefined].includes(amount['currency'] as string | undefined) &&
      content['appid'] === target.appId &&
      content['mchid'] === target.merchantId &&
      ['NATIVE', '', null, undefined].includes(content['trade_type'] as string | null | undefined) &&
      ['SUCCESS', 'REFUND'].includes(content['trade_state'] as string)
    );
  }

  #forge(told: Told, stream: Stream): Told {
    const { headers } = told;
    const body = told.body.toString();
    const stamp = Number(headers['wechatpay-timestamp']);
    const signature = headers['wechatpay-signature'] ?? '';
    const name = stream.pick(headerNames);
    const withHeader = (header: string, value: string): Partial<Told> => ({
      headers: { ...headers, [header]: value },
    });
    const signedBy = (key: KeyObject, atMs = this.#now()): Partial<Told> => ({
      headers: signHeaders(body, { serial: headers['wechatpay-serial'] ?? '', key }, atMs, stream),
    });
    const ways: [string, () => Partial<Told>][] = [
      ['no_header', () => ({ headers: without(headers, name) })],
      ['empty_header', () => withHeader(name, '')],
      ['hostile_header', () => withHeader(name, printable(hostileText(stream)))],
      ['stranger', () => signedBy(strangers.privateKey)],
      ['own_key', () => signedBy(this.#ownKey)],
      [
        'old',
        () => signedBy(this.#keys[0]?.key ?? this.#ownKey, this.#now() - stream.between(301, 10_000) * 1_000),
      ],
      [
        'ahead',
        () => signedBy(this.#keys[0]?.key ?? this.#ownKey, this.#now() + stream.between(302, 10_000) * 1_000),
      ],
      [
        'timestamp',
        () =>
          withHeader(
            'wechatpay-timestamp',
            stream.pick([`${stamp + 1}`, `0${stamp}`, `${stamp}.0`, '-1', '1e9', '9'.repeat(13)]),
          ),
      ],
      [
        'nonce',
        () =>
          withHeader(
            'wechatpay-nonce',
            stream.pick(['a b', 'x'.repeat(129), `${headers['wechatpay-nonce']}0`, '{"a":1}']),
          ),
      ],
      [
        'serial',
        () =>
          withHeader(
            'wechatpay-serial',
            stream.pick([
              ...this.#keys.map(({ serial }) => serial),
              'PUB_KEY_ID_0',
              '__proto__',
              '0'.repeat(40),
            ]),
          ),
      ],
      ['probe', () => withHeader('wechatpay-signature', `WECHATPAY/SIGNTEST/${signature}`)],
      [
        'signature_url',
        () => withHeader('wechatpay-signature', signature.replaceAll('+', '-').replaceAll('/', '_')),
      ],
      ['signature_blank', () => withHeader('wechatpay-signature', `${signature} ,`)],
      ['signature_cut', () => withHeader('wechatpay-signature', signature.slice(0, -stream.between(1, 40)))],
      [
        'type',
        () => withHeader('wechatpay-signature-type', stream.pick(['WECHATPAY2-SM2-WITH-SM3', '', 'none'])),
      ],
      ['newline', () => ({ body: Buffer.from(`${body}\n`) })],
      ['bom', () => ({ body: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), told.body]) })],
      ['recoded', () => ({ body: Buffer.from(body, 'utf16le') })],
      ['reformatted', () => ({ body: Buffer.from(body.replaceAll('":', '": ')) })],
      ['nested', () => ({ body: Buffer.from(nested(stream.pick([64, 65, 9_000]), stream.is(0.5))) })],
      ['xml', () => ({ body: Buffer.from('<xml><return_code>SUCCESS</return_code></xml>') })],
      [
        'hostile',
        () => ({ body: Buffer.from(stream.is(0.5) ? stream.pick(hostileTexts) : anyText(stream, 300)) }),
      ],
    ];
    if (stream.is(0.35)) return { ...told, body: spoil(stream, told.body), how: 'spoilt' };
    const [how, way] = stream.pick(ways);
    return { ...told, ...way(), how };
  }
}

const headerNames = ['wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-serial', 'wechatpay-signature'];
const refundEvents = ['REFUND.SUCCESS', 'REFUND.SUCCESS', 'REFUND.ABNORMAL', 'REFUND.CLOSED'];
const events = [
  'TRANSACTION.SUCCESS',
  ...refundEvents,
  'TRANSACTION.success',
  'PAYSCORE.USER_PAID',
  '',
  '__proto__',
  'toString',
];
const states = [
  'SUCCESS',
  'REFUND',
  'NOTPAY',
  'CLOSED',
  'REVOKED',
  'USERPAYING',
  'PAYERROR',
  'ACCEPT',
  'success',
  '',
  null,
  1,
  'toString',
];
const times = [
  '',
  null,
  '2026-11-22 10:00:05',
  '2026-11-22T10:00:05Z',
  '2026-02-30T10:00:05+08:00',
  '9999-12-31T23:59:59.999999999-14:00',
  '0000-01-01T00:00:00+08:00',
  '2026-11-22T24:00:00+08:00',
  '2026-11-22T10:00:05+99:99',
  1_763_776_865,
];

function read(text: string): Content {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === 'object' && content !== null ? (content as Content) : {};
  } catch {
    return {};
  }
}

function mayReturn(text: string): Told['mayReturn'] {
  const { out_refund_no: outRefundNo, out_trade_no: number, amount } = read(text);
  return { outRefundNo, number, amountFen: ((amount ?? {}) as Content)['refund'] };
}

function signHeaders(
  body: string,
  { serial, key }: { serial: string; key: KeyObject },
  atMs: number,
  stream: Stream,
): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const nonce = Buffer.from(stream.bytes(16)).toString('hex');
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-serial': serial,
    'wechatpay-signature': sign('RSA-SHA256', Buffer.from(`${timestamp}\n${nonce}\n${body}\n`), key).toString(
      'base64',
    ),
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
    'request-id': '08F1A2B3-0',
    'content-type': 'application/json; charset=utf-8',
  };
}

function seal(plaintext: string, apiV3Key: string, stream: Stream): Content {
  const nonce = Buffer.from(stream.bytes(6)).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', apiV3Key, nonce);
  cipher.setAAD(Buffer.from('transaction'));
  const bytes = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: bytes.toString('base64'),
    associated_data: 'transaction',
    nonce,
  };
}

function without(headers: Record<string, string>, name: string): Record<string, string> {
  const { [name]: _gone, ...kept } = headers;
  return kept;
}

/** What a header can carry at all; anything else never leaves an HTTP client. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
