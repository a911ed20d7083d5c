import { z } from 'zod';
import { readSession, watch } from '#session';
import { base64url } from '#world';
import type { App, HttpParts } from '../app-type.ts';
import { favicon } from '../patient/marks.ts';
import { renderNoSession, renderPatientPage } from '../patient-page.ts';
import { eventsUrl, imageUrl, sessionStatusReply } from '../present.ts';
import { sessionId } from '../schemas/session.ts';

/** The page on the patient's own phone: no login, nothing but what the status read says too. */
export function patientPageRoutes(app: App, parts: HttpParts): void {
  app.get('/pay/:session_id', {
    config: { limit: 'public' },
    schema: { hide: true, params: z.object({ session_id: z.string() }) },
    handler: async (request, reply) => {
      const nonce = base64url(parts.world, 16);
      const language = /^en\b/i.test(request.headers['accept-language'] ?? '') ? 'en' : 'zh';
      const around = { clinicName: parts.clinic.name, world: parts.gatewayWorld, nonce, language } as const;
      void reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('content-security-policy', policyWith(nonce));

      const asked = sessionId.safeParse(request.params.session_id);
      const session = asked.success ? await readSession(parts, asked.data) : undefined;
      if (session === undefined) return reply.code(404).send(renderNoSession(around));
      await watch(parts, session);
      return reply.send(
        renderPatientPage({
          ...around,
          status: sessionStatusReply(session, parts.world.now()),
          imageUrl: imageUrl(session.public_id),
          eventsUrl: eventsUrl(session.public_id),
        }),
      );
    },
  });

  // Every browser asks for it once, whatever the page says; an answer of 404 would stand in its console.
  app.get('/favicon.ico', {
    config: { limit: 'public' },
    schema: { hide: true },
    handler: (_request, reply) =>
      reply.type('image/svg+xml').header('cache-control', 'public, max-age=86400').send(favicon),
  });
}

/** Stricter than the staff pages': one style and one script, both ours by nonce. */
function policyWith(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
