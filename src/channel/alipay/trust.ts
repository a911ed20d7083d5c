import type { KeyObject, X509Certificate } from 'node:crypto';
import { certificateSn, commonName, hasRsaKey, leadsToRoot, readCertificates } from './certificates.ts';

/** A key of Alipay's, with the name under which evidence records it. */
export interface VerifyingKey {
  /** Key mode: the key's fingerprint, shortened. Certificate mode: the certificate's SN. */
  id: string;
  key: KeyObject;
}

/** Whose signatures we believe. */
export interface Trust {
  /**
   * The keys that may have signed a message which names this certificate (undefined: it names none).
   * Empty: a certificate that we do not hold yet.
   */
  keysFor(certSn: string | undefined): readonly VerifyingKey[];
  /** Every key we hold: a certificate is re-issued with the same key under a new SN (alipay.md 1.8). */
  readonly all: readonly VerifyingKey[];
  /**
   * Takes in a certificate fetched from Alipay. True when it is the one wanted, speaks for the same
   * Alipay and leads to the configured root; nothing else is kept. Absent in key mode.
   */
  learn?(wantedSn: string, chainPem: string, atMs: number): boolean;
}

/** Key mode: messages carry no key id, so either key may have signed; two while one is replaced (5.6). */
export function trustKeys(keys: readonly VerifyingKey[]): Trust {
  return { all: keys, keysFor: () => keys };
}

/** Certificate mode: `alipay_cert_sn` names the certificate; what names none was signed by the configured one. */
export function trustCertificates(
  alipay: X509Certificate,
  roots: readonly X509Certificate[],
): Trust & Required<Pick<Trust, 'learn'>> {
  const configured: VerifyingKey = { id: certificateSn(alipay), key: alipay.publicKey };
  const known = new Map([[configured.id, configured]]);
  return {
    get all() {
      return [...known.values()];
    },
    keysFor(certSn) {
      const key = certSn === undefined ? configured : known.get(certSn);
      return key === undefined ? [] : [key];
    },
    learn(wantedSn, chainPem, atMs) {
      const chain = readCertificates(chainPem);
      const leaf = chain[0];
      if (leaf === undefined || !hasRsaKey(leaf) || certificateSn(leaf) !== wantedSn) return false;
      // Every merchant's certificate leads to the same root; only Alipay's own carries Alipay's name
      // and our PID: 支付宝(中国)网络技术有限公司-2088… (public fixtures).
      if (commonName(leaf) !== commonName(alipay) || !leadsToRoot(chain, roots, atMs)) return false;
      known.set(wantedSn, { id: wantedSn, key: leaf.publicKey });
      return true;
    },
  };
}
