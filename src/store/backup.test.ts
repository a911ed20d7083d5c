import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureClinic } from '#clinic';
import { systemWorld } from '#world';
import { BackupFault, backupSqlite, restoreSqlite } from './backup.ts';
import { migrate } from './migrate.ts';
import { openSqlite, type SqliteStore } from './sqlite.ts';

describe('a backup of the embedded database', () => {
  let folder: string;
  let store: SqliteStore;
  const world = systemWorld(() => false);
  const at = (name: string): string => join(folder, name);
  const clinicName = async (): Promise<string | undefined> =>
    (await store.read((tx) => tx.one<{ name: string }>('SELECT name FROM clinics')))?.name;
  const name = (text: string) => ensureClinic(store, { name: text, shortName: text }, 1);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zhenfu-'));
    store = openSqlite({ path: at('zhenfu.db') });
    await migrate(store, world);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test('is made while the service writes, and restoring it brings back what stood then', async () => {
    await name('早上');
    const made = await backupSqlite(at('zhenfu.db'), at('backup.db'));
    await name('晚上');
    await expect(restoreSqlite(at('backup.db'), at('zhenfu.db'), at('aside.db'))).rejects.toThrow(
      /另一个进程/,
    );
    await store.close();
    const restored = await restoreSqlite(at('backup.db'), at('zhenfu.db'), at('aside.db'));
    expect(restored).toMatchObject({ sha256: made.sha256, events: made.events });
    expect(existsSync(at('aside.db'))).toBe(true);
    store = openSqlite({ path: at('zhenfu.db') });
    expect(await clinicName()).toBe('早上');
  });

  test('that was changed afterwards is refused by its digest', async () => {
    await backupSqlite(at('zhenfu.db'), at('backup.db'));
    appendFileSync(at('backup.db'), 'x');
    await store.close();
    await expect(restoreSqlite(at('backup.db'), at('zhenfu.db'), at('aside.db'))).rejects.toThrow(
      BackupFault,
    );
    store = openSqlite({ path: at('zhenfu.db') });
    expect(await clinicName()).toBeUndefined();
  });

  test('never writes over an earlier one', async () => {
    await backupSqlite(at('zhenfu.db'), at('backup.db'));
    await expect(backupSqlite(at('zhenfu.db'), at('backup.db'))).rejects.toThrow(/已存在/);
  });
});
