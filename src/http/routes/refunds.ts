import { z } from 'zod';
import { approveRefund, cancelRefund, readRefund, readRefunds, refundReply, requestRefund } from '#refund';
import { isRefusal } from '#trouble';
import type { App, Asker, HttpParts } from '../app-type.ts';
import { actorOf } from '../identity.ts';
import { sayNo } from '../problems.ts';
import { refund, refundList, requestRefundBody } from '../schemas/refund.ts';
import { billId } from '../schemas/session.ts';

const byBill = z.object({ bill_id: billId });
const byId = z.object({ refund_id: billId });

/** Money that goes back: asked for, approved by a second person above the limit, taken back while it is not sent. */
export function refundRoutes(app: App, parts: HttpParts, asker: Asker): void {
  const tags = ['refunds'];

  app.post('/api/v1/finance/bills/:bill_id/refunds', {
    preValidation: asker('refunds'),
    schema: {
      summary: '申请退款 · Ask for a refund',
      tags,
      params: byBill,
      body: requestRefundBody,
      response: { 201: refund },
    },
    handler: async (request, reply) => {
      const { amount_fen, lines, reason } = request.body;
      const made = await requestRefund(parts, {
        billId: request.params.bill_id,
        amountFen: amount_fen,
        lines: lines?.map((line) => ({ lineNo: line.line_no, amountFen: line.amount_fen })),
        reason,
        actor: actorOf(request),
        requestKey: request.requestKey,
      });
      return isRefusal(made) ? sayNo(reply, made) : reply.code(201).send(refundReply(made));
    },
  });

  app.get('/api/v1/finance/bills/:bill_id/refunds', {
    preValidation: asker('queries'),
    schema: {
      summary: '账单的退款 · Refunds of a bill',
      tags,
      params: byBill,
      response: { 200: refundList },
    },
    handler: async (request, reply) => {
      const refunds = await readRefunds(parts, request.params.bill_id);
      return reply.send({ refunds: refunds.map(refundReply) });
    },
  });

  app.get('/api/v1/finance/refunds/:refund_id', {
    preValidation: asker('queries'),
    schema: { summary: '退款明细 · Read a refund', tags, params: byId, response: { 200: refund } },
    handler: async (request, reply) => {
      const found = await readRefund(parts, request.params.refund_id);
      return isRefusal(found) ? sayNo(reply, found) : reply.send(refundReply(found));
    },
  });

  for (const [verb, act, summary] of [
    ['approval', approveRefund, '审批退款 · Approve a refund'],
    ['cancellation', cancelRefund, '撤回退款 · Take a refund back before it is sent'],
  ] as const) {
    app.post(`/api/v1/finance/refunds/:refund_id/${verb}`, {
      preValidation: asker('refunds'),
      schema: {
        summary,
        tags,
        params: byId,
        body: z.strictObject({}).default({}),
        response: { 200: refund },
      },
      handler: async (request, reply) => {
        const done = await act(parts, request.params.refund_id, actorOf(request));
        return isRefusal(done) ? sayNo(reply, done) : reply.send(refundReply(done));
      },
    });
  }
}
