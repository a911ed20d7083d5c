import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SessionStatus } from '../api/shapes.ts';
import { followSession, POLL_MS, QUIET_MS, type Stream } from './session-feed.ts';

class PlayedStream implements Stream {
  readyState = 0;
  readonly #listeners = new Map<string, ((event: { data?: unknown }) => void)[]>();
  addEventListener(name: string, listener: (event: { data?: unknown }) => void): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
  }
  close(): void {
    this.readyState = 2;
  }
  say(name: string, data?: unknown): void {
    for (const listener of this.#listeners.get(name) ?? []) listener({ data });
  }
}

const status = (version: number, word: SessionStatus['status'] = 'pending'): SessionStatus =>
  ({ version, status: word }) as SessionStatus;

function follow(answers: () => Promise<SessionStatus>) {
  const streams: PlayedStream[] = [];
  const seen: number[] = [];
  const reach: boolean[] = [];
  let asked = 0;
  let network = (): void => {};
  const stop = followSession(
    {
      openStream: () => {
        const stream = new PlayedStream();
        streams.push(stream);
        return stream;
      },
      askStatus: () => {
        asked += 1;
        return answers();
      },
      onNetwork: (changed) => {
        network = changed;
        return () => {};
      },
    },
    { onStatus: ({ version }) => seen.push(version), onReach: (reached) => reach.push(reached) },
  );
  return { streams, seen, reach, stop, asked: () => asked, network: () => network() };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a message older than the one on the screen is ignored', async () => {
  const feed = follow(() => Promise.resolve(status(1)));
  await vi.advanceTimersByTimeAsync(0);
  feed.streams[0]?.say('status', JSON.stringify(status(3, 'paid')));
  feed.streams[0]?.say('status', JSON.stringify(status(2)));
  expect(feed.seen).toEqual([1, 3]);
  feed.stop();
});

test('a broken stream is replaced by a question every two seconds, and those end when it speaks again', async () => {
  const feed = follow(() => Promise.resolve(status(1)));
  await vi.advanceTimersByTimeAsync(0);
  feed.streams[0]?.say('status', JSON.stringify(status(1)));
  feed.streams[0]?.say('error');
  await vi.advanceTimersByTimeAsync(3 * POLL_MS);
  expect(feed.asked()).toBe(1 + 1 + 3);
  feed.streams[0]?.say('status', JSON.stringify(status(2)));
  await vi.advanceTimersByTimeAsync(QUIET_MS - 1);
  expect(feed.asked()).toBe(5);
  feed.stop();
});

test('a stream that is open but says nothing is not trusted for ever', async () => {
  const feed = follow(() => Promise.resolve(status(1)));
  await vi.advanceTimersByTimeAsync(0);
  feed.streams[0]?.say('status', JSON.stringify(status(1)));
  await vi.advanceTimersByTimeAsync(QUIET_MS);
  expect(feed.asked()).toBe(2);
  feed.stop();
});

test('a stream that the browser gave up is opened anew', async () => {
  const feed = follow(() => Promise.resolve(status(1)));
  await vi.advanceTimersByTimeAsync(0);
  feed.streams[0]?.close();
  feed.streams[0]?.say('error');
  await vi.advanceTimersByTimeAsync(POLL_MS);
  expect(feed.streams.length).toBe(2);
  feed.stop();
});

test('the page knows that it is cut off only when the question fails too', async () => {
  const feed = follow(() => Promise.reject(new Error('down')));
  feed.streams[0]?.say('status', JSON.stringify(status(1)));
  await vi.advanceTimersByTimeAsync(0);
  expect(feed.reach).toEqual([true]);
  feed.streams[0]?.say('error');
  await vi.advanceTimersByTimeAsync(0);
  expect(feed.reach).toEqual([true, false]);
  feed.stop();
});

test('a stream that says nothing while a question fails is given up, as after a pulled cable', async () => {
  const feed = follow(() =>
    feed.asked() === 1 ? Promise.resolve(status(1)) : Promise.reject(new Error('down')),
  );
  feed.streams[0]?.say('status', JSON.stringify(status(1)));
  await vi.advanceTimersByTimeAsync(QUIET_MS);
  expect(feed.reach.at(-1)).toBe(false);
  expect(feed.streams.map(({ readyState }) => readyState)).toEqual([2, 0]);
  await vi.advanceTimersByTimeAsync(POLL_MS);
  expect(feed.asked()).toBe(3);
  feed.stop();
});

test('when the network goes or comes back, the page asks at once', async () => {
  const feed = follow(() => Promise.resolve(status(1)));
  await vi.advanceTimersByTimeAsync(0);
  feed.network();
  expect(feed.asked()).toBe(2);
  feed.stop();
});

test('after the end nothing is asked any more', async () => {
  const feed = follow(() => Promise.resolve(status(1)));
  await vi.advanceTimersByTimeAsync(0);
  feed.stop();
  await vi.advanceTimersByTimeAsync(10 * QUIET_MS);
  expect(feed.asked()).toBe(1);
});
