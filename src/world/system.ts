import { randomBytes } from 'node:crypto';
import { asFault } from './network-faults.ts';
import { sendPinned } from './pinned.ts';
import { NetworkFault, type Cancel, type InboundAnswer, type OutboundRequest, type World } from './world.ts';

const MAX_ANSWER_BYTES = 1_048_576;
/** setTimeout takes no longer delay than this; a longer one is waited for in pieces. */
const LONGEST_TIMER_MS = 2_147_000_000;

/**
 * The real world: the machine's clock, the operating system's chance, the network. `allowed` says to
 * which origins a request may go at all; anything else never leaves the machine (security.md 27).
 */
export function systemWorld(allowed: (url: URL) => boolean): World {
  return {
    now: () => Date.now(),
    random: (count) => randomBytes(count),
    after: systemTimer,
    send: (request) =>
      request.mayConnect === undefined ? sendOverNetwork(request, allowed) : sendPinned(request, allowed),
  };
}

export function systemTimer(delayMs: number, task: () => void): Cancel {
  const wait = Math.max(0, delayMs);
  let cancel: Cancel;
  if (wait > LONGEST_TIMER_MS) {
    const timer = setTimeout(() => {
      cancel = systemTimer(wait - LONGEST_TIMER_MS, task);
    }, LONGEST_TIMER_MS);
    cancel = () => clearTimeout(timer);
  } else {
    const timer = setTimeout(task, wait);
    cancel = () => clearTimeout(timer);
  }
  return () => cancel();
}

/** One HTTP exchange by `fetch`: no redirect is followed, no proxy from the environment, no retry. */
export async function sendOverNetwork(
  request: OutboundRequest,
  allowed: (url: URL) => boolean,
): Promise<InboundAnswer> {
  const url = URL.parse(request.url);
  if (url === null || !allowed(url)) throw new NetworkFault('forbidden', 'address is not on the allow list');
  try {
    const answer = await fetch(url, {
      method: request.method,
      headers: request.headers,
      body: request.body === undefined ? null : Buffer.from(request.body),
      redirect: 'manual',
      signal: AbortSignal.timeout(request.timeoutMs),
    });
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: await readUpTo(answer, request.maxBytes ?? MAX_ANSWER_BYTES),
    };
  } catch (error) {
    throw asFault(error);
  }
}

async function readUpTo(answer: Response, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    length += piece.byteLength;
    if (length > maxBytes) throw new NetworkFault('no_answer', 'the answer is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
