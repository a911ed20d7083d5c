import type { Stream } from '../simulation/chance.ts';
import { hostileText, hostileTexts, nested, spoil, spoilJson } from './hostile.ts';
import { broken, type Inputs } from './inputs.ts';
import type { Operation } from './openapi.ts';

export interface Request {
  method: string;
  url: string;
  headers: Record<string, string>;
  payload?: Buffer;
  /** How far it is from what the schema allows: `valid`, or what was broken. */
  how: string;
}

export interface Callers {
  key: string;
  /** A key that may do nothing. */
  poorKey: string;
  cookie: string;
}

/** One request for an operation: a third as its schema says, the others with something broken. */
export function drawRequest(operation: Operation, inputs: Inputs, callers: Callers, stream: Stream): Request {
  const parts = plain(operation, inputs, callers, stream);
  const lot = stream.unit();
  if (lot < 0.4) return write(operation, parts, 'valid');
  const [how, act] = stream.pick(operation.body === undefined ? ofAll : [...ofBodies, ...ofBodies, ...ofAll]);
  const made = write(operation, parts, how);
  return { ...made, ...act(made, parts, stream) };
}

interface Parts {
  params: Record<string, unknown>;
  query: Record<string, unknown>;
  headers: Record<string, string>;
  body: unknown;
}

function plain(operation: Operation, inputs: Inputs, callers: Callers, stream: Stream): Parts {
  const parts: Parts = { params: {}, query: {}, headers: {}, body: undefined };
  for (const { in: place, name, schema } of operation.parameters) {
    if (place === 'path') parts.params[name] = inputs.value(name, schema);
    else if (stream.is(0.5)) parts.query[name] = inputs.value(name, schema);
  }
  parts.headers['authorization'] = `Bearer ${callers.key}`;
  if (stream.is(0.15)) {
    delete parts.headers['authorization'];
    parts.headers['cookie'] = `zhenfu=${callers.cookie}`;
    if (stream.is(0.9)) parts.headers['origin'] = 'http://127.0.0.1:8080';
  }
  if (operation.method === 'POST' && stream.is(0.3))
    parts.headers['idempotency-key'] = `K-${stream.is(0.5) ? stream.below(20) : stream.below(1e9)}`;
  if (operation.body !== undefined) {
    parts.body = inputs.value('body', operation.body);
    parts.headers['content-type'] = 'application/json';
  }
  if (operation.path.endsWith('/events')) parts.headers['accept'] = 'text/event-stream';
  return parts;
}

