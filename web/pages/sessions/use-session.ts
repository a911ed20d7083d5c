import { useCallback, useEffect, useRef, useState } from 'react';
import { ask } from '../../api/client.ts';
import { queries, staffSession } from '../../api/queries.ts';
import type { SessionStatus } from '../../api/shapes.ts';
import { followSession } from '../../live/session-feed.ts';
import { ServerClock } from '../../live/server-clock.ts';
import { stageOf, type Stage } from '../../live/stage.ts';
import { addresses } from '../../paths.ts';

const STATUS = 'GET /api/v1/finance/payment-sessions/{session_id}/status';
const STATUS_TIMEOUT_MS = 8_000;
const TICK_MS = 500;

interface Seen {
  status: SessionStatus;
  remainingMs: number;
}

export interface LiveSession {
  status: SessionStatus | undefined;
  stage: Stage | undefined;
  remainingMs: number;
  /** False while neither the stream nor a question gets through; `error` then says why. */
  reached: boolean;
  error?: unknown;
  /** Takes a status that came as the answer of an action. */
  take: (status: SessionStatus) => void;
}

/** One session as it lives: pushed, else polled; its time counted on the service's clock. */
export function useSession(sessionId: string): LiveSession {
  const [seen, setSeen] = useState<Seen>();
  const [reach, setReach] = useState<{ reached: boolean; error?: unknown }>({ reached: true });
  const taker = useRef<(status: SessionStatus) => void>(undefined);
  const take = useCallback((status: SessionStatus) => taker.current?.(status), []);

  useEffect(() => {
    const clock = new ServerClock();
    let newest: SessionStatus | undefined;
    const look = (): void => {
      if (newest === undefined) return;
      setSeen({ status: newest, remainingMs: clock.remainingMs(newest.expires_at) ?? 0 });
    };
    const hear = (status: SessionStatus): void => {
      clock.hear(status.server_time);
      if (newest === undefined || status.version >= newest.version) newest = status;
      look();
    };
    taker.current = hear;
    const stop = followSession(
      {
        openStream: () => new EventSource(addresses.sessionEvents(sessionId)),
        askStatus: (signal) => askInTime(sessionId, signal),
        onNetwork,
      },
      { onStatus: hear, onReach: (reached, error) => setReach({ reached, error }) },
    );
    const timer = setInterval(() => {
      if (newest?.status === 'pending') look();
    }, TICK_MS);
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [sessionId]);

  const paid = seen?.status.status === 'paid';
  useEffect(() => {
    if (paid) void queries.invalidateQueries({ queryKey: staffSession.queryKey });
  }, [paid]);

  // Until the first word about this session, what was seen may still be of the one before.
  if (seen?.status.session_id !== sessionId) {
    return { status: undefined, stage: undefined, remainingMs: 0, ...reach, take };
  }
  return { ...seen, stage: stageOf(seen.status, seen.remainingMs), ...reach, take };
}

function onNetwork(changed: () => void): () => void {
  addEventListener('offline', changed);
  addEventListener('online', changed);
  return () => {
    removeEventListener('offline', changed);
    removeEventListener('online', changed);
  };
}

/** A question that a dead network swallows ends after eight seconds, so that the page can say so. */
async function askInTime(sessionId: string, ending: AbortSignal): Promise<SessionStatus> {
  const late = new AbortController();
  const end = (): void => late.abort();
  const timer = setTimeout(end, STATUS_TIMEOUT_MS);
  ending.addEventListener('abort', end, { once: true });
  try {
    return await ask(STATUS, { path: { session_id: sessionId } }, { signal: late.signal });
  } finally {
    clearTimeout(timer);
    ending.removeEventListener('abort', end);
  }
}
