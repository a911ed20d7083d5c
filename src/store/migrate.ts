import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '#world';
import { clockViews } from './schema/clock-views.ts';
import { spell, type Dialect } from './schema/dialect.ts';
import type { Store, Tx, Value } from './store.ts';

/** One numbered file of `schema/`: `0001-create-bills.sql`. Once released it never changes. */
export interface Migration {
  version: number;
  name: string;
  /** SHA-256 of the file, in hex: the same on every engine. */
  digest: string;
  text: string;
}

/** What a migration needs of an engine beyond the contract. */
export interface Migratable extends Store {
  readonly dialect: Dialect;
  /** Runs `work` while no other instance migrates this database. */
  migrating<T>(work: (session: MigrationSession) => Promise<T>): Promise<T>;
  /** Keeps a copy of the whole database beside it, named after what comes; an embedded one can. */
  keepCopy?(before: string): void;
}

export interface MigrationSession extends Pick<Tx, 'all' | 'run'> {
  /**
   * A statement as plain text, and the note that it is done, as nearly at once as the engine can. After
   * a kill between the two the statement comes again: `again` says that it may find its own work.
   */
  step(statement: string, again: boolean, note: string, ...values: readonly Value[]): Promise<void>;
}

/** The database does not fit this program: nothing was changed, a person decides. */
export class SchemaMismatch extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'SchemaMismatch';
  }
}

const LEDGER = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version BIGINT NOT NULL PRIMARY KEY,
  name {text:128} NOT NULL,
  digest {text:64} NOT NULL,
  statements BIGINT NOT NULL,
  applied_at BIGINT
){table};`;

const FINISHED = 'UPDATE schema_migrations SET applied_at = ? WHERE version = ?';

let files: readonly Migration[] | undefined;

/** The migrations that came with this program, in order. Read once. */
export function migrations(): readonly Migration[] {
  files ??= readMigrations(join(import.meta.dirname, 'schema'));
  return files;
}

function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => /^\d{4}-[\w-]+\.sql$/.test(name))
    .toSorted();
  return names.map((name, index) => {
    if (Number(name.slice(0, 4)) !== index) throw new Error(`schema/${name}: expected number ${index}`);
    return migrationOf(index, name.slice(5, -4), readFileSync(join(folder, name), 'utf8'));
  });
}

/** A migration from its text; line ends do not count. */
export function migrationOf(version: number, name: string, text: string): Migration {
  const digest = createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
  return { version, name, digest, text };
}

/**
 * Brings the database to the newest schema, once, however many instances start together, and goes on
 * where a killed one stopped. Answers the versions that were applied now.
 * Throws SchemaMismatch on a database that a newer or another program has made.
 */
export async function migrate(
  store: Migratable,
  world: Pick<World, 'now'>,
  wanted: readonly Migration[] = migrations(),
): Promise<number[]> {
  const ledger = await store.migrating((session) => openLedger(session, store.dialect));
  refuseUnknown(ledger, wanted);
  const finished = new Set(ledger.filter((row) => row.applied_at !== null).map((row) => row.version));
  const pending = wanted.filter(({ version }) => !finished.has(version));
  if (finished.size > 0 && pending[0] !== undefined) store.keepCopy?.(`before-${title(pending[0])}`);
  const applied: number[] = [];
  for (const next of pending) {
    const byUs = await store.migrating(async (session) => {
      if (!(await apply(session, next, store.dialect))) return false;
      // Before the last one counts as applied: a kill between the two makes the views the next time.
      if (next === pending.at(-1) && store.dialect !== 'sqlite') await clockViews(session);
      await session.run(FINISHED, world.now(), next.version);
      return true;
    });
    if (byUs) applied.push(next.version);
  }
  return applied;
}

function title(of: { version: number; name: string }): string {
  return `${String(of.version).padStart(4, '0')}-${of.name}`;
}

interface LedgerRow {
  version: number;
  name: string;
  digest: string;
  statements: number;
  applied_at: number | null;
}

async function openLedger(session: MigrationSession, dialect: Dialect): Promise<LedgerRow[]> {
  for (const statement of spell(LEDGER, dialect)) await session.run(statement);
  return session.all<LedgerRow>(
    'SELECT version, name, digest, statements, applied_at FROM schema_migrations',
  );
}

function refuseUnknown(ledger: readonly LedgerRow[], wanted: readonly Migration[]): void {
  for (const row of ledger) {
    const known = wanted.find(({ version }) => version === row.version);
    if (known === undefined) {
      throw new SchemaMismatch(
        `数据库比程序新（含 ${title(row)}），请使用较新的程序。 The database is newer than this program: it has ${title(row)}.`,
      );
    }
    if (known.digest !== row.digest) {
      throw new SchemaMismatch(
        `数据库中的 ${title(row)} 与程序中的不同，请使用建立它的程序版本或恢复备份。 ` +
          `${title(row)} was applied with another text: use the program that made this database, or restore a backup.`,
      );
    }
  }
}

/** Does what one migration says, or what a killed instance left of it. False when another was faster. */
async function apply(session: MigrationSession, next: Migration, dialect: Dialect): Promise<boolean> {
  const found = await session.all<LedgerRow>(
    'SELECT statements, applied_at FROM schema_migrations WHERE version = ?',
    next.version,
  );
  if (found[0] !== undefined && found[0].applied_at !== null) return false;
  if (found[0] === undefined) {
    await session.run(
      'INSERT INTO schema_migrations (version, name, digest, statements) VALUES (?, ?, ?, 0)',
      next.version,
      next.name,
      next.digest,
    );
  }
  const done = found[0]?.statements ?? 0;
  const note = 'UPDATE schema_migrations SET statements = ? WHERE version = ?';
  for (const [index, statement] of spell(next.text, dialect).entries()) {
    if (index < done) continue;
    const again = found[0] !== undefined && index === done;
    await session.step(statement, again, note, index + 1, next.version);
  }
  return true;
}
