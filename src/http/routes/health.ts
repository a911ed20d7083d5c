import { answers } from '#store';
import type { App, HttpParts } from '../app-type.ts';
import type { Meters } from '../meters.ts';

/** Process, readiness and figures. Figures are for this machine alone. */
export function healthRoutes(app: App, parts: HttpParts, meters: Meters): void {
  app.get('/healthz', { config: { limit: 'none' }, schema: { hide: true } }, (_request, reply) =>
    reply.send({ status: 'ok' }),
  );

  app.get('/readyz', { config: { limit: 'none' }, schema: { hide: true } }, async (_request, reply) => {
    if (!(await answers(parts.store))) return reply.code(503).send({ status: 'database does not answer' });
    return reply.send({
      status: 'ready',
      world: parts.gatewayWorld,
      methods: [...parts.channels.keys()],
    });
  });

  app.get('/metrics', { config: { limit: 'none' }, schema: { hide: true } }, async (request, reply) => {
    const local = /^(?:127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? '');
    if (!local) return reply.code(404).send();
    return reply.type(meters.contentType).send(await meters.read());
  });
}
