import { sign, type KeyObject } from 'node:crypto';

/**
 * The text that Alipay signs and verifies for a request (alipay.md 1.4): every parameter that travels,
 * from query and body together, but `sign` and the empty ones; sorted by name in ASCII order; joined
 * with `&`; values raw. `sign_type` stays in here; only notifications leave it out.
 */
export function stringToSign(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** RSA2: SHA256withRSA (RSASSA-PKCS1-v1_5) over UTF-8 bytes, as Base64 in one line. */
export function signText(text: string, privateKey: KeyObject): string {
  return sign('sha256', Buffer.from(text, 'utf8'), privateKey).toString('base64');
}
