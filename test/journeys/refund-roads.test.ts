import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Channel, ChannelReport, Outcome, RefundRequest } from '#channel';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Answer, type Clinic, type Parsed } from '../clinic.ts';
import { engines } from '../engines.ts';

const API = '/api/v1/finance';
const PAID = 12_850;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LONG_MS = 20 * MINUTE_MS;

/** The roads that money takes on its way back, and where it may be held up. */
describe.each(engines)('the roads of a refund, on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine, { env: { ZHENFU_REFUND_LIMIT_FEN: '20000' } });
  });
  afterEach(() => closeAudited(clinic));

  async function paidBill(method: 'alipay' | 'wechat', fen = PAID): Promise<number> {
    const bill = await clinic.bill(fen);
    clinic.pay((await clinic.open(bill, method)).qr_code_content);
    await clinic.world.advance(3_000);
    return bill;
  }
  const refund = (bill: number, amount: number, more: Record<string, unknown> = {}): Promise<Answer> =>
    clinic.call('POST', `${API}/bills/${bill}/refunds`, { amount_fen: amount, reason: '退药', ...more });
  const read = async (asked: Answer): Promise<Parsed> =>
    (await clinic.call('GET', `${API}/refunds/${asked.body.id}`)).body;
  const suspense = async (): Promise<Parsed[]> => (await clinic.call('GET', `${API}/suspense`)).body.suspense;
  const alarms = async (): Promise<string[]> => {
    const rows = await clinic.store.read((tx) =>
      tx.all<{ code: string }>('SELECT code FROM alarms ORDER BY id'),
    );
    return rows.map(({ code }) => code);
  };
  const returned = (): number[] =>
    clinic
      .ledger()
      .filter(({ kind }) => kind === 'refund')
      .map(({ amount_fen }) => amount_fen);
  const reserved = async (): Promise<Parsed[]> =>
    clinic.store.read((tx) =>
      tx.all('SELECT refund_reserved_fen AS held, refunded_fen AS gone FROM payments'),
    );
  const sends = async (): Promise<number[]> => {
    const rows = await clinic.store.read((tx) =>
      tx.all<{ sends: number }>('SELECT sends FROM refunds ORDER BY id'),
    );
    return rows.map((row) => row.sends);
  };
  const dozes = async (ms: number): Promise<void> => clinic.world.doze(ms);

  describe.each(['alipay', 'wechat'] as const)('by %s', (method) => {
    it('parts go back one after another, and the sums follow each', async () => {
      const bill = await paidBill(method);
      for (const [at, amount] of [3_000, 4_000, 5_850].entries()) {
        const asked = await refund(bill, amount);
        expect(asked.status).toBe(201);
        await dozes(3 * MINUTE_MS);
        expect(await read(asked)).toMatchObject({ state: 'succeeded', fault_code: null });
        expect(returned()).toHaveLength(at + 1);
      }
      expect(await reserved()).toMatchObject([{ held: PAID, gone: PAID }]);
      expect((await clinic.call('GET', `${API}/bills/${bill}`)).body.refunded_fen).toBe(PAID);
      const more = await refund(bill, 1);
      expect(more).toMatchObject({ status: 409, body: { code: 'refund_exceeds_paid', refundable_fen: 0 } });
    });

    it('of parts that are asked for together each waits for the one before it', async () => {
      const bill = await paidBill(method);
      for (const amount of [100, 200, 300]) await refund(bill, amount);
      await dozes(LONG_MS);
      expect(returned().toSorted()).toEqual([100, 200, 300]);
      const sent = clinic
        .ledger()
        .filter(({ kind }) => kind === 'refund')
        .map(({ at }) => at);
      expect(await sends()).toEqual([1, 1, 1]);
      const apart = method === 'wechat' ? MINUTE_MS : 3_000;
      for (const [at, when] of sent.entries()) {
        if (at > 0) expect(when - (sent[at - 1] ?? 0)).toBeGreaterThanOrEqual(apart);
      }
    });

    it('while the channel is short of our money the same number goes out again and again', async () => {
      const bill = await paidBill(method);
      clinic.weather({ refund_no_balance: 1 });
      const asked = await refund(bill, 3_000);
      await dozes(25 * MINUTE_MS);
      expect(await read(asked)).toMatchObject({ state: expect.stringMatching(/submitted|unknown/) });
      expect(returned()).toEqual([]);
      expect(await reserved()).toMatchObject([{ held: 3_000, gone: 0 }]);
      expect(await alarms()).toContain('refund_trouble');
      clinic.calm();
      await dozes(HOUR_MS);
      expect(await read(asked)).toMatchObject({ state: 'succeeded' });
      expect(returned()).toEqual([3_000]);
      expect(await suspense()).toEqual([]);
    });

    it.each([
      'lose_request',
      'lose_answer',
      'answer_500',
      'answer_500_after_acting',
      'answer_unknown_code',
      'throttle',
    ])('whatever the channel does to the calls (%s), the money goes back once', async (fault) => {
      const bill = await paidBill(method);
      clinic.weather({ [fault]: 1 });
      const asked = await refund(bill, 3_000);
      await dozes(2 * MINUTE_MS);
      expect(['approved', 'submitted', 'unknown', 'succeeded']).toContain((await read(asked)).state);
      clinic.calm();
      await dozes(HOUR_MS);
      expect(await read(asked)).toMatchObject({ state: 'succeeded' });
      expect(returned()).toEqual([3_000]);
      expect(await reserved()).toMatchObject([{ held: 3_000, gone: 3_000 }]);
    });

    it('what the channel has accepted and not done is asked about until it is', async () => {
      const bill = await paidBill(method);
      clinic.weather(method === 'wechat' ? { refund_stuck: true } : { refund_pending_ms: 10 * MINUTE_MS });
      const asked = await refund(bill, 3_000);
      await dozes(5 * MINUTE_MS);
      expect(['submitted', 'unknown']).toContain((await read(asked)).state);
      clinic.calm();
      await dozes(2 * HOUR_MS);
      expect(await read(asked)).toMatchObject({ state: 'succeeded' });
      expect(returned()).toEqual([3_000]);
    });

    it('what is above the limit waits for a second person, and goes when that one says so', async () => {
      const bill = await paidBill(method, 30_000);
      const asked = await refund(bill, 20_001);
      expect(asked.body).toMatchObject({ state: 'requested', approved_by: null });
      await dozes(MINUTE_MS);
      expect(returned()).toEqual([]);
      expect(await reserved()).toMatchObject([{ held: 20_001, gone: 0 }]);
      await clinic.store.transact('second person', async (tx) => {
        await tx.run(`UPDATE api_keys SET name = 'second'`);
      });
      const approved = await clinic.call('POST', `${API}/refunds/${asked.body.id}/approval`, {});
      expect(approved.body).toMatchObject({ state: 'approved', approved_by: 'key:second' });
      await dozes(LONG_MS);
      expect(await read(asked)).toMatchObject({ state: 'succeeded' });
      expect(returned()).toEqual([20_001]);
      const late = await clinic.call('POST', `${API}/refunds/${asked.body.id}/cancellation`, {});
      expect(late.body.code).toBe('refund_sent');
      const again = await clinic.call('POST', `${API}/refunds/${asked.body.id}/approval`, {});
      expect(again.body.state).toBe('succeeded');
    });

    it('what is taken back before it is sent gives its amount free, and cannot be approved any more', async () => {
      const bill = await paidBill(method, 30_000);
      const asked = await refund(bill, 25_000);
      const cancel = () => clinic.call('POST', `${API}/refunds/${asked.body.id}/cancellation`, {});
      expect((await cancel()).body.state).toBe('cancelled');
      expect((await cancel()).body.state).toBe('cancelled');
      expect(await reserved()).toMatchObject([{ held: 0, gone: 0 }]);
      const approval = await clinic.call('POST', `${API}/refunds/${asked.body.id}/approval`, {});
      expect(approval.body.code).toBe('refund_not_waiting');
      await dozes(MINUTE_MS);
      expect(returned()).toEqual([]);
    });

    it('a year after the payment the channel takes none any more, and we do not ask it', async () => {
      const bill = await paidBill(method);
      await clinic.world.leap(364 * 24 * HOUR_MS);
      expect((await refund(bill, 1)).status).toBe(201);
      await clinic.world.leap(2 * 24 * HOUR_MS);
      expect((await refund(bill, 1)).body.code).toBe('refund_too_late');
    });
  });

  it('what Alipay does not know yet is not sent again before a minute has proven it', async () => {
    const bill = await paidBill('alipay');
    clinic.weather({ refund_pending_ms: 45_000 });
    const asked = await refund(bill, 3_000);
    await dozes(40_000);
    expect(await sends()).toEqual([1]);
    await dozes(LONG_MS);
    expect(await read(asked)).toMatchObject({ state: 'succeeded' });
    expect([await sends(), returned()]).toEqual([[1], [3_000]]);
  });

  describe('that the channel refuses', () => {
    /** Says a definite no to every refund, after it has, or has not, done what it was asked. */
    function refuse(method: 'alipay' | 'wechat', doesIt: boolean): void {
      const channels = clinic.app.parts.channels as Map<'alipay' | 'wechat', Channel>;
      const channel = channels.get(method);
      if (channel === undefined) throw new Error('not configured');
      const fault = { code: 'declined', channelCode: 'NO', detail: 'no' } as const;
      const refundThen = async (request: RefundRequest): Promise<Outcome<ChannelReport>> => {
        if (doesIt) await channel.refund(request);
        return { outcome: 'refused', fault };
      };
      channels.set(method, { ...channel, refund: refundThen });
    }

    it('a no that no later question confirms gives nothing free: the money went back all the same (J4)', async () => {
      const bill = await paidBill('alipay');
      refuse('alipay', true);
      clinic.weather({ refund_pending_ms: 40_000 });
      const asked = await refund(bill, PAID);
      await dozes(30_000);
      expect(await reserved()).toMatchObject([{ held: PAID, gone: 0 }]);
      expect((await refund(bill, 1)).body.code).toBe('refund_exceeds_paid');
      await dozes(LONG_MS);
      expect(await read(asked)).toMatchObject({ state: 'succeeded' });
      expect(returned()).toEqual([PAID]);
    });

    it('a no that a later question confirms ends it: the amount is free, and a person knows why', async () => {
      const bill = await paidBill('wechat');
      refuse('wechat', false);
      const asked = await refund(bill, 3_000);
      await dozes(2 * HOUR_MS);
      expect(await read(asked)).toMatchObject({ state: 'failed', fault_code: 'declined' });
      expect(await reserved()).toMatchObject([{ held: 0, gone: 0 }]);
      expect(await suspense()).toMatchObject([{ reason: 'refund_failed', refund_id: asked.body.id }]);
      expect(await alarms()).toEqual(['refund_trouble']);
      expect(await sends()).toEqual([1]);
    });
  });

  describe('by lines', () => {
    const lines = (bill: number, ...asked: [number, number][]) =>
      clinic.call('POST', `${API}/bills/${bill}/refunds`, {
        lines: asked.map(([line_no, amount_fen]) => ({ line_no, amount_fen })),
        reason: '退药',
      });

    it('no line gives back more than it cost, whatever else is left', async () => {
      const bill = await paidBill('wechat');
      expect((await lines(bill, [1, PAID + 1])).body).toMatchObject({ code: 'invalid_input' });
      expect((await lines(bill, [2, 1])).body).toMatchObject({
        code: 'invalid_input',
        field: 'lines.0.line_no',
      });
      const asked = await lines(bill, [1, 2_000]);
      expect(asked).toMatchObject({ status: 201, body: { amount_fen: 2_000 } });
      expect((await lines(bill, [1, PAID - 1_999])).body).toMatchObject({ field: 'lines.0.amount_fen' });
      await dozes(LONG_MS);
      expect((await lines(bill, [1, PAID - 2_000])).status).toBe(201);
    });

    it('a refund that failed leaves its line as it was', async () => {
      const bill = await paidBill('wechat');
      clinic.weather({ wechat_refund_closed: 1 });
      await lines(bill, [1, PAID]);
      await dozes(LONG_MS);
      clinic.calm();
      expect((await lines(bill, [1, PAID])).status).toBe(201);
    });
  });

  it('an unpaid bill has nothing to give back, and an unknown one is not there', async () => {
    expect((await refund(await clinic.bill(), 1)).body.code).toBe('bill_not_paid');
    expect((await refund(4711, 1)).body.code).toBe('bill_not_found');
    for (const verb of ['approval', 'cancellation']) {
      expect((await clinic.call('POST', `${API}/refunds/4711/${verb}`, {})).body.code).toBe(
        'refund_not_found',
      );
    }
  });

  it('WeChat Pay takes fifty parts of a payment, and the fifty-first is refused by us', async () => {
    const bill = await paidBill('wechat');
    for (let part = 0; part < 50; part += 1) expect((await refund(bill, 1)).status).toBe(201);
    expect((await refund(bill, 1)).body.code).toBe('refund_too_many');
  });

  it('a request that is repeated with its key finds the refund that it made', async () => {
    const bill = await paidBill('wechat');
    const headers = { 'idempotency-key': 'once' };
    const body = { amount_fen: 100, reason: '退药' };
    const first = await clinic.call('POST', `${API}/bills/${bill}/refunds`, body, headers);
    const second = await clinic.call('POST', `${API}/bills/${bill}/refunds`, body, headers);
    expect(second.body).toEqual(first.body);
    expect(await reserved()).toMatchObject([{ held: 100 }]);
  });

  describe('that WeChat Pay cannot finish', () => {
    it('an account that cannot take it stands before a person, is asked about on and on, and not sent again', async () => {
      const bill = await paidBill('wechat');
      clinic.weather({ refund_abnormal: 1 });
      const asked = await refund(bill, 3_000);
      await dozes(LONG_MS);
      expect(await read(asked)).toMatchObject({ state: 'abnormal' });
      expect(await suspense()).toMatchObject([
        { reason: 'refund_abnormal', refund_id: asked.body.id, amount_fen: 3_000 },
      ]);
      expect(await reserved()).toMatchObject([{ held: 3_000, gone: 0 }]);
      clinic.calm();
      for (let hour = 0; hour < 14; hour += 1) {
        await clinic.world.leap(HOUR_MS);
        await clinic.world.advance(2_000);
      }
      expect(await sends()).toEqual([1]);
      expect(await read(asked)).toMatchObject({ state: 'abnormal' });
      expect(await suspense()).toHaveLength(1);
    });

    it('a refund that the channel closed gives its amount free and stands before a person', async () => {
      const bill = await paidBill('wechat');
      clinic.weather({ wechat_refund_closed: 1 });
      const asked = await refund(bill, PAID);
      await dozes(LONG_MS);
      clinic.calm();
      expect(await read(asked)).toMatchObject({ state: 'failed' });
      expect(await reserved()).toMatchObject([{ held: 0, gone: 0 }]);
      expect(await suspense()).toMatchObject([{ reason: 'refund_failed', refund_id: asked.body.id }]);
      expect((await refund(bill, PAID)).status).toBe(201);
      await dozes(LONG_MS);
      expect(returned()).toEqual([PAID]);
    });
  });
});
