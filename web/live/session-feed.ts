import type { SessionStatus } from '../api/shapes.ts';

/** While the stream is down, the page asks this often; while it speaks, only when it has been quiet for long. */
export const POLL_MS = 2_000;
export const QUIET_MS = 15_000;

/** The few things of an EventSource that are used, so that a test can play one. */
export interface Stream {
  readonly readyState: number;
  addEventListener(name: 'open' | 'status' | 'error', listener: (event: { data?: unknown }) => void): void;
  close(): void;
}

export interface FeedSource {
  openStream(): Stream;
  askStatus(signal: AbortSignal): Promise<SessionStatus>;
  /** Calls back when the machine loses or finds its network; returns what ends that. */
  onNetwork(changed: () => void): () => void;
}

export interface FeedListener {
  /** A status that is newer than all before, or equal to the newest with a fresher `server_time`. */
  onStatus(status: SessionStatus): void;
  /** False, with what went wrong, when neither the stream nor the last question got through. */
  onReach(reached: boolean, error?: unknown): void;
}

const CLOSED = 2;

/**
 * Follows one session: the service pushes, and when the stream breaks the page asks every 2 s until it
 * speaks again. A stream that is open but silent is asked beside too: some proxies swallow events.
 * Returns what ends it.
 */
export function followSession(source: FeedSource, listener: FeedListener): () => void {
  let newest = -1;
  let streamUp = false;
  let heard = 0;
  let stream: Stream | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ending = new AbortController();

  const take = (status: SessionStatus): void => {
    listener.onReach(true);
    if (status.version < newest) return;
    newest = status.version;
    listener.onStatus(status);
  };

  const next = (): void => {
    clearTimeout(timer);
    if (!ending.signal.aborted) timer = setTimeout(() => void poll(), streamUp ? QUIET_MS : POLL_MS);
  };

  const poll = async (): Promise<void> => {
    if (stream?.readyState === CLOSED) open();
    const heardBefore = heard;
    try {
      take(await source.askStatus(ending.signal));
    } catch (error) {
      if (!ending.signal.aborted && heard === heardBefore) lose(error);
    }
    next();
  };

  /** A pulled cable ends no stream: one that says nothing while a question fails is given up with it. */
  const lose = (error: unknown): void => {
    if (streamUp) open();
    streamUp = false;
    listener.onReach(false, error);
  };

  const open = (): void => {
    stream?.close();
    const opened = source.openStream();
    stream = opened;
    opened.addEventListener('status', (event) => {
      if (stream !== opened || typeof event.data !== 'string') return;
      streamUp = true;
      heard += 1;
      take(JSON.parse(event.data) as SessionStatus);
      next();
    });
    opened.addEventListener('error', () => {
      if (stream !== opened) return;
      const wasUp = streamUp;
      streamUp = false;
      // The first break is asked about at once: what the stream would have said may have happened.
      if (wasUp) void poll();
    });
  };

  open();
  void poll();
  const stopListening = source.onNetwork(() => void poll());
  return () => {
    ending.abort();
    stopListening();
    clearTimeout(timer);
    stream?.close();
  };
}
