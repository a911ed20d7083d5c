import type { Operations } from './types.ts';

/**
 * A trouble that the service named (an RFC 9457 problem), or one of the two that only a browser sees:
 * `network_down` (no answer came; what became of the request is unknown) and `unreadable_answer`.
 */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly field: string | undefined;
  readonly rule: string | undefined;
  readonly zh: string;
  readonly en: string;
  /** What else the problem carries: `session_id`, `payable_until` … */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(facts: Record<string, unknown>, status: number) {
    const text = (name: string): string | undefined =>
      typeof facts[name] === 'string' ? facts[name] : undefined;
    super(text('detail') ?? text('title') ?? text('code') ?? `HTTP ${status}`);
    this.name = 'Problem';
    this.code = text('code') ?? 'unreadable_answer';
    this.status = status;
    this.field = text('field');
    this.rule = text('rule');
    this.zh = text('zh') ?? '服务没有给出可读的回答，请稍后再试';
    this.en = text('en') ?? 'The service gave no readable answer; try again';
    this.facts = facts;
  }

  /** A fact that is text, `session_id` for one. */
  fact(name: string): string | undefined {
    const value = this.facts[name];
    return typeof value === 'string' ? value : undefined;
  }
}

type Asked<K extends keyof Operations> = Omit<Operations[K], 'answer'>;
type Answer<K extends keyof Operations> = Operations[K]['answer'];

export interface Extra {
  signal?: AbortSignal;
  /** Repeats the key of an earlier call that got no answer, so that both are one. */
  idempotencyKey?: string;
}

/**
 * Calls one operation of the contract.
 * operation  `'GET /api/v1/finance/bills/{id}'`: the key of the generated table
 * asked      its `path`, `query` and `body`
 * throws     Problem, and AbortError when `signal` ends it
 */
export async function ask<K extends keyof Operations>(
  operation: K,
  asked: Asked<K>,
  extra: Extra = {},
): Promise<Answer<K>> {
  const blank = operation.indexOf(' ');
  const method = operation.slice(0, blank);
  const { path, query, body } = asked as { path?: Values; query?: Values; body?: unknown };
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET') headers['content-type'] = 'application/json';
  if (method === 'POST') headers['idempotency-key'] = extra.idempotencyKey ?? newKey();

  const answer = await send(address(operation.slice(blank + 1), path, query), {
    method,
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
    ...(extra.signal === undefined ? {} : { signal: extra.signal }),
  });
  return answer as Answer<K>;
}

type Values = Record<string, string | number | boolean | undefined>;

async function send(url: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new Problem(
      { code: 'network_down', zh: '网络已断开，没有收到回答', en: 'No connection; no answer came' },
      0,
    );
  }
  if (response.status === 204) return undefined;
  const content: unknown = await response.json().catch(() => undefined);
  if (response.ok && content !== undefined) return content;
  throw new Problem(isRecord(content) ? content : {}, response.status);
}

function address(template: string, path: Values = {}, query: Values = {}): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const tail = search.toString();
  return tail === '' ? filled : `${filled}?${tail}`;
}

/** 128 bits of chance in hex. `crypto.randomUUID` does not exist on http in a clinic's own network. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