function write(operation: Operation, { params, query, headers, body }: Parts, how: string): Request {
  const path = operation.path.replace(/\{(\w+)\}/g, (_all, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const asked = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return {
    method: operation.method,
    url: asked.length === 0 ? path : `${path}?${asked.join('&')}`,
    headers,
    ...(body === undefined ? {} : { payload: Buffer.from(JSON.stringify(body)) }),
    how,
  };
}

type Act = (made: Request, parts: Parts, stream: Stream) => Partial<Request>;

const withHeaders =
  (draw: (stream: Stream) => Record<string, string>): Act =>
  ({ headers }, _parts, stream) => ({ headers: { ...headers, ...draw(stream) } });

const raw =
  (change: (text: string, stream: Stream) => string | Buffer): Act =>
  ({ payload }, _parts, stream) => ({ payload: Buffer.from(change(payload?.toString() ?? '', stream)) });

const ofBodies: readonly [string, Act][] = [
  ['body', (_made, { body }, stream) => ({ payload: Buffer.from(JSON.stringify(broken(stream, body))) })],
  ['body', (_made, { body }, stream) => ({ payload: Buffer.from(JSON.stringify(broken(stream, body))) })],
  ['body', (_made, { body }, stream) => ({ payload: Buffer.from(JSON.stringify(broken(stream, body))) })],
  ['json', raw((text, stream) => spoilJson(stream, text))],
  ['duplicate', raw((text) => text.replace(/^\{("[^"]*":)/, '{$11,$1'))],
  ['prototype', raw((text) => text.replace(/^\{/, '{"__proto__":{"insist":true},'))],
  ['constructor', raw((text) => text.replace(/^\{/, '{"constructor":{"prototype":{"x":1}},'))],
  ['nested', raw((_text, stream) => nested(stream.pick([63, 64, 65, 1_000, 20_000]), stream.is(0.5)))],
  ['bom', raw((text) => `\uFEFF${text}`)],
  ['spoilt', ({ payload }, _parts, stream) => ({ payload: spoil(stream, payload ?? Buffer.alloc(0)) })],
  ['no_utf8', raw((text, stream) => Buffer.concat([Buffer.from(text), Buffer.from(stream.bytes(9))]))],
  ['utf16', raw((text) => Buffer.from(text, 'utf16le'))],
  ['empty', raw(() => '')],
  ['null', raw((_text, stream) => stream.pick(['null', '[]', '0', '""', '{}', 'true']))],
  ['large', raw((_text, stream) => JSON.stringify({ reason: 'x'.repeat(stream.pick([200_000, 262_200])) }))],
  ['no_body', ({ headers }) => ({ headers, payload: Buffer.alloc(0) })],
  ['type', withHeaders((stream) => ({ 'content-type': stream.pick(types) }))],
];

const ofAll: readonly [string, Act][] = [
  [
    'id',
    ({ url }, _parts, stream) => ({
      url: url.replace(/\/(\d+|[\w-]{22})(?=[/.?]|$)/, `/${garbledId(stream)}`),
    }),
  ],
  [
    'id',
    ({ url }, _parts, stream) => ({
      url: url.replace(/\/(\d+|[\w-]{22})(?=[/.?]|$)/, `/${garbledId(stream)}`),
    }),
  ],
  [
    'query',
    ({ url }, _parts, stream) => ({ url: `${url}${url.includes('?') ? '&' : '?'}${garbledQuery(stream)}` }),
  ],
  [
    'query',
    ({ url }, _parts, stream) => ({ url: `${url}${url.includes('?') ? '&' : '?'}${garbledQuery(stream)}` }),
  ],
  [
    'method',
    (_made, _parts, stream) => ({
      method: stream.pick(['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'GET', 'POST']),
    }),
  ],
  ['path', ({ url }, _parts, stream) => ({ url: garblePath(url, stream) })],
  ['anonymous', ({ headers }) => ({ headers: without(headers, 'authorization', 'cookie') })],
  [
    'key',
    withHeaders((stream) => ({
      authorization: stream.pick([
        `Bearer ${'x'.repeat(40)}`,
        'Bearer',
        'Basic YTph',
        `bearer ${printable(hostileText(stream))}`,
      ]),
    })),
  ],
  [
    'cookie',
    ({ headers }, _parts, stream) => ({
      headers: { ...without(headers, 'authorization'), cookie: `zhenfu=${printable(hostileText(stream))}` },
    }),
  ],
  [
    'origin',
    ({ headers }, _parts, stream) => ({
      headers: {
        ...headers,
        origin: stream.pick(['null', 'http://evil.example', 'http://127.0.0.1:8080.evil.example', '']),
      },
    }),
  ],
  [
    'idempotency',
    withHeaders((stream) => ({
      'idempotency-key': stream.pick(['', ' ', 'x'.repeat(129), printable(hostileText(stream))]),
    })),
  ],
  [
    'body',
    ({ headers }) => ({
      headers: { ...headers, 'content-type': 'application/json' },
      payload: Buffer.from('{"a":1}'),
    }),
  ],
  [
    'header',
    withHeaders((stream) => ({
      [stream.pick([
        'accept',
        'x-forwarded-for',
        'if-none-match',
        'range',
        'accept-encoding',
        'x-http-method-override',
        'content-encoding',
        'last-event-id',
      ])]: printable(hostileText(stream)),
    })),
  ],
];

const types = [
  'text/plain',
  'application/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/json; charset=gbk',
  'application/jsonx',
  'application/problem+json',
  'json',
  '__proto__',
  'application/json, text/plain',
  '*/*',
];

function garbledId(stream: Stream): string {
  return stream.pick([
    '0',
    '-1',
    '1.0',
    '1e3',
    '01',
    '0x1',
    '%31',
    '9007199254740992',
    '9'.repeat(30),
    '%00',
    '1%00',
    '%E0%A4%A',
    '%FF',
    '%2e%2e',
    '1;drop',
    'null',
    '__proto__',
    'constructor',
    'a'.repeat(22),
    'a'.repeat(200),
    '%D9%A1',
    '',
    encodeURIComponent(stream.pick(hostileTexts)),
  ]);
}

function garbledQuery(stream: Stream): string {
  const name = stream.pick([
    'limit',
    'before_id',
    'after_id',
    'q',
    'status',
    'state',
    '__proto__',
    'constructor',
    'x',
    'q[]',
    'q[a]',
  ]);
  const value = stream.pick([
    '',
    '0',
    '-1',
    '1e2',
    '01',
    '201',
    '9'.repeat(20),
    'NaN',
    '%00',
    '%',
    '%FF',
    encodeURIComponent(hostileText(stream)),
  ]);
  return stream.is(0.2) ? `${name}=${value}&${name}=${value}` : `${name}=${value}`;
}

function garblePath(url: string, stream: Stream): string {
  return stream.pick([
    `${url}/`,
    `/${url}`,
    url.toUpperCase(),
    url.replace('/api', '/api/..'),
    url.replace(/\//g, '//'),
    url.replace('/api', '/%61pi'),
    `${url}%00`,
    `${url}/${'a'.repeat(300)}`,
    url.replace('/finance', '%2ffinance'),
    `${url}?${'a=1&'.repeat(2_000)}`,
  ]);
}

function without(headers: Record<string, string>, ...names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

/** What a header can carry at all. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
