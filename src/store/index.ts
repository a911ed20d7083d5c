export { answers } from './answers.ts';
export { BackupFault, backupSqlite, restoreSqlite } from './backup.ts';
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
export { claimWorld, WrongWorld, type WorldKind } from './claim-world.ts';
export {
  migrate,
  migrationOf,
  migrations,
  SchemaMismatch,
  type Migratable,
  type Migration,
} from './migrate.ts';
export { openMysql, type MysqlOptions } from './mysql.ts';
export { openSqlite, type SqliteOptions } from './sqlite.ts';
export { openStore, type OpenOptions } from './open-store.ts';
