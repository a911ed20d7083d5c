import { NetworkFault, type InboundAnswer, type World } from '#world';
import type { ChannelFault, ChannelFaultCode, Outcome } from '../channel.ts';
import { readCode, type Reading } from './codes.ts';
import { buildRequest, certificateCall, type ApiCall, type Caller } from './requests.ts';
import type { CertificateStore, Trust } from './trust.ts';
import { openAnswer, signer, type Answer } from './verify.ts';

/** A merchant's door to the gateway: who asks, and whose answers are believed. */
export interface Gateway {
  world: World;
  caller: Caller;
  trust: Trust;
  /** Certificates asked for, by SN: one download at a time, and a failed one not again at once. */
  downloads: Map<string, { atMs: number; done: Promise<void> }>;
}

const DOWNLOAD_AGAIN_MS = 60_000;

/** What became of one call. Business fields may be read only where `reading` came from a believed answer. */
export interface Exchange {
  reading: Reading;
  node: Readonly<Record<string, unknown>>;
  /** Technical words for the log, e.g. `40004 ACQ.SYSTEM_ERROR 系统异常`. */
  detail: string;
  channelCode: string | undefined;
  trace: string | undefined;
  /** True when nothing left this machine. */
  notSent: boolean;
}

/**
 * Sends one call, once, and says what the answer is worth (alipay.md 1.6, 1.7). The answer speaks only
 * when it came with status 200, was read without doubt and its signature fits; a certificate that we do
 * not hold yet is fetched first.
 */
export async function ask(gateway: Gateway, call: ApiCall): Promise<Exchange> {
  const answer = await send(gateway, call);
  if ('reading' in answer) return answer;
  const opened = openAnswer(answer.body, call.method);
  const trace = answer.headers['trace_id'];
  if (opened === undefined) return { ...nothing('silent', 'unreadable body'), trace };

  const code = textOf(opened.node, 'code') ?? '';
  const subCode = textOf(opened.node, 'sub_code');
  const signature = await judge(gateway, opened);
  return {
    reading:
      signature === 'wrong' ? 'unverified' : readCode(call.api, code, subCode ?? '', signature === 'right'),
    node: opened.node,
    detail: words(signature, code, subCode, textOf(opened.node, 'sub_msg') ?? textOf(opened.node, 'msg')),
    channelCode: (subCode ?? code).slice(0, 64),
    trace,
    notSent: false,
  };
}

async function send(gateway: Gateway, call: ApiCall): Promise<InboundAnswer | Exchange> {
  try {
    const answer = await gateway.world.send(buildRequest(gateway.caller, call, gateway.world.now()));
    // v1 answers 200 to everything; anything else comes from the road, not from the gateway (1.6).
    if (answer.status === 200) return answer;
    return { ...nothing('silent', `HTTP ${answer.status}`), trace: answer.headers['trace_id'] };
  } catch (error) {
    if (!(error instanceof NetworkFault)) throw error;
    const reading = error.trouble === 'forbidden' ? 'configuration' : 'silent';
    return { ...nothing(reading, error.message), notSent: error.trouble !== 'no_answer' };
  }
}

function nothing(reading: Reading, detail: string): Exchange {
  return { reading, node: {}, detail, channelCode: undefined, trace: undefined, notSent: false };
}

async function judge(
  gateway: Gateway,
  { signedBytes, sign, certSn }: Answer,
): Promise<'right' | 'wrong' | 'absent'> {
  const { keys, certificates } = gateway.trust;
  if (sign === undefined) return 'absent';
  if (signer(signedBytes, sign, keys) !== undefined) return 'right';
  if (certificates === undefined || certSn === undefined || certificates.holds(certSn)) return 'wrong';
  await downloadOnce(gateway, certificates, certSn);
  return signer(signedBytes, sign, keys) === undefined ? 'wrong' : 'right';
}

function downloadOnce(gateway: Gateway, store: CertificateStore, certSn: string): Promise<void> {
  const atMs = gateway.world.now();
  const last = gateway.downloads.get(certSn);
  if (last !== undefined && atMs - last.atMs < DOWNLOAD_AGAIN_MS) return last.done;
  const done = fetchCertificate(gateway, store, certSn);
  gateway.downloads.set(certSn, { atMs, done });
  return done;
}

/**
 * Fetches a certificate that an answer named. Its own answer cannot be verified by signature, as we lack
 * the key: what is believed is the chain up to the configured root (1.8).
 */
async function fetchCertificate(gateway: Gateway, store: CertificateStore, certSn: string): Promise<void> {
  if (!/^[0-9a-f]{32}$/.test(certSn)) return;
  const call = certificateCall(certSn);
  const answer = await send(gateway, call);
  if ('reading' in answer) return;
  const content = textOf(openAnswer(answer.body, call.method)?.node ?? {}, 'alipay_cert_content');
  if (content === undefined) return;
  store.learn(certSn, Buffer.from(content, 'base64').toString('utf8'), gateway.world.now());
}

/** The fault of an exchange, under the exchange's own name or a better one. */
export function faultOf(exchange: Exchange, code: ChannelFaultCode, detail = exchange.detail): ChannelFault {
  const { channelCode, trace, notSent } = exchange;
  return {
    code,
    detail,
    ...(channelCode !== undefined && channelCode !== '' && { channelCode }),
    ...(trace !== undefined && { trace }),
    ...(notSent && { notSent }),
  };
}

const definite: ReadonlySet<ChannelFaultCode> = new Set<ChannelFaultCode>([
  'configuration',
  'declined',
  'bug',
]);

/** An exchange that brought nothing: a definite no, or unknown. A reading of another API's kind is unknown. */
export function without(exchange: Exchange): Outcome<never> {
  const { reading } = exchange;
  if (
    reading === 'done' ||
    reading === 'no_trade' ||
    reading === 'not_closable' ||
    reading === 'no_statement'
  ) {
    return { outcome: 'unknown', fault: faultOf(exchange, 'undocumented') };
  }
  return { outcome: definite.has(reading) ? 'refused' : 'unknown', fault: faultOf(exchange, reading) };
}

/** A text field of a node. Alipay writes all values as strings, amounts above all; a number is not read. */
export function textOf(node: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(node, name) ? node[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function words(signature: string, code: string, ...more: (string | undefined)[]): string {
  const doubt = signature === 'right' ? [] : [`signature ${signature}:`];
  const text = [...doubt, code, ...more].filter((part) => part !== undefined && part !== '').join(' ');
  return text.replace(/\p{Cc}/gu, ' ').slice(0, 300);
}
