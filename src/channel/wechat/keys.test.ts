import { createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { Aes } from 'wechatpay-axios-plugin';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  certificateAnswerBody,
  makeMerchant,
  NOW,
  seal,
  type Merchant,
} from '../../../test/support/wechat-fixture.ts';
import { makeKeyRing, openSealed, readCertificates, type Sealed } from './keys.ts';

const KEY = 'abcdefghijklmnopqrstuvwxyz012345';
const OTHER = '012345abcdefghijklmnopqrstuvwxyz';

let merchant: Merchant;
beforeAll(async () => {
  merchant = await makeMerchant();
});

function sealedByOracle(plaintext: string, associated_data: string): Sealed {
  const nonce = 'abcdef012345';
  const ciphertext = Aes.AesGcm.encrypt(plaintext, KEY, nonce, associated_data);
  return { algorithm: 'AEAD_AES_256_GCM', ciphertext, nonce, associated_data };
}

describe('a sealed resource', () => {
  it('opens to what another client sealed, with or without associated data', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ maxLength: 16 }), (text, associated) => {
        const plain = Buffer.from(text).toString();
        expect(openSealed(sealedByOracle(plain, associated), [KEY])?.toString()).toBe(plain);
      }),
    );
    const { associated_data: _, ...bare } = sealedByOracle('{}', '');
    expect(openSealed(bare, [KEY])?.toString()).toBe('{}');
  });

  it('is opened by the other client, too, when our test kit sealed it', () => {
    const { ciphertext, nonce, associated_data } = seal('支付成功', KEY, 'transaction');
    expect(Aes.AesGcm.decrypt(ciphertext, KEY, nonce, associated_data)).toBe('支付成功');
  });

  it('opens with the former key while the new one is already here', () => {
    expect(openSealed(sealedByOracle('{}', 'x'), [OTHER, KEY])?.toString()).toBe('{}');
    expect(openSealed(sealedByOracle('{}', 'x'), [OTHER])).toBeUndefined();
  });

  it('does not open once a bit of it has changed, the tag and the associated data included', () => {
    const good = sealedByOracle('{"trade_state":"SUCCESS"}', 'transaction');
    const bytes = Buffer.from(good.ciphertext, 'base64');
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(openSealed({ ...good, ciphertext: changed.toString('base64') }, [KEY])).toBeUndefined();
      }),
    );
    expect(openSealed({ ...good, associated_data: 'refund' }, [KEY])).toBeUndefined();
    expect(openSealed({ ...good, nonce: 'abcdef012346' }, [KEY])).toBeUndefined();
    expect(openSealed({ ...good, nonce: '' }, [KEY])).toBeUndefined();
    for (const cut of [0, 1, 15, bytes.length - 1]) {
      const ciphertext = bytes.subarray(0, cut).toString('base64');
      expect(openSealed({ ...good, ciphertext }, [KEY])).toBeUndefined();
    }
  });
});

describe('a list of platform certificates', () => {
  it('gives the key of each certificate under the serial that headers will name', () => {
    const list = readCertificates(certificateAnswerBody([merchant.platform, merchant.nextPlatform], KEY), [
      KEY,
    ]);
    if ('problem' in list) throw new Error(list.problem);
    expect(list.map((one) => one.serial)).toEqual([merchant.platform.serial, merchant.nextPlatform.serial]);
    expect(list[0]?.key.equals(createPublicKey(merchant.platform.privateKey))).toBe(true);
  });

  it('sealed with another key is told from a malformed one', () => {
    const body = certificateAnswerBody([merchant.platform], OTHER);
    expect(readCertificates(body, [KEY])).toEqual({ problem: 'undecryptable' });
    for (const other of [undefined, {}, { data: [] }, { data: [{}] }]) {
      expect(readCertificates(other, [KEY])).toEqual({ problem: 'malformed' });
    }
  });

  it('is spoilt by one certificate that is not the one it is called', () => {
    const renamed = { ...merchant.platform, serial: merchant.nextPlatform.serial };
    expect(readCertificates(certificateAnswerBody([merchant.nextPlatform, renamed], KEY), [KEY])).toEqual({
      problem: 'malformed',
    });
    const nonsense = { ...merchant.platform, certificate: 'no certificate' };
    expect(readCertificates(certificateAnswerBody([nonsense], KEY), [KEY])).toEqual({ problem: 'malformed' });
  });
});

describe('the key ring', () => {
  const certificate = (serial: string, validFromMs: number) => ({
    serial,
    validFromMs,
    key: createPublicKey(merchant.platform.privateKey),
  });

  it('asks for the public key where there is one, else for the certificate begun latest', () => {
    const key = createPublicKey(merchant.publicKeyPrivate);
    expect(makeKeyRing({ id: 'PUB_KEY_ID_1', key }).preferred(NOW)).toBe('PUB_KEY_ID_1');
    const ring = makeKeyRing();
    expect(ring.preferred(NOW)).toBeUndefined();
    ring.replaceCertificates([
      certificate('A', NOW - 2),
      certificate('B', NOW - 1),
      certificate('C', NOW + 1),
    ]);
    expect(ring.preferred(NOW)).toBe('B');
    expect(ring.preferred(NOW + 1)).toBe('C');
    expect(ring.find('C')).toBeDefined(); // listed is enough to verify with
  });

  it('forgets certificates that are no longer listed, never the public key', () => {
    const ring = makeKeyRing({ id: 'PUB_KEY_ID_1', key: createPublicKey(merchant.publicKeyPrivate) });
    ring.replaceCertificates([certificate('A', NOW), certificate('B', NOW)]);
    ring.replaceCertificates([certificate('B', NOW)]);
    expect(ring.ids()).toEqual(['PUB_KEY_ID_1', 'B']);
    expect(ring.find('A')).toBeUndefined();
  });
});
