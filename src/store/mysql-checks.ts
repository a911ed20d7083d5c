import type { Dialect } from './schema/dialect.ts';

/** What a server says of itself: its version, and its global variables by name. */
export interface Server {
  version: string;
  variables: ReadonlyMap<string, string>;
}

export interface Judgement {
  dialect: Exclude<Dialect, 'sqlite'>;
  /** Why money must not be kept here, each with what to do about it. */
  refusals: string[];
  /** What a person should know and may have good reason for. */
  warnings: string[];
}

/** The variables to ask for. */
export const ASKED = [
  'innodb_flush_log_at_trx_commit',
  'log_bin',
  'sync_binlog',
  'innodb_doublewrite',
  'read_only',
  'super_read_only',
  'innodb_read_only',
  'wsrep_on',
  'default_storage_engine',
] as const;

/** MySQL 8.0.16 checks CHECK constraints, 8.0.17 has the collation that tells 'a' from 'a '. */
const OLDEST = { mysql: [8, 0, 17], mariadb: [10, 6, 0] } as const;

/**
 * Whether this server keeps what it has acknowledged (money-safety, "Database settings that follow").
 * Refused is what can lose an acknowledged payment or write it twice; the rest is a warning.
 */
export function judge(server: Server): Judgement {
  const dialect = /mariadb/i.test(server.version) ? 'mariadb' : 'mysql';
  const refusals: string[] = [];
  const warnings: string[] = [];
  const value = (name: (typeof ASKED)[number]): string => (server.variables.get(name) ?? '').toUpperCase();
  const isOn = (name: (typeof ASKED)[number]): boolean => ['ON', '1', 'YES'].includes(value(name));

  if (isOlder(server.version, OLDEST[dialect])) {
    refusals.push(
      `数据库版本 ${server.version} 过旧，请升级到 MySQL ≥ 8.0.17 或 MariaDB ≥ 10.6。 Upgrade the database server.`,
    );
  }
  if (value('innodb_flush_log_at_trx_commit') !== '1') {
    refusals.push(
      '断电会丢失已确认的收款，请设置 innodb_flush_log_at_trx_commit = 1。 A power cut would lose acknowledged payments.',
    );
  }
  if (isOn('log_bin') && value('sync_binlog') !== '1') {
    refusals.push(
      '断电会丢失已确认的收款，请设置 sync_binlog = 1（或关闭 binlog）。 A power cut would lose acknowledged payments.',
    );
  }
  if (isOn('read_only') || isOn('super_read_only') || isOn('innodb_read_only')) {
    refusals.push(
      '此服务器只读（从库？），请连接唯一的主库。 This server is read-only: connect to the one writer.',
    );
  }
  if (isOn('wsrep_on')) {
    refusals.push(
      'Galera 集群可在多个节点同时写入，不能保证收款唯一，请改用单主库。 Galera may write on several nodes: use one writer.',
    );
  }
  if (['OFF', '0', 'DETECT_ONLY'].includes(value('innodb_doublewrite'))) {
    warnings.push(
      'innodb_doublewrite 已关闭：除非存储保证整页写入，否则断电会损坏数据。 ' +
        'Without doublewrite a power cut can tear pages, unless the storage writes them whole.',
    );
  }
  if (value('default_storage_engine') !== 'INNODB') {
    warnings.push(
      '默认存储引擎不是 InnoDB，请设置 default_storage_engine = InnoDB。 The default engine is not InnoDB.',
    );
  }
  return { dialect, refusals, warnings };
}

function isOlder(version: string, oldest: readonly number[]): boolean {
  // Some MariaDB servers put a `5.5.5-` before their version for old replicas.
  const parts = version
    .replace(/^5\.5\.5-/, '')
    .split(/[.-]/)
    .map(Number);
  for (const [index, wanted] of oldest.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}
