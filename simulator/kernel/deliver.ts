/** The way out over real HTTP: posts a notification to the merchant, as the channels do. */
import type { Deliver } from './contract.ts';

/** No answer of a merchant is longer than a few words; more is not read. */
const MOST_ANSWER_BYTES = 64 * 1024;

const loopbackNames = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** True for a host name that can only mean this machine. */
export function isLoopback(hostname: string): boolean {
  return loopbackNames.test(hostname);
}

/**
 * The one liberty against the real channels: http is let through to loopback and to `plainHosts`
 * (a container's neighbours), https anywhere. Redirects are answers, not ways to go.
 */
export function deliverOverHttp(plainHosts: readonly string[] = []): Deliver {
  return async (url, headers, body, timeoutMs) => {
    const target = new URL(url);
    const plainAllowed = isLoopback(target.hostname) || plainHosts.includes(target.hostname);
    if (target.protocol !== 'https:' && !(target.protocol === 'http:' && plainAllowed)) {
      throw new Error(
        `notify address refused: ${target.protocol}//${target.hostname} is neither https nor loopback`,
      );
    }
    const answer = await fetch(target, {
      method: 'POST',
      headers,
      body: Uint8Array.from(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: answer.status, body: await readUpTo(answer, MOST_ANSWER_BYTES) };
  };
}

async function readUpTo(answer: Response, mostBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const stream: AsyncIterable<Uint8Array> | [] = answer.body ?? [];
  for await (const part of stream) {
    parts.push(part);
    length += part.length;
    if (length > mostBytes) break;
  }
  return Buffer.concat(parts).subarray(0, mostBytes);
}
