import { clockViews } from './schema/clock-views.ts';
import { COLLATION, spell } from './schema/dialect.ts';
import type { Migratable } from './migrate.ts';
import type { Store } from './store.ts';

/**
 * What stands in a database, as statements that would make it again: `schema/current.*.sql`, which a
 * test holds to the sum of the migrations. MySQL's is told as MySQL 8 reads it, from MariaDB too.
 */
export async function describeSchema(store: Store): Promise<string> {
  const statements = store.engine === 'sqlite' ? await describeSqlite(store) : await describeMysql(store);
  return statements.map((statement) => `${statement};\n`).join('\n');
}

/** Makes a database from such a description; for the test that both ways lead to the same. */
export async function makeFromDescription(store: Migratable, description: string): Promise<void> {
  const text =
    store.dialect === 'mariadb' ? description.replaceAll(COLLATION.mysql, COLLATION.mariadb) : description;
  await store.migrating(async (session) => {
    for (const statement of spell(text, store.dialect)) await session.step(statement, false, 'SELECT 1');
    if (store.engine === 'mysql') await clockViews(session);
  });
}

async function describeSqlite(store: Store): Promise<string[]> {
  const rows = await store.read((tx) =>
    tx.all<{ sql: string }>(
      `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid`,
    ),
  );
  return rows.map((row) => row.sql);
}

async function describeMysql(store: Store): Promise<string[]> {
  return store.read(async (tx) => {
    const names = await tx.all<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables
       WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name`,
    );
    const tables = new Map<string, string>();
    for (const { name } of names) {
      const row = await tx.one<{ 'Create Table': string }>(`SHOW CREATE TABLE ${name}`);
      tables.set(name, normal(row?.['Create Table'] ?? ''));
    }
    const triggers = await tx.all<{ text: string }>(
      `SELECT 'CREATE TRIGGER ' || trigger_name || ' ' || action_timing || ' ' || event_manipulation || ' ON '
              || event_object_table || ' FOR EACH ROW' || CHAR(10) || action_statement AS text
       FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY trigger_name`,
    );
    return [...parentsFirst(tables), ...triggers.map(({ text }) => text)];
  });
}

/** Takes out what differs from server to server, or with what the tables have held. */
function normal(table: string): string {
  return table
    .replaceAll(/["`]/g, '')
    .replaceAll(/\bbigint\(\d+\)/g, 'bigint')
    .replaceAll(/ AUTO_INCREMENT=\d+/g, '')
    .replaceAll(COLLATION.mariadb, COLLATION.mysql);
}

/** A foreign key wants the table it points at to be there already. */
function parentsFirst(tables: ReadonlyMap<string, string>): string[] {
  const placed = new Set<string>();
  while (placed.size < tables.size) {
    const before = placed.size;
    for (const [name, text] of tables) {
      const parents = [...text.matchAll(/ REFERENCES (\w+)/g)].map((match) => match[1] ?? '');
      if (parents.every((parent) => parent === name || placed.has(parent))) placed.add(name);
    }
    if (placed.size === before) throw new Error('the foreign keys go round in a circle');
  }
  return [...placed].map((name) => tables.get(name) ?? '');
}
