import mysql, { type FieldPacket } from 'mysql2/promise';
import { Conflict, ConstraintViolation, UniqueViolation, type Value } from './store.ts';

// Column types of the wire protocol, https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
const LONGLONG = 8;
const NEWDECIMAL = 246;
const BLOBS: ReadonlySet<number> = new Set([249, 250, 251, 252, 253, 254]);
/** The character set of bytes that are no text. */
const BINARY = 63;

/** What goes down: whole numbers as BIGINT (mysql2 would send a DOUBLE, which LIMIT and equality refuse). */
export function bound(values: readonly Value[]): unknown[] {
  return values.map((value) => {
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value))
        throw new RangeError(`${value} is no safe integer: the store refuses it`);
      return mysql.TypedParameter.BIGINT(value);
    }
    if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return value;
  });
}

/**
 * Makes rows what the embedded engine gives: whole numbers within 2^53 (also of SUM, which MySQL
 * counts in DECIMAL), and bytes of their own. Throws RangeError on any other number.
 */
export function plain(
  rows: Record<string, unknown>[],
  fields: readonly FieldPacket[],
): Record<string, unknown>[] {
  for (const { name, columnType = -1, characterSet } of fields) {
    const numeric = columnType === LONGLONG || columnType === NEWDECIMAL;
    const bytes = BLOBS.has(columnType) && characterSet === BINARY;
    if (!numeric && !bytes) continue;
    for (const row of rows) {
      const value = row[name];
      if (numeric && typeof value === 'string') row[name] = integer(value, name);
      else if (bytes && value instanceof Uint8Array) row[name] = new Uint8Array(value);
    }
  }
  return rows;
}

function integer(text: string, column: string): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new RangeError(`${column} holds ${text}: no safe integer`);
  return value;
}

// Error numbers of MySQL and MariaDB, https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
const DUPLICATE = new Set([1062, 1169, 1586]);
/** NULL, unknown, missing, too long, out of range; foreign keys; CHECK (3819, MariaDB 4025); SIGNAL of a trigger. */
const CONSTRAINTS = new Set([
  1048, 1216, 1217, 1264, 1265, 1364, 1366, 1406, 1451, 1452, 1557, 1644, 3819, 4025,
]);
/** Lock wait time-out, deadlock, snapshot conflict: run the whole transaction again. */
const COLLISIONS = new Set([1205, 1213, 1020]);
/** Too many connections, shutdown, killed, read-only after a failover, idle for too long: another connection may do. */
const CUT_OFF = new Set([1040, 1053, 1290, 1792, 1836, 1927, 2006, 2013, 4031]);
const LOST = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);

interface DriverError extends Error {
  errno?: number;
  code?: string;
  fatal?: boolean;
}

/** The errors of the driver as the contract names them; others as they are. */
export function translate(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('the driver threw no error', { cause: error });
  const { errno = 0, message } = error as DriverError;
  if (DUPLICATE.has(errno)) return new UniqueViolation(keyName(message));
  if (CONSTRAINTS.has(errno)) return new ConstraintViolation(message);
  return error;
}

/** `Duplicate entry 'x' for key 'bills.bills_bill_no'` (MariaDB leaves out the table) names `bills_bill_no`. */
function keyName(text: string): string {
  const key = /for key '([^']+)'$/.exec(text)?.[1] ?? 'PRIMARY';
  return key.slice(key.lastIndexOf('.') + 1);
}

/** Whether the connection can no longer be used, nor be trusted to have finished what it was told. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { errno = 0, code = '', fatal } = error as DriverError;
  if (fatal === true || LOST.has(code) || CUT_OFF.has(errno)) return true;
  // mysql2 gives no code to what is asked of a connection that is already closed.
  return error.message.startsWith("Can't add new command when connection is in closed state");
}

/** Whether the whole closure should run again in a new transaction. */
export function isRepeatable(error: unknown): boolean {
  if (error instanceof Conflict) return true;
  return isLost(error) || (error instanceof Error && COLLISIONS.has((error as DriverError).errno ?? 0));
}

/** Table, column, key, column or key to drop gone, trigger, foreign key, CHECK of that name. */
const ALREADY_THERE = new Set([1050, 1060, 1061, 1091, 1359, 1826, 3822]);

/** Whether a statement of a migration found that it had been carried out before the process was killed. */
export function isAlreadyThere(error: unknown): boolean {
  return error instanceof Error && ALREADY_THERE.has((error as DriverError).errno ?? 0);
}
