import { describe, expect, it } from 'vitest';
import { judge } from './mysql-checks.ts';
import { readMysqlUrl } from './mysql-url.ts';

const good = {
  innodb_flush_log_at_trx_commit: '1',
  log_bin: 'ON',
  sync_binlog: '1',
  innodb_doublewrite: 'ON',
  read_only: 'OFF',
  super_read_only: 'OFF',
  innodb_read_only: 'OFF',
  wsrep_on: 'OFF',
  default_storage_engine: 'InnoDB',
};

function judged(
  version: string,
  variables: Partial<Record<keyof typeof good, string>> = {},
): ReturnType<typeof judge> {
  return judge({ version, variables: new Map(Object.entries({ ...good, ...variables })) });
}

describe('a database server', () => {
  it.each(['8.0.17', '8.4.3', '10.6.0-MariaDB', '5.5.5-10.11.19-MariaDB-0+deb12u1', '11.8.2-MariaDB'])(
    'of version %s with safe settings is taken as it is',
    (version) => {
      const { dialect, refusals, warnings } = judged(version);
      expect({ refusals, warnings }).toEqual({ refusals: [], warnings: [] });
      expect(dialect).toBe(version.includes('MariaDB') ? 'mariadb' : 'mysql');
    },
  );

  it.each(['5.7.44', '8.0.16', '10.5.29-MariaDB', '5.5.5-10.3.39-MariaDB'])(
    'of version %s, which does not check what we rely on, is refused',
    (version) => {
      expect(judged(version).refusals).toEqual([expect.stringContaining(version)]);
    },
  );

  it.each([
    [{ innodb_flush_log_at_trx_commit: '2' }, 'innodb_flush_log_at_trx_commit = 1'],
    [{ sync_binlog: '0' }, 'sync_binlog = 1'],
    [{ read_only: 'ON' }, '主库'],
    [{ super_read_only: 'ON' }, '主库'],
    [{ innodb_read_only: 'ON' }, '主库'],
    [{ wsrep_on: 'ON' }, 'Galera'],
  ])('with %o could lose or split the truth and is refused, with what to do', (variables, fix) => {
    expect(judged('8.4.3', variables).refusals).toEqual([expect.stringContaining(fix)]);
  });

  it.each([[{ innodb_doublewrite: 'OFF' }], [{ default_storage_engine: 'MyISAM' }]])(
    'with %o is warned about',
    (variables) => {
      const { refusals, warnings } = judged('8.4.3', variables);
      expect(refusals).toEqual([]);
      expect(warnings).toHaveLength(1);
    },
  );

  it('without a binlog needs no sync_binlog', () => {
    expect(judged('8.4.3', { log_bin: 'OFF', sync_binlog: '0' }).refusals).toEqual([]);
  });

  it('with several faults is told all of them at once', () => {
    const faults = { innodb_flush_log_at_trx_commit: '0', sync_binlog: '0', read_only: 'ON' };
    expect(judged('5.7.44', faults).refusals).toHaveLength(4);
  });
});

describe('DATABASE_URL', () => {
  it('names user, password, host, port and database, percent-encoded where it must be', () => {
    expect(readMysqlUrl('mysql://zhen%40fu:p%2Fw@db.clinic:3307/zhenfu?ssl=true')).toEqual({
      host: 'db.clinic',
      port: 3307,
      user: 'zhen@fu',
      password: 'p/w',
      database: 'zhenfu',
      ssl: { rejectUnauthorized: true },
      exposed: false,
    });
  });

  it('that crosses a network in clear is known as exposed; on the same machine it is not', () => {
    expect(readMysqlUrl('mysql://a:b@10.0.0.5/zhenfu').exposed).toBe(true);
    for (const here of ['127.0.0.1', 'localhost', '[::1]']) {
      expect(readMysqlUrl(`mysql://a:b@${here}/zhenfu`).exposed).toBe(false);
    }
    expect(readMysqlUrl('mysql://a@db/zhenfu?socket=/run/mysqld.sock').exposed).toBe(false);
  });

  it.each(['multipleStatements=true', 'flags=-FOUND_ROWS', 'supportBigNumbers=false'])(
    'cannot switch off what keeps money safe (%s)',
    (option) => {
      expect(() => readMysqlUrl(`mysql://a:b@db/zhenfu?${option}`)).toThrow(option.split('=')[0] ?? '');
    },
  );

  it.each(['postgres://a:b@db/zhenfu', 'mysql://a:b@db', 'mysql://a:b@db/a`b', 'zhenfu'])(
    'refuses %s',
    (url) => {
      expect(() => readMysqlUrl(url)).toThrow('DATABASE_URL');
    },
  );
});
