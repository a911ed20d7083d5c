/** All that the pretend Alipay knows of one merchant: its app, its keys, its certificates. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { drawSerial, issueCertificate, makeEcKey, makeRoot, makeRsaKey } from '../kernel/certificates.ts';
import type { Issued, SubjectAttribute } from '../kernel/certificates.ts';
import { DIGITS, drawText, systemChance } from '../kernel/chance.ts';
import { machineClock } from '../kernel/clock.ts';
import type { Chance } from '../kernel/contract.ts';

/** Plain JSON, so that it survives restarts. */
export interface AlipayMerchant {
  appId: string;
  /** The payee's account (PID). */
  sellerId: string;
  /** The payee that the wallet shows. */
  name: string;
  /** PKCS#8 PEM. The merchant holds it; Alipay would only have its public half. */
  appPrivateKey: string;
  /** PKCS#8 PEM: what Alipay signs answers and notifications with. */
  alipayPrivateKey: string;
  /** Certificate mode: the three files that the console would hand out. */
  certificates: {
    /** `appCertPublicKey_<appid>.crt` */
    app: string;
    /** `alipayCertPublicKey_RSA2.crt`: the leaf, then the CA that issued it. */
    alipay: string;
    /** `alipayRootCert.crt`: an ECDSA root beside the RSA ones, as in the real file. */
    root: string;
  };
  /** Base64 of 16 bytes, for encrypted content (接口内容加密). */
  contentKey: string;
}

export interface MerchantWish {
  /** RSA key length; a simulation of many days may ask for 512. */
  bits?: number;
  name?: string;
  /** A seed may draw the numbers; keys always come from the system. */
  chance?: Chance;
  /** Start of the certificates' lives, epoch milliseconds. */
  nowMs?: number;
}

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** Sandbox app ids of today begin with 9021000 and have 16 digits; account ids are 2088 and 12 digits. */
export async function makeAlipayMerchant(wish: MerchantWish = {}): Promise<AlipayMerchant> {
  const bits = wish.bits ?? 2048;
  const chance = wish.chance ?? systemChance;
  const name = wish.name ?? '模拟诊所';
  const appId = `9021000${drawText(chance, DIGITS, 9)}`;
  const [appPrivateKey, alipayPrivateKey, authorityKey, otherRootKey] = await Promise.all([
    makeRsaKey(bits),
    makeRsaKey(bits),
    makeRsaKey(bits),
    makeEcKey(),
  ]);
  return {
    appId,
    sellerId: `2088${drawText(chance, DIGITS, 12)}`,
    name,
    appPrivateKey,
    alipayPrivateKey,
    certificates: makeCertificates({
      appId,
      name,
      appPrivateKey,
      alipayPrivateKey,
      authorityKey,
      otherRootKey,
      chance,
      nowMs: wish.nowMs ?? machineClock.now(),
    }),
    contentKey: Buffer.from(chance(16)).toString('base64'),
  };
}

/** The text forms of the environment: one line of Base64, as Alipay's key tool writes them. */
export function keyTexts(merchant: AlipayMerchant): { appPrivateKey: string; alipayPublicKey: string } {
  const appKey = createPrivateKey(merchant.appPrivateKey);
  const alipayKey = createPublicKey(merchant.alipayPrivateKey);
  return {
    // PKCS#1: what the key tool gives to everybody but Java, and what alipay-sdk expects when not told.
    appPrivateKey: appKey.export({ type: 'pkcs1', format: 'der' }).toString('base64'),
    alipayPublicKey: alipayKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  };
}

interface CertificateParts {
  appId: string;
  name: string;
  appPrivateKey: string;
  alipayPrivateKey: string;
  authorityKey: string;
  otherRootKey: string;
  chance: Chance;
  nowMs: number;
}

/** One RSA key serves as root and as the CA below it: a pretend authority needs no two. */
function makeCertificates(parts: CertificateParts): AlipayMerchant['certificates'] {
  const life = { notBeforeMs: parts.nowMs - DAY_MS, notAfterMs: parts.nowMs + 5 * YEAR_MS };
  const longLife = { ...life, notAfterMs: parts.nowMs + 20 * YEAR_MS };
  const make = (commonName: string, privateKey: string) => ({
    subject: antName(commonName),
    privateKey,
    serial: drawSerial(parts.chance),
  });
  const root = makeRoot({
    ...make('Ant Financial Certification Authority R1 simulated', parts.authorityKey),
    ...longLife,
  });
  const otherRoot = makeRoot({
    ...make('Ant Financial Certification Authority E1 simulated', parts.otherRootKey),
    ...longLife,
  });
  const ca = issueCertificate(root, {
    ...make('Ant Financial Certification Authority Class 2 R1 simulated', parts.authorityKey),
    ...longLife,
    ca: true,
  });
  const leaf = (issuer: Issued, commonName: string, privateKey: string) =>
    issueCertificate(issuer, {
      subject: [
        ['C', 'CN'],
        ['O', parts.name],
        ['OU', 'Alipay'],
        ['CN', commonName],
      ],
      privateKey,
      serial: drawSerial(parts.chance),
      ...life,
    }).certificate;
  return {
    app: leaf(ca, `${parts.name}-${parts.appId}`, parts.appPrivateKey),
    alipay: `${leaf(ca, '支付宝(模拟)网络技术有限公司', parts.alipayPrivateKey)}${ca.certificate}`,
    root: `${otherRoot.certificate}${root.certificate}`,
  };
}

/** The attribute order of Ant's real roots, C first: the SN is made from its reverse. */
function antName(commonName: string): readonly SubjectAttribute[] {
  return [
    ['C', 'CN'],
    ['O', 'Ant Financial'],
    ['OU', 'Certification Authority'],
    ['CN', commonName],
  ];
}
