import { z } from 'zod';
import { identityOfCookie, signIn, signOut } from '#access';
import { takenToday } from '#session';
import { refuse } from '#trouble';
import type { App, Asker, HttpParts } from '../app-type.ts';
import { cookieName } from '../identity.ts';
import { sayNo } from '../problems.ts';
import { paymentMethod, sumFen } from '../schemas/session.ts';

const staffSession = z
  .object({
    actor: z.string(),
    clinic_name: z.string(),
    world: z.enum(['live', 'sandbox', 'simulated']),
    phone_url: z.string().nullable(),
    review_required: z.boolean(),
    today: z.object({ count: z.int(), paid_fen: sumFen }),
  })
  .meta({ id: 'StaffSession' });

const methodsReply = z.object({
  methods: z.array(
    z.object({
      method: paymentMethod,
      enabled: z.boolean(),
      reason_zh: z.string().nullable(),
      reason_en: z.string().nullable(),
    }),
  ),
});

/** The pages' own session, until staff accounts come: one link, one use, one administrator. */
export function staffRoutes(app: App, parts: HttpParts, asker: Asker): void {
  const name = cookieName(parts.secureCookies);
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: parts.secureCookies } as const;

  app.post('/api/v1/staff-session', {
    config: { limit: 'login' },
    schema: {
      summary: '登录 · Spend a one-time link',
      tags: ['staff'],
      security: [],
      body: z.strictObject({ token: z.string().min(20).max(100) }),
      response: { 201: staffSession },
    },
    handler: async (request, reply) => {
      const signed = await signIn(parts, request.body.token);
      if (signed === undefined) return sayNo(reply, refuse('login_link_invalid'));
      return reply
        .setCookie(name, signed.secret, cookie)
        .code(201)
        .send(await describe(parts, signed.actor));
    },
  });

  app.get('/api/v1/staff-session', {
    preValidation: asker('queries'),
    schema: { summary: '当前登录 · Who is signed in', tags: ['staff'], response: { 200: staffSession } },
    handler: async (request, reply) => reply.send(await describe(parts, request.identity?.actor ?? '')),
  });

  app.delete('/api/v1/staff-session', {
    schema: {
      summary: '退出 · Sign out',
      tags: ['staff'],
      security: [],
      response: { 204: z.null().meta({ description: 'Signed out, or never signed in' }) },
    },
    handler: async (request, reply) => {
      const secret = request.cookies[name];
      if (secret !== undefined && (await identityOfCookie(parts, secret)) !== undefined)
        await signOut(parts, secret);
      return reply.clearCookie(name, cookie).code(204).send(null);
    },
  });

  app.get('/api/v1/finance/payment-methods', {
    preValidation: asker('queries'),
    schema: {
      summary: '支付方式 · What may be offered',
      tags: ['payments'],
      response: { 200: methodsReply },
    },
    handler: async (_request, reply) => reply.send({ methods: [...parts.methods] }),
  });
}

async function describe(parts: HttpParts, actor: string) {
  return {
    actor,
    clinic_name: parts.clinic.name,
    world: parts.gatewayWorld,
    phone_url: parts.phoneUrl,
    review_required: parts.reviewRequired,
    today: await takenToday(parts),
  };
}
