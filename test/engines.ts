import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, openMysql, openSqlite, type Migratable, type Store } from '#store';
import { systemWorld } from '#world';
import { takeDatabase } from './mysql-databases.ts';

/** An engine to run a suite on: `describe.each(engines)('… on $name', ({ open }) => …)`. */
export interface Engine {
  name: 'sqlite' | 'mysql';
  /** A fresh, migrated database of its own; `close()` throws it away. */
  open(): Promise<Store>;
  /** The same without any table. */
  openBare(): Promise<Migratable>;
}

const world = systemWorld(() => false);

/** The embedded database in memory: the quickest. */
export const sqlite: Engine = {
  name: 'sqlite',
  open: () => migrated(openSqlite({ path: ':memory:' })),
  openBare: async () => openSqlite({ path: ':memory:' }),
};

/** The embedded database on disk, as in production: for what a journal and a second connection change. */
export const sqliteFile: Engine = {
  name: 'sqlite',
  open: async () => migrated(await sqliteFile.openBare()),
  openBare: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zhenfu-'));
    const store = openSqlite({ path: join(folder, 'zhenfu.db') });
    return afterwards(store, async () => rmSync(folder, { recursive: true }));
  },
};

/** A MySQL or MariaDB server at `url`, with the right to make databases. */
export function mysqlAt(url: string): Engine {
  return {
    name: 'mysql',
    open: async () => migrated(await openMysqlDatabase(url, 'used')),
    openBare: () => openMysqlDatabase(url, 'bare'),
  };
}

/**
 * Every engine that can run here: MySQL where `test/global-setup.ts` found or started a server. On
 * a machine that must not leave anything out (`CI`), a missing server is an error.
 */
export const engines: readonly Engine[] = [sqlite, ...mysqlEngines()];

function mysqlEngines(): Engine[] {
  const url = process.env.ZHENFU_TEST_MYSQL_URL;
  if (url !== undefined && url !== 'none') return [mysqlAt(url)];
  if (process.env.CI === 'true') throw new Error('CI needs MariaDB, or ZHENFU_TEST_MYSQL_URL');
  return [];
}

async function openMysqlDatabase(server: string, kind: 'used' | 'bare'): Promise<Migratable> {
  const database = await takeDatabase(server, kind);
  const store = await openMysql({ url: database.url, world });
  return afterwards(store, () => database.giveBack());
}

async function migrated(store: Migratable): Promise<Store> {
  await migrate(store, world);
  return store;
}

function afterwards<S extends Store>(store: S, act: () => Promise<void>): S {
  const close = store.close.bind(store);
  let closed: Promise<void> | undefined;
  store.close = () => (closed ??= close().then(act));
  return store;
}
