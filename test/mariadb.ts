import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const INSTALL = 'mariadb-install-db';
const SERVER = 'mariadbd';

export interface Mariadb {
  /** The server's address with all rights and without a database: `mysql://root@127.0.0.1:PORT`. */
  url: string;
  /** Ends the server, waits for its end, and removes its files. */
  stop(): Promise<void>;
}

/** Whether a MariaDB server is installed here. */
export async function hasMariadb(): Promise<boolean> {
  try {
    await promisify(execFile)(SERVER, ['--no-defaults', '--version'], { env: searchPath() });
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts a real MariaDB with production's durability in a folder of its own, on a free port of the
 * loopback. `options` are further command line options of the server.
 */
export async function startMariadb(options: readonly string[] = []): Promise<Mariadb> {
  const folder = mkdtempSync(join(tmpdir(), 'zhenfu-mariadb-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const { url, stop } = await startIn(folder, options);
    return { url, stop: () => stop().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

async function startIn(folder: string, options: readonly string[]): Promise<Mariadb> {
  const data = join(folder, 'data');
  // As root the server refuses to start unless it is told that root is meant.
  const asUser = process.getuid?.() === 0 ? ['--user=root'] : [];
  // A server clears away the temporary tables that it finds when it starts: another one's too, were they
  // in the same place.
  const small = [
    `--tmpdir=${folder}`,
    '--innodb-log-file-size=16M',
    '--innodb-buffer-pool-size=64M',
    '--skip-name-resolve',
  ];
  await promisify(execFile)(
    INSTALL,
    [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      ...small,
      ...asUser,
    ],
    { env: searchPath() },
  );
  const port = await freePort();
  const stop = await launch([
    '--no-defaults',
    `--datadir=${data}`,
    `--socket=${join(folder, 's')}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    '--innodb-flush-log-at-trx-commit=1',
    '--skip-log-bin',
    '--performance-schema=OFF',
    '--max-connections=400',
    ...small,
    ...asUser,
    ...options,
  ]);
  return { url: `mysql://root@127.0.0.1:${port}`, stop };
}

/**
 * Runs the server under a shell that ends it when our end of its input closes: it does not outlive
 * the tests, even if they are killed. Answers when connections are welcome.
 */
function launch(options: readonly string[]): Promise<() => Promise<void>> {
  const guard = 'exec 3<&0; { cat <&3; kill $$; } >/dev/null 2>&1 & exec "$0" "$@" </dev/null 3<&-';
  const server = spawn('sh', ['-c', guard, SERVER, ...options], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: searchPath(),
  });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const stop = (): Promise<void> => {
    server.stdin.end();
    return ended;
  };
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    createInterface(server.stderr).on('line', (line) => {
      said.push(line);
      if (line.includes('ready for connections')) resolve(stop);
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`MariaDB did not start:\n${said.slice(-20).join('\n')}`)));
  });
}

/** Servers live in sbin, which is not on every user's path. */
function searchPath(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin` };
}

/** A port of the loopback that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}
