/** Alipay's dialect: instants in Beijing time, amounts in yuan with two decimals, relative time-outs. */

const BEIJING_OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

/** `2026-11-22 10:03:04`, Asia/Shanghai. */
export function beijing(atMs: number): string {
  return beijingWithMillis(atMs).slice(0, 19);
}

/** `2026-11-22 10:03:04.567`, as `gmt_refund` is written. */
export function beijingWithMillis(atMs: number): string {
  return new Date(atMs + BEIJING_OFFSET_MS).toISOString().slice(0, 23).replace('T', ' ');
}

/** `20261122100304`: the head of Alipay's own numbers. */
export function beijingDigits(atMs: number): string {
  return beijing(atMs).replace(/\D/g, '');
}

/** Reads `yyyy-MM-dd HH:mm:ss`; undefined when it is no such instant. */
export function parseBeijing(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)) return undefined;
  const atMs = Date.parse(`${text.replace(' ', 'T')}+08:00`);
  // Date.parse lets 02-30 through as 03-02: only what reads back the same was meant.
  return Number.isNaN(atMs) || beijing(atMs) !== text ? undefined : atMs;
}

/** A day `2026-11-22` as the instants of its start and end, Asia/Shanghai; undefined when it is no day. */
export function dayOf(text: string): { startMs: number; endMs: number } | undefined {
  const startMs = parseBeijing(`${text} 00:00:00`);
  return startMs === undefined ? undefined : { startMs, endMs: startMs + DAY_MS };
}

/** 1280 → `12.80`. */
export function yuan(fen: number): string {
  const digits = String(fen).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** `12.8` → 1280, by its digits; undefined when it is no amount of yuan. */
export function fenOfYuan(text: string): number | undefined {
  const match = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  return Number(`${match[1]}${(match[2] ?? '').padEnd(2, '0')}`);
}

const unitMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: DAY_MS };

/**
 * Reads a relative time-out, `1m` to `15d`, or `1c` for midnight, as an instant counted from `fromMs`.
 * Undefined when it is none. Source: alipay.trade.precreate, timeout_express.
 */
export function afterExpress(text: string, fromMs: number): number | undefined {
  if (text === '1c') return fromMs - ((fromMs + BEIJING_OFFSET_MS) % DAY_MS) + DAY_MS;
  const match = /^([1-9]\d{0,4})([mhd])$/.exec(text);
  if (match === null) return undefined;
  const lengthMs = Number(match[1]) * (unitMs[match[2] ?? ''] ?? 0);
  return lengthMs <= 15 * DAY_MS ? fromMs + lengthMs : undefined;
}
