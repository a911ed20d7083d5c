import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeSchema } from '../src/store/describe.ts';
import { engines, mysqlAt, type Engine } from '../test/engines.ts';
import { startMariadb } from '../test/mariadb.ts';

/**
 * Writes `src/store/schema/current.*.sql` anew from the migrations. Run it after adding one; needs
 * MariaDB, its own or the server that ZHENFU_TEST_MYSQL_URL names.
 */
async function snapshot(engine: Engine): Promise<void> {
  const store = await engine.open();
  const header =
    '-- The schema as the migrations leave it, to be read by people. Made by scripts/schema-snapshot.ts.\n\n';
  const file = join(import.meta.dirname, '../src/store/schema', `current.${engine.name}.sql`);
  writeFileSync(file, header + (await describeSchema(store)));
  await store.close();
}

const given = engines.find((engine) => engine.name === 'mysql');
const server = given === undefined ? await startMariadb() : undefined;
try {
  for (const engine of engines) await snapshot(engine);
  if (server !== undefined) await snapshot(mysqlAt(server.url));
} finally {
  await server?.stop();
}
