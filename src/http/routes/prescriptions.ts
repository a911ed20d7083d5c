import { z } from 'zod';
import { findDrugs, findPatients } from '#clinic';
import {
  issuePrescription,
  listPrescriptions,
  prescriptionPageReply,
  prescriptionReply,
  readPrescription,
  reviewPrescription,
} from '#prescription';
import { voidPrescription } from '#session';
import { isRefusal } from '#trouble';
import type { App, Asker, HttpParts } from '../app-type.ts';
import { actorOf } from '../identity.ts';
import { sayNo } from '../problems.ts';
import { words } from '../schemas/bill.ts';
import {
  drug,
  issuePrescriptionBody,
  patient,
  prescription,
  prescriptionPage,
  reviewBody,
  rxState,
  voidPrescriptionBody,
} from '../schemas/prescription.ts';
import { billId, pageLimit, wholeNumber } from '../schemas/session.ts';

const byId = z.object({ prescription_id: billId });
const search = z.strictObject({ q: words(64, 0).default('') });

/** Prescriptions: issued, reviewed where the clinic wants it, voided before they are paid. */
export function prescriptionRoutes(app: App, parts: HttpParts, asker: Asker): void {
  const tags = ['prescriptions'];

  app.post('/api/v1/prescriptions', {
    preValidation: asker('prescriptions'),
    schema: {
      summary: '开具处方 · Issue a prescription',
      tags,
      body: issuePrescriptionBody,
      response: { 200: prescription, 201: prescription },
    },
    handler: async (request, reply) => {
      const issued = await issuePrescription(parts, request.body, actorOf(request), request.requestKey);
      if (isRefusal(issued)) return sayNo(reply, issued);
      return reply.code(issued.created ? 201 : 200).send(prescriptionReply(issued.prescription));
    },
  });

  app.get('/api/v1/prescriptions', {
    preValidation: asker('queries'),
    schema: {
      summary: '处方列表 · List prescriptions',
      tags,
      querystring: z.strictObject({
        state: rxState.optional(),
        q: words(64).optional(),
        before_id: wholeNumber(1).optional(),
        limit: pageLimit,
      }),
      response: { 200: prescriptionPage },
    },
    handler: async (request, reply) =>
      reply.send(prescriptionPageReply(await listPrescriptions(parts, request.query))),
  });

  app.get('/api/v1/prescriptions/:prescription_id', {
    preValidation: asker('queries'),
    schema: {
      summary: '处方明细 · Read a prescription',
      tags,
      params: byId,
      response: { 200: prescription },
    },
    handler: async (request, reply) => {
      const found = await readPrescription(parts, request.params.prescription_id);
      return isRefusal(found) ? sayNo(reply, found) : reply.send(prescriptionReply(found));
    },
  });

  app.post('/api/v1/prescriptions/:prescription_id/review', {
    preValidation: asker('prescriptions'),
    schema: {
      summary: '审方 · Approve or return a prescription',
      tags,
      params: byId,
      body: reviewBody,
      response: { 200: prescription },
    },
    handler: async (request, reply) => {
      const reviewed = await reviewPrescription(
        parts,
        request.params.prescription_id,
        request.body,
        actorOf(request),
      );
      return isRefusal(reviewed) ? sayNo(reply, reviewed) : reply.send(prescriptionReply(reviewed));
    },
  });

  app.post('/api/v1/prescriptions/:prescription_id/void', {
    preValidation: asker('prescriptions'),
    schema: {
      summary: '作废处方 · Void an unpaid prescription with its bill',
      tags,
      params: byId,
      body: voidPrescriptionBody,
      response: { 200: prescription },
    },
    handler: async (request, reply) => {
      const id = request.params.prescription_id;
      const { reason, insist } = request.body;
      const voided = await voidPrescription(parts, {
        id,
        reason,
        insist: insist ?? false,
        actor: actorOf(request),
      });
      if (isRefusal(voided)) return sayNo(reply, voided);
      const found = await readPrescription(parts, id);
      return isRefusal(found) ? sayNo(reply, found) : reply.send(prescriptionReply(found));
    },
  });

  app.get('/api/v1/drugs', {
    preValidation: asker('queries'),
    schema: {
      summary: '药品检索 · Find drugs',
      tags,
      querystring: search,
      response: { 200: z.object({ drugs: z.array(drug) }) },
    },
    handler: async (request, reply) => reply.send({ drugs: await findDrugs(parts, request.query.q) }),
  });

  app.get('/api/v1/patients', {
    preValidation: asker('queries'),
    schema: {
      summary: '患者检索 · Find patients',
      tags,
      querystring: search,
      response: { 200: z.object({ patients: z.array(patient) }) },
    },
    handler: async (request, reply) => reply.send({ patients: await findPatients(parts, request.query.q) }),
  });
}
