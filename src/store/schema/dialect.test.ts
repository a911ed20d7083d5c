import { describe, expect, it } from 'vitest';
import { migrations } from '../migrate.ts';
import { spell } from './dialect.ts';

describe('the two dialects', () => {
  it('a foreign key beside its column becomes one that MySQL keeps', () => {
    const text = `CREATE TABLE lines (\n  id {id},\n  bill_id BIGINT NOT NULL REFERENCES bills (id),\n  name {text:9}\n){table};\n`;
    expect(spell(text, 'mysql')).toEqual([
      `CREATE TABLE lines (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  bill_id BIGINT NOT NULL,
  name VARCHAR(9),
  CONSTRAINT lines_bill_id FOREIGN KEY (bill_id) REFERENCES bills (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin`,
    ]);
    expect(spell(text, 'sqlite')).toEqual([
      `CREATE TABLE lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  bill_id INTEGER NOT NULL,
  name TEXT CHECK (length(name) <= 9),
  CONSTRAINT lines_bill_id FOREIGN KEY (bill_id) REFERENCES bills (id)
) STRICT`,
    ]);
  });

  it('a brace that nobody can spell is an error, not SQL', () => {
    expect(() => spell('CREATE TABLE a (\n  at {instant}\n){table};\n', 'sqlite')).toThrow('{instant}');
    expect(() => spell('{immutable bills};\n', 'mysql')).toThrow('{immutable bills}');
  });

  it('a foreign key that one engine would ignore is an error', () => {
    const text = 'ALTER TABLE a ADD COLUMN b BIGINT REFERENCES c (id);\n';
    expect(() => spell(text, 'mysql')).toThrow('Name the foreign key');
  });

  it('no table or column has a name that MySQL keeps for itself', () => {
    const names = migrations()
      .flatMap((migration) => spell(migration.text, 'mysql'))
      .flatMap((statement) => [...statement.matchAll(/^ {2}(\w+) [A-Z]|^CREATE TABLE (\w+)/gm)])
      .map((match) => match[1] ?? match[2] ?? '')
      .filter((name) => name !== 'CONSTRAINT');
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name) => RESERVED.has(name.toUpperCase()))).toEqual([]);
  });
});

/**
 * The reserved words of MySQL 8.4 that could name something of a clinic and that MariaDB, where our
 * tests run, partly allows (https://dev.mysql.com/doc/refman/8.4/en/keywords.html).
 */
const RESERVED = new Set(
  `ACCESSIBLE ADD ALL ALTER ANALYZE AND AS ASC BEFORE BETWEEN BIGINT BINARY BLOB BOTH BY CALL CASCADE CASE CHANGE
  CHAR CHARACTER CHECK COLLATE COLUMN CONDITION CONSTRAINT CONTINUE CONVERT CREATE CROSS CUBE CUME_DIST CURSOR
  DATABASE DATABASES DECIMAL DECLARE DEFAULT DELAYED DELETE DENSE_RANK DESC DESCRIBE DETERMINISTIC DISTINCT DIV
  DOUBLE DROP DUAL EACH ELSE EMPTY ENCLOSED ESCAPED EXCEPT EXISTS EXIT EXPLAIN FALSE FETCH FIRST_VALUE FLOAT FOR
  FORCE FOREIGN FROM FULLTEXT FUNCTION GENERATED GET GRANT GROUP GROUPING GROUPS HAVING IF IGNORE IN INDEX INNER
  INOUT INSERT INT INTEGER INTERSECT INTERVAL INTO IS ITERATE JOIN KEY KEYS KILL LAG LAST_VALUE LATERAL LEAD
  LEADING LEAVE LEFT LIKE LIMIT LINEAR LINES LOAD LOCALTIME LOCK LONG LOOP MANUAL MATCH MOD NATURAL NOT NTH_VALUE
  NTILE NULL NUMERIC OF ON OPTIMIZE OPTION OR ORDER OUT OUTER OVER PARALLEL PARTITION PERCENT_RANK PRECISION
  PRIMARY PROCEDURE PURGE QUALIFY RANGE RANK READ READS REAL RECURSIVE REFERENCES REGEXP RELEASE RENAME REPEAT
  REPLACE REQUIRE RESIGNAL RESTRICT RETURN REVOKE RIGHT RLIKE ROW ROWS ROW_NUMBER SCHEMA SCHEMAS SELECT SENSITIVE
  SEPARATOR SET SHOW SIGNAL SPATIAL SPECIFIC SQL SSL STARTING STORED SYSTEM TABLE TABLESAMPLE TERMINATED THEN TO
  TRAILING TRIGGER TRUE UNDO UNION UNIQUE UNLOCK UNSIGNED UPDATE USAGE USE USING VALUES VARYING VIRTUAL WHEN WHERE
  WHILE WINDOW WITH WRITE XOR ZEROFILL`.split(/\s+/),
);
