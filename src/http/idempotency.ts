import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  forgetIdempotencyKey,
  idempotencyKey,
  insertIdempotencyKey,
  keepAnswerOfKey,
  takeOverIdempotencyKey,
  type IdempotencyRow,
} from '#sql/idempotency';
import { StoreUnavailable, UniqueViolation, type Store } from '#store';
import { refuse, type Refusal } from '#trouble';
import type { World } from '#world';
import { sayNo } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while a request with an Idempotency-Key runs; what it creates is found again by this. */
    requestKey: string | undefined;
    idempotencyRow: number | undefined;
  }
}

/** Longer than any request may take; then its successor resumes it. */
const RUNNING_MS = 60_000;
const KEY = /^[\x21-\x7e]{1,128}$/;

interface Parts {
  world: World;
  store: Store;
  clinic: { id: number };
}

/**
 * `Idempotency-Key` on every POST (I-17): the first body wins; the same key and body answer word for
 * word; another body is refused; while the first runs, 409; what died half-way is resumed, and finds
 * by `requestKey` what it made. 5xx and invalid input are not kept.
 */
export function keepIdempotency(app: FastifyInstance, parts: Parts): void {
  app.decorateRequest('requestKey', undefined);
  app.decorateRequest('idempotencyRow', undefined);

  app.addHook('preHandler', async (request, reply) => {
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || key === undefined || request.identity === undefined) return undefined;
    if (typeof key !== 'string' || !KEY.test(key)) {
      return sayNo(
        reply,
        refuse('invalid_input', { field: 'Idempotency-Key', rule: '1–128 printable ASCII characters' }),
      );
    }
    const decided = await decide(parts, request, key);
    if ('refused' in decided) return sayNo(reply, decided);
    if ('answer' in decided) return replay(reply, decided);
    request.idempotencyRow = decided.run;
    // With its body: after a 5xx the key is free, and another wish must not find what the first one made.
    request.requestKey = digest(request.identity.client, endpointOf(request), key, bodyDigestOf(request));
    return undefined;
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const row = request.idempotencyRow;
    if (row === undefined) return payload;
    request.idempotencyRow = undefined;
    const keep = reply.statusCode < 500 && reply.statusCode !== 400 && typeof payload === 'string';
    try {
      await parts.store.transact('keep-answer', async (tx) => {
        if (keep) await tx.run(keepAnswerOfKey, reply.statusCode, payload, row);
        else await tx.run(forgetIdempotencyKey, row);
      });
    } catch (error) {
      // An answer that is not kept goes out as it is: its key frees itself when the lease is over.
      if (keep || !(error instanceof StoreUnavailable)) throw error;
    }
    return payload;
  });
}

type Decision = { run: number } | { status: number; answer: string } | Refusal;

async function decide(parts: Parts, request: FastifyRequest, key: string): Promise<Decision> {
  const client = request.identity?.client ?? '';
  const endpoint = endpointOf(request);
  const bodyDigest = bodyDigestOf(request);
  const now = parts.world.now();
  try {
    return await parts.store.transact('idempotency-key', async (tx) => {
      const { id } = await tx.run(
        insertIdempotencyKey,
        parts.clinic.id,
        client,
        endpoint,
        key,
        bodyDigest,
        now + RUNNING_MS,
        now,
      );
      return { run: id };
    });
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
  }
  return parts.store.transact('idempotency-repeat', async (tx): Promise<Decision> => {
    const row = await tx.one<IdempotencyRow>(idempotencyKey, client, endpoint, key);
    if (row === undefined) return refuse('idempotency_in_progress'); // forgotten in this instant: come again
    if (row.body_digest !== bodyDigest) return refuse('idempotency_key_reused');
    if (row.status !== null && row.answer !== null) return { status: row.status, answer: row.answer };
    if (row.lease_until > now) return refuse('idempotency_in_progress');
    const { rows } = await tx.run(takeOverIdempotencyKey, now + RUNNING_MS, row.id, row.lease_until);
    return rows === 1 ? { run: row.id } : refuse('idempotency_in_progress');
  });
}

function replay(reply: FastifyReply, kept: { status: number; answer: string }): FastifyReply {
  const type = kept.status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json';
  return reply.code(kept.status).header('idempotency-replayed', 'true').type(type).send(kept.answer);
}

/** The path with its ids: one key on two bills is two requests. */
function endpointOf(request: FastifyRequest): string {
  return `${request.method} ${request.url.split('?')[0] ?? ''}`.slice(0, 128);
}

function bodyDigestOf(request: FastifyRequest): string {
  return digest(JSON.stringify(request.body ?? null));
}

function digest(...pieces: string[]): string {
  return createHash('sha256').update(JSON.stringify(pieces)).digest('hex');
}
