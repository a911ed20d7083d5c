import { closeSync, mkdirSync, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** NFS, SMB, CIFS and SMB2 as statfs(2) numbers them: WAL needs shared memory, which they lack. */
const NETWORK_SHARES = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42]);

/**
 * Makes the database file ours: readable by our user only, on a local disk, and by this process
 * alone. The lock is a second, empty SQLite file in an open EXCLUSIVE transaction: the operating
 * system lets go of it when the process dies, by kill -9 too, and readers of the database never meet it.
 * Answers how to let go. Throws when another process holds it.
 */
export function lockDatabase(path: string): () => void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (NETWORK_SHARES.has(statfsSync(folder).type)) {
    throw new Error(
      `${folder} 是网络共享盘，SQLite 只能放在本机磁盘上。 SQLite needs a local disk, not a network share.`,
    );
  }
  closeSync(openSync(path, 'a', 0o600));
  const lock = new DatabaseSync(`${path}.lock`);
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw new Error(
      `${path} 正被另一个进程使用，请先停止它。 Another process holds this database: stop it first.`,
      {
        cause: error,
      },
    );
  }
  return () => lock.close();
}
