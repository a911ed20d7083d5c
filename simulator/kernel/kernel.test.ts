import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { drawText, LOWER, seededChance } from './chance.ts';
import type { LedgerEntry } from './contract.ts';
import { deliverOverHttp } from './deliver.ts';
import { fileDocuments } from './documents.ts';
import { createKernel } from './kernel.ts';
import { manualClock } from './manual-clock.ts';
import { createNotifier } from './notifier.ts';
import type { Notice } from './notifier.ts';

const START = Date.UTC(2026, 10, 22, 1, 0, 0);
const MINUTE = 60_000;

const debit: LedgerEntry = {
  kind: 'debit',
  channel: 'alipay',
  out_trade_no: 'A1',
  channel_trade_no: '2026112222001',
  amount_fen: 1280,
  payer: 'patient',
  at: START,
};

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe('what the simulators remember', () => {
  test('the ledger survives a restart, and nobody else on the machine can read it', () => {
    const dir = newFolder();
    const first = createKernel({ documents: fileDocuments(dir) });
    first.ledger.add(debit);
    first.flush();
    expect(createKernel({ documents: fileDocuments(dir) }).ledger.all()).toEqual([debit]);
    expect(statSync(join(dir, 'ledger.json')).mode & 0o777).toBe(0o600);
  });

  test('a clock that was pushed ahead does not fall back at a restart', () => {
    const dir = newFolder();
    const first = createKernel({ clock: manualClock(START), documents: fileDocuments(dir) });
    first.clock.change({ advance_ms: 86_400_000 });
    first.flush();
    const second = createKernel({ clock: manualClock(START + 1000), documents: fileDocuments(dir) });
    expect(second.clock.now()).toBe(START + 86_400_000);
  });
});

describe('the weather', () => {
  test('a wish merges, and a reset makes it calm again', () => {
    const { board, weather } = createKernel();
    expect(board.merge({ notify_lose: 0.5, channel: 'wechat' })).toBeUndefined();
    expect(board.merge({ delay_ms: 300 })).toBeUndefined();
    expect(weather('wechat')).toMatchObject({ notify_lose: 0.5, delay_ms: 300 });
    expect(weather('alipay')).toMatchObject({ notify_lose: 0, delay_ms: 0 });
    board.merge({ reset: true });
    expect(weather('wechat').notify_lose).toBe(0);
  });

  test.each([
    [{ notify_lose: 1.5 }, 'notify_lose'],
    [{ notify_lose: '1' }, 'notify_lose'],
    [{ delay_ms: -1 }, 'delay_ms'],
    [{ silent: 1 }, 'silent'],
    [{ channel: 'cash' }, 'channel'],
    [{ rain: true }, 'rain'],
  ])('a bad wish %j is refused by its field and changes nothing', (wish, field) => {
    const { board } = createKernel();
    expect(board.merge({ answer_html: 1, ...wish })).toMatchObject({ field });
    expect(board.state().answer_html).toBe(0);
  });

  test('a channel keeps its habits while the weather is meant for the other', () => {
    const { board, weather } = createKernel();
    board.merge({ channel: 'wechat', alipay_close_notifies: true });
    expect(weather('alipay').alipay_close_notifies).toBe(true);
  });

  test('the same seed brings the same weather and the same draws', () => {
    const runs = [1, 2].map(() => {
      const kernel = createKernel();
      kernel.board.merge({ seed: 42 });
      return [kernel.board.state(), Array.from({ length: 50 }, () => kernel.draw(0.5))];
    });
    expect(runs[0]).toEqual(runs[1]);
  });

  test('the same seed gives the same numbers, another seed others', () => {
    const token = (seed: number) => drawText(seededChance(seed), LOWER, 21);
    expect(token(1)).toBe(token(1));
    expect(token(1)).not.toBe(token(2));
  });
});

interface Told {
  atMs: number;
  text: string;
}

function makeNotifier(answer: () => string) {
  const host = manualClock(START);
  const told: Told[] = [];
  const kernel = createKernel({
    clock: host,
    chance: seededChance(7),
    deliver: async (_url, _headers, body) => {
      told.push({ atMs: host.now() - START, text: Buffer.from(body).toString() });
      return { status: 200, body: Buffer.from(answer()) };
    },
  });
  const render = (signer: string) => (notice: Notice<string>) => ({
    headers: {},
    body: Buffer.from(`${signer}:${notice.content}:0000`),
  });
  const notifier = createNotifier<string>(kernel, {
    channel: 'alipay',
    gapsMs: () => [4 * MINUTE, 10 * MINUTE],
    timeoutMs: 5000,
    render: render('channel'),
    forge: render('stranger'),
    accepts: (status, body) => status === 200 && Buffer.from(body).toString() === 'success',
  });
  const send = (id: string) => void notifier.send({ id, url: 'http://127.0.0.1/n', content: id });
  return { host, kernel, notifier, told, send };
}

