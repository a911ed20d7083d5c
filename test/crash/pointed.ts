import type { Row, Statement, Store, Value } from '#store';
import { Connection } from '../../src/store/sqlite-connection.ts';
import { lockDatabase } from '../../src/store/sqlite-lock.ts';
import { SqliteStore } from '../../src/store/sqlite.ts';

/** A moment at which a process can die: before and after a statement, or an await of the outside. */
export type Point = (kind: 'statement' | 'await', what: string) => void;

/** The store's own connection, with a point before and after each statement, COMMIT among them. */
class PointedConnection extends Connection {
  readonly #point: Point;

  constructor(path: string, purpose: 'writes' | 'reads', point: Point) {
    super(path, purpose);
    this.#point = point;
  }

  override all(statement: Statement, values: readonly Value[]): Row[] {
    return this.#through(statement, () => super.all(statement, values));
  }

  override one(statement: Statement, values: readonly Value[]): Row | undefined {
    return this.#through(statement, () => super.one(statement, values));
  }

  override run(statement: Statement, values: readonly Value[]): { rows: number; id: number } {
    return this.#through(statement, () => super.run(statement, values));
  }

  #through<T>(statement: Statement, act: () => T): T {
    const text = typeof statement === 'string' ? statement : statement.sqlite;
    this.#point('statement', `before ${text}`);
    const result = act();
    this.#point('statement', `after ${text}`);
    return result;
  }
}

/**
 * The embedded store of production over a file, every statement of a transaction and every await of one
 * a point. Readings beside it have none of their own: they change neither the file nor the outside, so
 * whoever dies at one leaves what who dies at the next statement leaves.
 */
export function openPointed(path: string, point: Point): Store {
  const unlock = lockDatabase(path);
  const writer = new PointedConnection(path, 'writes', point);
  const reader = new Connection(path, 'reads');
  const store = new SqliteStore({ path, writer, reader, unlock });
  return {
    engine: store.engine,
    async transact(name, work) {
      point('await', `before ${name}`);
      const result = await store.transact(name, work);
      point('await', `after ${name}`);
      return result;
    },
    read: (work) => store.read(work),
    close: () => store.close(),
  };
}
