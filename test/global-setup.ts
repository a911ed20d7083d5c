import { hasMariadb, startMariadb } from './mariadb.ts';
import { dropDatabases } from './mysql-databases.ts';

/**
 * Gives the whole run one MariaDB: the server that ZHENFU_TEST_MYSQL_URL names, else one of our own
 * where MariaDB is installed. `ZHENFU_TEST_MYSQL_URL=none` leaves MySQL out, for a quick look.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.ZHENFU_TEST_MYSQL_URL;
  if (given === 'none') return undefined;
  if (given !== undefined) return () => dropDatabases(given);
  if (!(await hasMariadb())) return undefined;
  const server = await startMariadb();
  process.env.ZHENFU_TEST_MYSQL_URL = server.url;
  return server.stop;
}
