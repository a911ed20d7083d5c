const beijingOffsetMs = 8 * 60 * 60 * 1000;

/** An instant as WeChat Pay writes it: whole seconds in Beijing time, `2025-06-08T10:34:56+08:00`. */
export function rfc3339(atMs: number): string {
  return `${new Date(atMs + beijingOffsetMs).toISOString().slice(0, 19)}+08:00`;
}

/** `2025-06-08 10:34:56` in Beijing time, the form inside statements. */
export function beijing(atMs: number): string {
  return rfc3339(atMs).slice(0, 19).replace('T', ' ');
}

/** 00:00 in Beijing of `2025-06-08`; undefined when the text is no such day. */
export function beijingMidnight(day: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined;
  const ms = Date.parse(`${day}T00:00:00+08:00`);
  return Number.isNaN(ms) || rfc3339(ms).slice(0, 10) !== day ? undefined : ms;
}

/** The day in Beijing as `yyyymmdd`, the form inside transaction and refund numbers. */
export function beijingDay(atMs: number): string {
  return rfc3339(atMs).slice(0, 10).replaceAll('-', '');
}

/** RFC 3339 with any offset to epoch milliseconds; undefined when the text is not such an instant. */
export function parseRfc3339(text: string): number | undefined {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
  if (!form.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
