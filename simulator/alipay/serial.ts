/** The serial numbers (SN) by which Alipay names certificates. Source: opendocs common/02kf5p. */
import { createHash, X509Certificate } from 'node:crypto';

/** Lower-case hex MD5 of the issuer's name in RFC 4514 order, followed by the serial as a decimal. */
export function serialOf(issuer: string, serialDecimal: string): string {
  return createHash('md5').update(`${issuer}${serialDecimal}`, 'utf8').digest('hex');
}

/** The SN of the first certificate in a PEM file: Alipay's own file holds the leaf and then its CA. */
export function certificateSerial(pem: string): string {
  const certificate = new X509Certificate(pem);
  const issuer = certificate.issuer.split('\n').reverse().join(',');
  return serialOf(issuer, BigInt(`0x${certificate.serialNumber}`).toString());
}

/** The SNs of the RSA certificates of a root file, in file order, joined by `_`. */
export function rootSerial(pem: string): string {
  return splitPem(pem)
    .filter((one) => new X509Certificate(one).publicKey.asymmetricKeyType === 'rsa')
    .map(certificateSerial)
    .join('_');
}

function splitPem(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
