/** Notifications, the weather and the keys, with a clock that only the test moves. */
import { constants, createPublicKey, privateDecrypt, publicEncrypt } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { openTestWorld, signedRequest, worldStart as start } from './harness.ts';
import type { TestWorld } from './harness.ts';
import { files, makeWechatMerchant } from './merchant.ts';
import { rfc3339 } from './time.ts';

const merchant = await makeWechatMerchant({ bits: 1024 });
const certified = await makeWechatMerchant({ bits: 1024, mode: 'certificate' });
const day = 24 * 60 * 60 * 1000;

let world: TestWorld;

beforeEach(() => {
  world = openTestWorld(merchant);
});

describe('notifications', () => {
  async function paid(number: string): Promise<void> {
    world.gateway.pay(await world.code(number), 'anna');
    await world.clock.advance(0);
  }

  test('are repeated fifteen times in a day, each freshly signed and encrypted under one id', async () => {
    world.merchantAnswers = 500;
    await paid('NOTIFY-1');
    await world.clock.advance(2 * day);
    const minutes = world.deliveries.map(({ minute }) => minute);
    expect(minutes).toEqual([0, 0.25, 0.5, 1, 4, 14, 34, 64, 94, 124, 184, 364, 544, 724, 1084, 1444]);
    expect(new Set(world.deliveries.map(({ notice }) => notice.id)).size).toBe(1);
    expect(new Set(world.deliveries.map(({ notice }) => notice.resource.nonce)).size).toBe(16);
    expect(new Set(world.deliveries.map(({ headers }) => headers['Wechatpay-Signature'])).size).toBe(16);
    expect(new Set(world.deliveries.map(({ notice }) => notice.create_time))).toEqual(
      new Set([rfc3339(start)]),
    );
  });

  test('end at a 2xx even when its body says FAIL', async () => {
    world.merchantAnswers = 200;
    await paid('NOTIFY-2');
    await world.clock.advance(day);
    expect(world.deliveries).toHaveLength(1);
  });

  test('a redirect is no answer', async () => {
    world.merchantAnswers = 302;
    await paid('NOTIFY-3');
    await world.clock.advance(15_000);
    expect(world.deliveries).toHaveLength(2);
  });

  test('a forged one comes on top, under another id', async () => {
    world.kernel.board.merge({ notify_forge: 1 });
    await paid('NOTIFY-4');
    expect(world.deliveries).toHaveLength(2);
    expect(world.deliveries[0]?.notice.id).not.toBe(world.deliveries[1]?.notice.id);
  });

  test('can arrive before the create call is answered', async () => {
    world.kernel.board.merge({ notify_before_answer: true });
    const answer = world
      .create('NOTIFY-5')
      .then((got) => ({ status: got.status, heard: world.deliveries.length }));
    await world.clock.advance(0);
    expect(await answer).toEqual({ status: 200, heard: 1 });
  });

  test('what is owed is delivered after a restart, and orders are remembered', async () => {
    world.merchantAnswers = 500;
    const code = await world.code('RESTART1');
    await paid('RESTART2');
    expect(world.deliveries).toHaveLength(1);
    world.restart();
    world.merchantAnswers = 200;
    await world.clock.advance(15_000);
    expect(world.deliveries).toHaveLength(2);
    expect(world.deliveries[1]?.notice.id).toBe(world.deliveries[0]?.notice.id);
    expect(await world.state('RESTART2')).toBe('SUCCESS');
    expect((await world.create('RESTART1')).status).toBe(200);
    expect(world.gateway.scan(code, 'bert').ok).toBe(true);
  });
});

