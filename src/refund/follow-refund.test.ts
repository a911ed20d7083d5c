import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Channel, ChannelFault, ChannelReport, Outcome, RefundQuery, RefundReport } from '#channel';
import { LEASE_MS, takeLease } from '#job';
import { fen } from '#money';
import { paymentById, type PaymentRow } from '#sql/payments';
import type { Row, Value } from '#store';
import { openClinic, type Clinic } from '../../test/clinic.ts';
import { sqlite } from '../../test/engines.ts';
import { believeRefund } from './believe-refund.ts';
import { followRefund } from './follow-refund.ts';

const PAID = 12_850;
const BACK = 3_000;
/** The least that a wait is shortened to by chance, in this file's world without chance. */
const EARLY = 0.8;

describe('a step of a refund', () => {
  let clinic: Clinic;
  let number: string;
  /** What the channel was asked, in order, with what it was asked with. */
  let asked: [string, RefundQuery][];
  let applied: ChannelReport[];
  /** What the channel answers to a refund, and to the question about one. */
  let answer: Record<'refund' | 'queryRefund', () => Promise<Outcome<ChannelReport>>>;

  beforeEach(async () => {
    clinic = await openClinic(sqlite);
    const bill = await clinic.bill(PAID);
    const opened = await clinic.open(bill, 'wechat');
    clinic.pay(opened.qr_code_content);
    await clinic.world.advance(3_000);
    await clinic.app.worker.stop();
    const wish = { amount_fen: BACK, reason: '退药' };
    number = (await clinic.call('POST', `/api/v1/finance/bills/${bill}/refunds`, wish)).body.out_refund_no;
    asked = [];
    applied = [];
    const unexpected = (): never => {
      throw new Error('nobody should ask');
    };
    answer = { refund: unexpected, queryRefund: unexpected };
  });
  afterEach(() => clinic.close());

  const all = (text: string): Promise<Row[]> => clinic.store.read((tx) => tx.all(text));
  const one = async (text: string): Promise<Row> => (await all(text))[0] ?? {};
  const refund = (): Promise<Row> => one('SELECT * FROM refunds WHERE id = 1');
  const job = (): Promise<Row> =>
    one(`SELECT state, due_at, attempts FROM jobs WHERE kind = 'follow_refund' AND subject_id = 1`);
  const set = (text: string, ...values: Value[]): Promise<unknown> =>
    clinic.store.transact('set', (tx) => tx.run(text, ...values));
  const now = (): number => clinic.world.now();

  /** One step, after the job was taken `attempts` times; its lease is `heldMs` old when it begins. */
  async function step({ attempts = 0, heldMs = 0, channels = true } = {}): Promise<void> {
    await set(`UPDATE jobs SET attempts = ? WHERE kind = 'follow_refund'`, attempts);
    const { parts } = clinic.app;
    const world = { ...parts.world, now, random: (count: number) => new Uint8Array(count) };
    const lease = await takeLease(parts, 'follow_refund', 1);
    if (typeof lease !== 'object') throw new Error(`no lease: ${lease}`);
    await clinic.world.advance(heldMs);
    const scripted = new Map(channels ? [['wechat', script()] as const] : []);
    await followRefund({ ...parts, world, channels: scripted }, lease, async (report) => {
      applied.push(report);
      await believed(report);
    });
  }

  function script(): Channel {
    const real = clinic.channels.get('wechat');
    if (real === undefined) throw new Error('no such channel');
    const told = (call: 'refund' | 'queryRefund') => (request: RefundQuery) => {
      asked.push([call, request]);
      return answer[call]();
    };
    return Object.assign(Object.create(real) as Channel, {
      refund: told('refund'),
      queryRefund: told('queryRefund'),
    });
  }

  async function believed({ refund: told }: ChannelReport): Promise<void> {
    await clinic.store.transact('believe', async (tx) => {
      const payment = await tx.one<PaymentRow>(paymentById, 1);
      if (payment === undefined || told === undefined) throw new Error('nothing to believe');
      const cause = { actor: 'channel:wechat', atMs: now(), evidenceId: 1 };
      await believeRefund(tx, clinic.app.parts, payment, told, cause);
    });
  }

  const says = (state: RefundReport['state'] | undefined): Outcome<ChannelReport> => ({
    outcome: 'done',
    value: {
      method: 'wechat',
      source: 'query',
      about: 'refund',
      outTradeNo: 'any',
      state: 'paid',
      channelState: 'any',
      ...(state !== undefined && {
        refund: {
          state,
          outRefundNo: number,
          amountFen: fen(BACK),
          channelRefundNo: '5030',
          refundedAtMs: 7,
        },
      }),
    },
  });
  const fails = (
    outcome: 'refused' | 'unknown',
    code: ChannelFault['code'],
    channelCode?: string,
  ): Outcome<ChannelReport> => ({
    outcome,
    fault: { code, detail: 'any', ...(channelCode !== undefined && { channelCode }) },
  });
  const calls = (): string[] => asked.map(([call]) => call);
  const sent = async (state: string): Promise<void> => {
    await set(
      `UPDATE refunds SET state = ?, sends = 1, sent_at = ?, refunded_at = NULL WHERE id = 1`,
      state,
      now(),
    );
  };

  it('sends what is approved, with all that is pinned, and asks after ten seconds', async () => {
    answer.refund = async () => says('accepted');
    await step();
    const payment = await one('SELECT * FROM payments');
    expect(asked).toEqual([
      [
        'refund',
        {
          outTradeNo: payment['out_trade_no'],
          outRefundNo: number,
          channelTradeNo: payment['channel_trade_no'],
          amountFen: BACK,
          totalFen: PAID,
          reason: '门诊退费',
          notifyUrl: 'http://127.0.0.1:8080/api/v1/finance/notifications/wechat',
        },
      ],
    ]);
    expect(await refund()).toMatchObject({ state: 'submitted', sends: 1, sent_at: now(), refused_at: null });
    expect(await job()).toEqual({ state: 'waiting', due_at: now() + 10_000 * EARLY, attempts: 1 });
    expect(applied).toEqual([]);
  });

  it('names no trade number of the channel where none is known', async () => {
    await set('UPDATE payments SET channel_trade_no = NULL');
    answer.refund = async () => says('accepted');
    await step();
    expect(asked[0]?.[1]).not.toHaveProperty('channelTradeNo');
  });

  it.each([
    [0, 10_000],
    [1, 18_000],
    [2, 32_400],
    [8, 1_101_996],
    [9, 1_800_000],
    [2_000, 1_800_000],
  ])('after %d tries waits %d ms, and never more than half an hour', async (attempts, wait) => {
    await sent('submitted');
    answer.queryRefund = async () => says('accepted');
    await step({ attempts });
    expect(await job()).toEqual({
      state: 'waiting',
      due_at: now() + wait - Math.round(wait * 0.2),
      attempts: attempts + 1,
    });
  });

  it.each(['approved', 'submitted', 'cancelled'])(
    'renews its lease before a call about what is %s',
    async (state) => {
      if (state === 'submitted') await sent(state);
      else await set('UPDATE refunds SET state = ?', state);
      const until: unknown[] = [];
      const look = async () => {
        until.push((await one(`SELECT lease_until FROM jobs WHERE kind = 'follow_refund'`))['lease_until']);
        return says('accepted');
      };
      answer = { refund: look, queryRefund: look };
      await step({ heldMs: 6_000 });
      expect(until).toEqual([now() + LEASE_MS]);
    },
  );

  describe('when one is given up or waits for a second person', () => {
    const states = ['requested', 'cancelled', 'failed'];

    it.each(states)('only looks, and is done where the channel knows nothing: %s', async (state) => {
      await set('UPDATE refunds SET state = ?', state);
      for (const told of ['none', 'closed', 'unknown', undefined] as const) {
        await set(`UPDATE jobs SET state = 'waiting' WHERE kind = 'follow_refund'`);
        answer.queryRefund = async () => says(told);
        await step();
        expect(await job()).toMatchObject({ state: 'done' });
      }
      expect(calls()).toEqual(['queryRefund', 'queryRefund', 'queryRefund', 'queryRefund']);
      expect(applied).toEqual([]);
      expect(await refund()).toMatchObject({ state, sends: 0 });
    });

    it.each(states)('believes that money went back all the same: %s', async (state) => {
      await set('UPDATE refunds SET state = ?', state);
      answer.queryRefund = async () => says('accepted');
      await step();
      expect(await job()).toEqual({ state: 'waiting', due_at: now() + 10_000 * EARLY, attempts: 1 });
      answer.queryRefund = async () => says('succeeded');
      await step();
      expect(await job()).toMatchObject({ state: 'done' });
      expect(await refund()).toMatchObject({ state: 'succeeded', refunded_at: 7 });
    });

    it.each(states)('asks on where nobody answers: %s', async (state) => {
      await set('UPDATE refunds SET state = ?', state);
      answer.queryRefund = async () => fails('unknown', 'silent');
      await step();
      expect(await job()).toEqual({ state: 'waiting', due_at: now() + 10_000 * EARLY, attempts: 1 });
      expect(await refund()).toMatchObject({ state, silences: 0 });
    });
  });

  it('is over where the money went back', async () => {
    await sent('succeeded');
    await step();
    expect(await job()).toMatchObject({ state: 'done' });
    expect(asked).toEqual([]);
  });

  it('waits a minute for a channel that is not configured now', async () => {
    await step({ channels: false, attempts: 4 });
    expect(await job()).toEqual({ state: 'waiting', due_at: now() + 60_000, attempts: 5 });
    expect(await refund()).toMatchObject({ state: 'approved' });
  });

  it('says which refund is not there', async () => {
    const lease = await takeLease(clinic.app.parts, 'follow_refund', 1);
    if (typeof lease !== 'object') throw new Error('no lease');
    const gone = followRefund(clinic.app.parts, { ...lease, subjectId: 99 }, async () => undefined);
    await expect(gone).rejects.toThrow('no refund 99');
  });

  describe('that is to be sent beside another of its payment', () => {
    const beside = async (at: number): Promise<void> => {
      await set(
        `INSERT INTO refunds (clinic_id, payment_id, bill_id, out_refund_no, amount_fen, kind, reason, requested_by,
           state, sends, sent_at, version, created_at, updated_at)
         SELECT clinic_id, payment_id, bill_id, 'ZR-BESIDE', 1, kind, reason, requested_by,
           'submitted', 1, ?, 1, created_at, updated_at FROM refunds WHERE id = 1`,
        at,
      );
    };

    it('waits until a minute and a second have passed since that one', async () => {
      const at = now() - 20_000;
      await beside(at);
      await step({ attempts: 3 });
      expect(asked).toEqual([]);
      expect(await refund()).toMatchObject({ state: 'approved', sends: 0, sent_at: null });
      expect(await job()).toEqual({ state: 'waiting', due_at: at + 61_000, attempts: 0 });
    });

    it('goes in the very moment in which it may', async () => {
      await beside(now() - 61_000);
      answer.refund = async () => says('accepted');
      await step();
      expect(calls()).toEqual(['refund']);
    });
  });

  describe('that the channel does not take', () => {
    it.each([
      ['short_of_balance', 'unknown', 600_000],
      ['silent', 'unknown', 10_000],
    ] as const)('for %s is %s, and asked about after %d ms', async (code, state, wait) => {
      answer.refund = async () => fails('unknown', code, 'NOT_ENOUGH');
      await step();
      expect(await refund()).toMatchObject({ state, fault_code: code, refused_at: null });
      expect(await job()).toEqual({ state: 'waiting', due_at: now() + wait * EARLY, attempts: 1 });
      const [event] = await all(
        `SELECT happening, actor, reason FROM events WHERE entity = 'refund' ORDER BY id DESC`,
      );
      expect(event).toEqual({ happening: 'silent', actor: 'worker', reason: code });
    });

    it('with a definite no is noted as refused, and stays reserved', async () => {
      answer.refund = async () => fails('refused', 'declined');
      await step();
      expect(await refund()).toMatchObject({
        state: 'submitted',
        fault_code: 'declined',
        refused_at: now(),
      });
      expect(await one('SELECT refund_reserved_fen AS held FROM payments')).toEqual({ held: BACK });
    });

    it.each([
      ['short_of_balance', 'NOT_ENOUGH', 'short_of_balance NOT_ENOUGH'],
      ['configuration', undefined, 'configuration'],
      ['declined', 'TRADE_OVERDUE', 'declined TRADE_OVERDUE'],
    ] as const)('for %s is put before a person', async (code, channelCode, detail) => {
      answer.refund = async () => fails('unknown', code, channelCode);
      await step();
      expect(await all('SELECT code, entity, entity_id, detail FROM alarms')).toEqual([
        { code: 'refund_trouble', entity: 'refund', entity_id: 1, detail },
      ]);
    });

    it.each(['silent', 'system_error', 'throttled', 'bug'] as const)('for %s alarms nobody', async (code) => {
      answer.refund = async () => fails('unknown', code);
      await step();
      expect(await all('SELECT code FROM alarms')).toEqual([]);
    });

    it('and that succeeds while its answer is lost has succeeded', async () => {
      answer.refund = async () => {
        const report = says('succeeded');
        if (report.outcome === 'done') await believed(report.value);
        return fails('unknown', 'silent');
      };
      await step();
      expect(await refund()).toMatchObject({ state: 'succeeded', version: 3 });
    });
  });

  describe('asked about', () => {
    it('counts the silences in a row, and what they were', async () => {
      await sent('unknown');
      answer.queryRefund = async () => fails('unknown', 'throttled');
      await step();
      await step({ attempts: 1 });
      expect(await refund()).toMatchObject({ silences: 2, fault_code: 'throttled', asked_at: now() });
      expect(await job()).toEqual({ state: 'waiting', due_at: now() + 18_000 * EARLY, attempts: 2 });
      answer.queryRefund = async () => says('none');
      await step();
      expect(await refund()).toMatchObject({ silences: 0, fault_code: 'throttled', asked_at: now() });
    });

    it.each([undefined, 'unknown', 'accepted'] as const)(
      'and told %s is asked about again',
      async (state) => {
        await sent('unknown');
        await clinic.world.advance(120_000);
        answer.queryRefund = async () => says(state);
        await step();
        expect(calls()).toEqual(['queryRefund']);
        expect(applied).toEqual([]);
        expect(await job()).toEqual({ state: 'waiting', due_at: now() + 10_000 * EARLY, attempts: 1 });
      },
    );

    it.each([
      ['succeeded', 'succeeded', 'done'],
      ['closed', 'failed', 'done'],
    ] as const)('and told that it %s ends as %s', async (told, state, over) => {
      await sent('submitted');
      answer.queryRefund = async () => says(told);
      await step();
      expect(applied).toHaveLength(1);
      expect(await refund()).toMatchObject({ state });
      expect(await job()).toMatchObject({ state: over });
    });

    it('and told that it is abnormal is asked about six hours later, and told again then', async () => {
      await sent('submitted');
      answer.queryRefund = async () => says('abnormal');
      await step({ attempts: 5 });
      expect(applied).toHaveLength(1);
      expect(await refund()).toMatchObject({ state: 'abnormal' });
      expect(await job()).toEqual({ state: 'waiting', due_at: now() + 21_600_000, attempts: 0 });
      answer.queryRefund = async () => says('none');
      await clinic.world.advance(60_000);
      await step({ attempts: 5 });
      expect(await job()).toEqual({ state: 'waiting', due_at: now() + 21_600_000, attempts: 0 });
      expect(calls()).toEqual(['queryRefund', 'queryRefund']);
    });

    it('and abnormal after a refusal is not given up: only a person mends it', async () => {
      await sent('abnormal');
      await set('UPDATE refunds SET refused_at = sent_at');
      await clinic.world.advance(60_000);
      answer.queryRefund = async () => says('none');
      await step();
      expect(await refund()).toMatchObject({ state: 'abnormal' });
    });

    it('and told of another amount stays as it is, and is asked about again', async () => {
      await sent('submitted');
      answer.queryRefund = async () => {
        const report = says('succeeded');
        if (report.outcome === 'done' && report.value.refund !== undefined)
          report.value.refund.amountFen = fen(BACK - 1);
        return report;
      };
      await step();
      expect(await refund()).toMatchObject({ state: 'submitted' });
      expect(await job()).toEqual({ state: 'waiting', due_at: now() + 10_000 * EARLY, attempts: 1 });
    });
  });

  describe('that the channel does not know', () => {
    beforeEach(() => {
      answer.queryRefund = async () => says('none');
      answer.refund = async () => says('accepted');
    });

    it('is asked about until that is proof, a minute after it was sent', async () => {
      await sent('unknown');
      const at = now();
      await clinic.world.advance(59_999);
      await step({ attempts: 2 });
      expect(calls()).toEqual(['queryRefund']);
      expect(await job()).toEqual({ state: 'waiting', due_at: at + 60_000, attempts: 3 });
    });

    it('is sent again under the same number in the moment in which that is proof', async () => {
      await sent('unknown');
      await clinic.world.advance(60_000);
      await step();
      expect(calls()).toEqual(['queryRefund', 'refund']);
      expect(asked[1]?.[1].outRefundNo).toBe(number);
      expect(await refund()).toMatchObject({ state: 'submitted', sends: 2, sent_at: now() });
    });

    it('and of which nobody wrote down when it was sent waits that long from now', async () => {
      await sent('unknown');
      await set('UPDATE refunds SET sent_at = NULL');
      await step();
      expect(calls()).toEqual(['queryRefund']);
      expect(await job()).toEqual({ state: 'waiting', due_at: now() + 60_000, attempts: 1 });
    });

    it.each([
      ['declined', 'declined'],
      [null, 'refused'],
    ])('and has refused with %s has failed: its amount is free, a person is told', async (code, reason) => {
      await sent('submitted');
      await set('UPDATE refunds SET refused_at = sent_at, fault_code = ?', code);
      await clinic.world.advance(60_000);
      await step();
      expect(calls()).toEqual(['queryRefund']);
      expect(await refund()).toMatchObject({ state: 'failed' });
      expect(await job()).toMatchObject({ state: 'done' });
      expect(await one('SELECT refund_reserved_fen AS held FROM payments')).toEqual({ held: 0 });
      const [event] = await all(
        `SELECT happening, actor, reason FROM events WHERE entity = 'refund' ORDER BY id DESC`,
      );
      expect(event).toEqual({ happening: 'fail', actor: 'channel:wechat', reason });
      const detail = `the channel refused it: ${reason}`;
      expect(await all('SELECT reason, subject, amount_fen, detail FROM suspense')).toEqual([
        { reason: 'refund_failed', subject: 'refund:1', amount_fen: BACK, detail },
      ]);
      expect(await all('SELECT code, entity_id, detail FROM alarms')).toEqual([
        { code: 'refund_trouble', entity_id: 1, detail },
      ]);
    });

    it.each([
      ['succeeded', 'done', 0, null],
      ['succeeded', 'done', 0, 5],
      ['abnormal', 'waiting', 21_600_000, null],
    ] as const)(
      'but told us meanwhile that it %s is not sent again',
      async (told, state, inMs, refusedAt) => {
        await sent('unknown');
        await set('UPDATE refunds SET refused_at = ?', refusedAt);
        await clinic.world.advance(60_000);
        answer.queryRefund = async () => {
          const news = says(told);
          if (news.outcome === 'done') await believed(news.value);
          return says('none');
        };
        await step({ attempts: 5 });
        expect(calls()).toEqual(['queryRefund']);
        expect(await refund()).toMatchObject({ state: told, sends: 1, version: 2 });
        expect(await job()).toEqual({ state, due_at: now() + inMs, attempts: 0 });
      },
    );
  });
});
