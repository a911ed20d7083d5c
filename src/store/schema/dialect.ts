/**
 * The schema is written once; this file spells the few words that differ between the engines.
 *
 *   {id}                      the table's own number, given by the engine
 *   column {text:N}           at most N characters, compared byte for byte
 *   {long}  {bytes}           text, bytes without a length
 *   ){table};                 the end of a table
 *   {immutable TABLE: a, b};  refuses to change these columns, and to delete a row
 *   {append_only TABLE};      refuses to change or delete any row
 *
 * MySQL ignores a REFERENCES beside its column, so keys become table constraints on every engine.
 */
export type Dialect = 'sqlite' | 'mysql' | 'mariadb';

interface Words {
  id: string;
  text(column: string, length: string): string;
  long: string;
  bytes: string;
  integer: string;
  table: string;
  /** Refuses an UPDATE: of these columns, or of any when there are none. */
  refuseUpdate(table: string, columns: readonly string[]): string;
  refuseDelete(table: string): string;
}

const sqlite: Words = {
  id: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  text: (column, length) => `TEXT CHECK (length(${column}) <= ${length})`,
  long: 'TEXT',
  bytes: 'BLOB',
  integer: 'INTEGER',
  table: ' STRICT',
  // UPDATE OF costs nothing while a statement names none of these columns.
  refuseUpdate: (table, columns) => {
    const which = columns.length === 0 ? '' : ` OF ${columns.join(', ')}`;
    const when = columns.map((column) => `OLD.${column} IS NOT NEW.${column}`).join(' OR ');
    return `CREATE TRIGGER ${table}_unchanged BEFORE UPDATE${which} ON ${table}
${when === '' ? '' : `WHEN ${when}\n`}BEGIN SELECT RAISE(ABORT, '${table}: what was written never changes'); END`;
  },
  refuseDelete: (table) => `CREATE TRIGGER ${table}_kept BEFORE DELETE ON ${table}
BEGIN SELECT RAISE(ABORT, '${table}: no row is ever deleted'); END`,
};

/** utf8mb4_bin compares 'a' and 'a ' as equal; only the NO PAD collations, named apart, do not. */
function mysql(collation: string): Words {
  const signal = (text: string): string => `SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${text}'`;
  return {
    id: 'BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY',
    text: (_column, length) => `VARCHAR(${length})`,
    long: 'MEDIUMTEXT',
    bytes: 'MEDIUMBLOB',
    integer: 'BIGINT',
    table: ` ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=${collation}`,
    refuseUpdate: (table, columns) => {
      const same = columns.map((column) => `OLD.${column} <=> NEW.${column}`).join(' AND ');
      const refuse = signal(`${table}: what was written never changes`);
      return `CREATE TRIGGER ${table}_unchanged BEFORE UPDATE ON ${table} FOR EACH ROW
${same === '' ? refuse : `IF NOT (${same}) THEN ${refuse}; END IF`}`;
    },
    refuseDelete: (table) => `CREATE TRIGGER ${table}_kept BEFORE DELETE ON ${table} FOR EACH ROW
${signal(`${table}: no row is ever deleted`)}`,
  };
}

/** MySQL has it since 8.0.17, MariaDB its own since 10.2. */
export const COLLATION = { mysql: 'utf8mb4_0900_bin', mariadb: 'utf8mb4_nopad_bin' } as const;

const WORDS: Record<Dialect, Words> = {
  sqlite,
  mysql: mysql(COLLATION.mysql),
  mariadb: mysql(COLLATION.mariadb),
};

/**
 * The statements of a schema file, in order, as `dialect` reads them.
 * Throws on a brace it does not know.
 */
export function spell(text: string, dialect: Dialect): string[] {
  const words = WORDS[dialect];
  return text
    .replaceAll('\r\n', '\n')
    .replace(/^[ \t]*--.*\n?/gm, '')
    .split(/;[ \t]*(?:\n[ \t]*(?:\n|$)|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
    .flatMap((statement) => spellStatement(statement, words));
}

function spellStatement(statement: string, words: Words): string[] {
  const immutable = /^\{immutable (\w+): ([\w,\s]+)\}$/.exec(statement);
  if (immutable?.[1] !== undefined && immutable[2] !== undefined) {
    const columns = ['id', ...immutable[2].split(',').map((column) => column.trim())];
    return [words.refuseUpdate(immutable[1], columns), words.refuseDelete(immutable[1])];
  }
  const appendOnly = /^\{append_only (\w+)\}$/.exec(statement);
  if (appendOnly?.[1] !== undefined) {
    return [words.refuseUpdate(appendOnly[1], []), words.refuseDelete(appendOnly[1])];
  }
  const spelled = keysApart(statement)
    .replaceAll('{id}', words.id)
    .replace(
      /(\w+) \{text:(\d+)\}/g,
      (_all, column: string, length: string) => `${column} ${words.text(column, length)}`,
    )
    .replaceAll('{long}', words.long)
    .replaceAll('{bytes}', words.bytes)
    .replace(/\bBIGINT\b/g, (integer) => (words.integer === 'BIGINT' ? integer : words.integer))
    .replace(/\)\{table\}$/, `)${words.table}`);
  const unknown = /\{[^}]*\}/.exec(spelled);
  if (unknown !== null) throw new Error(`The schema says ${unknown[0]}, which no dialect can spell.`);
  return [spelled];
}

/** Moves each `column … REFERENCES table (id)` of a new table to its end, as a named foreign key. */
function keysApart(statement: string): string {
  const table = /^CREATE TABLE (\w+)/.exec(statement)?.[1];
  if (table === undefined) {
    if (statement.includes(' REFERENCES ')) throw new Error(`Name the foreign key of: ${statement}`);
    return statement;
  }
  const keys: string[] = [];
  const columns = statement.replace(
    /^ {2}(?!CONSTRAINT)(\w+) (.*) REFERENCES (\w+ \(\w+\))/gm,
    (_all, column: string, rest: string, target: string) => {
      keys.push(`  CONSTRAINT ${table}_${column} FOREIGN KEY (${column}) REFERENCES ${target}`);
      return `  ${column} ${rest}`;
    },
  );
  return keys.reduce((text, key) => text.replace(/\n\)\{table\}$/, `,\n${key}\n){table}`), columns);
}
