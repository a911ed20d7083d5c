import { z } from 'zod';
import { readSession, watch, type SessionView } from '#session';
import { hasEnded, stageOf } from '#session/states';
import { refuse } from '#trouble';
import type { App, HttpParts } from '../app-type.ts';
import { sessionStatusReply } from '../present.ts';
import { problemOf, sayNo } from '../problems.ts';
import { sessionId } from '../schemas/session.ts';

/** An open stream counts as somebody watching; renewed before ten seconds are over. */
const WATCH_EVERY_MS = 5_000;

/**
 * Server-sent events: the whole status object at connect and at each change, `version` as event id.
 * What changed is told by the hub and read from the database, so a stream can miss a step but never
 * the last word.
 */
export function eventRoutes(app: App, parts: HttpParts): void {
  const open = new Set<() => void>();
  // An orderly stop does not wait for streams, which have no end of their own.
  app.addHook('preClose', (done) => {
    for (const close of open) close();
    done();
  });

  app.get('/api/v1/finance/payment-sessions/:session_id/events', {
    sse: { kind: 'only' },
    // A HEAD of this would be a stream that nobody reads and that never ends.
    exposeHeadRoute: false,
    config: { limit: 'public' },
    schema: {
      summary: '会话事件流 · Server-sent events of a session (no login)',
      tags: ['payments'],
      security: [],
      params: z.object({ session_id: sessionId }),
    },
    // Who refuses event streams is told so by the plugin, in words of its own: they become ours.
    onSend: async (_request, reply, payload) => {
      if (reply.statusCode !== 406) return payload;
      void reply.type('application/problem+json');
      return JSON.stringify(problemOf(refuse('not_acceptable')));
    },
    handler: async (request, reply) => {
      const publicId = request.params.session_id;
      const first = await readSession(parts, publicId);
      if (first === undefined) return sayNo(reply, refuse('session_not_found'));
      // The page left while we read: `onClose` would never be called. From here to it nothing is awaited.
      if (!reply.sse.isConnected) return undefined;
      reply.sse.keepAlive();
      let sent = 0;
      const send = async (session: SessionView): Promise<void> => {
        if (session.version <= sent || !reply.sse.isConnected) return;
        sent = session.version;
        const data = sessionStatusReply(session, parts.world.now());
        await reply.sse.send({ id: String(session.version), event: 'status', data });
      };
      let telling = Promise.resolve();
      const tell = (): void => {
        telling = telling
          .then(async () => {
            const session = await readSession(parts, publicId);
            if (session !== undefined) await send(session);
          })
          .catch((error: unknown) => request.log.warn({ event: 'stream', detail: String(error) }));
      };
      const stopListening = parts.hub.listen(publicId, tell);
      const stopWatching = keepWatched(parts, publicId);
      const close = (): void => reply.sse.close();
      open.add(close);
      reply.sse.onClose(() => {
        open.delete(close);
        stopListening();
        stopWatching();
      });
      await send(first);
      tell(); // what changed between reading and listening
      return undefined;
    },
  });
}

/** Until the stream closes, or the session has ended: late money is told by the hub all the same. */
function keepWatched(parts: HttpParts, publicId: string): () => void {
  let cancel: () => void = () => undefined;
  let stopped = false;
  const again = async (): Promise<void> => {
    try {
      const session = await readSession(parts, publicId);
      if (session === undefined || hasEnded(stageOf(session))) return;
      await watch(parts, session);
    } catch (error) {
      parts.log.warn('keep-watched', { detail: String(error) });
    }
    if (!stopped) cancel = parts.world.after(WATCH_EVERY_MS, () => void again());
  };
  void again();
  return () => {
    stopped = true;
    cancel();
  };
}
