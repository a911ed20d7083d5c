import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { ConstraintViolation, UniqueViolation, type Row, type Statement, type Value } from './store.ts';

/** The oldest SQLite without the WAL-reset bug, which can corrupt a database. */
const OLDEST = [3, 51, 3] as const;

/** How long one statement waits, and all of us with it, for another program that holds the file, in ms. */
const BUSY_MS = 200;

/** A fault of disk or file after which nothing that this process believes can be trusted. */
export class DiskFault extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'DiskFault';
  }
}

/** Another program holds the write lock. Nothing was done. */
export class Busy extends Error {
  constructor(options?: ErrorOptions) {
    super('another program holds the database', options);
    this.name = 'Busy';
  }
}

/** What each pragma must answer. WAL syncs every commit under FULL only. */
const SETTINGS = {
  journal_mode: 'wal',
  synchronous: 2,
  foreign_keys: 1,
  mmap_size: 0,
  // In memory: what a savepoint may undo would otherwise lie in the temporary folder, on another disk that may be full.
  temp_store: 2,
  timeout: BUSY_MS,
  recursive_triggers: 1,
} as const;

interface Prepared {
  statement: StatementSync;
  inserts: boolean;
  /** Of its columns, in their order. */
  names: readonly string[];
}

/**
 * One connection with its prepared statements. Everything here is synchronous and throws only what
 * `translate` makes: the engine above decides what that means.
 */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();
  #uniqueKeys = new Map<string, string>();
  /** The first fault of the disk, also when a closure has swallowed it. */
  fault: DiskFault | undefined;

  constructor(path: string, purpose: 'writes' | 'reads') {
    this.#database = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      this.#configure(path === ':memory:', purpose);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  #configure(inMemory: boolean, purpose: 'writes' | 'reads'): void {
    const version = String(this.#pragma('SELECT sqlite_version()'));
    if (isOlder(version)) {
      throw new Error(
        `SQLite ${version} 有损坏数据库的缺陷，请使用 ≥ ${OLDEST.join('.')} 的 Node。 SQLite is too old.`,
      );
    }
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
      PRAGMA foreign_keys = ON;
      PRAGMA mmap_size = 0;
      PRAGMA temp_store = MEMORY;
      PRAGMA recursive_triggers = ON;
      PRAGMA trusted_schema = OFF;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA cache_size = -32000;`);
    for (const [name, wanted] of Object.entries(SETTINGS)) {
      // A database in memory has no journal to choose, and nothing to map.
      if (inMemory && (name === 'journal_mode' || name === 'mmap_size')) continue;
      const found = this.#pragma(`PRAGMA ${name === 'timeout' ? 'busy_timeout' : name}`);
      if (found !== wanted) {
        throw new Error(
          `SQLite 拒绝了设置 ${name}=${wanted}（得到 ${String(found)}）。 SQLite refused this setting.`,
        );
      }
    }
    if (purpose === 'reads') this.#database.exec('PRAGMA query_only = ON');
  }

  #pragma(text: string): SQLOutputValue | undefined {
    const row = this.#database.prepare(text).get();
    return row === undefined ? undefined : Object.values(row)[0];
  }

  /** False when SQLite itself has rolled back, as it does after some faults. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  all(statement: Statement, values: readonly Value[]): Row[] {
    try {
      const { statement: prepared, names } = this.#prepare(statement);
      return (prepared.all(...bound(values)) as unknown as SQLOutputValue[][]).map((row) =>
        named(names, row),
      );
    } catch (error) {
      throw this.#translate(error);
    }
  }

  one(statement: Statement, values: readonly Value[]): Row | undefined {
    try {
      const { statement: prepared, names } = this.#prepare(statement);
      const row = prepared.get(...bound(values)) as unknown as SQLOutputValue[] | undefined;
      return row === undefined ? undefined : named(names, row);
    } catch (error) {
      throw this.#translate(error);
    }
  }

  run(statement: Statement, values: readonly Value[]): { rows: number; id: number } {
    try {
      const { statement: prepared, inserts } = this.#prepare(statement);
      const done = prepared.run(...bound(values));
      const rows = Number(done.changes);
      // SQLite remembers the last id of the connection; a statement that inserted nothing has none.
      return { rows, id: inserts && rows > 0 ? Number(done.lastInsertRowid) : 0 };
    } catch (error) {
      throw this.#translate(error);
    }
  }

  /** The whole database as it stands: copies in memory, and the rewinds of a simulated day, are made from it. */
  image(): Uint8Array {
    return this.#database.serialize();
  }

  /** Becomes the database of an image. */
  become(image: Uint8Array): void {
    this.#prepared.clear();
    this.#database.deserialize(image);
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #prepare(statement: Statement): Prepared {
    const text = typeof statement === 'string' ? statement : statement.sqlite;
    let prepared = this.#prepared.get(text);
    if (prepared === undefined) {
      const made = this.#database.prepare(text);
      made.setReturnArrays(true);
      const names = made.columns().map(({ name }) => name);
      prepared = { statement: made, inserts: /^\s*INSERT\b/i.test(text), names };
      this.#prepared.set(text, prepared);
    }
    return prepared;
  }

  #translate(error: unknown): unknown {
    if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
    const { errcode, message } = error;
    if (UNIQUE.has(errcode)) return new UniqueViolation(this.#uniqueKey(message));
    const primary = errcode & 0xff;
    if (primary === CONSTRAINT) return new ConstraintViolation(message);
    if (primary === BUSY) return new Busy({ cause: error });
    if (!FATAL.has(primary)) return error;
    this.fault ??= new DiskFault(`SQLite ${errcode}: ${message}`, { cause: error });
    return this.fault;
  }

  /** SQLite names the columns (`UNIQUE constraint failed: bills.clinic_id, bills.bill_no`), we the constraint. */
  #uniqueKey(message: string): string {
    const columns = message.slice(message.indexOf(': ') + 2);
    const known = this.#uniqueKeys.get(columns);
    if (known !== undefined) return known;
    this.#uniqueKeys = uniqueKeys(
      this.#database.prepare(`SELECT tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL`).all(),
    );
    return this.#uniqueKeys.get(columns) ?? 'PRIMARY';
  }
}

/** A row as an object of a shape that all rows of its statement share: those that the driver makes are twice as dear to make and to read. */
function named(names: readonly string[], values: readonly SQLOutputValue[]): Row {
  const row: Record<string, SQLOutputValue> = {};
  for (let at = 0; at < names.length; at += 1) row[names[at] ?? ''] = values[at] ?? null;
  return row as Row;
}

// Result codes of SQLite, https://www.sqlite.org/rescode.html
const BUSY = 5;
const CONSTRAINT = 19;
/** SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY and _ROWID. */
const UNIQUE = new Set([2067, 1555, 2579]);
/** NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB. */
const FATAL = new Set([7, 8, 10, 11, 13, 14, 15, 26]);

/** Every unique constraint and index by the columns that SQLite names when it refuses. */
function uniqueKeys(schema: readonly Record<string, SQLOutputValue>[]): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { tbl_name: table, sql } of schema) {
    const text = String(sql);
    const found = [
      ...text.matchAll(/CONSTRAINT (\w+) UNIQUE \(([^)]*)\)/g),
      ...text.matchAll(/CREATE UNIQUE INDEX (\w+) ON \w+ \(([^)]*)\)/g),
    ];
    for (const [, name = '', list = ''] of found) {
      keys.set(
        list
          .split(',')
          .map((column) => `${String(table)}.${column.trim()}`)
          .join(', '),
        name,
      );
    }
  }
  return keys;
}

/** Whole numbers go down as integers (node:sqlite would send them as REAL: `? || ''` would say 5.0). */
function bound(values: readonly Value[]): (string | bigint | Uint8Array | null)[] {
  return values.map((value) => {
    if (typeof value !== 'number') return value;
    if (!Number.isSafeInteger(value))
      throw new RangeError(`${value} is no safe integer: the store refuses it`);
    return BigInt(value);
  });
}

function isOlder(version: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, oldest] of OLDEST.entries()) {
    const part = parts[index] ?? 0;
    if (part !== oldest) return part < oldest;
  }
  return false;
}
