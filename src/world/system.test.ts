import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { sendOverNetwork } from './system.ts';
import type { OutboundRequest } from './world.ts';

const open: http.Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const get = (url: string, more: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'GET',
  url,
  headers: {},
  timeoutMs: 5_000,
  ...more,
});

describe('a request to a channel', () => {
  test('follows no redirect: the signature was for the address that was asked', async () => {
    const heard: (string | undefined)[] = [];
    const elsewhere = await serve((request, answer) => {
      heard.push(request.url);
      answer.end('stolen');
    });
    const gateway = await serve((_request, answer) => answer.writeHead(302, { location: elsewhere }).end());
    const answer = await sendOverNetwork(get(gateway), () => true);
    expect([answer.status, heard]).toEqual([302, []]);
  });

  test('never leaves the machine for an address that is not on the list', async () => {
    const heard: (string | undefined)[] = [];
    const origin = await serve((request, answer) => {
      heard.push(request.url);
      answer.end();
    });
    const sent = sendOverNetwork(get(origin), (url) => url.port === '443');
    await expect(sent).rejects.toMatchObject({ trouble: 'forbidden' });
    expect(heard).toEqual([]);
  });

  test('reads no more of an answer than it was told to', async () => {
    const origin = await serve((_request, answer) => answer.end('x'.repeat(2_000)));
    const sent = sendOverNetwork(get(origin, { maxBytes: 1_999 }), () => true);
    await expect(sent).rejects.toMatchObject({ trouble: 'no_answer' });
    expect((await sendOverNetwork(get(origin, { maxBytes: 2_000 }), () => true)).body).toHaveLength(2_000);
  });
});
