import { AlipaySdk } from 'alipay-sdk';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  bodyOf,
  configurationOf,
  nodeText,
  notificationOf,
  NOW,
  ours,
  paidFields,
  parametersOf,
  signedBy,
  unsignedBodyOf,
  worldThat,
} from '../../../test/support/alipay-fixture.ts';
import { makePki, YEAR_MS, type Issued } from '../../../test/support/alipay-certificates.ts';
import { certificateSn, leadsToRoot, readCertificates, rootCertificatesSn, snOf } from './certificates.ts';
import { createAlipayChannel } from './index.ts';

const QUERY = 'alipay.trade.query';

let pki: Awaited<ReturnType<typeof makePki>>;
beforeAll(async () => {
  pki = await makePki();
});

describe('the serial number of a certificate', () => {
  it.each([
    [
      'CN=Ant Financial Certification Authority Class 1 R1,OU=Certification Authority,O=Ant Financial,C=CN',
      42707007516446637443986944728042269631n,
      '47a27aac8ae3b5c589576f371da36dc2',
    ],
    [
      'CN=Ant Financial Certification Authority E1 test,OU=Certification Authority,O=Ant Financial,C=CN',
      42665187297916327060058565718060548556n,
      '003000e81372fe0d2853daa0d056cfc9',
    ],
  ])('is the published one for %s', (issuer, serial, sn) => {
    expect(snOf(issuer, serial)).toBe(sn);
  });

  it('agrees with the official SDK for the app, Alipay and the roots, LF or CRLF', () => {
    for (const spell of [(pem: string) => pem, (pem: string) => pem.replaceAll('\n', '\r\n')]) {
      const { config } = new AlipaySdk({
        appId: '2021000000000001',
        privateKey: ours.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
        appCertContent: pki.files.appCert,
        alipayPublicCertContent: pki.files.alipayCert,
        alipayRootCertContent: pki.files.rootCert,
      });
      expect(readCertificates(spell(pki.files.appCert)).map(certificateSn)[0]).toBe(config.appCertSn);
      expect(readCertificates(spell(pki.files.alipayCert)).map(certificateSn)[0]).toBe(config.alipayCertSn);
      expect(rootCertificatesSn(readCertificates(spell(pki.files.rootCert)))).toBe(config.alipayRootCertSn);
    }
  });

  it('of a root file counts the RSA roots only, joined in file order', () => {
    expect(roots()).toHaveLength(3);
    const [, rsa, old] = roots().map(certificateSn);
    expect(rootCertificatesSn(roots())).toBe(`${rsa}_${old}`);
  });
});

describe('a chain', () => {
  it('leads to the root over its authority, with the root attached or not', () => {
    expect(leadsToRoot(read(pki.alipay, pki.authority), roots(), NOW)).toBe(true);
    expect(leadsToRoot(read(pki.alipay, pki.authority, pki.root), roots(), NOW)).toBe(true);
  });

  it('leads nowhere without its authority, from nothing, or under a stranger’s root', () => {
    expect(leadsToRoot(read(pki.alipay), roots(), NOW)).toBe(false);
    expect(leadsToRoot([], roots(), NOW)).toBe(false);
    expect(leadsToRoot(read(pki.strangersAlipay, pki.strangersRoot), roots(), NOW)).toBe(false);
  });

  it('leads nowhere over a merchant’s own certificate, though that one leads to the root', () => {
    expect(leadsToRoot(read(pki.merchant, pki.authority), roots(), NOW)).toBe(true);
    expect(leadsToRoot(read(pki.byMerchant, pki.merchant, pki.authority), roots(), NOW)).toBe(false);
  });

  it('leads nowhere outside the dates of any member', () => {
    const chain = read(pki.alipay, pki.authority);
    expect(leadsToRoot(chain, roots(), NOW + 4 * YEAR_MS)).toBe(false);
    expect(leadsToRoot(chain, roots(), NOW - 2 * YEAR_MS)).toBe(false);
  });
});

