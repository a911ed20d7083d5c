import type { Tx } from '../store.ts';

/** Columns that hold an instant, by their names. */
const INSTANT = /(?:^|_)(?:at|until)$/;

/**
 * (Re)makes a view `TABLE_clock` beside each table: the same columns, every instant as a DATETIME in
 * clinic time. Written as an offset from 1970 at 08:00, because a function of the session's zone
 * would show each reader another hour (design, section 4). MySQL and MariaDB only.
 */
export async function clockViews(session: Pick<Tx, 'all' | 'run'>): Promise<void> {
  const columns = await session.all<{ table_name: string; column_name: string; data_type: string }>(
    `SELECT c.table_name AS table_name, c.column_name AS column_name, c.data_type AS data_type
     FROM information_schema.columns c
     JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
     WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' AND c.table_name <> 'schema_migrations'
     ORDER BY c.table_name, c.ordinal_position`,
  );
  const tables = Map.groupBy(columns, (column) => column.table_name);
  for (const [table, of] of tables) {
    const shown = of.map(({ column_name: name, data_type: type }) =>
      INSTANT.test(name) && type === 'bigint'
        ? `CAST(TIMESTAMP'1970-01-01 08:00:00' + INTERVAL (${name} * 1000) MICROSECOND AS DATETIME(3)) AS ${name}`
        : name,
    );
    await session.run(
      `CREATE OR REPLACE SQL SECURITY INVOKER VIEW ${table}_clock AS SELECT ${shown.join(', ')} FROM ${table}`,
    );
  }
}
