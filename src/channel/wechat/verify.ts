import { verify, type KeyObject } from 'node:crypto';

/** Answers and notifications are signed alike. Header names in lower case, the body as it came. */
export interface SignedMessage {
  headers: Record<string, string>;
  body: Uint8Array;
}

export type Verdict =
  | { good: true; keyId: string }
  | {
      good: false;
      reason:
        | 'signature_missing'
        | 'malformed'
        | 'stale'
        | 'key_unknown'
        | 'signature_wrong'
        | 'signature_probe';
      detail: string;
    };

/** A message is believed up to and including this many seconds away from our clock (wechatpay.md 3.2). */
const WINDOW_S = 300;

/** WeChat Pay's own test that we verify. Such a signature simply fails; the name is for the log (3.4). */
const PROBE = 'WECHATPAY/SIGNTEST/';

const SIGNATURE_TYPE = 'WECHATPAY2-SHA256-RSA2048';

const headerNames = {
  timestamp: 'wechatpay-timestamp',
  nonce: 'wechatpay-nonce',
  serial: 'wechatpay-serial',
  signature: 'wechatpay-signature',
} as const;

/** True when any part of a signature is there: then all of it must be there and good. */
export function isSigned(headers: Record<string, string>): boolean {
  return Object.values(headerNames).some((name) => headers[name] !== undefined);
}

/** The three lines that an answer's or a notification's signature covers. A 204 has an empty last one. */
export function messageToVerify(timestamp: string, nonce: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
}

/**
 * Says whether WeChat Pay sent these bytes, now. The window comes first, then the key by its exact
 * serial (never "any key that fits"), then the signature over the raw bytes.
 * source   WeChat Pay v3, 签名验证 (wechatpay.md 3.2)
 */
export function verifyMessage(
  message: SignedMessage,
  nowMs: number,
  findKey: (serial: string) => KeyObject | undefined,
): Verdict {
  const { headers, body } = message;
  const timestamp = headers[headerNames.timestamp];
  const nonce = headers[headerNames.nonce];
  const serial = headers[headerNames.serial];
  const signature = headers[headerNames.signature];
  if (!timestamp || !nonce || !serial || !signature) {
    return bad('signature_missing', 'timestamp, nonce, serial and signature must all be there');
  }
  if (!/^[0-9]{1,12}$/.test(timestamp) || !/^[\x21-\x7e]{1,128}$/.test(nonce)) {
    return bad('malformed', 'timestamp or nonce is not what the channel sends');
  }
  const type = headers['wechatpay-signature-type'];
  if (type !== undefined && type !== SIGNATURE_TYPE) return bad('malformed', 'another signature type');

  const key = findKey(serial);
  const good = key !== undefined && fits(messageToVerify(timestamp, nonce, body), signature, key);
  const awayS = Math.abs(Math.floor(nowMs / 1000) - Number(timestamp));
  if (awayS > WINDOW_S) {
    // Refused all the same; but a good signature from far away means that a clock is wrong (F6).
    return bad('stale', `${good ? 'well ' : ''}signed ${awayS} s away from our clock`);
  }
  if (key === undefined) return bad('key_unknown', `no key has the serial ${serial.slice(0, 64)}`);
  if (good) return { good: true, keyId: serial };
  return signature.startsWith(PROBE)
    ? bad('signature_probe', 'a probe of the channel: it tests whether we verify')
    : bad('signature_wrong', `the signature does not fit the key ${serial}`);
}

/** Node's base64 reader skips what it does not know; two spellings of one signature would both pass. */
function fits(message: Buffer, signature: string, key: KeyObject): boolean {
  const bytes = Buffer.from(signature, 'base64');
  return bytes.toString('base64') === signature && verify('RSA-SHA256', message, key, bytes);
}

function bad(reason: Extract<Verdict, { good: false }>['reason'], detail: string): Verdict {
  return { good: false, reason, detail };
}
