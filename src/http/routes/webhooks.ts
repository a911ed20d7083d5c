import { z } from 'zod';
import { listWebhooks, readWebhook, replayParked, replayWebhook, type Webhook } from '#outbox';
import { isRefusal } from '#trouble';
import { rfc3339 } from '#world';
import type { App, Asker, HttpParts } from '../app-type.ts';
import { sayNo } from '../problems.ts';
import { billId } from '../schemas/session.ts';
import { webhook, webhookPage, webhookQuery, webhookWithBody } from '../schemas/webhook.ts';

const byId = z.object({ webhook_id: billId });
/** No body at all, or an empty one. */
const nothing = z.strictObject({}).nullish();

/** What the clinic's own system was told, is being told, or could not be told; and telling it again. */
export function webhookRoutes(app: App, parts: HttpParts, asker: Asker): void {
  const tags = ['webhooks'];

  app.get('/api/v1/finance/webhooks', {
    preValidation: asker('queries'),
    schema: {
      summary: "通知列表 · Events for the clinic's own system, newest first",
      tags,
      querystring: webhookQuery,
      response: { 200: webhookPage },
    },
    handler: async (request, reply) => {
      const { webhooks, next_before_id } = await listWebhooks(parts, request.query);
      return reply.send({ webhooks: webhooks.map(webhookReply), next_before_id });
    },
  });

  app.get('/api/v1/finance/webhooks/:webhook_id', {
    preValidation: asker('queries'),
    schema: {
      summary: '通知内容 · An event with its body',
      tags,
      params: byId,
      response: { 200: webhookWithBody },
    },
    handler: async (request, reply) => {
      const found = await readWebhook(parts, request.params.webhook_id);
      if (isRefusal(found)) return sayNo(reply, found);
      return reply.send({ ...webhookReply(found), payload: found.payload });
    },
  });

  app.post('/api/v1/finance/webhooks/:webhook_id/replay', {
    preValidation: asker('bills'),
    schema: {
      summary: '重放 · Deliver an event once more',
      tags,
      params: byId,
      body: nothing,
      response: { 200: webhook },
    },
    handler: async (request, reply) => {
      const replayed = await replayWebhook(parts, request.params.webhook_id);
      return isRefusal(replayed) ? sayNo(reply, replayed) : reply.send(webhookReply(replayed));
    },
  });

  app.post('/api/v1/finance/webhooks/replay', {
    preValidation: asker('bills'),
    schema: {
      summary: '重放全部搁置的通知 · Deliver all that was parked once more',
      tags,
      body: nothing,
      response: { 200: z.object({ replayed: z.int() }) },
    },
    handler: async (_request, reply) => reply.send({ replayed: await replayParked(parts) }),
  });
}

function webhookReply(event: Webhook) {
  return {
    ...event,
    created_at: rfc3339(event.created_at),
    last_tried_at: event.last_tried_at === null ? null : rfc3339(event.last_tried_at),
    delivered_at: event.delivered_at === null ? null : rfc3339(event.delivered_at),
  };
}
