import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { followedWorld } from './followed-clock.ts';

const FAR_AWAY = Date.UTC(2040, 0, 1);
const word = (changes: object = {}) => JSON.stringify({ now: FAR_AWAY, speed: 1, version: 1, ...changes });

describe('what is no clock does not move time', () => {
  let end: () => void = () => undefined;
  afterEach(() => end());

  /** A clock that says the bad word first and a good one then; answers the followed time after each. */
  async function hear(status: number, bad: string): Promise<{ afterBad: number; afterGood: number }> {
    const asked: ((answer: ServerResponse) => void)[] = [];
    const waiting: ServerResponse[] = [];
    const server = createServer((_request, answer) => {
      const next = asked.shift();
      if (next === undefined) waiting.push(answer);
      else next(answer);
    });
    const request = (): Promise<ServerResponse> =>
      new Promise((resolve) => {
        const here = waiting.shift();
        if (here === undefined) asked.push(resolve);
        else resolve(here);
      });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const world = followedWorld(`http://127.0.0.1:${port}/_sim/clock`, () => true);
    end = () => {
      world.stop();
      server.closeAllConnections();
      server.close();
    };
    (await request()).writeHead(status).end(bad);
    const second = await request();
    const afterBad = world.now();
    second.end(word());
    // It asks for the next change only when it has heard this one.
    await request();
    return { afterBad, afterGood: world.now() };
  }

  it.each([
    ['a time that is no number', 200, word({ now: 'noon' })],
    ['no time at all', 200, '{"speed":1,"version":1}'],
    ['half a millisecond', 200, word({ now: 1.5 })],
    ['a speed that is no number', 200, word({ speed: null })],
    ['a version that is no number', 200, word({ version: '7' })],
    ['null', 200, 'null'],
    ['a clock with an error status', 502, word({ version: 5 })],
    ['a page of a proxy', 200, '<html></html>'],
  ])('%s', async (_what, status, bad) => {
    const { afterBad, afterGood } = await hear(status, bad);
    expect(Math.abs(afterBad - Date.now())).toBeLessThan(60_000);
    expect(afterGood).toBeGreaterThanOrEqual(FAR_AWAY);
  });
});
