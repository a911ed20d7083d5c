/**
 * Clinic time is Asia/Shanghai: UTC+8 all year since 1991, so for our instants a fixed offset is the
 * zone. Instants travel as epoch milliseconds and become text only at an edge.
 */
const BEIJING_OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

/** `2026-11-22T02:03:04Z`, or with milliseconds when there are any. RFC 3339, UTC. */
export function rfc3339(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z');
}

/** `2026-11-22 10:03:04` in clinic time, the way Alipay writes an instant. */
export function beijing(atMs: number): string {
  return new Date(atMs + BEIJING_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** `2026-11-22T10:03:04+08:00`, the way WeChat Pay writes an instant. */
export function rfc3339Beijing(atMs: number): string {
  return `${beijing(atMs).replace(' ', 'T')}+08:00`;
}

/** The business day (营业日) of an instant: `2026-11-22`. */
export function beijingDay(atMs: number): string {
  return beijing(atMs).slice(0, 10);
}

/** The last whole second of the business day that holds `atMs`: 23:59:59 in clinic time. */
export function endOfBeijingDay(atMs: number): number {
  const local = atMs + BEIJING_OFFSET_MS;
  return local - (((local % DAY_MS) + DAY_MS) % DAY_MS) + DAY_MS - 1000 - BEIJING_OFFSET_MS;
}

const BEIJING_TEXT = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3}))?$/;

/** Reads `yyyy-MM-dd HH:mm:ss[.SSS]` in clinic time; undefined when it is no such instant. */
export function parseBeijing(text: string): number | undefined {
  const match = BEIJING_TEXT.exec(text);
  if (match === null) return undefined;
  const iso = `${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}.${(match[7] ?? '0').padEnd(3, '0')}Z`;
  const asUtc = Date.parse(iso);
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString() !== iso) return undefined;
  return asUtc - BEIJING_OFFSET_MS;
}
