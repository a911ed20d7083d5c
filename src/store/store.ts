/**
 * The store contract. Operations see only this and the named statements in `sql/`; which engine is
 * behind it shows nowhere else. Values are what both engines agree on: text, whole numbers (safe
 * integers), bytes and null.
 */
export type Value = string | number | Uint8Array | null;
export type Row = Record<string, Value>;

/** A statement as both engines read it, or one text for each where they differ. `?` marks a value. */
export type Statement = string | { sqlite: string; mysql: string };

export interface Tx {
  /** Every row. */
  all<R = Row>(statement: Statement, ...values: readonly Value[]): Promise<R[]>;
  /** The first row, or undefined. */
  one<R = Row>(statement: Statement, ...values: readonly Value[]): Promise<R | undefined>;
  /** Rows found by the WHERE (not rows changed), and the new id of an INSERT. */
  run(statement: Statement, ...values: readonly Value[]): Promise<{ rows: number; id: number }>;
  /** Runs once this transaction is committed, never if it is not; must not throw. */
  afterCommit(act: () => void): void;
}

export interface Store {
  readonly engine: 'sqlite' | 'mysql';
  /**
   * One transaction. `work` is a pure closure over `tx`: no I/O but `tx`, no side effect outside
   * (they go to `afterCommit`): it is run again as a whole, up to five times with jitter, on a
   * deadlock, a lock time-out, a snapshot conflict (1213, 1205, 1020, SQLITE_BUSY), a `Conflict`, and after a
   * connection that died inside COMMIT. It must therefore find its own earlier success: guarded
   * updates and unique keys do.
   * `name` is for logs, metrics and fault injection.
   */
  transact<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Reads outside a transaction, from the primary. */
  read<T>(work: (tx: Omit<Tx, 'run' | 'afterCommit'>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Thrown by `run` when a unique key refuses; `key` is the constraint's or column's name as far as known. */
export class UniqueViolation extends Error {
  readonly key: string;
  constructor(key: string) {
    super(`unique key: ${key}`);
    this.name = 'UniqueViolation';
    this.key = key;
  }
}

/** A CHECK, NOT NULL, foreign key or trigger refused: a bug of ours, or tampering. */
export class ConstraintViolation extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'ConstraintViolation';
  }
}

/** The database could not be reached, or still refuses after every repeat. Nothing is known to be committed. */
export class StoreUnavailable extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'StoreUnavailable';
  }
}

/**
 * A guarded update found another state than the one that was read a moment ago. Thrown inside
 * `transact`, the whole closure runs again on what is true now.
 */
export class Conflict extends Error {
  constructor(what: string) {
    super(`changed meanwhile: ${what}`);
    this.name = 'Conflict';
  }
}
