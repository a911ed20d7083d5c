import { z } from 'zod';
import { billPageReply, billReply, createBill, listBills, readBill } from '#bill';
import { voidBill } from '#session';
import { isRefusal } from '#trouble';
import type { App, Asker, HttpParts } from '../app-type.ts';
import { actorOf } from '../identity.ts';
import { sayNo } from '../problems.ts';
import { bill, billPage, billQuery, createBillBody, voidBillBody } from '../schemas/bill.ts';
import { billId } from '../schemas/session.ts';

const byId = z.object({ bill_id: billId });

/** Bills: from the clinic's own system, read by the pages, voided before they are paid. */
export function billRoutes(app: App, parts: HttpParts, asker: Asker): void {
  app.post('/api/v1/finance/bills', {
    preValidation: asker('bills'),
    schema: {
      summary: '新建账单 · Make a bill',
      tags: ['bills'],
      body: createBillBody,
      response: { 200: bill, 201: bill },
    },
    handler: async (request, reply) => {
      const made = await createBill(parts, request.body, actorOf(request));
      if (isRefusal(made)) return sayNo(reply, made);
      return reply.code(made.created ? 201 : 200).send(billReply(made.bill));
    },
  });

  app.get('/api/v1/finance/bills', {
    preValidation: asker('queries'),
    schema: {
      summary: '账单列表 · List bills',
      tags: ['bills'],
      querystring: billQuery,
      response: { 200: billPage },
    },
    handler: async (request, reply) => reply.send(billPageReply(await listBills(parts, request.query))),
  });

  app.get('/api/v1/finance/bills/:bill_id', {
    preValidation: asker('queries'),
    schema: { summary: '账单明细 · Read a bill', tags: ['bills'], params: byId, response: { 200: bill } },
    handler: async (request, reply) => {
      const found = await readBill(parts, request.params.bill_id);
      return isRefusal(found) ? sayNo(reply, found) : reply.send(billReply(found));
    },
  });

  app.post('/api/v1/finance/bills/:bill_id/void', {
    preValidation: asker('bills'),
    schema: {
      summary: '作废账单 · Void an unpaid bill, its code first',
      tags: ['bills'],
      params: byId,
      body: voidBillBody,
      response: { 200: bill },
    },
    handler: async (request, reply) => {
      const { reason, insist } = request.body;
      const id = request.params.bill_id;
      const wish = { id, reason, insist: insist ?? false, actor: actorOf(request) };
      const voided = await voidBill(parts, wish);
      if (isRefusal(voided)) return sayNo(reply, voided);
      const found = await readBill(parts, id);
      return isRefusal(found) ? sayNo(reply, found) : reply.send(billReply(found));
    },
  });
}
