import { createHash, X509Certificate } from 'node:crypto';

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * All certificates of a PEM text in file order, LF or CRLF. One that Node cannot parse is skipped:
 * Alipay's root file mixes RSA with SM2 and ECDSA (alipay.md 1.8).
 */
export function readCertificates(pem: string): X509Certificate[] {
  const certificates: X509Certificate[] = [];
  for (const [block] of pem.replaceAll('\\n', '\n').matchAll(PEM)) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      // Not ours to judge: a file without any usable certificate is refused by whoever reads it.
    }
  }
  return certificates;
}

/**
 * The serial number (SN) by which Alipay calls a certificate: MD5 over the issuer's name in RFC 4514
 * order and the serial as a decimal number, 32 lower-case hex digits (alipay.md 1.8).
 */
export function certificateSn(certificate: X509Certificate): string {
  // Node prints one attribute per line in encoding order, which is the reverse of RFC 4514's.
  const issuer = certificate.issuer.split('\n').toReversed().join(',');
  return snOf(issuer, BigInt(`0x${certificate.serialNumber}`));
}

/** MD5 is Alipay's choice of a name for a certificate; nothing is believed because of it. */
export function snOf(issuer: string, serial: bigint): string {
  return createHash('md5').update(`${issuer}${serial}`, 'utf8').digest('hex');
}

/** `alipay_root_cert_sn`: the SNs of the RSA roots, in file order, joined with `_`. */
export function rootCertificatesSn(roots: readonly X509Certificate[]): string {
  return roots.filter(hasRsaKey).map(certificateSn).join('_');
}

/** True when the certificate is within its dates. */
export function isCurrent(certificate: X509Certificate, atMs: number): boolean {
  return certificate.validFromDate.getTime() <= atMs && atMs <= certificate.validToDate.getTime();
}

/** The common name of the subject, '' when it has none. */
export function commonName(certificate: X509Certificate): string {
  const line = certificate.subject.split('\n').find((attribute) => attribute.startsWith('CN='));
  return line?.slice('CN='.length) ?? '';
}

/**
 * True when `chain[0]` is signed, certificate by certificate, up to one of `roots`, each of them within
 * its dates at `atMs`. An issuer must be marked as an authority: merchants' own certificates hang
 * under the same roots, and none of them may vouch for another.
 */
export function leadsToRoot(
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  atMs: number,
): boolean {
  let subject = chain[0];
  if (subject === undefined) return false;
  for (const issuer of [...chain.slice(1), undefined]) {
    if (!isCurrent(subject, atMs)) return false;
    const last = subject;
    if (roots.some((root) => isCurrent(root, atMs) && isIssuedBy(last, root))) return true;
    if (issuer === undefined || !isIssuedBy(last, issuer)) return false;
    subject = issuer;
  }
  return false;
}

function isIssuedBy(subject: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && hasRsaKey(issuer) && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

/** Reading the key of an SM2 certificate throws in OpenSSL builds without it. */
export function hasRsaKey(certificate: X509Certificate): boolean {
  try {
    return certificate.publicKey.asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
