/** What comes in: parameters from query and body, in the sender's charset, and the text they sign. */
import querystring, { parse } from 'node:querystring';
import { MIMEType } from 'node:util';
import iconv from 'iconv-lite';
import type { GatewayRequest } from '../kernel/contract.ts';

declare module 'node:querystring' {
  /** Exported by Node, missing in its types: percent-decoding that stops at the bytes. */
  function unescapeBuffer(text: string): Buffer;
}

/** The two charsets the gateway allows; `gb2312` of old pages is read as the GBK that contains it. */
export type Charset = 'utf-8' | 'gbk';

export interface Received {
  params: Map<string, string>;
  /** How the body was read and how the answer is written. */
  charset: Charset;
  /** The charset as the sender named it, when it is none of ours. */
  unknownCharset?: string;
  /** A name that came twice with different values. */
  contradiction?: string;
}

/**
 * Merges query and body. The charset is looked for in the query first, because it must be known before
 * the body can be read; then in the Content-Type; without either it is GBK, as at the real gateway.
 */
export async function receive(request: GatewayRequest): Promise<Received> {
  const query = request.target.split('?')[1] ?? '';
  const type = mediaType(request.headers['content-type']);
  const named = parse(query)['charset'] ?? type?.params.get('charset') ?? 'gbk';
  const charset = charsetOf(String(named));
  const received: Received = { params: new Map(), charset: charset ?? 'utf-8' };
  if (charset === undefined) received.unknownCharset = String(named);
  for (const [name, value] of readForm(query, received.charset)) put(received, name, value);
  for (const [name, value] of await readBody(request, type, received.charset)) put(received, name, value);
  return received;
}

/** The names of 1.2 in every case: `UTF-8`, `utf8`, `GBK`, `gb2312`. */
function charsetOf(name: string): Charset | undefined {
  if (/^utf-?8$/i.test(name)) return 'utf-8';
  return /^(gbk|gb2312|gb18030)$/i.test(name) ? 'gbk' : undefined;
}

export function encodeText(text: string, charset: Charset): Buffer {
  return charset === 'utf-8' ? Buffer.from(text, 'utf8') : iconv.encode(text, 'gbk');
}

/**
 * 待签名字符串: names in ASCII order, raw values, without `sign` and without empty values. Requests keep
 * `sign_type` in it; notifications do not (1.4 and 4.3).
 */
export function canonical(params: Iterable<readonly [string, string]>, without: readonly string[]): string {
  return [...params]
    .filter(([name, value]) => value !== '' && !without.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

async function readBody(
  request: GatewayRequest,
  media: MIMEType | undefined,
  charset: Charset,
): Promise<(readonly [string, string])[]> {
  if (request.body.length === 0) return [];
  if (media?.essence !== 'multipart/form-data') {
    return readForm(Buffer.from(request.body).toString('latin1'), charset);
  }
  const type = { 'content-type': request.headers['content-type'] ?? '' };
  const whole = new Response(Uint8Array.from(request.body), { headers: type });
  // oxlint-disable-next-line typescript/no-deprecated -- its warning is about long uploads; ours end at 1 MiB
  const form = await whole.formData();
  // Files are not part of the signed text, and no API of ours takes one.
  return [...form].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));
}

/** Percent-decoding into bytes first: only then can the bytes be read in their charset. */
function readForm(form: string, charset: Charset): (readonly [string, string])[] {
  const decode = (text: string): string => {
    const bytes = querystring.unescapeBuffer(text);
    return charset === 'utf-8' ? bytes.toString('utf8') : iconv.decode(bytes, 'gbk');
  };
  const fields = parse(form, '&', '=', { decodeURIComponent: decode });
  return Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((one) => [name, one] as const),
  );
}

function put(received: Received, name: string, value: string): void {
  const before = received.params.get(name);
  if (before !== undefined && before !== value) received.contradiction = name;
  received.params.set(name, value);
}

function mediaType(header: string | undefined): MIMEType | undefined {
  try {
    return header === undefined ? undefined : new MIMEType(header);
  } catch {
    return undefined;
  }
}
