import { systemChance } from '../kernel/chance.ts';
import { drawSerial, issueCertificate, makeRoot, makeRsaKey, publicPem } from '../kernel/certificates.ts';
import type { Issued } from '../kernel/certificates.ts';
import { machineClock } from '../kernel/clock.ts';
import type { Chance } from '../kernel/contract.ts';
import { beijingDay } from './time.ts';
import { digits, hex, letters } from './identifiers.ts';

/**
 * How WeChat Pay signs for this merchant (reference, section 4): by platform certificate, by the WeChat
 * Pay public key (all new merchants since 2024-10), or by either while the merchant moves from one to the other.
 */
export type SigningMode = 'certificate' | 'public_key' | 'migrating';

export interface PlatformCertificate extends Issued {
  /** Upper hex, equal to the certificate's own serial: SDKs index by it. */
  serialNo: string;
  effectiveMs: number;
  expireMs: number;
  /** From here on the gateway signs with it; until then it is only listed. */
  signsFromMs: number;
}

/** All that the pretend WeChat Pay knows of one merchant. Plain JSON, so that it survives restarts. */
export interface WechatMerchant {
  mchid: string;
  appid: string;
  /** The payee that the wallet shows. */
  name: string;
  /** 32 ASCII characters. */
  apiV3Key: string;
  mode: SigningMode;
  /** Tenpay's root: issues the merchant's and the platform's certificates. */
  authority: Issued;
  /** The merchant API certificate and its key (`apiclient_cert.pem`, `apiclient_key.pem`). */
  certificate: Issued;
  serialNo: string;
  platformCertificates: PlatformCertificate[];
  publicKeyId: string;
  publicKey: { privateKey: string; publicKey: string };
  /** While migrating: the share of notifications that are already signed with the public key, 0 to 1. */
  notificationShare: number;
}

export interface MerchantWish {
  /** RSA key length; tests may ask for shorter keys than the real 2048. */
  bits?: number;
  mode?: SigningMode;
  mchid?: string;
  appid?: string;
  name?: string;
  /** A seed may draw the numbers; the keys always come from the system. */
  chance?: Chance;
  /** Start of the certificates' lives, epoch milliseconds. */
  nowMs?: number;
}

const dayMs = 24 * 60 * 60 * 1000;
const fiveYearsMs = 5 * 365 * dayMs;

/**
 * Makes a merchant with everything WeChat Pay and the merchant platform would hand out. The system's
 * chance and time serve where none are given: a merchant may be made before there is a kernel.
 */
export async function makeWechatMerchant(wish: MerchantWish = {}): Promise<WechatMerchant> {
  const bits = wish.bits ?? 2048;
  const chance = wish.chance ?? systemChance;
  const nowMs = wish.nowMs ?? machineClock.now();
  const mchid = wish.mchid ?? `16${digits(chance, 8)}`;
  const [rootKey, merchantKey, wechatKey] = await Promise.all([
    makeRsaKey(bits),
    makeRsaKey(bits),
    makeRsaKey(bits),
  ]);
  const authority = makeAuthority(rootKey, chance, nowMs);
  const serialNo = drawSerial(chance);
  return {
    mchid,
    appid: wish.appid ?? `wx${hex(chance, 8)}`,
    name: wish.name ?? '模拟诊所',
    apiV3Key: letters(chance, 32),
    mode: wish.mode ?? 'public_key',
    authority,
    certificate: issueCertificate(authority, {
      subject: [
        ['CN', mchid],
        ['O', '微信商户系统'],
        ['OU', wish.name ?? '模拟诊所'],
        ['C', 'CN'],
        ['L', 'Shenzhen'],
      ],
      privateKey: merchantKey,
      serial: serialNo,
      ...fiveYearsFrom(nowMs),
    }),
    serialNo,
    platformCertificates: [
      await makePlatformCertificate(authority, { bits, chance, nowMs, signsFromMs: nowMs }),
    ],
    publicKeyId: `PUB_KEY_ID_01${mchid}${beijingDay(nowMs)}${digits(chance, 14)}`,
    publicKey: { privateKey: wechatKey, publicKey: publicPem(wechatKey) },
    notificationShare: 0,
  };
}

/** One more platform certificate under the same root; the rotation of section 4.2 begins with it. */
export async function makePlatformCertificate(
  authority: Issued,
  wish: { bits: number; chance: Chance; nowMs: number; signsFromMs: number },
): Promise<PlatformCertificate> {
  const serialNo = drawSerial(wish.chance);
  const life = fiveYearsFrom(wish.nowMs);
  const issued = issueCertificate(authority, {
    subject: [
      ['C', 'CN'],
      ['O', 'Tenpay.com'],
      ['OU', 'Tenpay.com CA Center'],
      ['CN', 'Tenpay.com sign'],
    ],
    privateKey: await makeRsaKey(wish.bits),
    serial: serialNo,
    ...life,
  });
  return {
    ...issued,
    serialNo,
    effectiveMs: life.notBeforeMs,
    expireMs: life.notAfterMs,
    signsFromMs: wish.signsFromMs,
  };
}

/** The files that the merchant would download or be told to keep: name to PEM text. */
export function files(merchant: WechatMerchant): Record<string, string> {
  const certificates = merchant.platformCertificates.map(
    (one) => [`wechatpay_${one.serialNo}.pem`, one.certificate] as const,
  );
  return {
    'apiclient_cert.pem': merchant.certificate.certificate,
    'apiclient_key.pem': merchant.certificate.privateKey,
    ...(merchant.mode === 'certificate' ? {} : { 'pub_key.pem': merchant.publicKey.publicKey }),
    ...(merchant.mode === 'public_key' ? {} : Object.fromEntries(certificates)),
  };
}

function makeAuthority(privateKey: string, chance: Chance, nowMs: number): Issued {
  return makeRoot({
    subject: [
      ['C', 'CN'],
      ['O', 'Tenpay.com'],
      ['OU', 'Tenpay.com CA Center'],
      ['CN', 'Tenpay.com Root CA'],
    ],
    privateKey,
    serial: drawSerial(chance),
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + 4 * fiveYearsMs,
  });
}

/** Whole seconds, because X.509 has no others; a minute early, so that a clock just behind accepts it. */
function fiveYearsFrom(nowMs: number): { notBeforeMs: number; notAfterMs: number } {
  const notBeforeMs = Math.floor(nowMs / 1000) * 1000 - 60_000;
  return { notBeforeMs, notAfterMs: notBeforeMs + fiveYearsMs };
}
