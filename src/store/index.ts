export {
  Conflict,
  ConstraintViolation,
  StoreUnavailable,
  UniqueViolation,
  type Row,
  type Statement,
  type Store,
  type Tx,
  type Value,
} from './store.ts';
export { migrate, migrations, SchemaMismatch, type Migratable, type Migration } from './migrate.ts';
export { openSqlite, type SqliteOptions } from './sqlite.ts';
