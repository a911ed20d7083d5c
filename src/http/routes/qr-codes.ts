import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { codeShown, readSession } from '#session';
import { refuse } from '#trouble';
import type { App, HttpParts } from '../app-type.ts';
import { sayNo } from '../problems.ts';
import { qrPng, qrSvg } from '../qr-image.ts';
import { sessionId } from '../schemas/session.ts';

/** The code as a picture, while it may stand on a screen: 409 before, 410 after; never cached. */
export function qrCodeRoutes(app: App, parts: HttpParts): void {
  const content = async (publicId: string, reply: FastifyReply): Promise<string | undefined> => {
    const session = await readSession(parts, publicId);
    void reply.header('cache-control', 'no-store');
    if (session === undefined) void sayNo(reply, refuse('session_not_found'));
    else if (codeShown(session, parts.world.now())) return session.qr_code_content;
    else if (session.qr_code_content === '' && session.status === 'pending')
      void sayNo(reply, refuse('code_not_ready'));
    else void sayNo(reply, refuse('code_withdrawn'));
    return undefined;
  };
  const picture = (summary: string) => ({
    config: { limit: 'public' as const },
    schema: { summary, tags: ['payments'], security: [], params: z.object({ session_id: sessionId }) },
  });

  app.get('/api/v1/finance/qr-codes/:session_id.png', {
    ...picture('二维码 PNG · The code as PNG (no login)'),
    handler: async (request, reply) => {
      const text = await content(request.params.session_id, reply);
      return text === undefined ? reply : reply.type('image/png').send(qrPng(text));
    },
  });
  app.get('/api/v1/finance/qr-codes/:session_id.svg', {
    ...picture('二维码 SVG · The code as SVG (no login)'),
    handler: async (request, reply) => {
      const text = await content(request.params.session_id, reply);
      return text === undefined ? reply : reply.type('image/svg+xml').send(qrSvg(text));
    },
  });
}
