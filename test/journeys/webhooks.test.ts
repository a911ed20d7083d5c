import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApiKey } from '#access';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';
import { openHis, type His } from '../support/his.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const base = '/api/v1/finance';
const env = {
  ZHENFU_WEBHOOK_URL: 'http://192.168.1.20:8081/zhenfu/events',
  ZHENFU_WEBHOOK_ALLOW: '192.168.1.20:8081',
  ZHENFU_WEBHOOK_SECRET: SECRET,
};

describe.each(engines)("the clinic's own system is told, on $name", (engine) => {
  let clinic: Clinic;
  let his: His;
  beforeEach(async () => {
    clinic = await openClinic(engine, { env, his: (request) => his.receive(request) });
    his = openHis(clinic.world.now, SECRET);
  });
  afterEach(async () => {
    await closeAudited(clinic);
    if (his.complaints.length > 0) throw new Error(his.complaints.join('; '));
  });

  const read = async (path: string) => (await clinic.call('GET', `${base}/${path}`)).body;
  const types = (): string[] => his.told.map(({ type }) => type);
  const refund = (bill: number, amount: number) =>
    clinic.call('POST', `${base}/bills/${bill}/refunds`, { amount_fen: amount, reason: '退药' });

  async function paidBill(method: 'alipay' | 'wechat' = 'alipay', amount = 12_850): Promise<number> {
    const bill = await clinic.bill(amount);
    clinic.pay((await clinic.open(bill, method)).qr_code_content);
    await clinic.world.advance(3_000);
    return bill;
  }

  /** What a receiver that keeps the newest of each bill holds of it, beside what we hold. */
  async function bothOf(bill: number): Promise<[unknown, unknown]> {
    const money = ({
      id,
      status,
      payable_fen,
      paid_fen,
      refunded_fen,
      version,
    }: Record<string, unknown>) => ({
      id,
      status,
      payable_fen,
      paid_fen,
      refunded_fen,
      version,
    });
    const theirs = his.bills.get(bill);
    return [money(theirs as Record<string, unknown>), money(await read(`bills/${bill}`))];
  }

  it.each(['alipay', 'wechat'] as const)(
    'of a bill paid with %s, whole and as the API shows it',
    async (method) => {
      const bill = await paidBill(method);
      expect(his.told).toMatchObject([{ type: 'bill.paid', bill_id: bill, sequence: 1, times: 1 }]);
      expect(his.told[0]?.data).toEqual(await read(`bills/${bill}`));
    },
  );

  it('of a bill that was voided, and of none that is only open', async () => {
    const [open, gone] = [await clinic.bill(), await clinic.bill()];
    await clinic.open(open, 'wechat');
    await clinic.call('POST', `${base}/bills/${gone}/void`, { reason: '开错' });
    await clinic.world.advance(3_000);
    expect(types()).toEqual(['bill.voided']);
    expect(his.told[0]?.data).toEqual(await read(`bills/${gone}`));
  });

  it('of a refund that arrived, with the bill that it leaves', async () => {
    const bill = await paidBill('wechat');
    const asked = await refund(bill, 3_000);
    await clinic.world.advance(5 * 60_000);
    expect(types()).toEqual(['bill.paid', 'refund.succeeded']);
    const { bill: beside, ...told } = his.told[1]?.data ?? {};
    expect(told).toEqual(await read(`refunds/${asked.body.id}`));
    const { bills } = await read('bills');
    expect(beside).toEqual(bills[0]);
    expect(beside).toMatchObject({ refunded_fen: 3_000 });
  });

  it('of a refund that the channel closed, and of the person who must look at it', async () => {
    const bill = await paidBill('wechat');
    clinic.weather({ wechat_refund_closed: 1 });
    const asked = await refund(bill, 3_000);
    await clinic.world.advance(15 * 60_000);
    expect(types()).toEqual(['bill.paid', 'refund.failed', 'suspense.opened']);
    expect(his.told[1]?.data).toMatchObject({
      id: asked.body.id,
      state: 'failed',
      bill: { refunded_fen: 0 },
    });
    expect(his.told[2]?.data).toMatchObject({
      reason: 'refund_failed',
      refund_id: asked.body.id,
      bill: { id: bill },
    });
    const [item] = (await read('suspense')).suspense;
    const { bill: _beside, age_seconds: _then, ...told } = his.told[2]?.data ?? {};
    const { age_seconds: _now, ...ours } = item;
    expect(told).toEqual(ours);
  });

  it('of every part of a long story, through every kind of failure, once each and in order', async () => {
    const moods = [503, 'lost', undefined, 'silent', undefined, 301, 'lost'] as const;
    let knock = 0;
    his.mood = () => moods[(knock += 1) % moods.length];
    const bills = [await paidBill('alipay'), await paidBill('wechat', 990), await paidBill('alipay', 1)];
    const [first = 0, second = 0] = bills;
    for (const amount of [1_000, 2_000, 9_850]) await refund(first, amount);
    await refund(second, 990);
    const voided = await clinic.bill();
    await clinic.call('POST', `${base}/bills/${voided}/void`, { reason: '重复' });
    await clinic.world.advance(20 * 60_000);
    expect(types().toSorted()).toEqual(
      [...Array(3).fill('bill.paid'), 'bill.voided', ...Array(4).fill('refund.succeeded')].toSorted(),
    );
    expect(
      his.told.some(({ times }) => times > 1),
      'a lost answer is repeated',
    ).toBe(true);
    for (const bill of [...bills, voided]) {
      const [theirs, ours] = await bothOf(bill);
      expect(theirs).toEqual(ours);
    }
    expect(await bothOf(first)).toMatchObject([{ refunded_fen: 12_850 }, { refunded_fen: 12_850 }]);
  });

  it('by whichever instance is there: each event once, and all of them after one was killed', async () => {
    const other = await clinic.instance();
    const bills: number[] = [];
    for (let count = 0; count < 6; count += 1) bills.push(await paidBill('wechat', 100 + count));
    expect(his.told.map(({ times }) => times)).toEqual(bills.map(() => 1));
    for (const one of [clinic, other])
      one.process.killAt(({ what, when }) => what === 'webhook-delivered' && when === 'before');
    const last = await clinic.bill();
    const third = await clinic.instance();
    const opened = await third.call('POST', `${base}/bills/${last}/qr-payment`, { payment_method: 'wechat' });
    clinic.pay(opened.body.qr_code_content);
    await clinic.world.advance(100_000);
    const told = his.told.filter(({ bill_id }) => bill_id === last);
    const killed = [clinic, other].filter(({ process }) => !process.alive);
    expect(
      told.map(({ times }) => times),
      'each of the dead had sent it and not marked it',
    ).toEqual([1 + killed.length]);
    expect((await third.call('GET', `${base}/webhooks?bill_id=${last}`)).body.webhooks).toMatchObject([
      { state: 'delivered' },
    ]);
  });

  it('and when it hangs, everybody else is served: money is seen in time', async () => {
    const hung: Promise<void>[] = [];
    const answer = his.receive;
    his.receive = async (request) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      clinic.world.after(request.timeoutMs, resolve);
      hung.push(promise);
      await promise;
      return answer(request);
    };
    his.mood = () => 'silent';
    const voided = await Promise.all(Array.from({ length: 40 }, () => clinic.bill()));
    for (const bill of voided) await clinic.call('POST', `${base}/bills/${bill}/void`, { reason: '重复' });
    expect(hung.length).toBeLessThanOrEqual(8);
    clinic.weather({ notify_lose: 1 });
    const bill = await clinic.bill();
    const opened = await clinic.open(bill, 'wechat');
    await clinic.status(opened.session_id);
    clinic.pay(opened.qr_code_content);
    await clinic.world.advance(5_000);
    expect(await clinic.status(opened.session_id)).toMatchObject({ status: 'paid' });
  });

  describe('and people', () => {
    it('see what waits and why, and have it delivered at once', async () => {
      his.mood = () => 503;
      const bill = await paidBill();
      const { webhooks } = await read(`webhooks?state=waiting&bill_id=${bill}`);
      expect(webhooks).toMatchObject([
        {
          type: 'bill.paid',
          bill_id: bill,
          sequence: 1,
          state: 'waiting',
          last_status: 'HTTP 503',
          delivered_at: null,
        },
      ]);
      const { payload, ...rest } = await read(`webhooks/${webhooks[0].id}`);
      expect(rest).toEqual(webhooks[0]);
      expect(JSON.parse(payload)).toMatchObject({ type: 'bill.paid', sequence: 1, data: { id: bill } });

      his.mood = () => undefined;
      const replayed = await clinic.call('POST', `${base}/webhooks/${webhooks[0].id}/replay`);
      expect(replayed).toMatchObject({
        status: 200,
        body: { state: 'waiting', event_id: webhooks[0].event_id },
      });
      await clinic.world.advance(1_000);
      expect(his.told).toMatchObject([{ id: webhooks[0].event_id, data: { id: bill } }]);
      expect(await read('webhooks?state=delivered')).toMatchObject({
        webhooks: [{ attempts: 1 }],
        next_before_id: null,
      });
    });

    it('page through all that was told, newest first', async () => {
      for (let count = 0; count < 3; count += 1) await paidBill('wechat', 100);
      const first = await read('webhooks?limit=2');
      const second = await read(`webhooks?limit=2&before_id=${first.next_before_id}`);
      const ids = [...first.webhooks, ...second.webhooks].map(({ id }: { id: number }) => id);
      expect(ids).toEqual([3, 2, 1]);
      expect(second.next_before_id).toBeNull();
    });

    it('need the right to do so', async () => {
      await paidBill();
      const key = await createApiKey(clinic.app.parts, 'reader', ['payments']);
      const as = { authorization: `Bearer ${key}` };
      for (const [method, path] of [
        ['GET', 'webhooks'],
        ['GET', 'webhooks/1'],
        ['POST', 'webhooks/1/replay'],
        ['POST', 'webhooks/replay'],
      ] as const) {
        expect(await clinic.call(method, `${base}/${path}`, undefined, as)).toMatchObject({
          status: 403,
          body: { code: 'scope_missing' },
        });
        const nobody = await clinic.call(method, `${base}/${path}`, undefined, { authorization: '' });
        expect(nobody.status).toBe(401);
      }
    });

    it('are told when an event is not there', async () => {
      for (const [method, path] of [
        ['GET', 'webhooks/99'],
        ['POST', 'webhooks/99/replay'],
      ] as const) {
        const answer = await clinic.call(method, `${base}/${path}`);
        expect(answer).toMatchObject({ status: 404, body: { code: 'webhook_not_found' } });
      }
      expect((await clinic.call('POST', `${base}/webhooks/replay`)).body).toEqual({ replayed: 0 });
    });
  });
});

describe.each(engines)('without a system to tell, on $name', (engine) => {
  it('events are written all the same, nothing is sent, and nothing waits for anybody', async () => {
    const clinic = await openClinic(engine);
    const bill = await clinic.bill();
    clinic.pay((await clinic.open(bill, 'wechat')).qr_code_content);
    await clinic.world.advance(10_000);
    const { webhooks } = (await clinic.call('GET', `${base}/webhooks`)).body;
    expect(webhooks).toMatchObject([{ type: 'bill.paid', state: 'waiting', attempts: 0 }]);
    const jobs = await clinic.store.read((tx) =>
      tx.all("SELECT id FROM jobs WHERE kind = 'deliver_webhooks'"),
    );
    expect(jobs).toEqual([]);
    await closeAudited(clinic);
  });
});
