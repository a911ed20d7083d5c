import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Stream } from '../simulation/chance.ts';
import type { Told } from './told.ts';

/** Good or bad words in a frame that no channel uses: other types, encodings and lengths. */
export function reframe(stream: Stream, told: Told): Told {
  const [how, frame] = stream.pick(frames);
  return { ...told, ...frame(told, stream), kind: 'framed', how };
}

type Frame = (told: Told, stream: Stream) => Partial<Told>;

const withType =
  (type: string | undefined): Frame =>
  ({ headers }) => {
    const { 'content-type': _old, ...kept } = headers;
    return { headers: type === undefined ? kept : { ...kept, 'content-type': type } };
  };

const encoded =
  (encoding: string, encode: (bytes: Buffer) => Buffer): Frame =>
  ({ headers, body }) => ({ headers: { ...headers, 'content-encoding': encoding }, body: encode(body) });

const withBody =
  (change: (body: Buffer, stream: Stream) => Buffer): Frame =>
  ({ body }, stream) => ({ body: change(body, stream) });

const frames: readonly [string, Frame][] = [
  ['no_type', withType(undefined)],
  ['text', withType('text/plain')],
  ['xml', withType('application/xml')],
  ['multipart', withType('multipart/form-data; boundary=x')],
  ['gbk_type', withType('application/x-www-form-urlencoded; charset=GBK')],
  ['utf16_type', withType('application/json; charset=utf-16')],
  ['broken_type', withType('application')],
  ['strange_type', withType('*/*; q=0.1; "')],
  ['proto_type', withType('__proto__')],
  ['gzip', encoded('gzip', (body) => gzipSync(body))],
  ['deflate', encoded('deflate', (body) => deflateSync(body))],
  ['brotli', encoded('br', (body) => brotliCompressSync(body))],
  ['false_gzip', encoded('gzip', (body) => body)],
  ['empty', withBody(() => Buffer.alloc(0))],
  ['zero', withBody((_body, stream) => Buffer.alloc(stream.between(1, 500)))],
  ['noise', withBody((_body, stream) => Buffer.from(stream.bytes(stream.between(1, 2_000))))],
  ['bom', withBody((body) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]))],
  ['nul', withBody((body) => Buffer.concat([body, Buffer.alloc(1)]))],
  ['newline', withBody((body) => Buffer.concat([body, Buffer.from('\r\n')]))],
  ['twice', withBody((body) => Buffer.concat([body, body]))],
  ['half', withBody((body) => body.subarray(0, body.length >> 1))],
  ['near_limit', withBody((body) => Buffer.concat([body, Buffer.alloc(65_536 - body.length, ' ')]))],
  ['over_limit', withBody((body) => Buffer.concat([body, Buffer.alloc(65_537 - body.length, ' ')]))],
  ['ampersands', withBody((body) => Buffer.concat([Buffer.alloc(30_000, '&'), body]))],
  ['many_names', withBody((_body, stream) => Buffer.from(manyNames(stream.between(1_000, 9_000))))],
  ['other_door', ({ endpoint }) => ({ endpoint: endpoint === 'alipay' ? 'wechat' : 'alipay' })],
];

function manyNames(count: number): string {
  return Array.from({ length: count }, (_one, at) => `a${at}=1`).join('&');
}
