import { readFileSync } from 'node:fs';
import type { PoolOptions } from 'mysql2/promise';

/**
 * Reads `mysql://user:password@host:3306/database`, with `?ssl=true` (verified by the system's
 * authorities), `?ca=FILE` (by these) or `?socket=FILE`. Nothing else is taken over: an option in an
 * address must not switch off what keeps money safe. Throws with words for the operator.
 */
export function readMysqlUrl(text: string): PoolOptions & { database: string; exposed: boolean } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['mysql:', 'mariadb:'].includes(url.protocol)) {
    throw new Error(
      'DATABASE_URL 应为 mysql://用户:密码@主机:3306/库名。 DATABASE_URL is no mysql:// address.',
    );
  }
  const database = decodeURIComponent(url.pathname.slice(1));
  if (!/^[\w-]{1,64}$/.test(database)) {
    throw new Error('DATABASE_URL 缺少库名（/库名）。 DATABASE_URL names no database.');
  }
  for (const option of url.searchParams.keys()) {
    if (!['ssl', 'ca', 'socket'].includes(option)) {
      throw new Error(
        `DATABASE_URL 不支持选项 ${option}（可用 ssl、ca、socket）。 Unknown option in DATABASE_URL.`,
      );
    }
  }
  const ca = url.searchParams.get('ca');
  const socket = url.searchParams.get('socket');
  const encrypted = ca !== null || url.searchParams.get('ssl') === 'true';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: url.port === '' ? 3306 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database,
    ...(socket === null ? {} : { socketPath: socket }),
    ...(encrypted
      ? { ssl: { rejectUnauthorized: true, ...(ca === null ? {} : { ca: readFileSync(ca) }) } }
      : {}),
    exposed: !encrypted && socket === null && !['localhost', '127.0.0.1', '::1'].includes(host),
  };
}
