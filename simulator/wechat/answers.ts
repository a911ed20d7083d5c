/** From a reply to bytes on the wire: headers, signature, and the weather that spoils them. */
import type { GatewayAnswer, Kernel, Weather } from '../kernel/contract.ts';
import { requestId } from './identifiers.ts';
import { probeSignature, signatureHeaders } from './platform.ts';
import type { SigningKey } from './platform.ts';
import type { Reply } from './replies.ts';

/** Beyond the five minutes of the window (3.2). */
const staleByMs = 10 * 60 * 1000;

export function toAnswer(kernel: Kernel, weather: Weather, reply: Reply, key: SigningKey): GatewayAnswer {
  const body = bodyOf(reply);
  const headers = { ...commonHeaders(kernel), ...traceHeader(kernel, reply) };
  if (reply.kind === 'empty') return { kind: 'answer', status: reply.status, headers, body };
  if (reply.kind === 'file') {
    return { kind: 'answer', status: 200, headers: { ...headers, 'Content-Type': 'text/plain' }, body };
  }
  // On a 204 too: some SDKs read the content type of every success (section 14).
  const typed = { ...headers, 'Content-Type': 'application/json; charset=utf-8' };
  const signature = isSigned(reply, weather) ? spoil(kernel, weather, body, key) : {};
  return { kind: 'answer', status: reply.status, headers: { ...typed, ...signature }, body };
}

/** The page of a proxy before the gateway. */
export function htmlAnswer(kernel: Kernel): GatewayAnswer {
  const page =
    '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n';
  const headers = { ...commonHeaders(kernel), 'Content-Type': 'text/html' };
  return { kind: 'answer', status: 502, headers, body: Buffer.from(page) };
}

function isSigned(reply: Reply, weather: Weather): boolean {
  return reply.kind === 'done' || (reply.kind === 'refused' && weather.wechat_sign_business_errors);
}

function spoil(kernel: Kernel, weather: Weather, body: Uint8Array, key: SigningKey): Record<string, string> {
  if (kernel.draw(weather.answer_unsigned)) return {};
  const now = kernel.clock.channelNow();
  const at = kernel.draw(weather.answer_stale) ? now - staleByMs : now;
  if (!kernel.draw(weather.answer_wrong_signature)) return signatureHeaders(key, body, at, kernel.chance);
  if (kernel.draw(0.5)) {
    return {
      ...signatureHeaders(key, body, at, kernel.chance),
      'Wechatpay-Signature': probeSignature(kernel.chance),
    };
  }
  // A well-formed signature of other bytes.
  return signatureHeaders(key, Buffer.concat([body, Buffer.from(' ')]), at, kernel.chance);
}

function bodyOf(reply: Reply): Uint8Array {
  if (reply.kind === 'empty' || reply.body === undefined) return new Uint8Array();
  if (reply.kind === 'file') return reply.body;
  return Buffer.from(JSON.stringify(reply.body));
}

function traceHeader(kernel: Kernel, reply: Reply): Record<string, string> {
  if (reply.kind === 'empty') return {};
  const number = reply.kind === 'done' || reply.kind === 'file' ? 0 : reply.number;
  return number === undefined ? {} : { 'Request-ID': requestId(kernel.chance, number) };
}

/** `Date` is the channel's own clock: a merchant compares it with theirs after a 401 (2.3). */
function commonHeaders(kernel: Kernel): Record<string, string> {
  return {
    Server: 'nginx',
    Date: new Date(kernel.clock.channelNow()).toUTCString(),
    'Keep-Alive': 'timeout=8',
    'Cache-Control': 'no-cache, must-revalidate',
    'X-Content-Type-Options': 'nosniff',
    'Content-Language': 'zh-CN',
  };
}
