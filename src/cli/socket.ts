import { chmodSync, existsSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import Fastify from 'fastify';
import type { AccessParts } from '#access';
import { publicAddress, type Settings } from '#config';
import { runCommand, type CommandAnswer, type CommandName } from './commands.ts';

/**
 * On SQLite one process writes. The command line therefore asks the running service, by a socket that
 * only this user may open (0600); it opens the database itself only when none runs.
 */
export function socketPath(dataDir: string): string {
  return join(dataDir, 'zhenfu.sock');
}

export async function answerCommands(
  settings: Settings,
  parts: AccessParts,
): Promise<{ close(): Promise<void> }> {
  if (settings.DATABASE_URL !== undefined) return { close: () => Promise.resolve() };
  const path = socketPath(settings.DATA_DIR);
  if (existsSync(path)) rmSync(path); // left by a process that was killed: the database's lock says that we are alone
  const door = Fastify({ logger: false });
  const address = publicAddress(settings);
  door.post<{ Body: { name: CommandName; options: Record<string, string> } }>('/command', (asked) =>
    runCommand({ ...parts, address }, asked.body.name, asked.body.options),
  );
  await door.listen({ path });
  chmodSync(path, 0o600);
  return {
    async close() {
      await door.close();
      rmSync(path, { force: true });
    },
  };
}

/** Asks the running service; undefined when none answers there. */
export function askService(
  dataDir: string,
  name: CommandName,
  options: Record<string, string | undefined>,
): Promise<CommandAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ name, options });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request(
      { socketPath: socketPath(dataDir), path: '/command', method: 'POST', headers },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('end', () => {
          const text = Buffer.concat(pieces).toString('utf8');
          if (answer.statusCode === 200) resolve(JSON.parse(text) as CommandAnswer);
          else reject(new Error(`the running service answered ${answer.statusCode}: ${text}`));
        });
      },
    );
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    asked.end(body);
  });
}
