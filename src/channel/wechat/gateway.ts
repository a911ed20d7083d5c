import type { World } from '#world';
import type { ChannelFault, Outcome } from '../channel.ts';
import { readJson, readUtf8 } from '#json';
import { readCertificates, type KeyRing } from './keys.ts';
import { certificateList, type Call, type Patience } from './requests.ts';
import type { Signer } from './sign.ts';
import { translateError } from './translate.ts';
import { exchange, ordinaryPatience, type Exchange } from './transport.ts';
import { isSigned, verifyMessage, type SignedMessage, type Verdict } from './verify.ts';

/** An answer that may be believed: verified, or an error without a signature (wechatpay.md 3.3). */
export interface Answer {
  status: number;
  /** The body as JSON; undefined where there is none, or an error came without JSON. */
  json: unknown;
  trace?: string;
  /** See `Exchange`: then even a definite no leaves it open what the first send did. */
  unansweredBefore: boolean;
}

/** The gateway as the rest of the adapter sees it: what it hands over has been verified, files apart. */
export interface WechatGateway {
  ask(call: Call): Promise<Outcome<Answer>>;
  /** A file comes without a signature: it is nothing before its digest was compared (wechatpay.md 10.2). */
  fetchFile(call: Call): Promise<Outcome<Uint8Array>>;
  /** Verifies an answer or a notification; for an unknown serial the certificates are fetched again, once. */
  verify(message: SignedMessage): Promise<Verdict>;
  refreshKeys(): Promise<Outcome<{ keyIds: string[] }>>;
}

/** At most one download a minute may be caused by serials that nobody knows: anybody can invent them. */
const REFRESH_PAUSE_MS = 60_000;
/** A notification must be answered within 5 s, fetching a certificate for it included. */
const hurriedPatience: Patience = [2_500, 2_000];

export function makeGateway(
  world: World,
  signer: Signer,
  hosts: readonly string[],
  ring: KeyRing,
  apiV3Keys: () => readonly string[],
): WechatGateway {
  let download: Promise<Outcome<{ keyIds: string[] }>> | undefined;
  let refreshedAtMs = Number.NEGATIVE_INFINITY;

  const send = (call: Call, patience: Patience) =>
    exchange(
      world,
      signer,
      call.origin === undefined ? hosts : [call.origin],
      call,
      ring.preferred(world.now()),
      patience,
    );

  async function ask(call: Call): Promise<Outcome<Answer>> {
    const came = await send(call, call.patience ?? ordinaryPatience);
    if (came.answer === undefined) return unanswered(came);
    return believe(came, await verdictOn(came.answer, verify));
  }

  async function fetchFile(call: Call): Promise<Outcome<Uint8Array>> {
    const came = await send(call, call.patience ?? ordinaryPatience);
    if (came.answer === undefined) return unanswered(came);
    if (came.answer.status === 200) return { outcome: 'done', value: came.answer.body };
    const answer = believe(came, await verdictOn(came.answer, verify));
    return answer.outcome === 'done' ? translateError('file', answer.value) : answer;
  }

  async function verify(message: SignedMessage): Promise<Verdict> {
    const verdict = verifyMessage(message, world.now(), ring.find);
    if (verdict.good || verdict.reason !== 'key_unknown') return verdict;
    if (Math.abs(world.now() - refreshedAtMs) < REFRESH_PAUSE_MS) await download;
    else await refresh(hurriedPatience);
    return verifyMessage(message, world.now(), ring.find);
  }

  /** Callers that come together share one download. */
  function refresh(patience: Patience): Promise<Outcome<{ keyIds: string[] }>> {
    refreshedAtMs = world.now();
    download ??= downloadCertificates(patience).finally(() => {
      download = undefined;
    });
    return download;
  }

  /** Keeps the last good set whatever happens. The answer is verified with the certificates in it. */
  async function downloadCertificates(patience: Patience): Promise<Outcome<{ keyIds: string[] }>> {
    const came = await send(certificateList, patience);
    if (came.answer === undefined) return unanswered(came);
    const listed =
      came.answer.status === 200 ? readCertificates(readJson(readUtf8(came.answer.body)), apiV3Keys()) : [];
    if ('problem' in listed) return unreadable(listed.problem);
    const find = (serial: string) => listed.find((one) => one.serial === serial)?.key ?? ring.find(serial);
    const answer = believe(
      came,
      await verdictOn(came.answer, (message) => Promise.resolve(verifyMessage(message, world.now(), find))),
    );
    if (answer.outcome !== 'done') return answer;
    if (answer.value.status === 200) {
      ring.replaceCertificates(listed);
      return { outcome: 'done', value: { keyIds: ring.ids() } };
    }
    // A merchant with the public key has no platform certificates: nothing is missing (4.2).
    if (answer.value.status === 404 && ring.hasPublicKey) {
      return { outcome: 'done', value: { keyIds: ring.ids() } };
    }
    return translateError('certificates', answer.value);
  }

  return { ask, fetchFile, verify, refreshKeys: () => refresh(ordinaryPatience) };
}

/** A 2xx is nothing without its signature. An error may come unsigned, but never badly signed. */
async function verdictOn(
  answer: SignedMessage & { status: number },
  verify: (message: SignedMessage) => Promise<Verdict>,
): Promise<Verdict | undefined> {
  const success = answer.status >= 200 && answer.status < 300;
  return success || isSigned(answer.headers) ? verify(answer) : undefined;
}

function believe(
  came: Extract<Exchange, { unansweredBefore: boolean }>,
  verdict: Verdict | undefined,
): Outcome<Answer> {
  const { status, headers, body } = came.answer;
  const trace = headers['request-id'];
  const known = trace === undefined ? {} : { trace };
  if (verdict?.good === false) {
    const detail = `HTTP ${status} not believed: ${verdict.reason}, ${verdict.detail}`;
    return { outcome: 'unknown', fault: { code: 'unverified', detail, ...known } };
  }
  const json = readJson(readUtf8(body));
  if (json === undefined && (status === 200 || status === 202) && body.length > 0) {
    return { outcome: 'unknown', fault: { code: 'silent', detail: `HTTP ${status} without JSON`, ...known } };
  }
  return { outcome: 'done', value: { status, json, unansweredBefore: came.unansweredBefore, ...known } };
}

function unanswered(came: Extract<Exchange, { answer: undefined }>): Outcome<never> {
  if (came.trouble === 'forbidden') {
    return { outcome: 'refused', fault: { code: 'configuration', detail: came.detail, notSent: true } };
  }
  const fault: ChannelFault = { code: 'silent', detail: came.detail };
  return { outcome: 'unknown', fault: came.trouble === 'not_sent' ? { ...fault, notSent: true } : fault };
}

function unreadable(problem: 'malformed' | 'undecryptable'): Outcome<never> {
  if (problem === 'malformed') {
    return {
      outcome: 'unknown',
      fault: { code: 'unverified', detail: 'the list of certificates is malformed' },
    };
  }
  const detail = 'the certificates do not open with this APIv3 key (is WECHAT_API_KEY the key of API v2?)';
  return { outcome: 'refused', fault: { code: 'configuration', detail } };
}
