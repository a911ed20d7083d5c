import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import { lockDatabase } from './sqlite-lock.ts';

/** What a backup, or a restored database, was found to hold. */
export interface Found {
  file: string;
  sha256: string;
  bills: number;
  payments: number;
  events: number;
}

/** A backup that cannot be used, or a place where none may go; in words for the operator. */
export class BackupFault extends Error {}

/**
 * Copies the embedded database while it is in use, page by page, by SQLite's own backup: a copy of the
 * file alone would lack its journal (money-safety.md, "Why"). The copy is opened and examined before it
 * gets its name, and its digest stands beside it.
 * progress  is told pages done and pages in all
 */
export async function backupSqlite(
  from: string,
  to: string,
  progress: (done: number, all: number) => void = () => undefined,
): Promise<Found> {
  if (!existsSync(from)) throw new BackupFault(`没有数据库 · there is no database: ${from}`);
  if (existsSync(to)) throw new BackupFault(`目标已存在 · the target exists: ${to}`);
  const half = `${to}.half`;
  rmSync(half, { force: true });
  closeSync(openSync(half, 'wx', 0o600));
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    await backup(source, half, {
      rate: 500,
      progress: ({ totalPages, remainingPages }) => progress(totalPages - remainingPages, totalPages),
    });
  } finally {
    source.close();
  }
  const found = { ...examine(half), file: to, sha256: await digestOf(half) };
  flush(half);
  writeFileSync(`${to}.sha256`, `${found.sha256}\n`, { mode: 0o600 });
  renameSync(half, to);
  return found;
}

/**
 * Puts a backup in the place of the database. No service may run on it; a database that is there stays
 * beside it under another name. Statements and queries then bring home what happened since.
 */
export async function restoreSqlite(from: string, to: string, aside: string): Promise<Found> {
  if (!existsSync(from)) throw new BackupFault(`没有这个备份 · there is no such backup: ${from}`);
  const sha256 = await digestOf(from);
  const promised = existsSync(`${from}.sha256`) ? readFileSync(`${from}.sha256`, 'utf8').trim() : sha256;
  if (promised !== sha256)
    throw new BackupFault(`备份已损坏（校验和不符） · the backup is damaged: its digest differs: ${from}`);
  const unlock = lockDatabase(to);
  try {
    const half = `${to}.half`;
    await copyFile(from, half);
    chmodSync(half, 0o600);
    const found = examine(half);
    flush(half);
    for (const tail of ['', '-wal', '-shm']) {
      if (existsSync(`${to}${tail}`)) renameSync(`${to}${tail}`, `${aside}${tail}`);
    }
    renameSync(half, to);
    return { ...found, file: to, sha256 };
  } finally {
    unlock();
  }
}

/** Opens a copy and looks: whole pages, whole references, and every version counted by its events (I-14). */
function examine(path: string): Omit<Found, 'file' | 'sha256'> {
  const copy = new DatabaseSync(path, { readOnly: true });
  try {
    const one = (sql: string): unknown => Object.values(copy.prepare(sql).get() ?? {})[0];
    const integrity = one('PRAGMA integrity_check');
    if (integrity !== 'ok')
      throw new BackupFault(`备份未通过完整性检查 · the copy fails integrity_check: ${String(integrity)}`);
    if (copy.prepare('PRAGMA foreign_key_check').all().length > 0)
      throw new BackupFault('备份中有断裂的引用 · the copy has dangling references');
    const versions = Number(
      one(`SELECT (SELECT COALESCE(SUM(version), 0) FROM bills) + (SELECT COALESCE(SUM(version), 0) FROM payments)
      + (SELECT COALESCE(SUM(version), 0) FROM payment_sessions)`),
    );
    const counted = Number(one(`SELECT COUNT(*) FROM events WHERE entity IN ('bill', 'payment', 'session')`));
    if (versions !== counted)
      throw new BackupFault(
        `备份的状态与历史不符 · states and history differ in the copy: ${versions} and ${counted}`,
      );
    return {
      bills: Number(one('SELECT COUNT(*) FROM bills')),
      payments: Number(one('SELECT COUNT(*) FROM payments')),
      events: Number(one('SELECT COUNT(*) FROM events')),
    };
  } finally {
    copy.close();
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}

function flush(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
