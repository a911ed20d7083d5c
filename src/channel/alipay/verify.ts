import { verify } from 'node:crypto';
import { isJsonObject, parseJsonStrictly } from '#json';
import type { VerifyingKey } from './trust.ts';

/** An answer of the gateway, read but not yet believed. */
export interface Answer {
  /** The response node: `code`, `msg`, perhaps `sub_code`, then the business fields. */
  node: Readonly<Record<string, unknown>>;
  /** The very bytes of that node in the body: what the signature covers. */
  signedBytes: Uint8Array;
  sign: string | undefined;
  /** Certificate mode: the certificate whose key signed. */
  certSn: string | undefined;
}

/**
 * Finds the response node, its raw bytes and its signature in a body (alipay.md 1.6, 1.7).
 * method   `alipay.trade.query`: the node is `alipay_trade_query_response`, else `error_response`
 * Undefined for anything we will not read: not UTF-8, not JSON, a key given twice, no node or two,
 * a node that is not an object (we never ask for encrypted content).
 */
export function openAnswer(body: Uint8Array, method: string): Answer | undefined {
  const text = decodeUtf8(body);
  const whole = text === undefined ? undefined : parseObject(text);
  if (text === undefined || whole === undefined) return undefined;

  const names = [`${method.replaceAll('.', '_')}_response`, 'error_response'].filter((name) =>
    Object.hasOwn(whole, name),
  );
  const [name] = names;
  if (name === undefined || names.length > 1) return undefined;
  const node = whole[name];
  const raw = sliceOfMember(text, name);
  if (!isJsonObject(node) || raw === undefined) return undefined;

  const { sign, alipay_cert_sn: certSn } = whole;
  if (sign !== undefined && typeof sign !== 'string') return undefined;
  if (certSn !== undefined && typeof certSn !== 'string') return undefined;
  // `decodeUtf8` took no liberties, so encoding the slice gives back the bytes that came.
  return { node, signedBytes: Buffer.from(raw, 'utf8'), sign: sign === '' ? undefined : sign, certSn };
}

/** The first key under which `signature` (Base64, RSA2) is right for `bytes`. */
export function signer(
  bytes: Uint8Array,
  signature: string,
  keys: readonly VerifyingKey[],
): VerifyingKey | undefined {
  const raw = Buffer.from(signature, 'base64');
  // Node's decoder skips what is not Base64; a signature has one spelling only.
  if (raw.toString('base64') !== signature) return undefined;
  return keys.find(({ key }) => verify('sha256', bytes, key, raw));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 without repairs: undefined when the bytes are not exactly that. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = parseJsonStrictly(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A string, a bracket or separator, or a run of anything else: enough for text already known to be JSON. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^"{}[\],:\s]+/g;

/**
 * The value of a top-level member exactly as it stands in `json`, from its first to its last character.
 * It walks the tokens, because node names, braces and `"sign"` may stand inside any value; writing the
 * value out again or cutting at `indexOf` would verify other bytes than those signed (1.7).
 */
function sliceOfMember(json: string, name: string): string | undefined {
  let depth = 0;
  let key: string | undefined;
  let start: number | undefined;
  for (const match of json.matchAll(TOKEN)) {
    const token = match[0];
    if (depth === 1 && (token === ',' || token === '}')) {
      if (start !== undefined) return json.slice(start, end(json, match.index));
      key = undefined;
    } else if (depth === 1 && key === undefined) {
      key = String(JSON.parse(token));
    } else if (depth === 1 && key === name && start === undefined && token !== ':') {
      start = match.index;
    }
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
  }
  return undefined;
}

/** Steps back over blanks between a value and the separator after it. */
function end(json: string, separatorAt: number): number {
  return json.slice(0, separatorAt).trimEnd().length;
}
