import { z } from 'zod';
import { cancelSession, inquire, openSession, readSession, watch } from '#session';
import { isRefusal, refuse } from '#trouble';
import { rfc3339 } from '#world';
import type { App, Asker, HttpParts } from '../app-type.ts';
import { actorOf } from '../identity.ts';
import { openedReply, sessionStatusReply } from '../present.ts';
import { sayNo } from '../problems.ts';
import {
  billId,
  cancellationBody,
  openedSession,
  openSessionBody,
  retirement,
  sessionId,
  sessionStatus,
} from '../schemas/session.ts';

const byId = z.object({ session_id: sessionId });

/** Codes on screens: opening, looking, asking, taking away. */
export function sessionRoutes(app: App, parts: HttpParts, asker: Asker): void {
  app.post('/api/v1/finance/bills/:bill_id/qr-payment', {
    preValidation: asker('payments'),
    schema: {
      summary: '出示二维码 · Put a code on the screen for a bill',
      tags: ['payments'],
      params: z.object({ bill_id: billId }),
      body: openSessionBody,
      response: { 200: openedSession, 201: openedSession },
    },
    handler: async (request, reply) => {
      const { payment_method, timeout_minutes, refresh, insist } = request.body;
      const opened = await openSession(parts, {
        billId: request.params.bill_id,
        method: payment_method,
        timeoutMinutes: timeout_minutes,
        refresh: refresh ?? false,
        insist: insist ?? false,
        actor: actorOf(request),
        ...(request.requestKey === undefined ? {} : { requestKey: request.requestKey }),
      });
      if (isRefusal(opened)) return sayNo(reply, opened);
      return reply.code(opened.created ? 201 : 200).send(openedReply(opened.session, parts.world.now()));
    },
  });

  app.get('/api/v1/finance/payment-sessions/:session_id/status', {
    config: { limit: 'public' },
    schema: {
      summary: '查询会话状态 · What stands on the screen now (no login)',
      tags: ['payments'],
      security: [],
      params: byId,
      response: { 200: sessionStatus },
    },
    handler: async (request, reply) => {
      const session = await readSession(parts, request.params.session_id);
      if (session === undefined) return sayNo(reply, refuse('session_not_found'));
      await watch(parts, session);
      return reply.header('cache-control', 'no-store').send(sessionStatusReply(session, parts.world.now()));
    },
  });

  app.post('/api/v1/finance/payment-sessions/:session_id/cancellation', {
    preValidation: asker('payments'),
    schema: {
      summary: '取消会话 · Take the code away',
      tags: ['payments'],
      params: byId,
      body: cancellationBody,
      response: { 200: retirement },
    },
    handler: async (request, reply) => {
      const wish = {
        publicId: request.params.session_id,
        insist: request.body.insist ?? false,
        actor: actorOf(request),
      };
      const cancelled = await cancelSession(parts, wish);
      if (isRefusal(cancelled)) return sayNo(reply, cancelled);
      const { result, payableUntilMs, session } = cancelled;
      return reply.send({
        result,
        payable_until: payableUntilMs === undefined ? null : rfc3339(payableUntilMs),
        session: sessionStatusReply(session, parts.world.now()),
      });
    },
  });

  app.post('/api/v1/finance/payment-sessions/:session_id/inquiry', {
    preValidation: asker('payments'),
    schema: {
      summary: '查单 · Ask the channel now',
      tags: ['payments'],
      params: byId,
      body: z.strictObject({}).default({}),
      response: { 200: sessionStatus },
    },
    handler: async (request, reply) => {
      const session = await inquire(parts, request.params.session_id);
      if (isRefusal(session)) return sayNo(reply, session);
      return reply.send(sessionStatusReply(session, parts.world.now()));
    },
  });
}
