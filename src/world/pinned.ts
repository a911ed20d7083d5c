import { lookup } from 'node:dns/promises';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { asFault } from './network-faults.ts';
import { NetworkFault, type InboundAnswer, type OutboundRequest } from './world.ts';

export interface PinnedAddress {
  address: string;
  family: number;
}

/** Where a name leads; the machine's own resolver, or a test's. */
type Resolve = (name: string) => Promise<readonly PinnedAddress[]>;

const byMachine: Resolve = (name) => lookup(name, { all: true, order: 'verbatim' });

/** Of an answer that nobody reads, this much is let in before the connection is cut. */
const DRAIN_BYTES = 65_536;

/**
 * One HTTP exchange with an address that an operator chose (`mayConnect`): resolved once, judged, and
 * connected to exactly there; certificates are still checked against the name. No redirect is
 * followed, no proxy of the environment used, nothing repeated. Throws only `NetworkFault`.
 */
export async function sendPinned(
  request: OutboundRequest,
  allowed: (url: URL) => boolean,
  resolve: Resolve = byMachine,
): Promise<InboundAnswer> {
  const url = URL.parse(request.url);
  if (url === null || !allowed(url)) throw new NetworkFault('forbidden', 'address is not on the allow list');
  const signal = AbortSignal.timeout(request.timeoutMs);
  try {
    const addresses = await beforeAbort(addressesOf(url, resolve), signal);
    // One forbidden address among good ones is no mistake that anybody makes: the whole name is refused.
    const mayConnect = request.mayConnect ?? (() => false);
    if (!addresses.every(({ address }) => mayConnect(address)))
      throw new NetworkFault('forbidden', 'the name leads to an address that is not allowed');
    return await exchange(request, url, addresses, signal);
  } catch (error) {
    throw asFault(error);
  }
}

async function addressesOf(url: URL, resolve: Resolve): Promise<readonly PinnedAddress[]> {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(name);
  const addresses = family === 0 ? await resolve(name) : [{ address: name, family }];
  if (addresses.length === 0) throw new NetworkFault('not_sent', 'the name leads nowhere');
  return addresses;
}

/** A resolver cannot be called off; its answer can be left unheard. */
function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = new Promise<never>((_resolve, reject) => {
    const give = (): void => reject(new NetworkFault('not_sent', 'the name was not resolved in time'));
    signal.addEventListener('abort', give, { once: true });
  });
  return Promise.race([work, late]);
}

function exchange(
  request: OutboundRequest,
  url: URL,
  addresses: readonly PinnedAddress[],
  signal: AbortSignal,
): Promise<InboundAnswer> {
  return new Promise((resolve, reject) => {
    const { request: open } = url.protocol === 'https:' ? https : http;
    const asked = open(url, {
      method: request.method,
      headers: request.headers,
      // A fresh connection each time: a kept one would outlive the judgement about its address.
      agent: false,
      rejectUnauthorized: true,
      signal,
      lookup: (_name, options, answer) => {
        const [first] = addresses;
        if (options.all === true) answer(null, [...addresses]);
        else answer(null, first?.address ?? '', first?.family);
      },
    });
    asked.on('error', reject);
    // An answer that is none, such as a change of protocol, ends the connection without a word.
    asked.on('close', () => reject(new NetworkFault('no_answer', 'closed without an answer')));
    asked.on('response', (answer) => {
      drain(answer);
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(answer.headers)) headers[name] = String(value);
      resolve({ status: answer.statusCode ?? 0, headers, body: new Uint8Array() });
    });
    asked.end(request.body);
  });
}

/** Lets the other side finish what it says, within bounds; what goes wrong there no longer matters. */
function drain(answer: http.IncomingMessage): void {
  let seen = 0;
  answer.on('error', () => undefined);
  answer.on('data', (piece: Buffer) => {
    seen += piece.byteLength;
    if (seen > DRAIN_BYTES) answer.destroy();
  });
}

/** The addresses by which this machine is reached, as text. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
}
