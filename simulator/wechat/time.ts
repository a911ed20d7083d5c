const beijingOffsetMs = 8 * 60 * 60 * 1000;

/** An instant as WeChat Pay writes it: whole seconds in Beijing time, `2025-06-08T10:34:56+08:00`. */
export function rfc3339(atMs: number): string {
  return `${new Date(atMs + beijingOffsetMs).toISOString().slice(0, 19)}+08:00`;
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
