import type { Stream } from '../simulation/chance.ts';
import type { Told } from './told.ts';

/** What goes over a socket: pieces written one after another, and whether the line is then cut. */
export interface Wire {
  pieces: Buffer[];
  how: string;
  /** The request is whole and well framed: its answer must be the channel's own. */
  whole: boolean;
  cut: boolean;
}

const CRLF = '\r\n';

/** One request as bytes, in a frame that HTTP allows or, mostly, that it does not. */
export function wireOf(told: Told, stream: Stream): Wire {
  const [how, build] = stream.pick(builds);
  const made = build(told, stream);
  return { how, whole: false, cut: false, ...made };
}

type Build = (told: Told, stream: Stream) => Partial<Wire> & { pieces: Buffer[] };

function head(told: Told, more: readonly string[], line?: string): Buffer {
  const headers = Object.entries(told.headers).map(([name, value]) => `${name}: ${value}`);
  const first = line ?? `POST /api/v1/finance/notifications/${told.endpoint} HTTP/1.1`;
  const all = [first, 'host: 127.0.0.1', ...headers, ...more, 'connection: close', '', ''];
  return Buffer.from(all.join(CRLF), 'latin1');
}

const long = (told: Told): string => `content-length: ${told.body.length}`;

/** The right length, and something else in the head. */
const odd =
  (draw: (stream: Stream) => readonly string[], line?: string): Build =>
  (told, stream) => ({ pieces: [head(told, [long(told), ...draw(stream)], line), told.body] });

/** Another length than the body has. */
const measured =
  (draw: (length: number, stream: Stream) => readonly string[]): Build =>
  (told, stream) => ({ pieces: [head(told, draw(told.body.length, stream)), told.body] });

function chunks(body: Buffer, stream: Stream, extension = ''): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const piece = body.subarray(at, at + stream.between(1, 400));
    pieces.push(Buffer.from(`${piece.length.toString(16)}${extension}${CRLF}`), piece, Buffer.from(CRLF));
    at += piece.length;
  }
  return pieces;
}

const chunked = 'transfer-encoding: chunked';
const end = Buffer.from(`0${CRLF}${CRLF}`);

const builds: readonly [string, Build][] = [
  ['plain', (told) => ({ pieces: [head(told, [long(told)]), told.body], whole: true })],
  [
    'chunked',
    (told, stream) => ({ pieces: [head(told, [chunked]), ...chunks(told.body, stream), end], whole: true }),
  ],
  [
    'slow',
    (told, stream) => {
      const at = stream.below(told.body.length + 1);
      return {
        pieces: [head(told, [long(told)]), told.body.subarray(0, at), told.body.subarray(at)],
        whole: true,
      };
    },
  ],
  [
    'pipelined',
    (told) => {
      const one = Buffer.concat([head(told, [long(told)]), told.body]);
      const kept = Buffer.from(
        one.toString('latin1').replace('connection: close', 'connection: keep-alive'),
        'latin1',
      );
      return { pieces: [Buffer.concat([kept, one])], whole: true };
    },
  ],
  [
    'extension',
    (told, stream) => ({ pieces: [head(told, [chunked]), ...chunks(told.body, stream, ';a="b"'), end] }),
  ],
  [
    'trailer',
    (told, stream) => ({
      pieces: [
        head(told, [chunked]),
        ...chunks(told.body, stream),
        Buffer.from(`0${CRLF}x-a: b${CRLF}${CRLF}`),
      ],
    }),
  ],
  [
    'no_last_chunk',
    (told, stream) => ({ pieces: [head(told, [chunked]), ...chunks(told.body, stream)], cut: true }),
  ],
  [
    'bad_chunk',
    (told, stream) => ({
      pieces: [
        head(told, [chunked]),
        Buffer.from(`${stream.pick(['zz', '-1', 'F'.repeat(17), ''])}${CRLF}`),
        told.body,
      ],
    }),
  ],
  ['short', measured((length, stream) => [`content-length: ${Math.max(0, length - stream.between(1, 60))}`])],
  [
    'too_long',
    (told) => ({ pieces: [head(told, [`content-length: ${told.body.length + 9}`]), told.body], cut: true }),
  ],
  ['no_length', measured(() => [])],
  ['two_lengths', measured((length) => [`content-length: ${length}`, `content-length: ${length + 1}`])],
  [
    'length_and_chunks',
    (told, stream) => ({ pieces: [head(told, [long(told), chunked]), ...chunks(told.body, stream), end] }),
  ],
  [
    'odd_length',
    measured((length, stream) => [
      `content-length: ${stream.pick([`+${length}`, `-${length}`, `0x${length.toString(16)}`, `${length},${length}`, '9'.repeat(25), ''])}`,
    ]),
  ],
  [
    'odd_encoding',
    measured((length, stream) => [
      `content-length: ${length}`,
      `transfer-encoding: ${stream.pick(['identity', 'gzip, chunked', 'chunked, chunked', 'xchunked', 'chunked, identity'])}`,
    ]),
  ],
  ['folded', odd(() => [`x-a: b${CRLF} c`])],
  ['bare_lf', odd(() => ['x-a: b\nx-c: d'])],
  ['nul', odd(() => ['x-a: b\u0000c'])],
  ['bytes', odd(() => ['x-a: \u00ff\u00fe'])],
  ['no_colon', odd(() => ['xyz'])],
  ['blank_colon', odd(() => ['x-a : b'])],
  ['large_header', odd((stream) => [`x-a: ${'y'.repeat(stream.pick([8_000, 20_000, 70_000]))}`])],
  [
    'many_headers',
    odd((stream) => Array.from({ length: stream.pick([500, 3_000]) }, (_one, at) => `x-${at}: y`)),
  ],
  ['expect', odd((stream) => [`expect: ${stream.pick(['100-continue', 'xyz'])}`])],
  ['upgrade', odd((stream) => ['connection: upgrade', `upgrade: ${stream.pick(['websocket', 'h2c', 'x'])}`])],
  ['signed_twice', odd(() => ['wechatpay-signature: AAAA', 'wechatpay-timestamp: 1'])],
  ['host_twice', odd(() => ['host: other'])],
  ['http10', odd(() => [], 'POST /api/v1/finance/notifications/alipay HTTP/1.0')],
  ['http2', odd(() => [], 'POST /api/v1/finance/notifications/wechat HTTP/2.0')],
  ['http09', odd(() => [], 'POST /api/v1/finance/notifications/wechat')],
  ['absolute', odd(() => [], 'POST http://127.0.0.1/api/v1/finance/notifications/wechat HTTP/1.1')],
  ['dots', odd(() => [], 'POST /api/v1/finance/../finance/notifications/wechat HTTP/1.1')],
  ['connect', odd(() => [], 'CONNECT 127.0.0.1:80 HTTP/1.1')],
  ['lower', odd(() => [], 'post /api/v1/finance/notifications/wechat HTTP/1.1')],
  [
    'cut_head',
    (told, stream) => ({ pieces: [head(told, [long(told)]).subarray(0, stream.between(1, 200))], cut: true }),
  ],
  [
    'cut_body',
    (told, stream) => ({
      pieces: [head(told, [long(told)]), told.body.subarray(0, stream.below(told.body.length + 1) >> 1)],
      cut: true,
    }),
  ],
  ['noise', (_told, stream) => ({ pieces: [Buffer.from(stream.bytes(stream.between(1, 600)))], cut: true })],
  ['tls', () => ({ pieces: [Buffer.from('16030100ba010000b60303', 'hex')], cut: true })],
];
