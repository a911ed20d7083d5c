import type { KeyObject, X509Certificate } from 'node:crypto';
import { certificateSn, commonName, hasRsaKey, leadsToRoot, readCertificates } from './certificates.ts';

/** A key of Alipay's, with the name under which evidence records it. */
export interface VerifyingKey {
  /** Key mode: the key's fingerprint, shortened. Certificate mode: the certificate's SN. */
  id: string;
  key: KeyObject;
}

/**
 * Whose signatures we believe: any key held here speaks for Alipay, whatever certificate a message names,
 * for a certificate is re-issued with the same key under a new SN (alipay.md 1.8).
 */
export interface Trust {
  readonly keys: readonly VerifyingKey[];
  /** Certificate mode only. */
  readonly certificates?: CertificateStore;
}

export interface CertificateStore {
  holds(certSn: string): boolean;
  /**
   * Takes in a certificate fetched from Alipay, if it is the one wanted, speaks for the same Alipay and
   * leads to the configured root at `atMs`. Nothing else is kept.
   */
  learn(wantedSn: string, chainPem: string, atMs: number): void;
}

/** Key mode: two keys while one is replaced (5.6). */
export function trustKeys(keys: readonly VerifyingKey[]): Trust {
  return { keys };
}

/** Certificate mode: the configured certificate, and those learnt since. */
export function trustCertificates(alipay: X509Certificate, roots: readonly X509Certificate[]): Trust {
  const keys: VerifyingKey[] = [{ id: certificateSn(alipay), key: alipay.publicKey }];
  const holds = (certSn: string): boolean => keys.some(({ id }) => id === certSn);
  return {
    keys,
    certificates: {
      holds,
      learn(wantedSn, chainPem, atMs) {
        const chain = readCertificates(chainPem);
        const leaf = chain[0];
        if (leaf === undefined || !hasRsaKey(leaf) || certificateSn(leaf) !== wantedSn) return;
        // Every merchant's certificate leads to the same root; only Alipay's own carries Alipay's name
        // and our PID: 支付宝(中国)网络技术有限公司-2088… (public fixtures).
        if (commonName(leaf) !== commonName(alipay) || !leadsToRoot(chain, roots, atMs)) return;
        if (!holds(wantedSn)) keys.push({ id: wantedSn, key: leaf.publicKey });
      },
    },
  };
}
