import { NetworkFault, type InboundAnswer, type World } from '#world';
import type { Call, Patience } from './requests.ts';
import { authorization, type Signer } from './sign.ts';

/** What came of a call on the wire, before anybody believed it. */
export type Exchange =
  | {
      answer: InboundAnswer;
      /** An earlier send of this call got no answer: it may have arrived, and acted, all the same. */
      unansweredBefore: boolean;
    }
  | {
      answer: undefined;
      /** `not_sent`: no send of this call can have reached the channel. */
      trouble: 'not_sent' | 'no_answer' | 'forbidden';
      detail: string;
    };

/** Together the 10 s that somebody at the counter waits. */
export const ordinaryPatience: Patience = [6_000, 4_000];

const NO_BODY = new Uint8Array();
const USER_AGENT = 'zhenfu/0.1';

/**
 * Sends a call to the main host and, after a failure of the connection alone, once more to the backup
 * host: the same number and bytes, a fresh nonce, time and signature. Safe because every call is
 * idempotent by its number, and a create asks `mayStillSend` before each send.
 * hosts    one or two gateway URLs
 * source   WeChat Pay v3, 跨城冗灾 (wechatpay.md 1)
 */
export async function exchange(
  world: World,
  signer: Signer,
  hosts: readonly string[],
  call: Call,
  answerKeyId: string | undefined,
  patience: Patience,
): Promise<Exchange> {
  const failed: NetworkFault[] = [];
  for (const [turn, host] of hosts.entries()) {
    if (call.mayStillSend?.() === false) {
      failed.push(new NetworkFault('not_sent', 'not sent: the time of this order is over'));
      break;
    }
    const timeoutMs = hosts.length === 1 ? patience[0] + patience[1] : (patience[turn] ?? patience[1]);
    try {
      const answer = await send(world, signer, new URL(call.target, host), call, answerKeyId, timeoutMs);
      return { answer, unansweredBefore: failed.some((fault) => fault.trouble === 'no_answer') };
    } catch (error) {
      if (!(error instanceof NetworkFault)) throw error;
      failed.push(error);
      if (error.trouble === 'forbidden') break;
    }
  }
  const worst = failed.find((fault) => fault.trouble === 'no_answer') ?? failed.at(-1);
  return {
    answer: undefined,
    trouble: worst?.trouble ?? 'not_sent',
    detail: failed.map((fault) => fault.message).join('; '),
  };
}

/** Signs and sends the same URL object's path and query, so that both are spelt alike (wechatpay.md 2.4). */
function send(
  world: World,
  signer: Signer,
  url: URL,
  call: Call,
  answerKeyId: string | undefined,
  timeoutMs: number,
): Promise<InboundAnswer> {
  const target = url.pathname + url.search;
  return world.send({
    method: call.method,
    url: url.origin + target,
    headers: {
      authorization: authorization(world, signer, call.method, target, call.body ?? NO_BODY),
      accept: call.accept ?? 'application/json',
      'accept-language': 'zh-CN',
      'user-agent': USER_AGENT,
      ...(call.body !== undefined && { 'content-type': 'application/json' }),
      ...(answerKeyId !== undefined && { 'wechatpay-serial': answerKeyId }),
    },
    ...(call.body !== undefined && { body: call.body }),
    timeoutMs,
    ...(call.maxBytes !== undefined && { maxBytes: call.maxBytes }),
  });
}
