import { createHash } from 'node:crypto';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { migrations } from '#store';

/**
 * Databases for tests on one server. Making one takes as long as twenty tests, so a migrated one is
 * emptied and used again, by whichever process comes next. Who uses a database holds a named lock on
 * a connection of its own: a test run that was killed leaves nothing locked.
 */
export interface TestDatabase {
  /** `mysql://…/zhenfu_test_…_3` */
  url: string;
  giveBack(): Promise<void>;
}

const PREFIX = 'zhenfu_test_';
const schemaName = `${PREFIX}${createHash('sha256')
  .update(
    migrations()
      .map((migration) => migration.digest)
      .join(),
  )
  .digest('hex')
  .slice(0, 8)}`;

/** An empty database: with all of today's tables, or (`bare`) with none. */
export async function takeDatabase(server: string, kind: 'used' | 'bare' = 'used'): Promise<TestDatabase> {
  const connection = await mysql.createConnection(server);
  for (let number = 1; ; number += 1) {
    const name = `${kind === 'bare' ? `${PREFIX}bare` : schemaName}_${number}`;
    if (!(await holds(connection, name))) continue;
    if (kind === 'bare') await connection.query(`DROP DATABASE IF EXISTS ${name}`);
    await connection.query(`CREATE DATABASE IF NOT EXISTS ${name}`);
    await empty(connection, name);
    const url = new URL(server);
    url.pathname = `/${name}`;
    return { url: url.href, giveBack: () => connection.end() };
  }
}

/** Drops every database of these that nobody uses. */
export async function dropDatabases(server: string): Promise<void> {
  const connection = await mysql.createConnection(server);
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name LIKE '${PREFIX}%'`,
  );
  for (const { name } of rows) {
    if (await holds(connection, String(name))) await connection.query(`DROP DATABASE ${String(name)}`);
  }
  await connection.end();
}

async function holds(connection: Connection, name: string): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT GET_LOCK('${name}', 0) AS got`);
  return rows[0]?.got === 1;
}

/** TRUNCATE also begins the ids again at 1; a table that nobody touched is left as it is. */
async function empty(connection: Connection, database: string): Promise<void> {
  const [tables] = await connection.query<RowDataPacket[]>(
    `SELECT table_name AS name, auto_increment AS next FROM information_schema.tables
     WHERE table_schema = '${database}' AND table_type = 'BASE TABLE' AND table_name <> 'schema_migrations'`,
  );
  await connection.query(`USE ${database}`);
  await connection.query('SET foreign_key_checks = 0');
  for (const { name, next } of tables) {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT 1 FROM ${String(name)} LIMIT 1`);
    if (rows.length > 0 || Number(next ?? 1) > 1) await connection.query(`TRUNCATE TABLE ${String(name)}`);
  }
}