describe('bad weather on answers', () => {
  test('a request may be lost before or after acting', async () => {
    world.kernel.board.merge({ lose_request: 1 });
    expect((await world.create('LOST-001')).code).toBe('DROP');
    world.kernel.board.merge({ reset: true, lose_answer: 1 });
    expect((await world.create('LOST-002')).code).toBe('DROP');
    world.kernel.board.merge({ reset: true });
    expect([await world.state('LOST-001'), await world.state('LOST-002')]).toEqual([
      'ORDER_NOT_EXIST',
      'NOTPAY',
    ]);
  });

  test.each([
    [{ answer_500: 1 }, 500, 'SYSTEM_ERROR', 'ORDER_NOT_EXIST'],
    [{ answer_500_after_acting: 1 }, 500, 'SYSTEM_ERROR', 'NOTPAY'],
    [{ throttle: 1 }, 429, 'FREQUENCY_LIMITED', 'ORDER_NOT_EXIST'],
    [{ answer_unknown_code: 1 }, 400, 'BUSINESS_STATUS_SHIFTED', 'ORDER_NOT_EXIST'],
  ])('%j answers %i %s and leaves the order %s', async (weather, status, code, state) => {
    world.kernel.board.merge(weather);
    expect(await world.create('WEATHER1')).toMatchObject({ status, code });
    world.kernel.board.merge({ reset: true });
    expect(await world.state('WEATHER1')).toBe(state);
  });

  test('a proxy may answer with a page, and a silent gateway not at all', async () => {
    const target = '/v3/certificates';
    world.kernel.board.merge({ answer_html: 1 });
    const page = await world.gateway.handle(signedRequest(merchant, { target, atMs: start }));
    expect(page).toMatchObject({ status: 502, headers: { 'Content-Type': 'text/html' } });
    world.kernel.board.merge({ reset: true, silent: true });
    expect(await world.gateway.handle(signedRequest(merchant, { target, atMs: start }))).toMatchObject({
      kind: 'drop',
    });
    world.kernel.board.merge({ reset: true, delay_ms: 1000 });
    const slow = await world.gateway.handle(signedRequest(merchant, { target, atMs: start }));
    expect(slow.delayMs).toBeGreaterThanOrEqual(500);
    expect(slow.delayMs).toBeLessThanOrEqual(1500);
  });

  test('a query may lie for a while: no such order, unpaid, or another order', async () => {
    const code = await world.code('LYING-01');
    await world.create('LYING-02');
    world.gateway.scan(code, 'anna');
    world.kernel.board.merge({ not_exist_after_scan: 1 });
    expect(await world.state('LYING-01')).toBe('ORDER_NOT_EXIST');
    world.gateway.pay(code, 'anna');
    world.kernel.board.merge({ reset: true, stale_unpaid: 1 });
    expect(await world.state('LYING-01')).toBe('NOTPAY');
    await world.clock.advance(10_000);
    expect(await world.state('LYING-01')).toBe('SUCCESS');
    world.kernel.board.merge({ reset: true, answer_other_order: 1 });
    expect((await world.query('LYING-01')).json).toMatchObject({ out_trade_no: 'LYING-02' });
  });

  test('business errors can go unsigned', async () => {
    expect((await world.query('NOBODY')).headers).toHaveProperty('Wechatpay-Signature');
    world.kernel.board.merge({ wechat_sign_business_errors: false });
    expect((await world.query('NOBODY')).headers).not.toHaveProperty('Wechatpay-Signature');
  });
});

describe('keys', () => {
  test('while rotating two certificates are listed, and the new one signs only later', async () => {
    const other = openTestWorld(certified);
    const list = async () => {
      const got = await other.send({ target: '/v3/certificates' });
      const data: { serial_no: string }[] = Reflect.get(Object(got.json), 'data');
      return { serials: data.map((one) => one.serial_no), signer: got.headers['Wechatpay-Serial'] };
    };
    const old = certified.platformCertificates[0]?.serialNo;
    const fresh = await other.gateway.rotatePlatformCertificate();
    expect(await list()).toEqual({ serials: [old, fresh], signer: old });
    await other.clock.advance(day);
    expect(await list()).toEqual({ serials: [old, fresh], signer: fresh });
    await other.clock.advance(day);
    expect(await list()).toEqual({ serials: [fresh], signer: fresh });
  });

  test('a rotation survives a restart', async () => {
    world.gateway.setMode('certificate');
    const fresh = await world.gateway.rotatePlatformCertificate(0);
    world.restart();
    expect((await world.query('NOBODY')).headers['Wechatpay-Serial']).toBe(fresh);
  });

  test('echo gives the message back, its secret under the merchant key', async () => {
    const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
    const key = createPublicKey(merchant.publicKey.publicKey);
    const encrypted_echo_message = publicEncrypt({ key, ...oaep }, Buffer.from('秘密')).toString('base64');
    const body = JSON.stringify({
      echo_message: 'hello',
      encrypted_echo_message,
      notify_url: 'https://clinic.example/n',
    });
    const echo = { method: 'POST', target: '/v3/security/echo', body };
    expect((await world.send(echo)).code).toBe('PARAM_ERROR');
    const got = await world.send({ ...echo, headers: { 'wechatpay-serial': merchant.publicKeyId } });
    expect(got.json).toMatchObject({ echo_message: 'hello', notify_url: 'https://clinic.example/n' });
    const secret = Buffer.from(String(Reflect.get(Object(got.json), 'encrypted_echo_message')), 'base64');
    expect(privateDecrypt({ key: merchant.certificate.privateKey, ...oaep }, secret).toString()).toBe('秘密');
    await world.clock.advance(0);
    expect(world.deliveries[0]?.notice).toMatchObject({ event_type: 'SECURITY_ECHO.SUCCESS' });
  });

  test('a merchant is plain JSON, and its files are what the platform hands out', () => {
    expect(JSON.parse(JSON.stringify(merchant))).toEqual(merchant);
    expect(merchant.publicKeyId).toMatch(/^PUB_KEY_ID_\d{34}$/);
    expect(merchant.apiV3Key).toMatch(/^[0-9A-Za-z]{32}$/);
    expect(Object.keys(files(merchant))).toEqual(['apiclient_cert.pem', 'apiclient_key.pem', 'pub_key.pem']);
    expect(Object.keys(files(certified))[2]).toBe(
      `wechatpay_${certified.platformCertificates[0]?.serialNo}.pem`,
    );
  });
});
