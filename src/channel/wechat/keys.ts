import { createDecipheriv, X509Certificate, type KeyObject } from 'node:crypto';
import { z } from 'zod';

/** One certificate of the platform (微信支付平台证书), ready to verify with. */
export interface PlatformCertificate {
  serial: string;
  key: KeyObject;
  validFromMs: number;
}

/**
 * All keys that may sign for WeChat Pay: at most one public key and any number of platform
 * certificates at once, each found by its exact serial. While a merchant moves from certificates to
 * the public key both kinds arrive, so the mode is data, not a switch (wechatpay.md 4.4).
 */
export interface KeyRing {
  find(serial: string): KeyObject | undefined;
  /** The key that we ask the gateway to sign with; undefined before the first download. */
  preferred(nowMs: number): string | undefined;
  /** Takes a new good set of certificates; those no longer listed are gone. The public key stays. */
  replaceCertificates(certificates: readonly PlatformCertificate[]): void;
  readonly hasPublicKey: boolean;
  ids(): string[];
}

export function makeKeyRing(publicKey?: { id: string; key: KeyObject }): KeyRing {
  let certificates: readonly PlatformCertificate[] = [];
  return {
    hasPublicKey: publicKey !== undefined,
    find(serial) {
      if (publicKey?.id === serial) return publicKey.key;
      return certificates.find((certificate) => certificate.serial === serial)?.key;
    },
    preferred(nowMs) {
      if (publicKey !== undefined) return publicKey.id;
      const begun = certificates.filter((certificate) => certificate.validFromMs <= nowMs);
      return begun.sort((one, other) => other.validFromMs - one.validFromMs)[0]?.serial;
    },
    replaceCertificates(set) {
      certificates = [...set];
    },
    ids() {
      const serials = certificates.map((certificate) => certificate.serial);
      return publicKey === undefined ? serials : [publicKey.id, ...serials];
    },
  };
}

/** Something that only the holder of the APIv3 key can read, and could have written. */
export const Sealed = z.object({
  algorithm: z.literal('AEAD_AES_256_GCM'),
  ciphertext: z.string(),
  nonce: z.string(),
  associated_data: z.string().optional(),
});
export type Sealed = z.infer<typeof Sealed>;

const TAG_BYTES = 16;

/**
 * Opens a notification's resource or a platform certificate, trying each key (the new one, then the
 * former). Undefined when none fits: GCM's tag is checked by `final()`.
 * apiV3Keys   each 32 bytes, used as ASCII
 * source      WeChat Pay v3, 证书和回调报文解密 (wechatpay.md 4.2)
 */
export function openSealed(sealed: Sealed, apiV3Keys: readonly string[]): Buffer | undefined {
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  if (bytes.length < TAG_BYTES) return undefined;
  for (const apiV3Key of apiV3Keys) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', apiV3Key, sealed.nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(sealed.associated_data ?? ''));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]);
    } catch {
      // Not this key, or not untouched; the next key may fit.
    }
  }
  return undefined;
}

const CertificateList = z.object({
  data: z.array(z.object({ serial_no: z.string(), encrypt_certificate: Sealed })).min(1),
});

/**
 * Reads the answer of `/v3/certificates`. Their authenticity rests on the APIv3 key alone, so one
 * entry that does not open, or is not the certificate it is called, spoils the whole list.
 * Returns the certificates, or the reason why not.
 */
export function readCertificates(
  answer: unknown,
  apiV3Keys: readonly string[],
): PlatformCertificate[] | { problem: 'malformed' | 'undecryptable' } {
  const list = CertificateList.safeParse(answer);
  if (!list.success) return { problem: 'malformed' };
  const certificates: PlatformCertificate[] = [];
  for (const { serial_no, encrypt_certificate } of list.data.data) {
    const pem = openSealed(encrypt_certificate, apiV3Keys);
    if (pem === undefined) return { problem: 'undecryptable' };
    const certificate = readCertificate(pem);
    if (certificate === undefined || !sameSerial(certificate.serialNumber, serial_no)) {
      return { problem: 'malformed' };
    }
    certificates.push({
      serial: serial_no,
      key: certificate.publicKey,
      validFromMs: certificate.validFromDate.getTime(),
    });
  }
  return certificates;
}

function readCertificate(pem: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Hex numbers are equal whatever their case and leading zeros. */
function sameSerial(one: string, other: string): boolean {
  const plain = (serial: string) => serial.toUpperCase().replace(/^0+/, '');
  return plain(one) === plain(other);
}
