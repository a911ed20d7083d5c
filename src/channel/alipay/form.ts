/** One parameter of a form: its text, and the bytes that the text was read from. */
export interface FormField {
  name: string;
  value: string;
  bytes: Uint8Array;
}

/** Longer than any notification by far; the HTTP layer holds the same line (money-safety.md F13). */
const MAX_FORM_BYTES = 64 * 1024;
const CHARSETS: ReadonlySet<string> = new Set(['utf-8', 'gbk', 'gb2312']);

/**
 * Decodes a form once, from raw bytes (alipay.md 4.3). `URLSearchParams` would not do: it repairs broken
 * text in silence, keeps a name given twice and knows no GBK, and the signature covers bytes.
 * The charset is the parameter `charset`, UTF-8 without it.
 * Undefined when a name comes twice, an escape is broken, or the bytes are not text in that charset.
 */
export function decodeForm(body: Uint8Array): Map<string, FormField> | undefined {
  if (body.byteLength > MAX_FORM_BYTES) return undefined;
  const pairs = Buffer.from(body)
    .toString('latin1')
    .split('&')
    .filter((pair) => pair !== '');
  if (pairs.some((pair) => /%(?![0-9A-Fa-f]{2})/.test(pair))) return undefined;

  const raw = pairs.map((pair) => {
    const at = pair.includes('=') ? pair.indexOf('=') : pair.length;
    return { name: unescape(pair.slice(0, at)), value: unescape(pair.slice(at + 1)) };
  });
  const charset = raw.find(({ name }) => name.toString('latin1') === 'charset')?.value.toString('latin1');
  return decodeText(raw, charset?.toLowerCase() ?? 'utf-8');
}

/** `+` is a blank, `%E8` a byte: latin1 in, bytes out, once. */
function unescape(text: string): Buffer {
  return Buffer.from(text.replaceAll('+', ' ').replace(/%[0-9A-Fa-f]{2}/g, byteOf), 'latin1');
}

function byteOf(escape: string): string {
  return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
}

function decodeText(
  pairs: readonly { name: Buffer; value: Buffer }[],
  charset: string,
): Map<string, FormField> | undefined {
  if (!CHARSETS.has(charset)) return undefined;
  const text = new TextDecoder(charset, { fatal: true, ignoreBOM: true });
  const fields = new Map<string, FormField>();
  try {
    for (const pair of pairs) {
      const name = text.decode(pair.name);
      if (fields.has(name)) return undefined;
      fields.set(name, { name, value: text.decode(pair.value), bytes: pair.value });
    }
  } catch {
    return undefined;
  }
  return fields;
}
