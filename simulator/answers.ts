/** The answers of the simulators' own pages and control API. (The gateways word their own.) */
import type { GatewayAnswer } from './kernel/contract.ts';

export function json(status: number, body: unknown, type = 'application/json'): GatewayAnswer {
  return {
    kind: 'answer',
    status,
    headers: { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' },
    body: Buffer.from(JSON.stringify(body)),
  };
}

export interface Problem {
  status: number;
  code: string;
  /** For people, Chinese first. */
  detail: string;
  /** Bad input: which field broke which rule. */
  field?: string;
  rule?: string;
  /** What the wallet would show. */
  words?: string;
}

/** RFC 9457. */
export function problem(what: Problem): GatewayAnswer {
  return json(what.status, { type: 'about:blank', title: what.code, ...what }, 'application/problem+json');
}
