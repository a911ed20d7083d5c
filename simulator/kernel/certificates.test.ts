import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { drawSerial, issueCertificate, makeEcKey, makeRoot, makeRsaKey } from './certificates.ts';

const start = Date.UTC(2025, 0, 1);
const end = Date.UTC(2030, 0, 1);
const chance = (bytes: number) => new Uint8Array(randomBytes(bytes));

const root = makeRoot({
  subject: [
    ['C', 'CN'],
    ['O', 'Tenpay.com'],
    ['OU', 'Tenpay.com CA Center'],
    ['CN', 'Tenpay.com Root CA'],
  ],
  privateKey: await makeRsaKey(2048),
  serial: drawSerial(chance),
  notBeforeMs: start,
  notAfterMs: end,
});

describe('certificates', () => {
  test('a leaf verifies under the root that issued it, and under no other key', async () => {
    const key = await makeRsaKey(2048);
    const leaf = new X509Certificate(
      issueCertificate(root, {
        subject: [['CN', '1900000001']],
        privateKey: key,
        serial: drawSerial(chance),
        notBeforeMs: start,
        notAfterMs: end,
      }).certificate,
    );
    const authority = new X509Certificate(root.certificate);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.verify(leaf.publicKey)).toBe(false);
    expect(leaf.checkIssued(authority)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect([leaf.ca, authority.ca]).toEqual([false, true]);
  });

  test('subject attributes, Chinese ones too, keep the order they were given in', async () => {
    const leaf = new X509Certificate(
      issueCertificate(root, {
        subject: [
          ['CN', '1900000001'],
          ['O', '微信商户系统'],
          ['C', 'CN'],
        ],
        privateKey: await makeEcKey(),
        serial: '8F00',
        notBeforeMs: start,
        notAfterMs: end,
      }).certificate,
    );
    expect(leaf.subject).toBe('CN=1900000001\nO=微信商户系统\nC=CN');
    expect(leaf.issuer).toBe('C=CN\nO=Tenpay.com\nOU=Tenpay.com CA Center\nCN=Tenpay.com Root CA');
    expect(leaf.serialNumber).toBe('8F00');
    expect(leaf.validToDate.getTime()).toBe(end);
  });

  test('roots may be signed with ECDSA or with the old SHA-1', async () => {
    for (const [privateKey, hash] of [
      [await makeEcKey(), 'sha256'],
      [root.privateKey, 'sha1'],
    ] as const) {
      const made = new X509Certificate(
        makeRoot({
          subject: [['CN', 'R']],
          privateKey,
          hash,
          serial: '01',
          notBeforeMs: start,
          notAfterMs: end,
        }).certificate,
      );
      expect(made.verify(made.publicKey)).toBe(true);
    }
  });

  test('a drawn serial always prints as forty digits', () => {
    expect(drawSerial((bytes) => new Uint8Array(bytes))).toMatch(/^4[0-9A-F]{39}$/);
    expect(drawSerial((bytes) => new Uint8Array(bytes).fill(255))).toMatch(/^[0-9A-F]{40}$/);
  });
});
