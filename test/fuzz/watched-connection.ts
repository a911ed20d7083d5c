import type { Statement, Value } from '../../src/store/store.ts';
import { Connection } from '../../src/store/sqlite-connection.ts';
import { SqliteStore } from '../../src/store/sqlite.ts';

/** One statement that changed rows, in a transaction that was committed. */
export interface Write {
  table: string;
  text: string;
  /** The new id of an INSERT; of anything else the last value of its WHERE. */
  row: Value;
}

/**
 * A database in memory that remembers what was written to it: whether a request changed anything is then
 * known to the row, and costs nothing to ask.
 */
export class WatchedConnection extends Connection {
  /** What was committed since somebody cleared it. */
  readonly written: Write[] = [];
  #open: Write[] = [];
  readonly #savepoints: number[] = [];

  constructor() {
    super(':memory:', 'writes');
  }

  override run(statement: Statement, values: readonly Value[]): { rows: number; id: number } {
    const done = super.run(statement, values);
    const text = typeof statement === 'string' ? statement : statement.sqlite;
    const write = writeOf(text);
    if (write === undefined) this.#follow(text);
    else if (done.rows > 0)
      this.#open.push({ ...write, row: done.id > 0 ? done.id : (values.at(-1) ?? null) });
    return done;
  }

  /** A store over this connection, which it reads and writes through. */
  store(): SqliteStore {
    return new SqliteStore({ path: ':memory:', writer: this, reader: this, unlock: () => undefined });
  }

  #follow(text: string): void {
    if (text === 'BEGIN IMMEDIATE' || text === 'ROLLBACK') this.#open = [];
    else if (text === 'SAVEPOINT closure') this.#savepoints.push(this.#open.length);
    else if (text === 'RELEASE closure') this.#savepoints.pop();
    else if (text === 'ROLLBACK TO closure') this.#open.length = this.#savepoints.at(-1) ?? 0;
    else if (text === 'COMMIT') this.written.push(...this.#open.splice(0));
  }
}

type Shape = Pick<Write, 'table' | 'text'>;
const known = new Map<string, Shape | undefined>();

function writeOf(text: string): Shape | undefined {
  if (known.has(text)) return known.get(text);
  const table = /^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)/i.exec(text)?.[1];
  const write = table === undefined ? undefined : { table, text };
  known.set(text, write);
  return write;
}
