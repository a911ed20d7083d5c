import { createPrivateKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditOptions } from '../audit.ts';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Answer, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';
import { strangers } from '../support/alipay-fixture.ts';
import { alipaySays, paidTransaction, signed, wechatSays, type Words } from '../support/channel-words.ts';
import { neverAnswered } from '../support/meddling.ts';

const API = '/api/v1/finance';
type Method = 'alipay' | 'wechat';

/** What each channel hears when its word was kept, and when it was not believed. */
const heard = { alipay: [200, 'success'], wechat: [204, ''] } as const;
const refusedWith = { alipay: 400, wechat: 500 } as const;

describe.each(engines)('notifications on $name', (engine) => {
  let clinic: Clinic;
  let auditOptions: AuditOptions;
  beforeEach(async () => {
    clinic = await openClinic(engine);
    auditOptions = {};
  });
  afterEach(() => closeAudited(clinic, auditOptions));

  const post = (method: Method, words: Words): Promise<Answer> =>
    clinic.send('POST', `${API}/notifications/${method}`, words.body, {
      authorization: '',
      ...words.headers,
    });

  /** A code that was really paid, of which only the notifications of this test speak. */
  async function paidInSilence(method: Method) {
    clinic.weather({ notify_lose: 1 });
    const bill = await clinic.bill();
    const opened = await clinic.open(bill, method);
    const { out_trade_no } = await clinic.session(opened.session_id);
    clinic.meddle(neverAnswered(clinic, ({ api }) => api === 'query'));
    clinic.pay(opened.qr_code_content);
    await clinic.world.advance(1_000);
    return { bill, opened, number: out_trade_no };
  }

  interface Kept {
    source: string;
    verdict: string;
    reason: string | null;
    result: string | null;
    repeats: number;
    body: Uint8Array | null;
    words: string | null;
  }
  const kept = (): Promise<Kept[]> =>
    clinic.store.read((tx) =>
      tx.all<Kept>(
        "SELECT source, verdict, reason, result, repeats, body, words FROM evidence WHERE source = 'notification' ORDER BY id",
      ),
    );
  const billOf = async (bill: number) => (await clinic.call('GET', `${API}/bills/${bill}`)).body;

  it.each(['alipay', 'wechat'] as const)(
    'the true words of %s settle: the tests below change one field of them',
    async (method) => {
      const { bill, number, opened } = await paidInSilence(method);
      const trade = { ...paidTransaction(clinic, number) };
      const words = method === 'alipay' ? alipaySays(clinic, number) : wechatSays(clinic, trade);
      const answer = await post(method, words);
      expect([answer.status, answer.bytes.toString()]).toEqual(heard[method]);
      await clinic.world.advance(500);
      expect(await clinic.status(opened.session_id)).toMatchObject({
        status: 'paid',
        disposition: 'settled',
      });
      expect((await billOf(bill)).status).toBe('paid');
      const [evidence] = await kept();
      expect(evidence).toMatchObject({ verdict: 'genuine', result: 'settled', reason: null });
      expect(Buffer.from(evidence?.body ?? []).toString()).toBe(words.body);
    },
  );

  it.each(['alipay', 'wechat'] as const)(
    'a coupon that carries a part of a payment by %s changes nothing: what was ordered is settled (E3)',
    async (method) => {
      const { bill, number, opened } = await paidInSilence(method);
      const amount = { total: 12_850, payer_total: 10_000, currency: 'CNY', payer_currency: 'CNY' };
      const words =
        method === 'alipay'
          ? alipaySays(clinic, number, { buyer_pay_amount: '100.00' })
          : wechatSays(clinic, { ...paidTransaction(clinic, number), amount });
      await post(method, words);
      await clinic.world.advance(500);
      expect(await clinic.status(opened.session_id)).toMatchObject({
        status: 'paid',
        disposition: 'settled',
      });
      expect(await billOf(bill)).toMatchObject({ status: 'paid', paid_fen: 12_850 });
      const payer = await clinic.store.read((tx) => tx.all('SELECT payer_fen, received_fen FROM payments'));
      expect(payer).toMatchObject([{ payer_fen: 10_000, received_fen: 12_850 }]);
    },
  );

  describe('validly signed, with one field that is not ours', () => {
    const foreign = 'foreign_account';
    it.each([
      ['another amount', { total_amount: '128.51' }, 'disputed'],
      ['a smaller amount', { total_amount: '0.01' }, 'disputed'],
      ['another app', { app_id: '2021000000000009' }, foreign],
      ['another seller', { seller_id: '2088000000000009' }, foreign],
      ['a trade that still waits', { trade_status: 'WAIT_BUYER_PAY' }, 'no_change'],
      ['an order that we never minted', { out_trade_no: 'ZF20261122AAAAAAAAAAAAAAAAAAAA' }, 'unknown_order'],
      ['a trade number longer than any', { trade_no: '2'.repeat(65) }, foreign],
    ])('of Alipay: %s never settles', async (_field, changes, result) => {
      const { bill, number, opened } = await paidInSilence('alipay');
      if (result === 'unknown_order') auditOptions = { liedAbout: ['ZF20261122AAAAAAAAAAAAAAAAAAAA'] };
      await neverSettles('alipay', alipaySays(clinic, number, changes), result);
      await expectTruthLater(bill, opened.session_id, result);
    });

    const total = { payer_total: 12_850, currency: 'CNY', payer_currency: 'CNY' };
    it.each([
      ['another amount', { amount: { ...total, total: 12_851 } }, 'disputed'],
      ['a smaller amount', { amount: { ...total, total: 1 } }, 'disputed'],
      ['another currency', { amount: { ...total, total: 12_850, currency: 'USD' } }, foreign],
      ['another app', { appid: 'wx0000000000000000' }, foreign],
      ['another merchant', { mchid: '1900000009' }, foreign],
      ['another kind of trade', { trade_type: 'JSAPI' }, foreign],
      ['an order that we never minted', { out_trade_no: 'ZF20261122AAAAAAAAAAAAAAAAAAAA' }, 'unknown_order'],
      ['a transaction number longer than any', { transaction_id: '4'.repeat(65) }, foreign],
    ])('of WeChat Pay: %s never settles', async (_field, changes, result) => {
      const { bill, number, opened } = await paidInSilence('wechat');
      if (result === 'unknown_order') auditOptions = { liedAbout: ['ZF20261122AAAAAAAAAAAAAAAAAAAA'] };
      const transaction = { ...paidTransaction(clinic, number), ...changes };
      await neverSettles('wechat', wechatSays(clinic, transaction), result);
      await expectTruthLater(bill, opened.session_id, result);
    });

    /** It is acknowledged (the channel did say it), kept with what it came to, and pays nothing. */
    async function neverSettles(method: Method, words: Words, result: string) {
      const answer = await post(method, words);
      expect([answer.status, answer.bytes.toString()]).toEqual(heard[method]);
      await clinic.world.advance(1_000);
      expect(await kept()).toMatchObject([{ verdict: 'genuine', result }]);
      const settled = await clinic.store.read((tx) => tx.all("SELECT id FROM bills WHERE status = 'paid'"));
      expect(settled).toEqual([]);
    }

    /** The true news comes by the next question and settles, but for money that a person must judge. */
    async function expectTruthLater(bill: number, sessionId: string, result: string) {
      clinic.meddle(undefined);
      await clinic.world.doze(60_000);
      const status = await clinic.status(sessionId);
      if (result === 'disputed')
        expect(status).toMatchObject({ status: 'cancelled', disposition: 'disputed' });
      else expect(status).toMatchObject({ status: 'paid', disposition: 'settled' });
      expect((await billOf(bill)).status).toBe(result === 'disputed' ? 'unpaid' : 'paid');
    }
  });

  it('a refund of nothing under an unknown number is heard, and nothing goes back', async () => {
    const { bill, number } = await paidInSilence('wechat');
    const paid = paidTransaction(clinic, number);
    await post('wechat', wechatSays(clinic, paid));
    await clinic.world.advance(500);
    const refund = {
      mchid: paid['mchid'],
      out_trade_no: number,
      transaction_id: paid['transaction_id'],
      out_refund_no: 'ELSEWHERE-1',
      refund_id: '50300000012026112200000001',
      refund_status: 'SUCCESS',
      amount: { total: 12_850, refund: 0 },
    };
    const words = wechatSays(clinic, refund, { envelope: { event_type: 'REFUND.SUCCESS' } });
    expect((await post('wechat', words)).status).toBe(204);
    await clinic.world.advance(500);
    expect(await kept()).toMatchObject([{ result: 'settled' }, { result: 'refund' }]);
    expect(await billOf(bill)).toMatchObject({ status: 'paid', refunded_fen: 0 });
    expect((await clinic.call('GET', `${API}/bills/${bill}/refunds`)).body).toEqual({ refunds: [] });
  });

  describe('not to be believed', () => {
    /** Refused, kept with its reason and its bytes, and nothing moves. */
    async function expectNothingChanged(method: Method, opened: string, words: Words, reason: string) {
      const before = await clinic.session(opened);
      const answer = await post(method, words);
      expect(answer.status).toBe(refusedWith[method]);
      expect(answer.bytes.toString()).not.toContain('success');
      await clinic.world.advance(500);
      expect(await clinic.session(opened)).toMatchObject({ status: 'pending', version: before.version });
      const [evidence, ...more] = await kept();
      expect(evidence).toMatchObject({ verdict: 'refused', reason, result: 'refused' });
      expect(Buffer.from(evidence?.body ?? []).toString()).toBe(words.body);
      expect(more).toEqual([]);
      clinic.meddle(undefined);
    }

    type Spoil = (words: Words, number: string) => Words;
    const merchantsOwnKey = () => createPrivateKey(clinic.sim.merchants.alipay.appPrivateKey);
    it.each<[string, string, Spoil]>([
      [
        'without a signature',
        'signature_missing',
        (one) => ({ ...one, body: one.body.replace(/&sign=[^&]+/, '') }),
      ],
      [
        'altered after it was signed',
        'signature_wrong',
        (one) => ({ ...one, body: one.body.replace('128.50', '128.51') }),
      ],
      [
        'with a field added after it was signed',
        'signature_wrong',
        (one) => ({ ...one, body: `${one.body}&refund_fee=0.01` }),
      ],
      [
        'signed by a stranger',
        'signature_wrong',
        (_, number) => alipaySays(clinic, number, {}, strangers.privateKey),
      ],
      [
        'signed with our own key',
        'signature_wrong',
        (_, number) => alipaySays(clinic, number, {}, merchantsOwnKey()),
      ],
      ['with a field twice', 'malformed', (one) => ({ ...one, body: `${one.body}&total_amount=0.01` })],
      [
        'that wants SHA-1',
        'malformed',
        (one) => ({ ...one, body: one.body.replace('sign_type=RSA2', 'sign_type=RSA') }),
      ],
      [
        'with three decimals',
        'malformed',
        (_, number) => alipaySays(clinic, number, { total_amount: '128.500' }),
      ],
      ['that is XML', 'signature_missing', (one) => ({ ...one, body: '<xml><a/></xml>' })],
    ])('a notification of Alipay %s', async (_what, reason, spoil) => {
      const { number, opened } = await paidInSilence('alipay');
      await expectNothingChanged(
        'alipay',
        opened.session_id,
        spoil(alipaySays(clinic, number), number),
        reason,
      );
    });

    const withHeader = (words: Words, name: string, value: string | undefined): Words => {
      const { [name]: _old, ...headers } = words.headers;
      return { ...words, headers: value === undefined ? headers : { ...headers, [name]: value } };
    };
    const own = () => clinic.sim.merchants.wechat;
    const strange = () => String(strangers.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const paid = (number: string) => paidTransaction(clinic, number);
    it.each<[string, string, Spoil]>([
      [
        'without a signature',
        'signature_missing',
        (one) => withHeader(one, 'wechatpay-signature', undefined),
      ],
      ['without a nonce', 'signature_missing', (one) => withHeader(one, 'wechatpay-nonce', undefined)],
      [
        'altered after it was signed',
        'signature_wrong',
        (one) => ({ ...one, body: one.body.replace('支付成功', '支付失败') }),
      ],
      [
        'signed by a stranger',
        'signature_wrong',
        (_, number) => wechatSays(clinic, paid(number), { privateKey: strange() }),
      ],
      [
        'signed with our own key',
        'signature_wrong',
        (_, number) => wechatSays(clinic, paid(number), { privateKey: own().certificate.privateKey }),
      ],
      [
        'under a serial that we do not know',
        'key_unknown',
        (one) => withHeader(one, 'wechatpay-serial', 'PUB_KEY_ID_0000000000000000000000000000'),
      ],
      [
        'of six minutes ago',
        'stale',
        (_, number) => wechatSays(clinic, paid(number), { atMs: clinic.world.now() - 360_000 }),
      ],
      [
        'of six minutes ahead',
        'stale',
        (_, number) => wechatSays(clinic, paid(number), { atMs: clinic.world.now() + 360_000 }),
      ],
      [
        'that only probes whether we verify',
        'signature_probe',
        (one) => withHeader(one, 'wechatpay-signature', `WECHATPAY/SIGNTEST/${'A'.repeat(320)}`),
      ],
      [
        'sealed with another key',
        'undecryptable',
        (_, number) => wechatSays(clinic, paid(number), { apiV3Key: 'x'.repeat(32) }),
      ],
      [
        'without its amount',
        'malformed',
        (_, number) => wechatSays(clinic, { ...paid(number), amount: undefined }),
      ],
      [
        'with its amount as text',
        'malformed',
        (_, number) => wechatSays(clinic, { ...paid(number), amount: { total: '12850' } }),
      ],
      [
        'with half a fen',
        'malformed',
        (_, number) => wechatSays(clinic, { ...paid(number), amount: { total: 12850.5 } }),
      ],
      [
        'that calls itself SUCCESS about an unpaid order',
        'malformed',
        (_, number) => wechatSays(clinic, { ...paid(number), trade_state: 'NOTPAY' }),
      ],
      [
        'with a key twice, well signed',
        'malformed',
        (one) => {
          const { publicKeyId: serial, publicKey } = own();
          const body = one.body.replace('{"id"', '{"id":"another","id"');
          return signed(clinic, body, { serial, privateKey: publicKey.privateKey });
        },
      ],
      [
        'that is XML, well signed',
        'malformed',
        () => {
          const { publicKeyId: serial, publicKey } = own();
          return signed(clinic, '<xml><return_code>SUCCESS</return_code></xml>', {
            serial,
            privateKey: publicKey.privateKey,
          });
        },
      ],
    ])('a notification of WeChat Pay %s', async (_what, reason, spoil) => {
      const { number, opened } = await paidInSilence('wechat');
      const words = spoil(wechatSays(clinic, paid(number)), number);
      await expectNothingChanged('wechat', opened.session_id, words, reason);
    });

    it.each(['alipay', 'wechat'] as const)(
      'a body of %s that is too long is not read at all',
      async (method) => {
        const answer = await post(method, {
          headers: { 'content-type': 'application/json' },
          body: 'a'.repeat(70_000),
        });
        expect([answer.status, answer.body.code]).toEqual([413, 'body_too_large']);
        expect(await kept()).toEqual([]);
      },
    );
  });

  describe.each(['alipay', 'wechat'] as const)('of %s, told again', (method) => {
    const trueWords = (number: string, id = 'same-event'): Words =>
      method === 'alipay'
        ? alipaySays(clinic, number, { notify_id: id })
        : wechatSays(clinic, paidTransaction(clinic, number), { id });

    it('fifty at once on two instances are one payment, each of them acknowledged', async () => {
      const { bill, number } = await paidInSilence(method);
      const second = await clinic.instance();
      const words = trueWords(number);
      const url = `${API}/notifications/${method}`;
      const answers = await clinic.world.until(
        Promise.all(
          Array.from({ length: 50 }, (_one, index) =>
            (index % 2 === 0 ? clinic : second).send('POST', url, words.body, words.headers),
          ),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([heard[method][0]]));
      await clinic.world.advance(3_000);
      expect(await kept()).toMatchObject([{ verdict: 'genuine', result: 'settled', repeats: 49 }]);
      const payments = await clinic.store.read((tx) =>
        tx.all("SELECT id FROM events WHERE entity IN ('payment', 'bill', 'session') AND to_state = 'paid'"),
      );
      expect(payments).toHaveLength(3);
      expect(await billOf(bill)).toMatchObject({ status: 'paid', paid_fen: 12_850, surplus_fen: 0 });
    });

    it('a repeat of an hour later changes nothing', async () => {
      const { number, opened } = await paidInSilence(method);
      const words = trueWords(number);
      await post(method, words);
      await clinic.world.advance(1_000);
      const before = await clinic.session(opened.session_id);
      expect(before.status).toBe('paid');
      clinic.meddle(undefined);
      await clinic.world.doze(600_000);
      await post(method, words);
      await clinic.world.advance(1_000);
      expect((await clinic.session(opened.session_id)).version).toBe(before.version);
    });

    it('one id with two contents is kept twice and put before a person; the first stands', async () => {
      const { bill, number } = await paidInSilence(method);
      await post(method, trueWords(number));
      await clinic.world.advance(500);
      const other =
        method === 'alipay'
          ? alipaySays(clinic, number, { notify_id: 'same-event', total_amount: '1.00' })
          : wechatSays(
              clinic,
              { ...paidTransaction(clinic, number), amount: { total: 100, currency: 'CNY' } },
              { id: 'same-event' },
            );
      await post(method, other);
      await clinic.world.advance(500);
      expect((await kept()).map(({ result }) => result)).toEqual(['settled', 'no_change']);
      const alarms = await clinic.store.read((tx) => tx.all<{ code: string }>('SELECT code FROM alarms'));
      expect(alarms.map(({ code }) => code)).toContain('report_contradicts');
      expect(await billOf(bill)).toMatchObject({ status: 'paid', paid_fen: 12_850 });
    });

    it('lost, doubled, forged and corrupted on their way, the money is seen once', async () => {
      clinic.weather({ notify_double: 1, notify_forge: 1, notify_reorder: 1, notify_corrupt: 0.5 });
      const bill = await clinic.bill();
      const opened = await clinic.open(bill, method);
      clinic.pay(opened.qr_code_content);
      await clinic.world.doze(70_000);
      expect(await clinic.status(opened.session_id)).toMatchObject({
        status: 'paid',
        disposition: 'settled',
      });
      const all = await kept();
      expect(all.filter(({ verdict }) => verdict === 'refused').length).toBeGreaterThanOrEqual(1);
      expect(all.filter(({ result }) => result === 'settled').length).toBeLessThanOrEqual(1);
      expect(await billOf(bill)).toMatchObject({ paid_fen: 12_850, surplus_fen: 0 });
    });

    it('the channel plants a wrong amount under its own signature: disputed, a person decides, the bill stays open', async () => {
      clinic.weather({ notify_wrong_amount: 1 });
      const bill = await clinic.bill();
      const opened = await clinic.open(bill, method);
      clinic.pay(opened.qr_code_content);
      await clinic.world.advance(1_000);
      expect(await clinic.status(opened.session_id)).toMatchObject({
        status: 'cancelled',
        disposition: 'disputed',
      });
      expect((await billOf(bill)).status).toBe('unpaid');
      const alarms = await clinic.store.read((tx) => tx.all<{ code: string }>('SELECT code FROM alarms'));
      expect(alarms.map(({ code }) => code)).toContain('amount_differs');
    });
  });

  it('a TRADE_FINISHED or TRADE_CLOSED that follows a payment is neither a second one nor its end', async () => {
    const { bill, number, opened } = await paidInSilence('alipay');
    await post('alipay', alipaySays(clinic, number));
    await clinic.world.advance(500);
    const before = await clinic.session(opened.session_id);
    for (const trade_status of ['TRADE_FINISHED', 'TRADE_CLOSED']) {
      const answer = await post('alipay', alipaySays(clinic, number, { trade_status }));
      expect(answer.status).toBe(200);
      await clinic.world.advance(500);
    }
    expect(await clinic.session(opened.session_id)).toMatchObject({
      status: 'paid',
      version: before.version,
    });
    expect((await kept()).map(({ result }) => result)).toEqual(['settled', 'no_change', 'no_change']);
    expect(await billOf(bill)).toMatchObject({ status: 'paid', surplus_fen: 0 });
  });

  it('the probes of WeChat Pay fail, and its true notification a moment later is taken', async () => {
    clinic.weather({ notify_probe: 1 });
    const opened = await clinic.open(await clinic.bill(), 'wechat');
    clinic.meddle(neverAnswered(clinic, ({ api }) => api === 'query'));
    clinic.pay(opened.qr_code_content);
    await clinic.world.advance(1_000);
    expect(await clinic.status(opened.session_id)).toMatchObject({ status: 'pending' });
    clinic.weather({ notify_probe: 0 });
    await clinic.world.doze(16_000);
    expect(await clinic.status(opened.session_id)).toMatchObject({ status: 'paid' });
    expect((await kept()).map(({ reason }) => reason)).toEqual(['signature_probe', null]);
  });
});
