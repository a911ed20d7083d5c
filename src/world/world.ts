/**
 * The one door to time, chance and the network. Every operation receives a World and asks nobody
 * else; a test passes a world whose clock it moves and whose chance comes from a seed, and a whole
 * day replays.
 */
export interface World {
  /** Epoch milliseconds. In the simulated world this is the simulators' clock. */
  now(): number;
  /** `count` bytes of chance: the operating system's in production, a seed's in a test. */
  random(count: number): Uint8Array;
  /** Runs `task` once, `delayMs` from now on this world's clock; the answer cancels it. */
  after(delayMs: number, task: () => void): Cancel;
  /** Sends one HTTP request. Throws only `NetworkFault`. Never follows a redirect, never retries. */
  send(request: OutboundRequest): Promise<InboundAnswer>;
}

export type Cancel = () => void;

export interface OutboundRequest {
  method: 'GET' | 'POST';
  /** Exactly what goes on the wire, already percent-encoded. */
  url: string;
  headers: Record<string, string>;
  body?: Uint8Array;
  /** The whole exchange, from connecting to the last byte. */
  timeoutMs: number;
  /** A longer answer is a fault. Default 1 MiB. */
  maxBytes?: number;
  /**
   * For an address that an operator chose: its name is resolved once, all that it leads to must pass
   * here, and the connection goes there and nowhere else, whatever the name says a moment later
   * (security.md 27). Of the answer only status and headers are given; its body is thrown away.
   */
  mayConnect?: (address: string) => boolean;
}

export interface InboundAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Uint8Array;
}

/**
 * `not_sent`: the connection never stood (DNS, refused, TLS): nobody can have acted on the request.
 * `no_answer`: it may have arrived (time-out, reset, answer too long): the outcome is unknown.
 * `forbidden`: our own allow list refused the address; nothing left the machine.
 */
export type NetworkTrouble = 'not_sent' | 'no_answer' | 'forbidden';

export class NetworkFault extends Error {
  readonly trouble: NetworkTrouble;
  /** For the log: a short technical reason without addresses of ours or secrets. */
  readonly detail: string;
  constructor(trouble: NetworkTrouble, detail: string) {
    super(`${trouble}: ${detail}`);
    this.name = 'NetworkFault';
    this.trouble = trouble;
    this.detail = detail;
  }
}

/** Waits on the world's clock. An abort ends the wait early, without an error. */
export function pause(world: World, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const cancel = world.after(delayMs, done);
    function done(): void {
      signal?.removeEventListener('abort', early);
      resolve();
    }
    function early(): void {
      cancel();
      done();
    }
    signal?.addEventListener('abort', early, { once: true });
  });
}

/** A whole number from 0 up to, not including, `below` (≤ 2^32), without bias that matters. */
export function randomBelow(world: World, below: number): number {
  const bytes = world.random(6);
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value % below;
}

/** `baseMs` varied by ±`share` (0.2 = ±20 %), in whole milliseconds, so that many waiters do not act in step. */
export function jitter(world: World, baseMs: number, share = 0.2): number {
  const base = Math.round(baseMs);
  const spread = Math.round(base * share);
  return spread === 0 ? base : base - spread + randomBelow(world, 2 * spread + 1);
}
