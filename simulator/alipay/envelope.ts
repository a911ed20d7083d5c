/** What goes out: a compact body whose node is signed byte for byte (1.6, 1.7). */
import { createCipheriv, createDecipheriv, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Fields } from './codes.ts';
import { encodeText } from './wire.ts';
import type { Charset } from './wire.ts';

/** `/` as `\/` like the old serialisers there; line separators as PHP writes them, which one client rebuilds. */
export function toJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

export interface Envelope {
  /** `alipay_trade_query_response` or `error_response`. */
  name: string;
  node: Fields;
  charset: Charset;
  /** Absent: an answer without signature. */
  key?: KeyObject;
  /** Certificate mode: names the certificate whose key signs. */
  certificateSerial?: string;
  /** Base64 AES key: the node travels as one encrypted string. */
  contentKey?: string;
}

export function seal(envelope: Envelope): Buffer {
  const plain = toJson(envelope.node);
  const node = envelope.contentKey === undefined ? plain : `"${encryptContent(plain, envelope.contentKey)}"`;
  const parts = [`"${envelope.name}":${node}`];
  if (envelope.key !== undefined) {
    if (envelope.certificateSerial !== undefined)
      parts.push(`"alipay_cert_sn":"${envelope.certificateSerial}"`);
    parts.push(`"sign":"${signText(node, envelope.charset, envelope.key)}"`);
  }
  return encodeText(`{${parts.join(',')}}`, envelope.charset);
}

/** SHA256withRSA over the text's bytes in its charset, Base64. */
export function signText(text: string, charset: Charset, key: KeyObject): string {
  return sign('sha256', encodeText(text, charset), key).toString('base64');
}

/** AES-128-CBC with an IV of zeros, as 1.9 says: the protocol's choice, not one to copy elsewhere. */
export function encryptContent(plain: string, contentKey: string): string {
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(contentKey, 'base64'), Buffer.alloc(16));
  return Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]).toString('base64');
}

/** Throws when the text was not made with this key. */
export function decryptContent(text: string, contentKey: string): string {
  const decipher = createDecipheriv('aes-128-cbc', Buffer.from(contentKey, 'base64'), Buffer.alloc(16));
  return Buffer.concat([decipher.update(text, 'base64'), decipher.final()]).toString('utf8');
}
