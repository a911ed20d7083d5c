import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { NetworkFault, type InboundAnswer, type OutboundRequest } from '#world';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Outcome, StatementDay } from '../channel.ts';
import {
  makeMerchant,
  makeWorld,
  signedAnswer,
  unsignedAnswer,
  type Merchant,
  type Signing,
} from '../../../test/support/wechat-fixture.ts';
import type { WechatGateway } from './gateway.ts';
import { createWechatChannel } from './index.ts';
import { fetchStatement } from './statement.ts';

const MAIN = 'https://api.mch.weixin.qq.com';
const DAY = '2026-11-21';
const TOKEN = 'g44bIUH1GyQtE7ZmeTAPQx5b69qABpYuC_oZq6Aalf-gQP-lJ_FHRMLnyj2O8ujG';

let merchant: Merchant;
let by: Signing;
beforeAll(async () => {
  merchant = await makeMerchant();
  by = { serial: merchant.publicKeyId, privateKey: merchant.publicKeyPrivate };
});

const plain = Buffer.from(
  '\uFEFF交易时间,公众账号ID,商户号,微信订单号,商户订单号,交易类型,交易状态,货币种类,应结订单金额,微信退款单号,' +
    '商户退款单号,退款金额,充值券退款金额,退款状态,商户数据包,手续费,订单金额,申请退款金额\r\n' +
    '`2026-11-21 09:00:00,`wx0123456789abcdef,`1900000001,`4200001234202611210123456789,`ZF20261121_1,`NATIVE,' +
    '`SUCCESS,`CNY,`12.30,`0,`0,`0.00,`0.00,`,`p1,`0.07380,`12.30,`0.00\r\n' +
    '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n' +
    '`1,`12.30,`0.00,`0.00,`0.07380,`12.30,`0.00\r\n',
);
const sha1 = createHash('sha1').update(plain).digest('hex');
const zipped = gzipSync(plain);

interface Gateway {
  url?: string;
  hash?: string;
  hashType?: string;
  file?: InboundAnswer | NetworkFault;
}

const bytes = (body: Uint8Array): InboundAnswer => ({ status: 200, headers: {}, body });
const address = `${MAIN}/v3/billdownload/file?token=${TOKEN}&tartype=gzip`;

/** A gateway that promises a file and hands one over. */
async function fetched(
  { url = address, hash = sha1, hashType = 'SHA1', file = bytes(zipped) }: Gateway = {},
  change: Partial<Merchant['configuration']> = {},
) {
  const promise = { download_url: url, hash_type: hashType, hash_value: hash };
  const world = makeWorld((request) =>
    request.url.includes('/v3/bill/') ? signedAnswer(200, promise, by) : file,
  );
  const channel = createWechatChannel(world, { ...merchant.configuration, ...change });
  return { outcome: await channel.fetchStatement(DAY), sent: world.sent };
}

/** The same for many files: behind the gateway, so that no key signs three times for each of them. */
async function proven(file: Uint8Array): Promise<Outcome<StatementDay>> {
  const promise = { download_url: address, hash_type: 'SHA1', hash_value: sha1 };
  const never = () => Promise.reject(new Error('nobody asks this here'));
  const gateway: WechatGateway = {
    ask: async () => ({ outcome: 'done', value: { status: 200, json: promise, unansweredBefore: false } }),
    fetchFile: async () => ({ outcome: 'done', value: file }),
    verify: never,
    refreshKeys: never,
  };
  return fetchStatement(gateway, MAIN, DAY);
}

async function answered(answer: InboundAnswer): Promise<string> {
  const world = makeWorld(() => answer);
  return short(await createWechatChannel(world, merchant.configuration).fetchStatement(DAY));
}

function short(outcome: Outcome<StatementDay>): string {
  return outcome.outcome === 'done'
    ? `done ${outcome.value.state}`
    : `${outcome.outcome} ${outcome.fault.code}`;
}

