import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/**
 * Reads an RSA private key as merchants hold it: PEM, or the one line of Base64 that Alipay's key tool
 * writes, PKCS#8 or PKCS#1. The two wrappings are told apart by trying, never by prefix or PEM label
 * (alipay.md 1.5). Undefined when it is no RSA private key.
 */
export function readPrivateKey(text: string): KeyObject | undefined {
  const der = unarmour(text);
  if (der === undefined) return undefined;
  return (
    tryRsa(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })) ??
    tryRsa(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs1' }))
  );
}

/**
 * Reads an RSA public key (SPKI or PKCS#1, PEM or bare Base64). Undefined when it is none; a private key
 * is none either, though Node would quietly take the public half out of it.
 */
export function readPublicKey(text: string): KeyObject | undefined {
  const der = unarmour(text);
  if (der === undefined || readPrivateKey(text) !== undefined) return undefined;
  return (
    tryRsa(() => createPublicKey({ key: der, format: 'der', type: 'spki' })) ??
    tryRsa(() => createPublicKey({ key: der, format: 'der', type: 'pkcs1' }))
  );
}

/** SHA-256 of the public half, in hex: what a person compares, and what tells two keys apart. */
export function fingerprint(key: KeyObject): string {
  const publicHalf = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicHalf.export({ format: 'der', type: 'spki' }))
    .digest('hex');
}

/** The length of an RSA key in bits. */
export function bits(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The bytes inside PEM lines or bare Base64. A `.env` file may hold its line breaks as `\n`. */
function unarmour(text: string): Buffer | undefined {
  const bare = text
    .replaceAll('\\n', '\n')
    .replace(/-----(?:BEGIN|END) [A-Z ]+-----/g, '')
    .replace(/\s+/g, '');
  return BASE64.test(bare) ? Buffer.from(bare, 'base64') : undefined;
}

function tryRsa(read: () => KeyObject): KeyObject | undefined {
  try {
    const key = read();
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    return undefined;
  }
}
