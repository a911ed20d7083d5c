import { hasMariadb, startMariadb } from './mariadb.ts';
import { dropDatabases } from './mysql-databases.ts';

let tidyUp: () => Promise<void> = async () => {};

/**
 * Gives the whole run one MariaDB: the server that ZHENFU_TEST_MYSQL_URL names, else one of our own
 * where MariaDB is installed. `ZHENFU_TEST_MYSQL_URL=none` leaves MySQL out, for a quick look.
 */
export async function setup(): Promise<void> {
  const given = process.env.ZHENFU_TEST_MYSQL_URL;
  if (given === 'none') return;
  if (given !== undefined) {
    tidyUp = () => dropDatabases(given);
    return;
  }
  if (!(await hasMariadb())) return;
  // It need not outlive a power cut, and on a slow disk every new table would wait for flushes.
  const server = await startMariadb(['--loose-innodb-flush-method=nosync']);
  process.env.ZHENFU_TEST_MYSQL_URL = server.url;
  tidyUp = server.stop;
}

export function teardown(): Promise<void> {
  return tidyUp();
}
