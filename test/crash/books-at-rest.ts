import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Store } from '#store';

/** The bare tables of a database that nobody writes. */
export interface Books extends Pick<Store, 'read'> {
  all(text: string, ...values: (string | number)[]): Record<string, unknown>[];
  one(text: string, ...values: (string | number)[]): Record<string, unknown> | undefined;
  close(): void;
}

/**
 * What a killed process left, as the next one will find it: database and journal are copied (the
 * copy's shared memory is made anew, as after any crash) and SQLite recovers the copy. The original
 * is not touched, so that its own recovery is the service's.
 */
export function readCopy(path: string): Books {
  const folder = mkdtempSync(join(tmpdir(), 'zhenfu-rest-'));
  const copy = join(folder, 'copy.db');
  for (const tail of ['', '-wal'])
    if (existsSync(`${path}${tail}`)) copyFileSync(`${path}${tail}`, `${copy}${tail}`);
  const books = readBooks(copy);
  const health = books.one('PRAGMA integrity_check')?.['integrity_check'];
  return {
    ...books,
    close() {
      books.close();
      rmSync(folder, { recursive: true });
      if (health !== 'ok') throw new Error(`the database is damaged: ${String(health)}`);
    },
  };
}

/** The tables of a database file; `readOnly` beside a service that writes it. */
export function readBooks(path: string, readOnly = false): Books {
  const database = new DatabaseSync(path, { readOnly, timeout: 5_000 });
  const all: Books['all'] = (text, ...values) => database.prepare(text).all(...values);
  const one: Books['one'] = (text, ...values) => database.prepare(text).get(...values);
  const tx = {
    all: async <R>(statement: unknown, ...values: readonly unknown[]) =>
      all(textOf(statement), ...values.map(plain)) as R[],
    one: async <R>(statement: unknown, ...values: readonly unknown[]) =>
      one(textOf(statement), ...values.map(plain)) as R | undefined,
  };
  return { all, one, read: (work) => work(tx), close: () => database.close() };
}

/** Whether a committed row holds this number at this moment, asked beside the service that writes it. */
export function isCommitted(path: string, outTradeNo: string): boolean {
  const books = readBooks(path, true);
  try {
    return books.one('SELECT 1 FROM payments WHERE out_trade_no = ?', outTradeNo) !== undefined;
  } finally {
    books.close();
  }
}

function textOf(statement: unknown): string {
  if (typeof statement !== 'string') throw new TypeError('the auditor asks in one dialect');
  return statement;
}

function plain(value: unknown): string | number {
  if (typeof value !== 'string' && typeof value !== 'number') throw new TypeError('text and numbers only');
  return value;
}
