import { join } from 'node:path';
import type { World } from '#world';
import { claimWorld, type WorldKind } from './claim-world.ts';
import { migrate, type Migratable } from './migrate.ts';
import { openMysql } from './mysql.ts';
import { openSqlite } from './sqlite.ts';
import type { Store, StoreUnavailable } from './store.ts';

export interface OpenOptions {
  /** `mysql://…`; without it the embedded database `zhenfu.db` in `dataDir`. `:memory:` forgets. */
  databaseUrl?: string | undefined;
  dataDir: string;
  /** The world this process works in; a database of another one is refused. */
  kind: WorldKind;
  world: World;
  /** Connections to MySQL at most. */
  poolSize?: number;
  /** Hears what a person should know about the database server. */
  warn?: (text: string) => void;
  /** Told once, when the embedded database has stopped for good: time to end the process. */
  onFatal?: (fault: StoreUnavailable) => void;
}

/**
 * Opens the database that is configured, checks what money needs of it, brings it to the newest
 * schema and claims it for this world. Throws with words for the operator when any of it fails.
 */
export async function openStore(options: OpenOptions): Promise<Store> {
  const store = await openEngine(options);
  try {
    await migrate(store, options.world);
    await claimWorld(store, options.kind);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

function openEngine(options: OpenOptions): Promise<Migratable> | Migratable {
  const { databaseUrl, dataDir, world, poolSize, warn, onFatal } = options;
  if (databaseUrl === undefined || databaseUrl === '' || databaseUrl === ':memory:') {
    const path = databaseUrl === ':memory:' ? databaseUrl : join(dataDir, 'zhenfu.db');
    return openSqlite({ path, ...(onFatal && { onFatal }) });
  }
  return openMysql({
    url: databaseUrl,
    world,
    ...(poolSize !== undefined && { poolSize }),
    ...(warn && { warn }),
  });
}