describe('notices', () => {
  test('a notice is repeated on schedule until the merchant accepts it', async () => {
    let answer = 'fail';
    const { host, told, send, notifier } = makeNotifier(() => answer);
    send('n1');
    await host.advance(5 * MINUTE);
    answer = 'success';
    await host.advance(60 * MINUTE);
    expect(told.map((one) => one.atMs)).toEqual([0, 4 * MINUTE, 14 * MINUTE]);
    expect(notifier.owed()).toBe(0);
  });

  test('after its last repeat the channel gives up', async () => {
    const { host, told, send, notifier } = makeNotifier(() => 'success ');
    send('n1');
    await host.advance(24 * 60 * MINUTE);
    expect(told).toHaveLength(3);
    expect(notifier.owed()).toBe(0);
  });

  test('a lost notice never arrives but its repeats go on', async () => {
    const { host, kernel, told, send } = makeNotifier(() => 'success');
    kernel.board.merge({ notify_lose: 1 });
    send('n1');
    await host.advance(MINUTE);
    kernel.board.merge({ reset: true });
    await host.advance(5 * MINUTE);
    expect(told.map((one) => one.atMs)).toEqual([4 * MINUTE]);
  });

  test('doubled, forged, corrupted and overtaken notices are each what they say', async () => {
    const { host, kernel, told, send } = makeNotifier(() => 'success');
    const texts = async (wish: object, ...ids: string[]) => {
      told.length = 0;
      kernel.board.merge({ reset: true, ...wish });
      ids.forEach(send);
      await host.advance(MINUTE);
      return told.map((one) => one.text);
    };
    expect(await texts({ notify_double: 1 }, 'a')).toEqual(['channel:a:0000', 'channel:a:0000']);
    expect(await texts({ notify_forge: 1 }, 'b')).toEqual(['stranger:b:0000', 'channel:b:0000']);
    const [corrupt] = await texts({ notify_corrupt: 1 }, 'c');
    expect(corrupt).not.toBe('channel:c:0000');
    expect(corrupt).toHaveLength('channel:c:0000'.length);

    told.length = 0;
    kernel.board.merge({ reset: true, notify_reorder: 1 });
    send('first');
    kernel.board.merge({ reset: true });
    send('second');
    await host.advance(MINUTE);
    expect(told.map((one) => one.text)).toEqual(['channel:second:0000', 'channel:first:0000']);
  });

  test('a notice still owed survives a restart', async () => {
    const host = manualClock(START);
    const documents = fileDocuments(newFolder());
    const urls: string[] = [];
    const start = (answer: string) => {
      const deliver = async (url: string) => {
        urls.push(url);
        return { status: 200, body: Buffer.from(answer) };
      };
      return createNotifier<string>(createKernel({ clock: host, documents, deliver }), {
        channel: 'wechat',
        gapsMs: () => [15_000],
        timeoutMs: 5000,
        render: () => ({ headers: {}, body: Buffer.alloc(0) }),
        forge: () => ({ headers: {}, body: Buffer.alloc(0) }),
        accepts: (_status, body) => Buffer.from(body).toString() === 'yes',
      });
    };
    void start('no').send({ id: 'n1', url: 'http://127.0.0.1/old', content: 'x' });
    await host.advance(1000);
    documents.flush();
    const again = start('yes');
    expect(again.owed()).toBe(1);
    await host.advance(20_000);
    expect(again.owed()).toBe(0);
    documents.flush();
  });
});

describe('the way out', () => {
  test('plain http goes to loopback only', async () => {
    const deliver = deliverOverHttp();
    await expect(deliver('http://pay.example.com/n', {}, Buffer.alloc(0), 1000)).rejects.toThrow(/refused/);
    await expect(deliver('ftp://127.0.0.1/n', {}, Buffer.alloc(0), 1000)).rejects.toThrow(/refused/);
  });

  test('a redirect is an answer and is not followed', async () => {
    const seen: string[] = [];
    const merchant = createServer((request, response) => {
      seen.push(request.url ?? '');
      response.writeHead(302, { location: '/elsewhere' }).end('moved');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => merchant.once('listening', resolve));
    const { port } = merchant.address() as AddressInfo;
    const answer = await deliverOverHttp()(`http://127.0.0.1:${port}/n`, {}, Buffer.from('a=1'), 5000);
    merchant.close();
    expect(answer.status).toBe(302);
    expect(seen).toEqual(['/n']);
  });
});
