/** Deeper than any document of a channel or of ours; a limit that keeps readers of the value safe from deep recursion. */
const MAX_DEPTH = 64;

/** The same key stood twice in one object; the HTTP layer answers `duplicate_key`. */
export class DuplicateKeyError extends SyntaxError {
  readonly key: string;
  constructor(key: string) {
    super(`JSON names the key ${JSON.stringify(key)} twice`);
    this.name = 'DuplicateKeyError';
    this.key = key;
  }
}

/**
 * Reads JSON, and refuses what `JSON.parse` lets pass silently: the same key twice in one object (it
 * would keep the last, another reader the first: money-safety.md F12), the key `__proto__`, and a
 * nesting past 64 levels. Throws SyntaxError, as `JSON.parse` does; `DuplicateKeyError` is one.
 */
export function parseJsonStrictly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // From here on the text is known to be JSON, so strings and brackets are all the scan must know.
  const open: (Set<string> | 'array')[] = [];
  let keyComesNext = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '{':
        open.push(new Set());
        keyComesNext = true;
        break;
      case '[':
        open.push('array');
        keyComesNext = false;
        break;
      case '}':
      case ']':
        open.pop();
        keyComesNext = false;
        break;
      case ',':
        keyComesNext = open.at(-1) !== 'array';
        break;
      case '"': {
        const end = endOfString(text, at);
        const keys = open.at(-1);
        if (keyComesNext && keys instanceof Set) admit(keys, JSON.parse(text.slice(at, end + 1)) as string);
        keyComesNext = false;
        at = end;
        break;
      }
      default:
    }
    if (open.length > MAX_DEPTH) throw new SyntaxError('JSON is nested too deeply');
  }
  return value;
}

/** Where the string that opens at `start` closes. A quote after an odd number of backslashes is content. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function admit(keys: Set<string>, key: string): void {
  if (key === '__proto__') throw new SyntaxError('JSON names the key __proto__');
  if (keys.has(key)) throw new DuplicateKeyError(key);
  keys.add(key);
}

/** Bytes as text; undefined when they are not UTF-8. A byte order mark stays, and no JSON begins with one. */
export function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** `parseJsonStrictly` for documents of others: undefined when the text is none, or no strict JSON. */
export function readJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : parseJsonStrictly(text);
  } catch {
    return undefined;
  }
}

/** True for a JSON object: not null, not an array. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
