import type { Row, Statement, Value } from '#store';
import {
  asRow,
  inserted,
  updated,
  type StoredRow,
  type TableName,
  type Tables,
  type Written,
} from './tables.ts';

/**
 * Each named statement as a small function over the tables of one moment. Identity is the statement's
 * own text, so an operation of production code runs here unchanged; one that is not taught here says so
 * by name. `memory.test.ts` holds every one of them to SQLite.
 */
export type Query = (tables: Tables, values: readonly Value[]) => readonly object[];
export type Command = (tables: Tables, values: readonly Value[]) => Written;

export const queries = new Map<Statement, Query>();
export const commands = new Map<Statement, Command>();

export const query = (statement: Statement, run: Query): void => void queries.set(statement, run);
export const command = (statement: Statement, run: Command): void => void commands.set(statement, run);

/** An INSERT says by itself which columns it fills, with a `?` or a literal for each. */
export function insert(statement: Statement): void {
  const text = typeof statement === 'string' ? statement : statement.sqlite;
  const [, table, columns = '', values = ''] =
    /INSERT INTO (\w+)\s*\(([^)]*)\)\s*VALUES\s*\(([^)]*)\)/.exec(text) ?? [];
  const names = columns.split(',').map((name) => name.trim());
  const givens = values.split(',').map((value) => literal(value.trim()));
  command(statement, (tables, bound) => {
    const row: Row = {};
    let at = 0;
    for (const [place, name] of names.entries()) {
      const given = givens[place];
      row[name] = (given === undefined ? bound[at++] : given) ?? null;
    }
    return inserted(tables, table as TableName, row);
  });
}

/** undefined for `?`. */
function literal(value: string): Value | undefined {
  if (value === '?') return undefined;
  if (value === 'NULL') return null;
  return value.startsWith("'") ? value.slice(1, -1) : Number(value);
}

/** A SELECT * of the rows of one table. */
export function select<T extends TableName>(
  statement: Statement,
  table: T,
  found: (row: StoredRow<T>, values: readonly Value[]) => boolean,
): void {
  query(statement, (tables, values) => {
    const rows: readonly StoredRow<T>[] = tables[table];
    return rows.filter((row) => found(row, values));
  });
}

export function update<T extends TableName>(
  statement: Statement,
  table: T,
  found: (row: StoredRow<T>, values: readonly Value[]) => boolean,
  change: (row: StoredRow<T>, values: readonly Value[]) => Partial<StoredRow<T>>,
): void {
  command(statement, (tables, values) =>
    updated(
      tables,
      table,
      (row) => found(row, values),
      (row) => change(row, values),
    ),
  );
}

/** Only these columns, as a SELECT that names them gives them. */
export function pick(columns: string): (row: object) => Row {
  const names = columns.trim().split(/\s+/);
  return (row) => {
    const whole = asRow(row);
    const some: Row = {};
    for (const name of names) some[name] = whole[name] ?? null;
    return some;
  };
}

export const n = (value: Value | undefined): number => Number(value);
/** A value bound to a column of the same type: the statement's author has seen to that. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the column's type
export const as = <V>(value: Value | undefined): V => (value ?? null) as V;
/** COALESCE(?, column). */
export const or = <V>(value: Value | undefined, kept: V): V =>
  (value ?? null) === null ? kept : as<V>(value);
