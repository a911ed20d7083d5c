import mysql, { type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemWorld } from '#world';
import { calmWire, WireCutter } from '../../test/cluster/wire-cutter.ts';
import { hasMariadb, startMariadb } from '../../test/mariadb.ts';
import { takeDatabase, type TestDatabase } from '../../test/mysql-databases.ts';
import { openStream } from '../../test/simulation/chance.ts';
import { cutLine } from '../../test/support/cut-line.ts';
import { migrate } from './migrate.ts';
import { openMysql, type MysqlStore } from './mysql.ts';
import { StoreUnavailable, UniqueViolation, type Tx } from './store.ts';

const server = process.env.ZHENFU_TEST_MYSQL_URL ?? 'none';
const world = systemWorld(() => false);
const insertClinic = 'INSERT INTO clinics (name, short_name, created_at) VALUES (?, ?, ?)';

/** A promise and the way to keep it, for two closures that wait for each other. */
function gate(): { passed: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}

describe.runIf(server !== 'none')('MySQL', { timeout: 30_000 }, () => {
  let database: TestDatabase;
  let store: MysqlStore;
  beforeAll(async () => {
    database = await takeDatabase(server);
    store = await openMysql({ url: database.url, world });
    await migrate(store, world);
    await store.transact('seed', async (tx) => {
      for (const name of ['a', 'b']) await tx.run(insertClinic, name, name, 1_800_000_000_123);
    });
  });
  afterAll(async () => {
    await store.close();
    await database.giveBack();
  });

  const rename = (tx: Tx, from: string, to: string): Promise<unknown> =>
    tx.run('UPDATE clinics SET short_name = ? WHERE name = ?', to, from);
  const countOf = async (name: string): Promise<number | undefined> => {
    const row = await store.read((tx) =>
      tx.one<{ n: number }>('SELECT COUNT(*) AS n FROM clinics WHERE name = ?', name),
    );
    return row?.n;
  };

  /** A store of one connection, through a line that can be cut. */
  const throughCutter = async (use: (distant: MysqlStore, wire: WireCutter) => Promise<void>) => {
    const wire = new WireCutter(Number(new URL(server).port), openStream('mysql.test'));
    const address = new URL(database.url);
    address.port = String(await wire.listen());
    const distant = await openMysql({ url: address.href, world, poolSize: 1, patienceMs: 400 });
    try {
      await use(distant, wire);
    } finally {
      await distant.close();
      await wire.close();
    }
  };

  it('of two closures in a deadlock one runs again as a whole, and both are done', async () => {
    const hasA = gate();
    const hasB = gate();
    let runs = 0;
    await Promise.all([
      store.transact('a, then b', async (tx) => {
        runs += 1;
        await rename(tx, 'a', 'first');
        hasA.open();
        await hasB.passed;
        await rename(tx, 'b', 'first');
      }),
      store.transact('b, then a', async (tx) => {
        runs += 1;
        await rename(tx, 'b', 'second');
        hasB.open();
        await hasA.passed;
        await rename(tx, 'a', 'second');
      }),
    ]);
    expect(runs).toBe(3);
    const rows = await store.read((tx) =>
      tx.all<{ short_name: string }>('SELECT DISTINCT short_name FROM clinics'),
    );
    expect(rows).toHaveLength(1);
  });

  it('a closure that swallows a deadlock does not commit half of its work', async () => {
    const hasA = gate();
    const hasB = gate();
    const swallow = (mine: string, theirs: string, has: () => void, wait: Promise<void>): Promise<unknown> =>
      store.transact('swallows', async (tx) => {
        await rename(tx, mine, mine);
        has();
        await wait;
        await rename(tx, theirs, mine).catch(() => undefined);
      });
    await Promise.all([swallow('a', 'b', hasA.open, hasB.passed), swallow('b', 'a', hasB.open, hasA.passed)]);
    const rows = await store.read((tx) => tx.all('SELECT DISTINCT short_name FROM clinics'));
    expect(rows).toHaveLength(1);
  });

  it('a closure that swallows a deadlock and goes on writes nothing outside its transaction', async () => {
    await throughCutter(async (distant, wire) => {
      let runs = 0;
      await distant.transact('swallows', async (tx) => {
        runs += 1;
        wire.weather = runs === 1 ? { ...calmWire, error: { ...calmWire.error, 1213: 1 } } : calmWire;
        await rename(tx, 'a', 'deadlocked').catch(() => undefined);
        wire.weather = calmWire;
        await tx.run(insertClinic, 'after a deadlock', 'x', 1).catch(() => undefined);
      });
      expect(runs).toBe(2);
    });
    expect(await countOf('after a deadlock')).toBe(1);
  });

  it('a COMMIT whose answer never comes is not waited for for ever, and found to be done', async () => {
    await throughCutter(async (distant, wire) => {
      let runs = 0;
      await distant.transact('silent', async (tx) => {
        runs += 1;
        wire.weather = runs === 1 ? { ...calmWire, silentAfterCommit: 1 } : calmWire;
        const known = await tx.one('SELECT 1 AS known FROM clinics WHERE name = ?', 'silent');
        if (known === undefined) await tx.run(insertClinic, 'silent', 's', 1);
      });
      expect(runs).toBe(2);
    });
    expect(await countOf('silent')).toBe(1);
  });

  it('a connection that is killed before COMMIT: the closure runs again on another, once in effect', async () => {
    const killer = await mysql.createConnection(server);
    let runs = 0;
    await store.transact('killed', async (tx) => {
      runs += 1;
      await tx.run(insertClinic, 'killed once', 'k', 1);
      const me = await tx.one<{ id: number }>('SELECT CONNECTION_ID() AS id');
      if (runs === 1) await killer.query(`KILL ${me?.id ?? 0}`);
    });
    await killer.end();
    expect(runs).toBe(2);
    expect(await countOf('killed once')).toBe(1);
  });

  it('an answer to COMMIT that is lost: the closure runs again and finds its own success', async () => {
    const line = await cutLine(Number(new URL(server).port), 'COMMIT');
    const address = new URL(database.url);
    address.port = String(line.port);
    const distant = await openMysql({ url: address.href, world, poolSize: 1 });
    const keyOf = `SELECT value FROM installation WHERE name = 'key'`;
    let runs = 0;
    const found = await distant.transact('once', async (tx) => {
      runs += 1;
      try {
        await tx.run(`INSERT INTO installation (name, value) VALUES ('key', ?)`, `run ${runs}`);
      } catch (error) {
        if (!(error instanceof UniqueViolation)) throw error;
      }
      return tx.one<{ value: string }>(keyOf);
    });
    await distant.close();
    await line.close();
    expect(runs).toBe(2);
    expect(found?.value).toBe('run 1');
  });

  it('a server that is not there is told as such, after a few tries', async () => {
    const line = await cutLine(1, '');
    const impatient = { ...world, after: (_delayMs: number, task: () => void) => world.after(0, task) };
    const nobody = openMysql({ url: `mysql://root@127.0.0.1:${line.port}/zhenfu`, world: impatient });
    await expect(nobody).rejects.toBeInstanceOf(StoreUnavailable);
    await line.close();
  });

  it('a migration that was killed after a statement, before the note of it, is finished', async () => {
    const before = await store.read((tx) =>
      tx.one<{ n: number }>('SELECT MAX(statements) AS n FROM schema_migrations'),
    );
    await store.transact('forget', (tx) =>
      tx.run('UPDATE schema_migrations SET statements = statements - 1, applied_at = NULL'),
    );
    expect((await migrate(store, world)).length).toBeGreaterThan(1);
    const after = await store.read((tx) => tx.one('SELECT MAX(statements) AS n FROM schema_migrations'));
    expect(after).toEqual(before);
  });

  it('every connection reads committed, strictly, in UTC, and waits five seconds for a lock', async () => {
    const row = await store.read((tx) =>
      tx.one(`SELECT @@SESSION.time_zone AS zone, @@SESSION.innodb_lock_wait_timeout AS wait,
        @@SESSION.sql_mode LIKE '%STRICT_ALL_TABLES%' AS strict, @@SESSION.character_set_client AS letters`),
    );
    expect(row).toEqual({ zone: '+00:00', wait: 5, strict: 1, letters: 'utf8mb4' });
    const seen = await store.transact('outer', async (tx) => {
      const before = await tx.one('SELECT short_name FROM clinics WHERE id = 1');
      await store.transact('inner', (inner) =>
        inner.run("UPDATE clinics SET short_name = 'new' WHERE id = 1"),
      );
      const after = await tx.one<{ short_name: string }>('SELECT short_name FROM clinics WHERE id = 1');
      return { before, after };
    });
    expect(seen.after).toEqual({ short_name: 'new' });
  });

  it('an instance that stands still inside a transaction keeps its locks for ten seconds, or a minute on MySQL', async () => {
    const row = await store.read((tx) =>
      tx.one(
        `SELECT @@SESSION.wait_timeout AS idle${
          store.dialect === 'mariadb' ? ', @@SESSION.idle_transaction_timeout AS inside' : ''
        }`,
      ),
    );
    expect(row).toEqual(store.dialect === 'mariadb' ? { idle: 60, inside: 10 } : { idle: 60 });
  });

  it("the clock views show clinic time, whatever the reader's zone", async () => {
    const reader = await mysql.createConnection({ uri: database.url, dateStrings: true });
    for (const zone of ['+00:00', '-05:00']) {
      await reader.query(`SET time_zone = '${zone}'`);
      const [rows] = await reader.query<RowDataPacket[]>(
        'SELECT id, name, created_at FROM clinics_clock WHERE id = 1',
      );
      expect(rows).toEqual([{ id: 1, name: 'a', created_at: '2027-01-15 16:00:00.123' }]);
    }
    await reader.end();
  });
});

describe.runIf(await hasMariadb())('a MariaDB whose settings endanger money', { timeout: 30_000 }, () => {
  it('is refused with every fault at once', async () => {
    const careless = await startMariadb([
      '--log-bin',
      '--sync-binlog=0',
      '--innodb-flush-log-at-trx-commit=2',
    ]);
    try {
      const connection = await mysql.createConnection(careless.url);
      await connection.query('CREATE DATABASE zhenfu');
      await connection.end();
      const opening = openMysql({ url: `${careless.url}/zhenfu`, world });
      await expect(opening).rejects.toThrow(/innodb_flush_log_at_trx_commit = 1[^]*sync_binlog = 1/);
    } finally {
      await careless.stop();
    }
  });
});
