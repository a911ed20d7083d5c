import { createHash } from 'node:crypto';
import mysql, {
  type ExecuteValues,
  type FieldPacket,
  type Pool,
  type PoolConnection,
  type ResultSetHeader,
  type RowDataPacket,
} from 'mysql2/promise';
import { jitter, pause, type World } from '#world';
import { performAll } from './after-commit.ts';
import type { Migratable, MigrationSession } from './migrate.ts';
import { ASKED, judge } from './mysql-checks.ts';
import { readMysqlUrl } from './mysql-url.ts';
import { bound, isAlreadyThere, isLost, isRepeatable, plain, translate } from './mysql-values.ts';
import type { Dialect } from './schema/dialect.ts';
import { Conflict, StoreUnavailable, type Statement, type Tx, type Value } from './store.ts';

export interface MysqlOptions {
  /** `mysql://user:password@host:3306/database`; see `readMysqlUrl`. */
  url: string;
  /** For the pauses between repeats, and their jitter: a world whose clock runs. */
  world: World;
  /** Connections at most; default 10. */
  poolSize?: number;
  /** A statement that takes longer has lost its server; default 30 s, which is 6 × the longest wait for a lock. */
  patienceMs?: number;
  /** Hears what a person should know about this server. */
  warn?: (text: string) => void;
}

const TRIES = 5;

const PATIENCE_MS = 30_000;

/** How long an instance waits, each of five times, for another one that migrates. */
const MIGRATION_WAIT_SECONDS = 20;

/**
 * What every connection is told before its first use. The last two modes make `||` and "names" mean
 * what they mean on SQLite. Nothing of ours stands still inside a transaction: one that does belongs to
 * an instance that was stopped or cut off without a word, and must not keep its locks from the others
 * for the eight hours that are usual. MariaDB ends it after ten seconds, MySQL after a minute.
 */
const SESSION = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 5, lock_wait_timeout = 60, autocommit = 1,
    wait_timeout = 60 /*M!100300 , idle_transaction_timeout = 10 */,
    sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY,PIPES_AS_CONCAT,ANSI_QUOTES'`,
];

/**
 * Connects to MySQL ≥ 8.0.17 or MariaDB ≥ 10.6 and looks at its settings.
 * Throws StoreUnavailable when it cannot be reached, an Error naming every setting that endangers money.
 */
export async function openMysql(options: MysqlOptions): Promise<MysqlStore> {
  const { exposed, ...address } = readMysqlUrl(options.url);
  const pool = mysql.createPool({
    ...address,
    connectionLimit: options.poolSize ?? 10,
    connectTimeout: 10_000,
    charset: 'UTF8MB4_BIN',
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    multipleStatements: false,
    // Errors are known by their number: a stack trace taken for every statement would be the dearest part of it.
    trace: false,
    // `rows` counts what the WHERE found, not what turned out different.
    flags: ['FOUND_ROWS'],
  });
  const connections = new Connections(pool);
  try {
    const { dialect, refusals, warnings } = judge(await askServer(connections, options.world));
    if (refusals.length > 0) throw new Error(refusals.join('\n'));
    if (exposed)
      warnings.push(
        '到数据库的连接未加密，请加 ?ssl=true。 The connection to the database is not encrypted.',
      );
    for (const warning of warnings) options.warn?.(warning);
    return new MysqlStore(connections, dialect, options.world, options.patienceMs ?? PATIENCE_MS);
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function askServer(connections: Connections, world: World): Promise<Parameters<typeof judge>[0]> {
  return repeating(world, () =>
    connections.use(async (connection) => {
      const [found] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
      const names = ASKED.map((name) => `'${name}'`).join(', ');
      const [rows] = await connection.query<RowDataPacket[]>(
        `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`,
      );
      const variables = new Map(rows.map((row) => [String(row.Variable_name), String(row.Value)]));
      return { version: String(found[0]?.version), variables };
    }),
  );
}

/** Runs `work` again, up to five times in all, while what it met may be gone the next time. */
async function repeating<T>(world: World, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isRepeatable(error)) throw translate(error);
      if (tries === TRIES) {
        const detail = error instanceof Error ? error.message : String(error);
        throw new StoreUnavailable(`gave up after ${TRIES} tries: ${detail}`, { cause: error });
      }
      // Two that collided want to be out of step; a server that was lost wants time to come back.
      const pauseMs = isLost(error) ? 30 * 3 ** tries : 5 * 2 ** tries;
      await pause(world, jitter(world, pauseMs, 0.5));
    }
  }
}

