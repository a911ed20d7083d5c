import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite.ts';

const insertClinic = 'INSERT INTO clinics (name, short_name, created_at) VALUES (?, ?, 0)';
const keepWriting = join(import.meta.dirname, '../../test/support/keep-writing.ts');

/** The files that this process holds open, where the system tells. */
function openFiles(): string[] {
  const folder = '/proc/self/fd';
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => {
    try {
      return readlinkSync(join(folder, name));
    } catch {
      return ''; // the one that lists them is closed by now
    }
  });
}

describe('the embedded database', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zhenfu-'));
    path = join(folder, 'zhenfu.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function newDatabase(): Promise<void> {
    const store = openSqlite({ path });
    await migrate(store, { now: () => 0 });
    await store.close();
  }

  /** Runs the writing process until `enough` lines, then kills it; or to its own end. */
  async function writeElsewhere(
    shell: string,
    enough: number,
    whileItRuns = (): void => {},
  ): Promise<string[]> {
    const writer = spawn('sh', ['-c', `${shell} exec "$0" "$@"`, process.execPath, keepWriting, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => writer.once('close', resolve));
    const lines: string[] = [];
    for await (const line of createInterface(writer.stdout)) {
      lines.push(line);
      if (lines.length !== enough) continue;
      whileItRuns();
      writer.kill('SIGKILL');
    }
    await ended;
    return lines;
  }

  async function storedNames(): Promise<Set<string>> {
    const store = openSqlite({ path });
    const rows = await store.read((tx) => tx.all<{ name: string }>('SELECT name FROM clinics'));
    const health = await store.read((tx) => tx.one('PRAGMA integrity_check'));
    await store.close();
    expect(health).toEqual({ integrity_check: 'ok' });
    return new Set(rows.map((row) => row.name));
  }

  const acknowledged = (lines: readonly string[]): string[] =>
    lines
      .filter((line) => line.startsWith('acknowledged '))
      .map((line) => line.slice('acknowledged '.length));

  it('a second process is refused while the first lives; what a killed one acknowledged is there', async () => {
    await newDatabase();
    const lines = await writeElsewhere('', 200, () => {
      expect(() => openSqlite({ path })).toThrow('正被另一个进程使用');
    });
    const names = await storedNames();
    expect(acknowledged(lines).length).toBeGreaterThanOrEqual(200);
    expect(acknowledged(lines).filter((name) => !names.has(name))).toEqual([]);
  });

  it('when the disk refuses, nothing more is acknowledged and the store stops for good', async () => {
    await newDatabase();
    // 512-byte blocks: the journal may grow to 400 kB, then every write of it fails.
    const lines = await writeElsewhere('ulimit -f 800;', Number.POSITIVE_INFINITY);
    const stopped = lines.indexOf('stopped');
    expect(acknowledged(lines).length).toBeGreaterThan(10);
    expect(lines.slice(stopped)).toEqual(['stopped', ...Array.from({ length: 9 }, () => 'refused')]);
    const names = await storedNames();
    expect(acknowledged(lines).filter((name) => !names.has(name))).toEqual([]);
  });

  it('the same file is refused twice in one process too, and is free again after closing', async () => {
    const first = openSqlite({ path });
    expect(() => openSqlite({ path })).toThrow('正被另一个进程使用');
    await first.close();
    await openSqlite({ path }).close();
  });

  it('only our own user may read the file', async () => {
    await newDatabase();
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('a migration of a database in use leaves a copy from before it', async () => {
    await newDatabase();
    const store = openSqlite({ path });
    await store.transact('write', (tx) => tx.run(insertClinic, 'a', 'a'));
    await store.transact('forget', (tx) =>
      tx.run('UPDATE schema_migrations SET applied_at = NULL, statements = 99 WHERE version = 1'),
    );
    await migrate(store, { now: () => 0 });
    await store.close();
    const copy = openSqlite({ path: `${path}.before-0001-create-bills-sessions-and-payments` });
    expect(await copy.read((tx) => tx.all('SELECT name FROM clinics'))).toEqual([{ name: 'a' }]);
    await copy.close();
  });

  it.each([':memory:', 'a file'])(
    'a closure that awaits the outside is refused and undone (%s)',
    async (where) => {
      const store = openSqlite({ path: where === ':memory:' ? where : path });
      await migrate(store, { now: () => 0 });
      const [waiting, beside] = await Promise.allSettled([
        store.transact('waiting', async (tx) => {
          await tx.run(insertClinic, 'never', 'n');
          await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
          await tx.run(insertClinic, 'never', 'n');
        }),
        store.transact('beside', (tx) => tx.run(insertClinic, 'a', 'a')),
      ]);
      expect(waiting).toMatchObject({
        reason: { message: 'a transaction may await only its own statements' },
      });
      expect(beside.status).toBe('fulfilled');
      expect(await store.read((tx) => tx.all('SELECT name FROM clinics'))).toEqual([{ name: 'a' }]);
      await store.close();
    },
  );

  it('a write waits for another program that holds the file, and is done when that lets go', async () => {
    await newDatabase();
    const store = openSqlite({ path });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const written = store.transact('write', (tx) => tx.run(insertClinic, 'a', 'a'));
    // The first turn of the event loop is the one in which the store tries and waits.
    setImmediate(() => setImmediate(() => other.exec('ROLLBACK')));
    expect(await written).toEqual({ rows: 1, id: 1 });
    other.close();
    await store.close();
  });

  it('what a closure may undo lies in memory, and in no file of the temporary folder', async () => {
    await newDatabase();
    const store = openSqlite({ path });
    await store.transact('write', async (tx) => {
      for (let row = 0; row < 2000; row += 1) await tx.run(insertClinic, `${row} ${'x'.repeat(50)}`, 'c');
    });
    const change = (): Promise<string[]> =>
      store.transact('change', async (tx) => {
        await tx.run(`UPDATE clinics SET name = name || '.'`);
        return openFiles();
      });
    const seen = await Promise.all([change(), change()]);
    expect(seen.flat().filter((file) => file.includes('etilqs'))).toEqual([]);
    await store.close();
  });

  it('closing twice at once still waits for what was asked before', async () => {
    await newDatabase();
    const store = openSqlite({ path });
    const written = store.transact('write', (tx) => tx.run(insertClinic, 'a', 'a'));
    await Promise.all([store.close(), store.close()]);
    expect(await written).toEqual({ rows: 1, id: 1 });
    expect(await storedNames()).toEqual(new Set(['a']));
  });

  it('those who wait together share one commit, more than sixty-four of them two', async () => {
    await newDatabase();
    const store = openSqlite({ path });
    const order: string[] = [];
    const write = (name: string): Promise<unknown> =>
      store.transact(name, async (tx) => {
        order.push('run');
        tx.afterCommit(() => order.push('committed'));
        await tx.run(insertClinic, name, 'c');
      });
    await Promise.all(Array.from({ length: 65 }, (_, index) => write(`clinic ${index}`)));
    const together = order.slice(0, 64).every((entry) => entry === 'run');
    expect(together).toBe(true);
    expect(order.slice(64)).toEqual([...Array.from({ length: 64 }, () => 'committed'), 'run', 'committed']);
    await store.close();
  });
});
