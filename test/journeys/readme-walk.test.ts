import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Where the README's reader has the service; here it runs on free ports with a folder of its own. */
let service: ChildProcess;
let folder: string;
let ports: [number, number];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zhenfu-walk-'));
  ports = [await freePort(), await freePort()];
  service = spawn(process.execPath, [resolve('src/main.ts'), 'start'], { cwd: folder, env: environment() });
  await untilReady(service);
});

afterAll(async () => {
  const ended = once(service, 'exit');
  service.kill('SIGTERM');
  if (service.exitCode === null) await ended;
  rmSync(folder, { recursive: true });
});

test('the walk in Chinese and the walk in English are the same commands', () => {
  expect(bare(walkOf('README.en.md'))).toBe(bare(walkOf('README.md')));
});

test.each(['alipay', 'wechat'])('the commands of the README pay a bill by %s', async (method) => {
  const commands = walkOf('README.md')
    .replace('METHOD=alipay', `METHOD=${method}`)
    .replace(':8080', `:${ports[0]}`)
    .replace(':8090', `:${ports[1]}`);
  const told = (await run(commands)).trim().split('\n');
  expect(told[0]).toMatch(method === 'alipay' ? /^https:\/\/qr\.alipay\.com\// : /^weixin:\/\/wxpay\//);
  const read = hasZbar ? told[1] : 'same';
  expect(read).toBe('same');
  expect(JSON.parse(told.at(-3) ?? '')).toMatchObject({ kind: 'debit', channel: method, amount_fen: 2463 });
  expect(told.slice(-2)).toEqual(['paid', 'paid']);
});

/** Without zbarimg the reader skips its step, and so do we; `npm test` says what it left out. */
const hasZbar = !(process.env.ZHENFU_TEST_WITHOUT ?? '').split(' ').includes('zbar');

/** The commands that the page marks, in order. */
function walkOf(page: string): string {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/<!-- walk(: zbarimg)? -->\n```sh\n([^]*?)```/g)];
  return blocks
    .map(([, needsZbar, block = '']) => (needsZbar === undefined || hasZbar ? block : ''))
    .join('');
}

/** Without what is meant for the reader alone: comments, and the words inside a bill. */
function bare(commands: string): string {
  return commands.replace(/ *#.*$/gm, '').replace(/"(patient_name|name|unit)": "[^"]*"/g, '"$1"');
}

async function run(commands: string): Promise<string> {
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', commands], { env: environment() });
  const told: Buffer[] = [];
  shell.stdout.on('data', (piece: Buffer) => told.push(piece));
  const complaint: Buffer[] = [];
  shell.stderr.on('data', (piece: Buffer) => complaint.push(piece));
  await once(shell, 'close');
  expect(shell.exitCode, Buffer.concat(complaint).toString()).toBe(0);
  return Buffer.concat(told).toString();
}

function environment(): NodeJS.ProcessEnv {
  return {
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
    HOME: process.env.HOME,
    DATA_DIR: folder,
    PORT: String(ports[0]),
    SIMULATOR_PORT: String(ports[1]),
  };
}

/** Resolves at the line that the service says when it is up; rejects with its words when it ends before. */
function untilReady(started: ChildProcess): Promise<void> {
  return new Promise((done, fail) => {
    let said = '';
    const hear = (piece: Buffer): void => {
      said += piece.toString();
      if (said.includes('已就绪 · ready')) done();
    };
    started.stdout?.on('data', hear);
    started.stderr?.on('data', hear);
    started.once('exit', (code) => fail(new Error(`the service ended with ${code}:\n${said}`)));
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
