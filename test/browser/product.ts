import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, dirname, resolve } from 'node:path';

/** The product as `npm start` runs it on a clean machine, with both simulators beside it. */
export interface Product {
  /** Where the pages are, on loopback. */
  url: string;
  /** Where the phone and the control API of the simulators are. */
  simulator: string;
  /** The one-time link that it said when it came up. */
  loginUrl: string;
  /** Ends it as a supervisor would, and waits for its last word. */
  stop(): Promise<void>;
}

/**
 * Starts the product in a process of its own, on free ports, and waits until it says that it is ready.
 * dataDir  also where it runs: no `.env` of a developer is read there
 * more     settings beside those of an empty machine
 */
export async function startProduct(dataDir: string, more: Record<string, string> = {}): Promise<Product> {
  const [port, simulatorPort] = [await freePort(), await freePort()];
  const service = spawn(process.execPath, [resolve('src/main.ts'), 'start'], {
    cwd: dataDir,
    env: {
      ...plainEnvironment(dataDir),
      PORT: String(port),
      SIMULATOR_PORT: String(simulatorPort),
      ...more,
    },
  });
  const said = await untilReady(service);
  const loginUrl = /http:\S+\/login#token=\S+/.exec(said)?.[0];
  if (loginUrl === undefined) throw new Error(`the product said no login link:\n${said}`);
  return {
    url: `http://127.0.0.1:${port}`,
    simulator: `http://127.0.0.1:${simulatorPort}`,
    loginUrl,
    async stop() {
      if (service.exitCode !== null) return;
      const ended = once(service, 'exit');
      service.kill('SIGTERM');
      await ended;
    },
  };
}

/** `npm run zhenfu -- login-link --json` for the product that runs on `dataDir`. */
export async function loginLink(dataDir: string): Promise<string> {
  const command = spawn(process.execPath, [resolve('src/cli/main.ts'), 'login-link', '--json'], {
    cwd: dataDir,
    env: plainEnvironment(dataDir),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told: Buffer[] = [];
  command.stdout.on('data', (piece: Buffer) => told.push(piece));
  await once(command, 'close');
  return (JSON.parse(Buffer.concat(told).toString()) as { url: string }).url;
}

function plainEnvironment(dataDir: string): Record<string, string | undefined> {
  const { PATH = '', HOME, NODE_COMPILE_CACHE } = process.env;
  return {
    PATH: `${dirname(process.execPath)}${delimiter}${PATH}`,
    HOME,
    NODE_COMPILE_CACHE,
    DATA_DIR: dataDir,
  };
}

/** All it said up to the line that it is up; rejects with that when it ends before. */
function untilReady(service: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let said = '';
    const hear = (piece: Buffer): void => {
      said += piece.toString();
      if (said.includes('/docs\n')) done(said);
    };
    service.stdout?.on('data', hear);
    service.stderr?.on('data', hear);
    service.once('exit', (code) => fail(new Error(`the product ended with ${code}:\n${said}`)));
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
