import type { FastifyInstance } from 'fastify';
import { receiveNotification } from '#session';
import { refuse } from '#trouble';
import type { PaymentMethod } from '#channel';
import type { HttpParts } from '../app-type.ts';
import { sayNo } from '../problems.ts';

const MAX_BYTES = 65_536;

/**
 * Where the channels' notifications arrive: raw bytes in, the channel's own dialect out. Apart from
 * the rest: no session, no JSON reader, a limiter of its own (F13, F14).
 */
export async function notificationRoutes(app: FastifyInstance, parts: HttpParts): Promise<void> {
  await app.register(async (door) => {
    door.removeAllContentTypeParsers();
    door.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    for (const method of ['alipay', 'wechat'] as const) {
      door.post(`/api/v1/finance/notifications/${method}`, {
        config: { limit: 'notifications' },
        schema: {
          summary: `${method} 支付通知 · Notification of the channel`,
          tags: ['channels'],
          security: [],
        },
        bodyLimit: MAX_BYTES,
        handler: async (request, reply) => {
          const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
          const received = await receiveNotification(parts, method satisfies PaymentMethod, {
            headers: plain(request.headers),
            body,
          });
          if (received === 'not_configured') return sayNo(reply, refuse('method_not_configured'));
          const { status, contentType, body: words } = received.answer;
          const { apply } = received;
          if (apply !== undefined) {
            // The evidence is committed: the channel hears so at once, and we believe it a moment later.
            void apply().catch((error: unknown) => {
              request.log.error({
                event: 'apply',
                detail: error instanceof Error ? error.message : String(error),
              });
            });
          }
          return reply.code(status).type(contentType).send(words);
        },
      });
    }
  });
}

/** A header that came twice is joined, as HTTP says; a signature that came twice then fails. */
function plain(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
