/** WeChat Pay's own keys: which of them signs, what the certificate list shows, how they change. */
import { createCipheriv, createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Kernel } from '../kernel/contract.ts';
import type { Book, PlatformChange } from './book.ts';
import { hex, letters } from './identifiers.ts';
import { makePlatformCertificate } from './merchant.ts';
import type { PlatformCertificate, SigningMode, WechatMerchant } from './merchant.ts';
import { rfc3339 } from './time.ts';

const dayMs = 24 * 60 * 60 * 1000;

export interface SigningKey {
  /** What `Wechatpay-Serial` says: a certificate's serial or `PUB_KEY_ID_…`. */
  serial: string;
  privateKey: string;
}

export interface Platform {
  mode(): SigningMode;
  /** The key for an answer, by the request's `Wechatpay-Serial` (reference, 4.4). */
  forAnswer(wishedSerial: string | undefined): SigningKey;
  /** The key for one delivery of a notification; while migrating a share of them has moved. */
  forNotification(): SigningKey;
  /** Any key that may decrypt what the merchant has encrypted for `serial`. */
  decryptingKey(serial: string): KeyObject | undefined;
  /** What `/v3/certificates` lists; empty for a merchant in public-key mode. */
  listed(): PlatformCertificate[];
  /** Lists a new certificate now; it signs from `inMs` later. Answers with its serial. */
  rotate(inMs: number): Promise<string>;
  setMode(mode: SigningMode): void;
  setNotificationShare(share: number): void;
}

export function createPlatform(kernel: Kernel, merchant: WechatMerchant, book: Book): Platform {
  const now = () => kernel.clock.channelNow();
  const current: PlatformChange =
    book.platform?.of === merchant.serialNo
      ? book.platform
      : {
          of: merchant.serialNo,
          mode: merchant.mode,
          notificationShare: merchant.notificationShare,
          certificates: [...merchant.platformCertificates],
        };
  const publicKey = { serial: merchant.publicKeyId, privateKey: merchant.publicKey.privateKey };

  function keep(): void {
    book.platform = current;
    book.save();
  }

  function signingCertificate(): SigningKey {
    const begun = current.certificates.filter((one) => one.signsFromMs <= now());
    const latest = (begun.length > 0 ? begun : current.certificates).reduce((a, b) =>
      b.signsFromMs > a.signsFromMs ? b : a,
    );
    return { serial: latest.serialNo, privateKey: latest.privateKey };
  }

  /** Two while rotating: the old one leaves the list a day after the new one began to sign. */
  function listed(): PlatformCertificate[] {
    const newest = Math.max(...current.certificates.map((one) => one.signsFromMs));
    if (now() < newest + dayMs) return current.certificates;
    return current.certificates.filter((one) => one.signsFromMs === newest);
  }

  function byShare(toPublicKey: boolean): SigningKey {
    if (current.mode === 'public_key') return publicKey;
    return current.mode === 'migrating' && toPublicKey ? publicKey : signingCertificate();
  }

  return {
    mode: () => current.mode,
    forAnswer: (wishedSerial) => byShare(wishedSerial === merchant.publicKeyId),
    forNotification: () => byShare(kernel.draw(current.notificationShare)),
    listed: () => (current.mode === 'public_key' ? [] : listed()),
    decryptingKey(serial) {
      if (serial === publicKey.serial) return keyOf(publicKey.privateKey);
      const certificate = listed().find((one) => one.serialNo === serial);
      return certificate === undefined ? undefined : keyOf(certificate.privateKey);
    },
    async rotate(inMs) {
      const bits = createPublicKey(merchant.publicKey.publicKey).asymmetricKeyDetails?.modulusLength ?? 2048;
      const [nowMs, signsFromMs] = [now(), now() + inMs];
      const wish = { bits, chance: kernel.chance, nowMs, signsFromMs };
      const made = await makePlatformCertificate(merchant.authority, wish);
      current.certificates = [...listed(), made];
      keep();
      return made.serialNo;
    },
    setMode(mode) {
      current.mode = mode;
      keep();
    },
    setNotificationShare(share) {
      current.notificationShare = share;
      keep();
    },
  };
}

/** The headers that make a body WeChat Pay's word (3.1, 3.2): over exactly these bytes, at this second. */
export function signatureHeaders(
  key: SigningKey,
  body: Uint8Array,
  atMs: number,
  chance: Kernel['chance'],
): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const nonce = hex(chance, 16);
  const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature': sign('sha256', message, keyOf(key.privateKey)).toString('base64'),
    'Wechatpay-Serial': key.serial,
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
  };
}

/** The value of a signature probe (3.4): a prefix and chance, which no key verifies. */
export function probeSignature(chance: Kernel['chance']): string {
  return `WECHATPAY/SIGNTEST/${Buffer.from(chance(243)).toString('base64')}`;
}

/** AEAD_AES_256_GCM under the APIv3 key: 12 characters of nonce, the tag behind the ciphertext (4.2). */
export function encryptResource(
  apiV3Key: string,
  plaintext: string,
  associatedData: string,
  chance: Kernel['chance'],
): { algorithm: string; ciphertext: string; associated_data: string; nonce: string } {
  const nonce = letters(chance, 12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from(associatedData));
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: sealed.toString('base64'),
    associated_data: associatedData,
    nonce,
  };
}

/** The answer of `GET /v3/certificates`: serials and times are those of the X.509 itself. */
export function certificateList(
  certificates: readonly PlatformCertificate[],
  apiV3Key: string,
  chance: Kernel['chance'],
): object {
  const data = certificates.map((one) => ({
    serial_no: new X509Certificate(one.certificate).serialNumber,
    effective_time: rfc3339(one.effectiveMs),
    expire_time: rfc3339(one.expireMs),
    // The plaintext is the PEM without its last line feed.
    encrypt_certificate: encryptResource(apiV3Key, one.certificate.trimEnd(), 'certificate', chance),
  }));
  return { data };
}

/** Parsing a private key costs more than signing with it: once per text. */
const keys = new Map<string, KeyObject>();

function keyOf(pem: string): KeyObject {
  const key = keys.get(pem) ?? createPrivateKey(pem);
  keys.set(pem, key);
  return key;
}
