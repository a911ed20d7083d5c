/** For the tests of certificate mode: a small Ant with its roots, and those who would like to be Alipay. */
import { randomBytes } from 'node:crypto';
import {
  drawSerial,
  issueCertificate,
  makeEcKey,
  makeRoot,
  makeRsaKey,
} from '../../simulator/kernel/certificates.ts';
import type { AlipayCertificates } from '../../src/channel/alipay/index.ts';
import { NOW, ours } from './alipay-fixture.ts';

export type { Issued } from '../../simulator/kernel/certificates.ts';
export { makeEcKey, makeRsaKey };

export const DAY_MS = 86_400_000;
export const YEAR_MS = 365 * DAY_MS;
const ALIPAY = '支付宝(中国)网络技术有限公司-2088000000000001';

/** A certificate of a key for itself, as PEM. */
export function selfSigned(privateKey: string, notAfterMs = NOW + YEAR_MS): string {
  return makeRoot({
    subject: [['CN', 'test']],
    privateKey,
    serial: drawSerial(randomBytes),
    notBeforeMs: NOW - YEAR_MS,
    notAfterMs,
  }).certificate;
}

/** A small Ant: roots of three kinds, an authority, the app, Alipay twice, and those who would be Alipay. */
export async function makePki() {
  const [rootKey, authorityKey, alipayKey, renewedKey, merchantKey, otherKey, ecKey] = await Promise.all([
    ...Array.from({ length: 6 }, () => makeRsaKey(2048)),
    makeEcKey(),
  ]);
  if (!rootKey || !authorityKey || !alipayKey || !renewedKey || !merchantKey || !otherKey || !ecKey) {
    throw new Error('seven keys');
  }
  const wish = (CN: string, privateKey: string, more: object = {}) => ({
    subject: [
      ['C', 'CN'],
      ['O', 'Ant Financial'],
      ['OU', 'Certification Authority'],
      ['CN', CN],
    ] as const,
    privateKey,
    serial: drawSerial(randomBytes),
    notBeforeMs: NOW - YEAR_MS,
    notAfterMs: NOW + 3 * YEAR_MS,
    ...more,
  });
  const appKey = ours.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const root = makeRoot(wish('R1 test', rootKey));
  const authority = issueCertificate(root, wish('Class 2 R1 test', authorityKey, { ca: true }));
  const app = issueCertificate(authority, wish('2088000000000001-2021000000000001', appKey));
  const alipay = issueCertificate(authority, wish(ALIPAY, alipayKey));
  const merchant = issueCertificate(authority, wish('2088999999999999-2021999999999999', merchantKey));
  const strangersRoot = makeRoot(wish('R1 test', otherKey));
  const files: AlipayCertificates = {
    appCert: app.certificate,
    alipayCert: alipay.certificate + authority.certificate,
    rootCert: [
      makeRoot(wish('E1 test', ecKey)).certificate,
      root.certificate,
      makeRoot(wish('Old R1 test', otherKey, { hash: 'sha1' })).certificate,
    ].join(''),
  };
  return {
    files,
    root,
    authority,
    app,
    alipay,
    merchant,
    strangersRoot,
    renewed: issueCertificate(authority, wish(ALIPAY, renewedKey)),
    expired: issueCertificate(authority, wish(ALIPAY, renewedKey, { notAfterMs: NOW - DAY_MS })),
    strangersAlipay: issueCertificate(strangersRoot, wish(ALIPAY, renewedKey)),
    byMerchant: issueCertificate(merchant, wish(ALIPAY, renewedKey)),
  };
}