function wholeOf(outcome: Outcome<StatementDay>) {
  if (outcome.outcome !== 'done' || outcome.value.state !== 'whole') throw new Error(JSON.stringify(outcome));
  return { ...outcome.value, lines: [...outcome.value.lines] };
}

function unzips(file: Uint8Array): boolean {
  try {
    return gunzipSync(file).equals(plain);
  } catch {
    return false;
  }
}

const authorizationOf = (request: OutboundRequest | undefined) => request?.headers['authorization'] ?? '';

describe('the statement of a day', () => {
  it('is asked for, fetched from the very address, and handed over whole', async () => {
    const { outcome, sent } = await fetched();
    const whole = wholeOf(outcome);
    expect(whole.lines).toMatchObject([
      { lineNo: 1, feeMicro: 7380, report: { source: 'statement', state: 'paid', totalFen: 1230 } },
    ]);
    expect(Buffer.from(whole.bytes)).toEqual(plain);
    expect(whole.digest).toBe(createHash('sha256').update(plain).digest('hex'));
    expect(sent.map(({ url }) => url)).toEqual([
      `${MAIN}/v3/bill/tradebill?bill_date=${DAY}&bill_type=ALL&tar_type=GZIP`,
      address,
    ]);
    expect(sent[1]?.headers['accept']).toBe('*/*');
    expect(authorizationOf(sent[1])).toMatch(/^WECHATPAY2-SHA256-RSA2048 mchid="1900000001"/);
    expect(sent[1]?.maxBytes).toBeGreaterThan(50 * 1024 * 1024);
  });

  it('may come unzipped, with its hash in capitals and a blank before its address', async () => {
    const { outcome } = await fetched({ url: ` ${address}`, hash: sha1.toUpperCase(), file: bytes(plain) });
    expect(wholeOf(outcome).lines).toHaveLength(1);
  });

  it('is fetched from our own gateway when that is not the default one', async () => {
    const gatewayUrl = 'http://127.0.0.1:8090';
    const { outcome, sent } = await fetched({}, { gatewayUrl });
    expect(short(outcome)).toBe('done whole');
    expect(sent[1]?.url).toBe(address.replace(MAIN, gatewayUrl));
  });

  it('is fetched from wherever the default gateway says', async () => {
    const elsewhere = address.replace(MAIN, 'https://api.wechatpay.cn');
    expect((await fetched({ url: elsewhere })).sent[1]?.url).toBe(elsewhere);
  });

  it('falls back to the backup host, with the same address', async () => {
    const backupGatewayUrl = 'https://api2.mch.weixin.qq.com';
    const silence = new NetworkFault('no_answer', 'timed out');
    const { outcome, sent } = await fetched({ file: silence }, { backupGatewayUrl });
    expect(short(outcome)).toBe('unknown silent');
    expect(sent.map(({ url }) => new URL(url).host)).toEqual([
      'api.mch.weixin.qq.com',
      'api.mch.weixin.qq.com',
      'api2.mch.weixin.qq.com',
    ]);
  });

  it.each(['2026-1-1', '20261121', '', '2026-11-21&bill_type=SUCCESS'])('is not asked for day %j', (day) => {
    const channel = createWechatChannel(makeWorld(), merchant.configuration);
    return expect(() => channel.fetchStatement(day)).rejects.toThrow(RangeError);
  });
});

