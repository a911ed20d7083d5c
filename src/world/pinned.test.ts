import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { makeEcKey, selfSigned } from '../../test/support/alipay-certificates.ts';
import { ownAddresses, sendPinned, type PinnedAddress } from './pinned.ts';
import type { OutboundRequest } from './world.ts';

const open: http.Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: http.Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const serve = (handler: http.RequestListener): Promise<number> => listen(http.createServer(handler));

const loopback: PinnedAddress = { address: '127.0.0.1', family: 4 };
const metadata: PinnedAddress = { address: '169.254.169.254', family: 4 };
const post = (url: string, more: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"told":true}'),
  timeoutMs: 5_000,
  mayConnect: (address) => address === '127.0.0.1',
  ...more,
});

describe('a request to an address that an operator chose', () => {
  test('goes to the address that was judged, under the name that was asked for', async () => {
    const heard: string[] = [];
    const port = await serve((request, answer) => {
      heard.push(`${request.method} ${request.headers.host} ${request.url}`);
      request.on('data', (piece: Buffer) => heard.push(piece.toString()));
      request.on('end', () => answer.writeHead(204, { 'x-his': 'yes' }).end());
    });
    const resolve = vi.fn<() => Promise<PinnedAddress[]>>(async () => [loopback]);
    const answer = await sendPinned(post(`http://his.clinic.test:${port}/events?a=1`), () => true, resolve);
    expect(answer).toMatchObject({ status: 204, headers: { 'x-his': 'yes' } });
    expect(heard).toEqual([`POST his.clinic.test:${port} /events?a=1`, '{"told":true}']);
  });

  test('looks its name up once: what the name says a moment later moves nothing', async () => {
    const port = await serve((_request, answer) => answer.end());
    const judged: string[] = [];
    let asked = 0;
    const rebinding = async (): Promise<PinnedAddress[]> => [(asked += 1) === 1 ? loopback : metadata];
    const request = post(`http://his.clinic.test:${port}/`, {
      mayConnect: (address) => judged.push(address) > 0 && address === '127.0.0.1',
    });
    expect((await sendPinned(request, () => true, rebinding)).status).toBe(200);
    expect([asked, judged]).toEqual([1, ['127.0.0.1']]);
  });

  test.each([
    ['leads to a forbidden address', [metadata]],
    ['hides one among good ones', [loopback, metadata]],
  ])('is refused when its name %s, and nothing is sent', async (_how, addresses) => {
    let requests = 0;
    const port = await serve((_request, answer) => {
      requests += 1;
      answer.end();
    });
    const sent = sendPinned(
      post(`http://his.clinic.test:${port}/`),
      () => true,
      async () => addresses,
    );
    await expect(sent).rejects.toMatchObject({ trouble: 'forbidden' });
    expect(requests).toBe(0);
  });

  test('is judged by a literal address too', async () => {
    const port = await serve((_request, answer) => answer.end());
    const request = post(`http://127.0.0.1:${port}/`, { mayConnect: () => false });
    await expect(sendPinned(request, () => true)).rejects.toMatchObject({ trouble: 'forbidden' });
  });

  test('never leaves the machine for an origin that is not allowed', async () => {
    const resolve = vi.fn<() => Promise<PinnedAddress[]>>(async () => [loopback]);
    const sent = sendPinned(post('http://his.clinic.test/'), () => false, resolve);
    await expect(sent).rejects.toMatchObject({ trouble: 'forbidden' });
    expect(resolve).not.toHaveBeenCalled();
  });

  test('follows no redirect', async () => {
    let visits = 0;
    const elsewhere = await serve((_request, answer) => {
      visits += 1;
      answer.end();
    });
    const port = await serve((_request, answer) =>
      answer.writeHead(307, { location: `http://127.0.0.1:${elsewhere}/` }).end(),
    );
    expect((await sendPinned(post(`http://127.0.0.1:${port}/`), () => true)).status).toBe(307);
    expect(visits).toBe(0);
  });

  test('is answered by the status alone, however long the body wants to be', async () => {
    const cut = Promise.withResolvers<void>();
    const port = await serve((_request, answer) => {
      answer.writeHead(200);
      answer.on('close', () => cut.resolve());
      const more = (): void => {
        while (!answer.destroyed && answer.write(Buffer.alloc(65_536)));
      };
      answer.on('drain', more);
      more();
    });
    const answer = await sendPinned(post(`http://127.0.0.1:${port}/`), () => true);
    expect([answer.status, answer.body.byteLength]).toEqual([200, 0]);
    await cut.promise;
  });

  test('that nobody answers ends in time, its outcome unknown', async () => {
    const port = await serve(() => undefined);
    const sent = sendPinned(post(`http://127.0.0.1:${port}/`, { timeoutMs: 30 }), () => true);
    await expect(sent).rejects.toMatchObject({ trouble: 'no_answer' });
  });

  test('whose name nobody resolves ends in time, and was not sent', async () => {
    const silent = (): Promise<PinnedAddress[]> => new Promise(() => undefined);
    const sent = sendPinned(post('http://his.clinic.test/', { timeoutMs: 30 }), () => true, silent);
    await expect(sent).rejects.toMatchObject({ trouble: 'not_sent' });
  });

  test('that finds nobody there was not sent', async () => {
    const port = await serve(() => undefined);
    open[0]?.close();
    const sent = sendPinned(post(`http://127.0.0.1:${port}/`), () => true);
    await expect(sent).rejects.toMatchObject({ trouble: 'not_sent', detail: 'ECONNREFUSED' });
  });

  test('is not given to a server whose certificate nobody vouches for', async () => {
    const key = await makeEcKey();
    let requests = 0;
    const server = https.createServer({ key, cert: selfSigned(key) }, (_request, answer) => {
      requests += 1;
      answer.end();
    });
    const port = await listen(server);
    const url = `https://his.clinic.test:${port}/`;
    const sent = sendPinned(
      post(url),
      () => true,
      async () => [loopback],
    );
    await expect(sent).rejects.toMatchObject({ trouble: 'not_sent', detail: 'INVALID_PURPOSE' });
    expect(requests).toBe(0);
  });
});

test('the machine knows by which addresses it is reached', () => {
  expect(ownAddresses()).toContain('127.0.0.1');
});
