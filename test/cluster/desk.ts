import type { Stream } from '../simulation/chance.ts';
import type { Parsed } from '../clinic.ts';
import type { Instance } from './instance.ts';

export interface Answer {
  status: number;
  body: Parsed;
}

/** No answer that says anything: the instance died, stands still, or has no database at the moment. */
export const CUT = Symbol('cut');

const PATIENCE_MS = 8_000;
const AVOIDED_MS = 5_000;
/** Come again: no fault of the asker, nothing decided. */
const LATER = new Set(['unavailable', 'idempotency_in_progress', 'rate_limited']);
/** What a server may say about others; anything else above 499 is a fault of ours. */
const KNOWN = new Set(['unavailable', 'channel_silent', 'channel_declined']);

/**
 * The counter's way to the instances: any of them, whoever is up or seems so. An answer that no
 * instance may ever give is a breach.
 */
export class Desk {
  readonly breaches: string[] = [];
  readonly counts = new Map<string, number>();
  readonly #instances: readonly Instance[];
  readonly #keys: readonly string[];
  /** When an instance last gave no answer. */
  readonly #silent = new Map<Instance, number>();

  /** `keys`: of the clinic's system, and of the second person who approves. */
  constructor(instances: readonly Instance[], keys: readonly string[]) {
    this.#instances = instances;
    this.#keys = keys;
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  async ask(
    stream: Stream,
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    more: { key?: string; person?: number; at?: number } = {},
  ): Promise<Answer | typeof CUT> {
    const instance = this.#instanceFor(stream, more.at);
    const headers: Record<string, string> = { authorization: `Bearer ${this.#keys[more.person ?? 0] ?? ''}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (more.key !== undefined) headers['idempotency-key'] = more.key;
    try {
      const answer = await fetch(`${instance?.url ?? ''}/api/v1/finance${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const text = await answer.text();
      const read: Answer = { status: answer.status, body: text === '' ? null : JSON.parse(text) };
      this.count(`answer ${answer.status}${answer.status < 400 ? '' : ` ${String(read.body?.code)}`}`);
      if (answer.status === 500 || (answer.status > 500 && !KNOWN.has(String(read.body?.code))))
        this.breaches.push(`${method} ${path} on ${instance?.name ?? ''}: ${answer.status} ${text}`);
      return answer.status >= 400 && LATER.has(String(read.body?.code)) ? CUT : read;
    } catch {
      this.count('no answer');
      if (instance !== undefined) this.#silent.set(instance, performance.now());
      return CUT;
    }
  }

  /** Who is up; one that gave no answer a moment ago is asked seldom, as a balancer would. */
  #instanceFor(stream: Stream, wished: number | undefined): Instance | undefined {
    const up = this.#instances.filter((one) => one.up);
    const lively = up.filter(
      (one) => performance.now() - (this.#silent.get(one) ?? -Infinity) > AVOIDED_MS || stream.is(0.05),
    );
    const standing = lively.length === 0 ? up : lively;
    return standing[(wished ?? stream.below(2)) % standing.length] ?? this.#instances[0];
  }
}