/** The pool, whose connections are told their settings once, before anybody may use them. */
class Connections {
  readonly #pool: Pool;
  readonly #told = new WeakSet<object>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Lends a connection; one that was lost, or that `work` left in doubt, does not come back. */
  async use<T>(work: (connection: PoolConnection) => Promise<T>): Promise<T> {
    const connection = await this.#pool.getConnection();
    try {
      if (!this.#told.has(connection.connection)) {
        for (const statement of SESSION) await connection.query(statement);
        this.#told.add(connection.connection);
      }
      const value = await work(connection);
      connection.release();
      return value;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

export class MysqlStore implements Migratable {
  readonly engine = 'mysql';
  readonly dialect: Dialect;
  readonly #connections: Connections;
  readonly #world: World;
  readonly #patienceMs: number;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(connections: Connections, dialect: Dialect, world: World, patienceMs: number) {
    this.#connections = connections;
    this.dialect = dialect;
    this.#world = world;
    this.#patienceMs = patienceMs;
  }

  transact<T>(_name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#repeating(async () => {
      const ended = await this.#connections.use((connection) => once(connection, work, this.#patienceMs));
      if (!ended.ok) throw ended.error;
      performAll(ended.acts);
      return ended.value;
    });
  }

  read<T>(work: (tx: Omit<Tx, 'run' | 'afterCommit'>) => Promise<T>): Promise<T> {
    return this.#repeating(async () => {
      const ended = await this.#connections.use((connection) => readOnce(connection, work, this.#patienceMs));
      if (!ended.ok) throw ended.error;
      return ended.value;
    });
  }

  migrating<T>(work: (session: MigrationSession) => Promise<T>): Promise<T> {
    return this.#repeating(() =>
      this.#connections.use((connection) => alone(connection, work, this.#patienceMs)),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#connections.end();
  }

  async #repeating<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreUnavailable('the store is closed');
    const running = repeating(this.#world, work);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}

type Ended<T> = { ok: true; value: T; acts: readonly (() => void)[] } | { ok: false; error: unknown };

/**
 * One transaction. Throws only where the connection is in doubt; a closure that failed and was
 * rolled back is answered, and the connection may serve the next.
 */
async function once<T>(
  connection: PoolConnection,
  work: (tx: Tx) => Promise<T>,
  patienceMs: number,
): Promise<Ended<T>> {
  const tx = new MysqlTx(connection, patienceMs);
  // A line that went dead without a word would keep these waiting for ever, and a COMMIT too is asked for again.
  const say = (sql: string): Promise<unknown> => connection.query({ sql, timeout: patienceMs });
  await say('START TRANSACTION');
  try {
    const value = await work(tx);
    // A closure may have caught a deadlock, which has already rolled everything back.
    if (tx.collision !== undefined) throw tx.collision;
    tx.end();
    await say('COMMIT');
    return { ok: true, value, acts: tx.acts };
  } catch (error) {
    tx.end();
    if (isLost(error)) throw error;
    await say('ROLLBACK');
    return { ok: false, error: tx.collision ?? error };
  }
}

/** Reads without a transaction: each statement sees what is committed. */
async function readOnce<T>(
  connection: PoolConnection,
  work: (tx: Omit<Tx, 'run' | 'afterCommit'>) => Promise<T>,
  patienceMs: number,
): Promise<Ended<T>> {
  try {
    return { ok: true, value: await work(new MysqlTx(connection, patienceMs)), acts: [] };
  } catch (error) {
    if (isLost(error)) throw error;
    return { ok: false, error };
  }
}

/** Holds the migration lock of this database; it is freed with the connection, by a kill too. */
async function alone<T>(
  connection: PoolConnection,
  work: (session: MigrationSession) => Promise<T>,
  patienceMs: number,
): Promise<T> {
  const tx = new MysqlTx(connection, patienceMs);
  const database = await tx.one<{ name: string }>('SELECT DATABASE() AS name');
  const lock = `zhenfu:${createHash('sha256')
    .update(database?.name ?? '')
    .digest('hex')
    .slice(0, 40)}`;
  const got = await tx.one<{ got: number | null }>(
    'SELECT GET_LOCK(?, ?) AS got',
    lock,
    MIGRATION_WAIT_SECONDS,
  );
  if (got?.got !== 1) throw new Conflict('another instance is migrating this database');
  const value = await work({
    all: (statement, ...values) => tx.all(statement, ...values),
    run: (statement, ...values) => tx.run(statement, ...values),
    step: (statement, again, note, ...values) => step(connection, tx, statement, again, note, values),
  });
  await tx.run('DO RELEASE_LOCK(?)', lock);
  return value;
}

/** DDL commits by itself, and only afterwards can it be noted; anything else commits with its note. */
async function step(
  connection: PoolConnection,
  tx: MysqlTx,
  statement: string,
  again: boolean,
  note: string,
  values: readonly Value[],
): Promise<void> {
  await connection.query('START TRANSACTION');
  try {
    // Not as a prepared statement: the protocol has no prepared CREATE TRIGGER.
    await connection.query(statement);
  } catch (error) {
    if (!again || !isAlreadyThere(error)) throw error;
  }
  await tx.run(note, ...values);
  await connection.query('COMMIT');
}

class MysqlTx implements Tx {
  readonly acts: (() => void)[] = [];
  /** The first deadlock, lock time-out or lost connection, also when the closure has caught it. */
  collision: Error | undefined;
  readonly #connection: PoolConnection;
  readonly #patienceMs: number;
  #ended = false;

  constructor(connection: PoolConnection, patienceMs: number) {
    this.#connection = connection;
    this.#patienceMs = patienceMs;
  }

  async all<R>(statement: Statement, ...values: readonly Value[]): Promise<R[]> {
    const [rows, fields] = await this.#execute<RowDataPacket[]>(statement, values);
    return plain(rows, fields) as R[];
  }

  async one<R>(statement: Statement, ...values: readonly Value[]): Promise<R | undefined> {
    const rows = await this.all<R>(statement, ...values);
    return rows[0];
  }

  async run(statement: Statement, ...values: readonly Value[]): Promise<{ rows: number; id: number }> {
    const [done] = await this.#execute<ResultSetHeader>(statement, values);
    return { rows: done.affectedRows, id: done.insertId };
  }

  afterCommit(act: () => void): void {
    this.#refuseEnded();
    this.acts.push(act);
  }

  end(): void {
    this.#ended = true;
  }

  async #execute<T extends RowDataPacket[] | ResultSetHeader>(
    statement: Statement,
    values: readonly Value[],
  ): Promise<[T, FieldPacket[]]> {
    this.#refuseEnded();
    // The server has left the transaction already: what came now would be committed by itself.
    if (this.collision !== undefined) throw this.collision;
    const sql = typeof statement === 'string' ? statement : statement.mysql;
    try {
      return await this.#connection.execute<T>(
        { sql, timeout: this.#patienceMs },
        bound(values) as ExecuteValues,
      );
    } catch (error) {
      const told = translate(error);
      if (isRepeatable(told)) this.collision ??= told;
      throw told;
    }
  }

  #refuseEnded(): void {
    if (this.#ended) throw new Error('this transaction has ended');
  }
}
