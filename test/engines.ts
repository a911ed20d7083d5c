import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, openSqlite, type Store } from '#store';

/** An engine to run a suite on: `describe.each(engines)('…', ({ open }) => …)`. */
export interface Engine {
  name: 'sqlite' | 'mysql';
  /** A fresh, migrated database of its own; `close()` throws it away. */
  open(): Promise<Store>;
}

const migratedAt = { now: () => Date.UTC(2026, 0, 1) };

export const sqlite: Engine = {
  name: 'sqlite',
  open: async () => {
    const store = openSqlite({ path: ':memory:' });
    await migrate(store, migratedAt);
    return store;
  },
};

/** The embedded database on disk, as in production: for what a journal and a second connection change. */
export const sqliteFile: Engine = {
  name: 'sqlite',
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zhenfu-'));
    const store = openSqlite({ path: join(folder, 'zhenfu.db') });
    await migrate(store, migratedAt);
    return throwingAway(store, () => rmSync(folder, { recursive: true }));
  },
};

/** Every engine that can run here. */
export const engines: readonly Engine[] = [sqlite];

function throwingAway<S extends Store>(store: S, throwAway: () => void | Promise<void>): S {
  const close = store.close.bind(store);
  store.close = async () => {
    await close();
    await throwAway();
  };
  return store;
}
