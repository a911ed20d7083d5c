/**
 * Real X.509 certificates for the pretend channels. node:crypto reads certificates but issues none, so
 * the ASN.1 comes from a library of schemas and only the signature is made here, by node:crypto.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  sign,
  X509Certificate,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import type { Chance } from './contract.ts';

/** One attribute of a distinguished name. The order given is the order encoded, and the one Node prints. */
export type SubjectAttribute = readonly [name: 'C' | 'ST' | 'L' | 'O' | 'OU' | 'CN', value: string];

/** A certificate with the private key of its subject, both as PEM text ending in one line feed. */
export interface Issued {
  certificate: string;
  /** PKCS#8. */
  privateKey: string;
}

export interface CertificateWish {
  subject: readonly SubjectAttribute[];
  /** The subject's private key, PKCS#8 PEM; its public half goes into the certificate. */
  privateKey: string;
  /** Upper hex as X.509 tools print it; drawn from chance by `drawSerial`. */
  serial: string;
  notBeforeMs: number;
  notAfterMs: number;
  /** True for a certificate that may issue others. A root always may. */
  ca?: boolean;
  /** SHA-1 only to imitate the old roots that Alipay's root file still carries. */
  hash?: 'sha256' | 'sha1';
}

const attributeOids = {
  C: '2.5.4.6',
  ST: '2.5.4.8',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
} as const;

const signatureOids = {
  rsa: { sha256: '1.2.840.113549.1.1.11', sha1: '1.2.840.113549.1.1.5' },
  ec: { sha256: '1.2.840.10045.4.3.2', sha1: '1.2.840.10045.4.1' },
} as const;

const makeKeyPair = promisify(generateKeyPair);

/** A new RSA private key as PKCS#8 PEM. Made by the system's own chance: a seed never makes keys. */
export async function makeRsaKey(bits: number): Promise<string> {
  const { privateKey } = await makeKeyPair('rsa', { modulusLength: bits });
  return toPkcs8(privateKey);
}

/** A new P-256 private key as PKCS#8 PEM, for the roots that are not RSA. */
export async function makeEcKey(): Promise<string> {
  const { privateKey } = await makeKeyPair('ec', { namedCurve: 'P-256' });
  return toPkcs8(privateKey);
}

/** The public half of a private key as SPKI PEM (`pub_key.pem`). */
export function publicPem(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}

/** A positive 20-byte serial: 40 digits of upper hex, never shortened by a leading zero. */
export function drawSerial(chance: Chance): string {
  const bytes = Buffer.from(chance(20));
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.toString('hex').toUpperCase();
}

/** A self-signed root. */
export function makeRoot(wish: CertificateWish): Issued {
  return build({ ...wish, ca: true }, wish.subject, wish.privateKey);
}

/** A certificate issued by `issuer`: a leaf, or with `ca: true` an intermediate. */
export function issueCertificate(issuer: Issued, wish: CertificateWish): Issued {
  return build(wish, subjectOf(issuer.certificate), issuer.privateKey);
}

function build(
  wish: CertificateWish,
  issuerName: Name | readonly SubjectAttribute[],
  issuerKey: string,
): Issued {
  const signingKey = createPrivateKey(issuerKey);
  const hash = wish.hash ?? 'sha256';
  const algorithm = signatureAlgorithm(signingKey, hash);
  const tbs = new TBSCertificate({
    version: Version.v3,
    serialNumber: derInteger(wish.serial),
    signature: algorithm,
    issuer: issuerName instanceof Name ? issuerName : toName(issuerName),
    subject: toName(wish.subject),
    validity: new Validity({ notBefore: new Date(wish.notBeforeMs), notAfter: new Date(wish.notAfterMs) }),
    subjectPublicKeyInfo: publicKeyInfo(wish.privateKey),
    extensions: extensionsFor(wish, issuerKey),
  });
  const signature = sign(hash, Buffer.from(AsnConvert.serialize(tbs)), signingKey);
  const certificate = new Certificate({
    tbsCertificate: tbs,
    signatureAlgorithm: algorithm,
    signatureValue: toArrayBuffer(signature),
  });
  const der = Buffer.from(AsnConvert.serialize(certificate));
  return { certificate: new X509Certificate(der).toString(), privateKey: wish.privateKey };
}

function signatureAlgorithm(key: KeyObject, hash: 'sha256' | 'sha1'): AlgorithmIdentifier {
  if (key.asymmetricKeyType === 'ec') return new AlgorithmIdentifier({ algorithm: signatureOids.ec[hash] });
  // RFC 4055 section 5: RSA signature algorithms carry an explicit NULL, ECDSA ones carry nothing.
  return new AlgorithmIdentifier({ algorithm: signatureOids.rsa[hash], parameters: null });
}

function extensionsFor(wish: CertificateWish, issuerKey: string): Extensions {
  const ca = wish.ca === true;
  const usage = ca
    ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
    : KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation | KeyUsageFlags.keyEncipherment;
  const issuerId = new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyId(issuerKey)) });
  return new Extensions([
    extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: ca })),
    extension(id_ce_keyUsage, true, new KeyUsage(usage)),
    extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyId(wish.privateKey))),
    extension(id_ce_authorityKeyIdentifier, false, issuerId),
  ]);
}

function extension(extnID: string, critical: boolean, value: object): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

/** The key identifier of RFC 5280 section 4.2.1.2, method 1; strict readers of chains ask for it. */
function keyId(privateKey: string): ArrayBuffer {
  const bits = Buffer.from(publicKeyInfo(privateKey).subjectPublicKey);
  return toArrayBuffer(createHash('sha1').update(bits).digest());
}

function toName(attributes: readonly SubjectAttribute[]): Name {
  return new Name(
    attributes.map(
      ([name, value]) =>
        new RelativeDistinguishedName([
          new AttributeTypeAndValue({ type: attributeOids[name], value: directoryString(value) }),
        ]),
    ),
  );
}

/** PrintableString where the alphabet of X.680 section 41.4 allows, else UTF8String (RFC 5280 4.1.2.4). */
function directoryString(value: string): AttributeValue {
  return /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value)
    ? new AttributeValue({ printableString: value })
    : new AttributeValue({ utf8String: value });
}

function subjectOf(certificatePem: string): Name {
  const der = new X509Certificate(certificatePem).raw;
  return AsnConvert.parse(toArrayBuffer(der), Certificate).tbsCertificate.subject;
}

function publicKeyInfo(privateKey: string): SubjectPublicKeyInfo {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return AsnConvert.parse(toArrayBuffer(spki), SubjectPublicKeyInfo);
}

/** DER integers are signed: a leading zero keeps a serial with a high first bit positive. */
function derInteger(hex: string): ArrayBuffer {
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return toArrayBuffer((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

function toPkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A copy of exactly these bytes: a Buffer may be a window on a larger pool. */
function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
