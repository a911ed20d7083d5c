import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { inCertificateMode, makeMerchant, NOW, type Merchant } from '../../../test/support/wechat-fixture.ts';
import { checkWechatConfiguration, worldOfWechatGateway, type WechatConfiguration } from './index.ts';

let merchant: Merchant;
beforeAll(async () => {
  merchant = await makeMerchant();
});

const DAY_MS = 86_400_000;

/** `WECHAT_API_KEY fault`, … */
function faults(change: Partial<WechatConfiguration>, nowMs = NOW): string[] {
  return checkWechatConfiguration({ ...merchant.configuration, ...change }, nowMs).map(
    (found) => `${found.field} ${found.severity}`,
  );
}

describe('a configuration', () => {
  it('that is right has no fault, with a public key or with certificates', () => {
    expect(faults({ backupGatewayUrl: 'https://api2.mch.weixin.qq.com' })).toEqual([]);
    expect(checkWechatConfiguration(inCertificateMode(merchant.configuration), NOW)).toEqual([]);
  });

  it('with everything wrong names every fault at once, each with its fix in both languages', () => {
    const found = checkWechatConfiguration(
      {
        appId: '',
        mchId: 'abc',
        apiV3Key: 'short',
        merchantCertificate: 'nothing',
        merchantPrivateKey: 'nothing',
        publicKeyId: '1',
        publicKey: 'nothing',
        gatewayUrl: 'https://api.mch.weixin.qq.com.evil.example',
        backupGatewayUrl: 'nothing',
      },
      NOW,
    );
    expect(found.map(({ field }) => field)).toEqual([
      'WECHAT_APP_ID',
      'WECHAT_MCH_ID',
      'WECHAT_API_KEY',
      'WECHAT_CERT_PATH',
      'WECHAT_KEY_PATH',
      'WECHAT_PUBLIC_KEY_ID',
      'WECHAT_PUBLIC_KEY_PATH',
      'WECHAT_GATEWAY_URL',
      'WECHAT_GATEWAY_BACKUP_URL',
    ]);
    for (const { problem, fix } of found) {
      for (const words of [problem, fix]) expect([words.zh, words.en]).not.toContain('');
    }
  });

  it('needs an APIv3 key of 32 bytes, the former one too', () => {
    for (const apiV3Key of ['x'.repeat(31), 'x'.repeat(33), '密'.repeat(32)]) {
      expect(faults({ apiV3Key })).toEqual(['WECHAT_API_KEY fault']);
    }
    expect(faults({ formerApiV3Key: { key: 'x', replacedAtMs: NOW } })).toEqual([
      'ZHENFU_WECHAT_FORMER_API_KEY fault',
    ]);
  });

  it('needs a private key that belongs to the certificate', () => {
    expect(faults({ merchantPrivateKey: merchant.publicKeyPrivate })).toEqual(['WECHAT_KEY_PATH fault']);
  });

  it('needs the certificate of this very merchant number', () => {
    expect(faults({ mchId: '1900000002' })).toEqual(['WECHAT_CERT_PATH fault']);
    const { certificate, privateKey } = merchant.platform;
    expect(faults({ merchantCertificate: certificate, merchantPrivateKey: privateKey })).toEqual([
      'WECHAT_CERT_PATH fault',
    ]);
  });

  it('is warned of a certificate that ends within 30 days, and fails with one that has ended or not begun', () => {
    const ends = NOW + 4 * 365 * DAY_MS;
    expect(faults({}, ends - 30 * DAY_MS)).toEqual([]);
    expect(faults({}, ends - 30 * DAY_MS + 1)).toEqual(['WECHAT_CERT_PATH warning']);
    expect(faults({}, ends)).toEqual(['WECHAT_CERT_PATH fault']);
    expect(faults({}, NOW - 366 * DAY_MS)).toEqual(['WECHAT_CERT_PATH fault']);
  });

  it('has the public key and its id together, or neither', () => {
    expect(faults({ publicKey: undefined })).toEqual(['WECHAT_PUBLIC_KEY_PATH fault']);
    expect(faults({ publicKeyId: undefined })).toEqual(['WECHAT_PUBLIC_KEY_ID fault']);
    expect(faults({ publicKeyId: merchant.platform.serial })).toEqual(['WECHAT_PUBLIC_KEY_ID fault']);
  });

  it('does not take a private key, a certificate or our own public key for WeChat Pay’s', () => {
    const own = merchant.configuration.merchantCertificate;
    expect(faults({ publicKey: merchant.publicKeyPrivate })).toEqual(['WECHAT_PUBLIC_KEY_PATH fault']);
    expect(faults({ publicKey: own })).toEqual(['WECHAT_PUBLIC_KEY_PATH fault']);
    const ours = publicHalf(merchant.configuration.merchantPrivateKey);
    expect(faults({ publicKey: ours })).toEqual(['WECHAT_PUBLIC_KEY_PATH fault']);
  });

  it('has RSA keys shorter than 2048 bits on this machine only', () => {
    const { publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 1024,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    expect(faults({ publicKey })).toEqual(['WECHAT_PUBLIC_KEY_PATH fault']);
    expect(faults({ publicKey, gatewayUrl: 'http://127.0.0.1:8090' })).toEqual([]);
  });

  it.each([
    'http://api.mch.weixin.qq.com',
    'https://api.mch.weixin.qq.com:8443',
    'https://api.mch.weixin.qq.com/v3',
    'https://user@api.mch.weixin.qq.com',
    'https://127.0.0.1.evil.example',
    'https://192.168.1.2',
    'file:///etc/hosts',
    'data:text/plain,x',
    '',
  ])('never sends to the gateway %s', (gatewayUrl) => {
    expect(faults({ gatewayUrl })).toContain('WECHAT_GATEWAY_URL fault');
  });

  it.each([
    'https://api.wechatpay.cn',
    'https://api2.wechatpay.cn/',
    'http://localhost:8090',
    'http://[::1]:8090',
  ])('may send to the gateway %s', (gatewayUrl) => {
    expect(faults({ gatewayUrl })).toEqual([]);
  });

  it('never has one real and one simulated gateway', () => {
    expect(faults({ backupGatewayUrl: 'http://127.0.0.1:8090' })).toEqual([
      'WECHAT_GATEWAY_BACKUP_URL fault',
    ]);
  });
});

describe('the world of a gateway', () => {
  it('is simulated on this machine and live everywhere else', () => {
    for (const url of ['http://127.0.0.1:8090', 'http://localhost:1', 'http://[::1]']) {
      expect(worldOfWechatGateway(url)).toBe('simulated');
    }
    for (const url of ['https://api.mch.weixin.qq.com', 'https://localhost.example', 'nonsense']) {
      expect(worldOfWechatGateway(url)).toBe('live');
    }
  });
});

function publicHalf(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}
