import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { overdue } from './real-time.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const CLI = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const READY_WITHIN_MS = 60_000;
const READY_TRIES = 50;

/** The whole service as one child process, as `npm start` makes it. */
export interface ServiceProcess {
  child: ChildProcess;
  /** From its birth until it answered that it is ready; undefined when it died before. */
  ready: Promise<Readiness | undefined>;
  /** Its exit: a code, or the signal that ended it. */
  gone: Promise<string>;
  /** What it wrote to its standard error. */
  complaints(): string;
}

/** Milliseconds on the wall, and of a core: on a machine that others use too, the second is its own. */
export interface Readiness {
  wallMs: number;
  cpuMs: number;
}

export type Environment = Record<string, string | undefined>;

/** Starts the service. `before` is put in front of the command: `strace …`. */
export function startService(env: Environment, port: number, before: readonly string[] = []): ServiceProcess {
  const [command = process.execPath, ...rest] = [...before, process.execPath, MAIN];
  const child = spawn(command, rest, { env: childEnv(env, port), stdio: ['ignore', 'pipe', 'pipe'] });
  // Whoever ends the run ends the service that it was about to kill.
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  let words = '';
  child.stderr.on('data', (piece: Buffer) => (words = `${words}${piece.toString()}`.slice(-20_000)));
  const gone = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? String(code)));
  });
  const announced = new Promise<void>((resolve) => {
    createInterface(child.stdout).on('line', (line) => line.includes('已就绪') && resolve());
  });
  return { child, gone, ready: readiness(child, announced, gone, port), complaints: () => words };
}

async function readiness(
  child: ChildProcess,
  announced: Promise<void>,
  gone: Promise<string>,
  port: number,
): Promise<Readiness | undefined> {
  const bornAt = performance.now();
  const first = await Promise.race([announced.then(() => 'said'), gone, overdue(READY_WITHIN_MS)]);
  // Its predecessor's connections may lie in the pool still: one that is cut says nothing about this one.
  for (let tries = 0; first === 'said' && tries < READY_TRIES; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer?.status === 200)
      return { wallMs: Math.round(performance.now() - bornAt), cpuMs: cpuOf(child.pid) };
  }
  return undefined;
}

/** What a process and its threads have used of a core, by proc(5): ticks of 10 ms. */
function cpuOf(pid: number | undefined): number {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return Number.NaN;
  const [, , ...fields] = readFileSync(path, 'utf8')
    .replace(/\(.*\)/, '()')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** One command of the command line, to its end. Throws with its words when it fails. */
export async function runCli(env: Environment, ...words: string[]): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...words], {
    env: childEnv(env, 1),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const told: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => told.push(piece));
  child.stderr.on('data', (piece: Buffer) => told.push(piece));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const text = Buffer.concat(told).toString();
  if (code !== 0) throw new Error(`${words.join(' ')}: ${text}`);
  return text;
}

function childEnv(env: Environment, port: number): Environment {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  return {
    PATH,
    HOME,
    NODE_COMPILE_CACHE,
    ZHENFU_LOG_LEVEL: 'fatal',
    PORT: String(port),
    PUBLIC_BASE_URL: `http://127.0.0.1:${port}`,
    ...env,
  };
}

/** A port that nobody listens at. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
