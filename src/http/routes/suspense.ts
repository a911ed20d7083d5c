import { z } from 'zod';
import {
  closeSuspense,
  holdSuspense,
  listSuspense,
  postToBill,
  refundSuspense,
  type SuspenseRow,
} from '#disposition';
import { suspenseReply } from '#suspense';
import { isRefusal, type Refusal } from '#trouble';
import type { App, Asker, HttpParts } from '../app-type.ts';
import { actorOf } from '../identity.ts';
import { sayNo } from '../problems.ts';
import { words } from '../schemas/bill.ts';
import { amountFen, amountYuan, billId, instant, pageLimit, wholeNumber } from '../schemas/session.ts';

const suspense = z
  .object({
    id: z.int(),
    reason: z.string(),
    state: z.enum(['open', 'held', 'posted', 'refunded', 'closed']),
    amount_fen: amountFen,
    amount: amountYuan,
    payment_id: z.int().nullable(),
    refund_id: z.int().nullable(),
    detail: z.string(),
    owner: z.string().nullable(),
    note: z.string().nullable(),
    opened_at: instant,
    age_seconds: z.int(),
    closed_at: instant.nullable(),
    version: z.int(),
  })
  .meta({ id: 'Suspense' });

const noted = z.strictObject({ note: words(200) });
const byId = z.object({ suspense_id: billId });

/** 悬账: money before a person, and the acts that give it a home, each with a name on it. */
export function suspenseRoutes(app: App, parts: HttpParts, asker: Asker): void {
  const tags = ['suspense'];
  const shown = (row: SuspenseRow) => suspenseReply(row, parts.world.now());

  app.get('/api/v1/finance/suspense', {
    preValidation: asker('queries'),
    schema: {
      summary: '悬账列表 · Money before a person, oldest first',
      tags,
      querystring: z.strictObject({
        after_id: wholeNumber(0).default(0),
        limit: pageLimit,
      }),
      response: { 200: z.object({ suspense: z.array(suspense) }) },
    },
    handler: async (request, reply) => {
      const rows = await listSuspense(parts, request.query.after_id, request.query.limit);
      return reply.send({ suspense: rows.map(shown) });
    },
  });

  app.post('/api/v1/finance/suspense/:suspense_id/posting', {
    preValidation: asker('refunds'),
    schema: {
      summary: '入账 · Post the money to a bill',
      tags,
      params: byId,
      body: noted.extend({ bill_id: z.int().min(1) }),
      response: { 200: suspense },
    },
    handler: async (request, reply) => {
      const { bill_id: bill, note } = request.body;
      const done = await postToBill(parts, {
        id: request.params.suspense_id,
        billId: bill,
        note,
        actor: actorOf(request),
      });
      return isRefusal(done) ? sayNo(reply, done) : reply.send(shown(done));
    },
  });

  const acts = [
    ['refund', refundSuspense, '退回 · Send the money back'],
    ['hold', holdSuspense, '挂起 · Keep it before a person'],
    ['closure', closeSuspense, '结案 · Dealt with outside'],
  ] as const;
  for (const [noun, act, summary] of acts) {
    app.post(`/api/v1/finance/suspense/:suspense_id/${noun}`, {
      preValidation: asker('refunds'),
      schema: { summary, tags, params: byId, body: noted, response: { 200: suspense } },
      handler: async (request, reply) => {
        const wish = { id: request.params.suspense_id, note: request.body.note, actor: actorOf(request) };
        const done: SuspenseRow | Refusal = await act(parts, wish);
        return isRefusal(done) ? sayNo(reply, done) : reply.send(shown(done));
      },
    });
  }
}