describe('certificate mode', () => {
  const node = { code: '10000', out_trade_no: 'A1', trade_status: 'TRADE_SUCCESS', total_amount: '12.50' };
  const DOWNLOAD = 'alipay.open.app.alipaycert.download';

  /** An answer signed with the key of `by`, naming its certificate. */
  function bodyBy(by: Issued): string {
    const text = nodeText(node);
    const sign = signedBy(keyOf(by), text);
    return `{"alipay_trade_query_response":${text},"alipay_cert_sn":"${snOfIssued(by)}","sign":"${sign}"}`;
  }

  /** A gateway whose answers are signed by `by`, and which offers `chain` for download. */
  function channelMeeting(by: Issued, chain: readonly Issued[]) {
    const content = Buffer.from(chain.map(({ certificate }) => certificate).join('')).toString('base64');
    const world = worldThat((request) =>
      parametersOf(request)['method'] === DOWNLOAD
        ? answer(unsignedBodyOf(DOWNLOAD, { code: '10000', alipay_cert_content: content }))
        : answer(bodyBy(by)),
    );
    const configuration = configurationOf({ alipayPublicKeys: undefined, certificates: pki.files });
    const methods = () => world.sent.map((request) => parametersOf(request)['method']);
    return { world, methods, channel: createAlipayChannel(world, configuration) };
  }

  it('requests carry both serial numbers', async () => {
    const { channel, world } = channelMeeting(pki.alipay, []);
    await channel.query('A1');
    expect(parametersOf(world.sent[0])).toMatchObject({
      app_cert_sn: snOfIssued(pki.app),
      alipay_root_cert_sn: rootCertificatesSn(roots()),
    });
  });

  it('the configured certificate verifies without a download', async () => {
    const { channel, methods } = channelMeeting(pki.alipay, []);
    expect((await channel.query('A1')).outcome).toBe('done');
    expect(methods()).toEqual([QUERY]);
  });

  it('an answer that names no certificate is verified with the configured one', async () => {
    const world = worldThat(() => answer(bodyOf(QUERY, node, keyOf(pki.alipay))));
    const configuration = configurationOf({ alipayPublicKeys: undefined, certificates: pki.files });
    expect((await createAlipayChannel(world, configuration).query('A1')).outcome).toBe('done');
  });

  it('a new certificate of Alipay’s is fetched once, and then believed', async () => {
    const { channel, methods } = channelMeeting(pki.renewed, [pki.renewed, pki.authority]);
    const both = await Promise.all([channel.query('A1'), channel.query('A1')]);
    expect(both.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
    expect((await channel.query('A1')).outcome).toBe('done');
    expect(methods().filter((method) => method === DOWNLOAD)).toHaveLength(1);
  });

  it.each([
    ['leads to a stranger’s root', () => [pki.strangersAlipay, pki.strangersRoot]],
    ['is another merchant’s, under the same root', () => [pki.merchant, pki.authority]],
    ['was issued by a merchant', () => [pki.byMerchant, pki.merchant, pki.authority]],
    ['has expired', () => [pki.expired, pki.authority]],
  ])('a certificate that %s is not believed, nor asked for again at once', async (_what, chainOf) => {
    const chain = chainOf();
    const [by] = chain;
    if (by === undefined) throw new Error('a chain has a leaf');
    const { channel, methods } = channelMeeting(by, chain);
    for (let time = 0; time < 3; time += 1) {
      expect(await channel.query('A1')).toMatchObject({ outcome: 'unknown', fault: { code: 'unverified' } });
    }
    expect(methods().filter((method) => method === DOWNLOAD)).toHaveLength(1);
  });

  it('a certificate other than the one asked for is not believed', async () => {
    const { channel } = channelMeeting(pki.renewed, [pki.alipay, pki.authority]);
    expect(await channel.query('A1')).toMatchObject({ outcome: 'unknown', fault: { code: 'unverified' } });
  });

  it('a notification by the configured certificate is believed, whether it names it or not', async () => {
    const { channel } = channelMeeting(pki.alipay, []);
    for (const extra of [{}, { alipay_cert_sn: snOfIssued(pki.alipay) }]) {
      const body = notificationOf(paidFields(extra), keyOf(pki.alipay));
      expect(await channel.readNotification({ headers: {}, body })).toMatchObject({
        verdict: 'genuine',
        keyId: snOfIssued(pki.alipay),
      });
    }
  });

  it('a notification under an unknown certificate is refused, and makes us call nobody', async () => {
    const { channel, methods } = channelMeeting(pki.renewed, [pki.renewed, pki.authority]);
    const body = notificationOf(paidFields({ alipay_cert_sn: snOfIssued(pki.renewed) }), keyOf(pki.renewed));
    expect(await channel.readNotification({ headers: {}, body })).toMatchObject({ reason: 'key_unknown' });
    expect(methods()).toEqual([]);
    await channel.query('A1');
    expect(await channel.readNotification({ headers: {}, body })).toMatchObject({ verdict: 'genuine' });
  });

  it('a certificate re-issued with the same key verifies at once, without a download', async () => {
    const body = bodyBy(pki.alipay).replace(snOfIssued(pki.alipay), 'f'.repeat(32));
    const world = worldThat(() => answer(body));
    const configuration = configurationOf({ alipayPublicKeys: undefined, certificates: pki.files });
    expect((await createAlipayChannel(world, configuration).query('A1')).outcome).toBe('done');
    expect(world.sent).toHaveLength(1);
  });

  it('and so it does notifications', async () => {
    const { channel } = channelMeeting(pki.alipay, []);
    const body = notificationOf(paidFields({ alipay_cert_sn: 'f'.repeat(32) }), keyOf(pki.alipay));
    expect(await channel.readNotification({ headers: {}, body })).toMatchObject({ verdict: 'genuine' });
  });
});

function read(...issued: Issued[]) {
  return issued.flatMap(({ certificate }) => readCertificates(certificate));
}

function roots() {
  return readCertificates(pki.files.rootCert);
}

function keyOf(issued: Issued): KeyObject {
  return createPrivateKey(issued.privateKey);
}

function snOfIssued(issued: Issued): string {
  return read(issued).map(certificateSn).join();
}
