const QUOTED = /^"(?:[^"]|"")*"$/;

/**
 * The cells of one line of a statement, trimmed: many of Alipay's end with a TAB (alipay.md 2.7).
 * How Alipay writes a comma inside a cell is not known, so both ways are read: quotes by RFC 4180 where
 * that gives the number of cells that the header has; else a split at every comma, with the surplus put
 * back together in the one column of free text, `freeAt`. Undefined when neither fits.
 */
export function cellsOf(line: string, count: number, freeAt: number): string[] | undefined {
  const quoted = line.includes('"') ? csvCells(line) : undefined;
  const cells = quoted?.length === count ? quoted : rejoin(line.split(','), count, freeAt);
  return cells?.map((cell) => cell.trim());
}

function rejoin(cells: string[], count: number, freeAt: number): string[] | undefined {
  const surplus = cells.length - count;
  if (surplus <= 0) return surplus === 0 ? cells : undefined;
  const free = cells.slice(freeAt, freeAt + surplus + 1).join(',');
  return [...cells.slice(0, freeAt), free, ...cells.slice(freeAt + surplus + 1)];
}

/**
 * The cells of one CSV line as RFC 4180 has it: a cell that begins with a quote ends with one, doubles
 * those inside and may hold commas. Undefined when a quote stands where the paper allows none: then the
 * writer did not mean quoting.
 */
export function csvCells(line: string): string[] | undefined {
  const cells: string[] = [];
  for (let start = 0; start <= line.length;) {
    const end = line[start] === '"' ? endOfQuoted(line, start) : endOfPlain(line, start);
    const raw = line.slice(start, end);
    if (raw.includes('"') && !QUOTED.test(raw)) return undefined;
    cells.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    start = end + 1;
  }
  return cells;
}

function endOfPlain(line: string, start: number): number {
  const comma = line.indexOf(',', start);
  return comma === -1 ? line.length : comma;
}

/** The first comma after an even number of quotes. */
function endOfQuoted(line: string, start: number): number {
  let inside = false;
  for (let at = start; at < line.length; at += 1) {
    if (line[at] === '"') inside = !inside;
    if (line[at] === ',' && !inside) return at;
  }
  return line.length;
}
