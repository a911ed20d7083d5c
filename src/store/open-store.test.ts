import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemWorld } from '#world';
import { takeDatabase } from '../../test/mysql-databases.ts';
import { WrongWorld } from './claim-world.ts';
import { openStore } from './open-store.ts';

const world = systemWorld(() => false);
const server = process.env.ZHENFU_TEST_MYSQL_URL ?? 'none';

describe('the database that is configured', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'zhenfu-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('is the embedded one where nothing is said; it is kept, and refuses another world', async () => {
    const folder = join(dataDir, 'not', 'yet', 'there');
    const store = await openStore({ dataDir: folder, kind: 'simulated', world });
    expect(store.engine).toBe('sqlite');
    await store.close();
    expect(existsSync(join(folder, 'zhenfu.db'))).toBe(true);
    await expect(openStore({ dataDir: folder, kind: 'live', world })).rejects.toBeInstanceOf(WrongWorld);
    const again = await openStore({ dataDir: folder, kind: 'simulated', world });
    await again.close();
  });

  it('is forgotten with the process when it is in memory', async () => {
    const store = await openStore({ databaseUrl: ':memory:', dataDir, kind: 'live', world });
    await store.close();
    expect(existsSync(join(dataDir, 'zhenfu.db'))).toBe(false);
  });

  it.runIf(server !== 'none')('is the server that DATABASE_URL names', async () => {
    const database = await takeDatabase(server, 'bare');
    const said: string[] = [];
    const warn = (text: string): void => void said.push(text);
    const store = await openStore({
      databaseUrl: database.url,
      dataDir,
      kind: 'live',
      world,
      poolSize: 2,
      warn,
    });
    expect(store.engine).toBe('mysql');
    expect(said).toEqual([]);
    await store.close();
    const other = openStore({ databaseUrl: database.url, dataDir, kind: 'sandbox', world });
    await expect(other).rejects.toBeInstanceOf(WrongWorld);
    await database.giveBack();
  });

  it('with an address that is none says what an address looks like', async () => {
    const opening = openStore({ databaseUrl: 'postgres://a/b', dataDir, kind: 'live', world });
    await expect(opening).rejects.toThrow('mysql://');
  });
});