describe('a statement is refused whole', () => {
  it.each<[string, Gateway]>([
    ['its hash is another', { hash: '0'.repeat(40) }],
    ['it was cut in the zip', { file: bytes(zipped.subarray(0, -1)) }],
    ['it was cut before the zip', { file: bytes(gzipSync(plain.subarray(0, -2))) }],
    ['it is empty', { file: bytes(new Uint8Array()) }],
    ['it is a page', { file: bytes(Buffer.from('<html>')) }],
  ])('when %s', async (_, gateway) => {
    expect(short((await fetched(gateway)).outcome)).toBe('unknown unverified');
  });

  it('when it contradicts itself, although its hash is right', async () => {
    const wrong = Buffer.from(plain.toString().replace('`1,`12.30', '`2,`12.30'));
    const hash = createHash('sha1').update(wrong).digest('hex');
    const { outcome } = await fetched({ hash, file: bytes(gzipSync(wrong)) });
    expect(outcome).toMatchObject({
      fault: { code: 'unverified', detail: expect.stringContaining('总交易单数') },
    });
  });

  it('wherever it was cut, zipped or not', async () => {
    for (const file of [plain, zipped]) {
      for (let end = 0; end < file.length; end += 1) {
        expect(short(await proven(file.subarray(0, end)))).toBe('unknown unverified');
      }
    }
  });

  it('after any change, unless what unzips from it is the same', async () => {
    const lines = wholeOf(await proven(zipped)).lines;
    const change = fc.integer({ min: 1, max: 255 });
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.nat(), change, async (zip, at, flipped) => {
        const file = Buffer.from(zip ? zipped : plain);
        const place = at % file.length;
        file[place] = (file[place] ?? 0) ^ flipped;
        const outcome = await proven(file);
        // Gzip's own header has bytes that nobody reads.
        const same = zip && unzips(file);
        expect(short(outcome)).toBe(same ? 'done whole' : 'unknown unverified');
        expect(same ? wholeOf(outcome).lines : lines).toEqual(lines);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the answer to asking for a statement', () => {
  it.each([
    [400, 'NO_STATEMENT_EXIST', 'done empty'],
    [400, 'STATEMENT_CREATING', 'done not_ready'],
    [400, 'INVALID_REQUEST', 'refused declined'],
    [400, 'PARAM_ERROR', 'refused bug'],
    [401, 'SIGN_ERROR', 'refused configuration'],
    [403, 'NO_AUTH', 'refused configuration'],
    [404, 'RESOURCE_NOT_EXISTS', 'unknown undocumented'],
    [429, 'FREQUENCY_LIMITED', 'unknown throttled'],
    [500, 'SYSTEM_ERROR', 'unknown system_error'],
    [502, '', 'unknown silent'],
  ])('%i %s: %s', async (status, code, meaning) => {
    expect(await answered(unsignedAnswer(status, { code }))).toBe(meaning);
    expect(await answered(signedAnswer(status, { code }, by))).toBe(meaning);
  });

  it('is believed only signed, whatever it promises', async () => {
    const promise = { download_url: address, hash_type: 'SHA1', hash_value: sha1 };
    expect(await answered(unsignedAnswer(200, promise))).toBe('unknown unverified');
  });

  it.each<[string, Gateway]>([
    ['no SHA-1', { hashType: 'MD5' }],
    ['half a hash', { hash: sha1.slice(1) }],
    ['no address', { url: 'token' }],
    ['an address of the disk', { url: 'file:///etc/passwd' }],
  ])('with %s is nothing to fetch by', async (_, gateway) => {
    const { outcome, sent } = await fetched(gateway);
    expect(short(outcome)).toBe('unknown undocumented');
    expect(sent).toHaveLength(1);
  });
});

describe('the answer to fetching the file', () => {
  it.each([
    [400, 'INVALID_REQUEST', 'unknown system_error'], // the token's five minutes are over: ask again
    [400, 'PARAM_ERROR', 'unknown system_error'],
    [403, 'NO_AUTH', 'refused configuration'],
    [429, 'FREQUENCY_LIMITED', 'unknown throttled'],
    [500, 'SYSTEM_ERROR', 'unknown system_error'],
    [302, '', 'unknown undocumented'],
  ])('%i %s: %s', async (status, code, meaning) => {
    expect(short((await fetched({ file: unsignedAnswer(status, { code }) })).outcome)).toBe(meaning);
    expect(short((await fetched({ file: signedAnswer(status, { code }, by) })).outcome)).toBe(meaning);
  });
});
