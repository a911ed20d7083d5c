import type { Socket } from 'node:net';
import type { ConnectionError, FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { StoreUnavailable } from '#store';
import { troubles, type Refusal, type TroubleCode } from '#trouble';

/** RFC 9457, with our stable `code` and the words for people in both languages. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: TroubleCode;
  detail: string;
  zh: string;
  en: string;
  field?: string;
  rule?: string;
  [fact: string]: unknown;
}

export function problemOf(refusal: Refusal): Problem {
  const trouble = troubles[refusal.refused];
  return {
    type: `urn:zhenfu:problem:${refusal.refused}`,
    title: trouble.en,
    status: trouble.status,
    code: refusal.refused,
    detail: refusal.rule === undefined ? trouble.zh : `${trouble.zh}：${refusal.rule}`,
    zh: trouble.zh,
    en: trouble.en,
    ...(refusal.field === undefined ? {} : { field: refusal.field }),
    ...(refusal.rule === undefined ? {} : { rule: refusal.rule }),
    ...refusal.facts,
  };
}

/** Says no: the one way in which a route answers a refusal. */
export function sayNo(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const problem = problemOf(refusal);
  if (problem.status === 429 || refusal.refused === 'idempotency_in_progress')
    void reply.header('retry-after', '1');
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

/** What the framework throws, in our words; the detail of a fault of ours goes to the log, never out. */
export function refusalOf(error: FastifyError | Error): Refusal {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const first = error.validation[0];
    const path = first?.instancePath.split('/').filter(Boolean).join('.') ?? '';
    return {
      refused: 'invalid_input',
      field: fieldOf(path, first?.params),
      rule: first?.message ?? 'see the schema',
    };
  }
  if (error instanceof StoreUnavailable) return { refused: 'unavailable' };
  const code = 'code' in error ? error.code : undefined;
  const known = typeof code === 'string' ? frameworkCodes[code] : undefined;
  if (known !== undefined) return { refused: known };
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status === 429) return { refused: 'rate_limited' };
  if (status === 400) return { refused: 'invalid_input', field: 'request', rule: 'malformed' };
  return { refused: 'internal' };
}

const frameworkCodes: Readonly<Record<string, TroubleCode>> = {
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_json',
  ZF_MALFORMED_JSON: 'malformed_json',
  ZF_DUPLICATE_KEY: 'duplicate_key',
};

/** An unknown key stands beside the path, not in it. */
function fieldOf(path: string, params: unknown): string {
  const key = unknownKeys(params)[0];
  if (key !== undefined) return path === '' ? key : `${path}.${key}`;
  return path === '' ? 'body' : path;
}

function unknownKeys(params: unknown): string[] {
  if (typeof params !== 'object' || params === null || !('keys' in params) || !Array.isArray(params.keys))
    return [];
  return params.keys.filter((key): key is string => typeof key === 'string');
}

export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalOf(error);
  if (refusal.refused === 'internal')
    request.log.error({ event: 'internal', detail: error.message, stack: error.stack });
  return sayNo(reply, refusal);
}

/** What is no HTTP at all never becomes a request: refused on the bare socket, in the same words. */
export function answerBrokenHttp(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const body = JSON.stringify(problemOf({ refused: 'invalid_input', field: 'request', rule: 'malformed' }));
  if (socket.writable) {
    socket.write(
      'HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n' +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroy();
}
