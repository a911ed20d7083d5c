import { describe, expect, it } from 'vitest';
import { alipays, bare, configurationOf, newKeys, NOW, ours } from '../../../test/support/alipay-fixture.ts';
import { DAY_MS, makeEcKey, makeRsaKey, selfSigned } from '../../../test/support/alipay-certificates.ts';
import { checkAlipayConfiguration } from './check.ts';
import { worldOfAlipayGateway, type AlipayConfiguration } from './configuration.ts';

const LIVE = 'https://openapi.alipay.com/gateway.do';

function found(changes: Partial<AlipayConfiguration>): [field: string, severity: string][] {
  return checkAlipayConfiguration(configurationOf(changes), NOW).map(({ field, severity }) => [
    field,
    severity,
  ]);
}

describe('the world of a gateway', () => {
  it.each([
    [LIVE, 'live'],
    ['https://openapi-sandbox.dl.alipaydev.com/gateway.do', 'sandbox'],
    ['http://127.0.0.1:8090/gateway.do', 'simulated'],
    ['http://localhost:8090/gateway.do', 'simulated'],
    ['http://[::1]:8090/gateway.do', 'simulated'],
    ['http://openapi.alipay.com/gateway.do', undefined],
    ['https://openapi.alipay.com:444/gateway.do', undefined],
    ['https://openapi.alipay.com/other', undefined],
    ['https://openapi.alipay.com.evil.example/gateway.do', undefined],
    ['https://me:secret@openapi.alipay.com/gateway.do', undefined],
    ['https://openapi.alipay.com/gateway.do?x=1', undefined],
    ['https://openapi.alipaydev.com/gateway.do', undefined],
    ['http://10.0.0.5/gateway.do', undefined],
    ['ftp://127.0.0.1/gateway.do', undefined],
    ['', undefined],
  ])('of %s is %s', (url, world) => {
    expect(worldOfAlipayGateway(url)).toBe(world);
  });
});

describe('a configuration', () => {
  it('that is right has no faults, here and live', () => {
    expect(found({})).toEqual([]);
    expect(
      found({ gatewayUrl: LIVE, alipayPublicKeys: [bare(alipays.publicKey), bare(newKeys().publicKey)] }),
    ).toEqual([]);
  });

  it('names everything that is wrong at once, in two languages, each with its fix', () => {
    const faults = checkAlipayConfiguration(
      {
        appId: '',
        privateKey: 'x',
        alipayPublicKeys: ['y'],
        gatewayUrl: 'https://openapi.alipaydev.com/gateway.do',
        sellerId: '1',
      },
      NOW,
    );
    expect(faults.map(({ field }) => field)).toEqual([
      'ALIPAY_APP_ID',
      'ALIPAY_GATEWAY_URL',
      'ALIPAY_SELLER_ID',
      'ALIPAY_APP_PRIVATE_KEY',
      'ALIPAY_PUBLIC_KEY',
    ]);
    for (const { problem, fix } of faults) {
      for (const text of [problem.zh, problem.en, fix.zh, fix.en]) expect(text).not.toBe('');
    }
  });

  it("the app's own public key in the place of Alipay's is called by its name", () => {
    const [fault] = checkAlipayConfiguration(
      configurationOf({ alipayPublicKeys: [bare(ours.publicKey)] }),
      NOW,
    );
    expect(fault).toMatchObject({
      field: 'ALIPAY_PUBLIC_KEY',
      severity: 'fault',
      problem: { zh: '这里填的是应用公钥，不是支付宝公钥' },
    });
  });

  it.each([
    ['no Alipay key', { alipayPublicKeys: [] }, 'ALIPAY_PUBLIC_KEY', 'fault'],
    [
      'a second key that cannot be read',
      { alipayPublicKeys: [bare(alipays.publicKey), 'x'] },
      'ALIPAY_PUBLIC_KEY',
      'fault',
    ],
    ['no seller', { sellerId: '' }, 'ALIPAY_SELLER_ID', 'warning'],
    ['a foreign gateway', { gatewayUrl: 'https://example.com/gateway.do' }, 'ALIPAY_GATEWAY_URL', 'fault'],
  ])('with %s: a %4$s', (_what, changes, field, severity) => {
    expect(found(changes)).toEqual([[field, severity]]);
  });

  it('keys below 2048 bits are for loopback alone', () => {
    const short = newKeys(1024);
    const changes = { privateKey: bare(short.privateKey), alipayPublicKeys: [bare(newKeys(1024).publicKey)] };
    expect(found(changes)).toEqual([]);
    expect(found({ ...changes, gatewayUrl: LIVE })).toEqual([
      ['ALIPAY_APP_PRIVATE_KEY', 'fault'],
      ['ALIPAY_PUBLIC_KEY', 'fault'],
    ]);
  });
});

describe('certificates in a configuration', async () => {
  const alipayKey = await makeRsaKey(2048);
  const ecKey = await makeEcKey();
  const ownKey = ours.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const good = {
    appCert: selfSigned(ownKey),
    alipayCert: selfSigned(alipayKey),
    rootCert: selfSigned(alipayKey),
  };
  const foundIn = (files: Partial<typeof good>) =>
    found({ alipayPublicKeys: undefined, certificates: { ...good, ...files } });

  it('that are right have no faults', () => {
    expect(foundIn({})).toEqual([]);
  });

  it.each([
    [
      'an app certificate of another key',
      { appCert: selfSigned(alipayKey) },
      [['ALIPAY_APP_CERT_PATH', 'fault']],
    ],
    ['the app certificate for Alipay’s', { alipayCert: good.appCert }, [['ALIPAY_CERT_PATH', 'fault']]],
    ['no root that is RSA', { rootCert: selfSigned(ecKey) }, [['ALIPAY_ROOT_CERT_PATH', 'fault']]],
    [
      'files that hold none',
      { appCert: '', alipayCert: 'x' },
      [
        ['ALIPAY_APP_CERT_PATH', 'fault'],
        ['ALIPAY_CERT_PATH', 'fault'],
      ],
    ],
    [
      'an expired app certificate',
      { appCert: selfSigned(ownKey, NOW - 1000) },
      [['ALIPAY_APP_CERT_PATH', 'fault']],
    ],
    [
      'an expired one of Alipay’s, which is replaced by itself',
      { alipayCert: selfSigned(alipayKey, NOW - 1000) },
      [['ALIPAY_CERT_PATH', 'warning']],
    ],
    [
      'one that ends within 30 days',
      { appCert: selfSigned(ownKey, NOW + 29 * DAY_MS) },
      [['ALIPAY_APP_CERT_PATH', 'warning']],
    ],
  ])('with %s', (_what, files, expected) => {
    expect(foundIn(files)).toEqual(expected);
  });

  it('beside keys are one mode too many', () => {
    expect(found({ certificates: good })).toEqual([['ALIPAY_PUBLIC_KEY', 'fault']]);
  });
});
