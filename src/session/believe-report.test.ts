import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Channel, ChannelReport, MerchantAccount } from '#channel';
import { keepAnswer } from '#inbox';
import { fen } from '#money';
import { markApplied } from '#sql/evidence';
import type { Row, Store, Value } from '#store';
import { openClinic, type Clinic } from '../../test/clinic.ts';
import { sqlite } from '../../test/engines.ts';
import { applyEvidence, type Applied } from './apply-report.ts';
import type { Parts } from './parts.ts';

const OURS = 12_850;
const PAID_AT = Date.UTC(2026, 10, 22, 1, 59, 30);

describe('a genuine report', () => {
  let clinic: Clinic;
  let parts: Parts;
  let bill: number;
  let account: MerchantAccount;
  let number: string;
  let reports = 0;

  beforeEach(async () => {
    clinic = await openClinic(sqlite);
    parts = clinic.app.parts;
    bill = await clinic.bill(OURS);
    await clinic.open(bill, 'wechat');
    await clinic.app.worker.stop();
    const channel = clinic.channels.get('wechat');
    if (channel === undefined) throw new Error('no such channel');
    account = channel.account;
    number = String((await one('SELECT out_trade_no FROM payments'))['out_trade_no']);
  });
  afterEach(() => clinic.close());

  const all = (text: string): Promise<Row[]> => clinic.store.read((tx) => tx.all(text));
  const one = async (text: string): Promise<Row> => (await all(text))[0] ?? {};
  const set = (text: string, ...values: Value[]): Promise<unknown> =>
    clinic.store.transact('set', (tx) => tx.run(text, ...values));
  const now = (): number => clinic.world.now();
  const payment = (id = 1): Promise<Row> => one(`SELECT * FROM payments WHERE id = ${id}`);
  const session = (): Promise<Row> =>
    one('SELECT status, phase, end_reason, shown_bill_id, version FROM payment_sessions WHERE id = 1');
  const alarms = (): Promise<Row[]> => all('SELECT code, entity, entity_id, detail, times FROM alarms');
  const cases = (): Promise<Row[]> =>
    all(
      'SELECT reason, subject, evidence_id, payment_id, amount_fen, detail, state, opened_at FROM suspense ORDER BY id',
    );
  const refunds = (): Promise<Row[]> => all('SELECT * FROM refunds ORDER BY id');
  const told = async (): Promise<unknown[]> =>
    (await all('SELECT type FROM outbox ORDER BY id')).map(({ type }) => type);
  const lastEvents = async (entity: string, count: number): Promise<Row[]> => {
    const events =
      await all(`SELECT entity_id, happening, from_state, to_state, actor, reason, evidence_id, at
      FROM events WHERE entity = '${entity}' ORDER BY id DESC LIMIT ${count}`);
    return events.toReversed();
  };
  const alarm = (code: string, entity: string, id: number, detail: string): Row => ({
    code,
    entity,
    entity_id: id,
    detail,
    times: 1,
  });

  type Words = { [K in keyof ChannelReport]?: ChannelReport[K] | undefined };
  /** A report of the payment, whole; `undefined` takes a field out of it. */
  function report(words: Words = {}): ChannelReport {
    const whole: Words = {
      method: 'wechat',
      source: 'query',
      about: 'payment',
      outTradeNo: number,
      state: 'paid',
      channelState: 'SUCCESS',
      appId: account.appId,
      merchantId: account.merchantId,
      totalFen: fen(OURS),
      currency: 'CNY',
      tradeType: 'NATIVE',
      channelTradeNo: '4200',
      paidAtMs: PAID_AT,
      payerFen: fen(OURS - 50),
      ...words,
    };
    const said = Object.entries(whole).filter(([, value]) => value !== undefined);
    return Object.fromEntries(said) as unknown as ChannelReport;
  }
  async function kept(words: Words = {}, given: Parts = parts): Promise<number> {
    reports += 1;
    return (await keepAnswer(given, report({ attach: `report ${reports}`, ...words }))).evidenceId;
  }
  /** Kept, then believed. */
  async function hear(words: Words = {}, given: Parts = parts): Promise<Applied> {
    return applyEvidence(given, await kept(words, given));
  }
  const evidence = (): Promise<Row> =>
    one('SELECT id, applied_at, result, payment_id, suspense_id FROM evidence ORDER BY id DESC');

  const withoutSession = (): Promise<unknown> =>
    set(`INSERT INTO payments (clinic_id, bill_id, out_trade_no, payment_method, amount_fen, qr_code_expires_at, app_id,
        merchant_id, configuration_id, subject, attach, notify_url, state, version, created_at, updated_at)
      SELECT clinic_id, bill_id, 'ALONE', payment_method, amount_fen, qr_code_expires_at, app_id, merchant_id,
        configuration_id, subject, attach, notify_url, 'open', 1, created_at, updated_at FROM payments WHERE id = 1`);

  describe('of the sum that we asked for', () => {
    it('settles the bill, once, and is kept with what it came to', async () => {
      const id = await kept();
      expect(await applyEvidence(parts, id)).toBe('settled');
      expect(await payment()).toMatchObject({
        state: 'paid',
        disposition: 'settled',
        late: 0,
        channel_trade_no: '4200',
        paid_at: PAID_AT,
        paid_evidence_id: id,
        payer_fen: OURS - 50,
        received_fen: OURS,
      });
      expect(await session()).toMatchObject({
        status: 'paid',
        phase: 'ended',
        end_reason: null,
        shown_bill_id: null,
      });
      expect(await one('SELECT status, paid_fen, settled_payment_id FROM bills')).toEqual({
        status: 'paid',
        paid_fen: OURS,
        settled_payment_id: 1,
      });
      expect(await evidence()).toEqual({
        id,
        applied_at: now(),
        result: 'settled',
        payment_id: 1,
        suspense_id: null,
      });
      const cause = { actor: 'channel:wechat', at: now() };
      expect(await lastEvents('payment', 1)).toMatchObject([
        {
          ...cause,
          happening: 'paid',
          from_state: 'open',
          to_state: 'paid',
          reason: 'settled',
          evidence_id: id,
        },
      ]);
      expect(await lastEvents('bill', 1)).toMatchObject([{ ...cause, to_state: 'paid', evidence_id: id }]);
      expect(await lastEvents('session', 1)).toMatchObject([{ ...cause, to_state: 'paid' }]);
      expect(await told()).toEqual(['bill.paid']);
      expect(await applyEvidence(parts, id)).toBe('applied_before');
      expect(await alarms()).toEqual([]);
    });

    it('after its code left the screens settles it all the same, late, and another code leaves them', async () => {
      await set(`UPDATE payment_sessions SET status = 'expired', phase = 'ended', shown_bill_id = NULL`);
      await clinic.open(bill, 'alipay');
      await set(`UPDATE jobs SET due_at = 99999999999999 WHERE kind = 'follow_payment'`);
      expect(await hear()).toBe('settled');
      expect(await payment()).toMatchObject({ disposition: 'settled', late: 1 });
      const [, other] = await all(
        'SELECT status, end_reason, shown_bill_id FROM payment_sessions ORDER BY id',
      );
      expect(other).toEqual({ status: 'cancelled', end_reason: 'paid_elsewhere', shown_bill_id: null });
      expect(await payment(2)).toMatchObject({ state: 'closing' });
      expect((await lastEvents('payment', 1))[0]).toMatchObject({
        entity_id: 2,
        happening: 'retire',
        reason: 'paid_elsewhere',
      });
      const jobs = await all(`SELECT subject_id, due_at FROM jobs WHERE kind = 'follow_payment' ORDER BY id`);
      expect(jobs).toEqual([
        { subject_id: 1, due_at: 99999999999999 },
        { subject_id: 2, due_at: now() },
      ]);
      expect(await told()).toEqual(['bill.paid']);
    });

    it.each(['closed', 'create_rejected'])(
      'beats what we believed: it was %s, and a person is told',
      async (was) => {
        await set('UPDATE payments SET state = ?', was);
        expect(await hear()).toBe('settled');
        expect(await alarms()).toEqual([alarm('paid_after_closed', 'payment', 1, `was ${was}`)]);
      },
    );

    it('without the channel’s moment is dated by ours, and by its refund’s where that is told', async () => {
      expect(await hear({ paidAtMs: undefined, channelTradeNo: undefined, payerFen: undefined })).toBe(
        'settled',
      );
      expect(await payment()).toMatchObject({ paid_at: now(), channel_trade_no: null, payer_fen: null });
      const back = { state: 'succeeded', outRefundNo: 'R', amountFen: fen(1), refundedAtMs: 77 } as const;
      await hear({ outTradeNo: 'ELSEWHERE', paidAtMs: undefined, refund: back });
      expect(await payment(2)).toMatchObject({ paid_at: 77 });
    });

    it('of a payment that is on no bill waits for a person', async () => {
      await set('UPDATE payments SET bill_id = NULL');
      expect(await hear()).toBe('disputed');
    });

    it('says which payment has no session', async () => {
      await withoutSession();
      await expect(hear({ outTradeNo: 'ALONE' })).rejects.toThrow('payment 2 has no session');
    });
  });

  describe('of a bill that is paid already', () => {
    beforeEach(() =>
      set(
        `UPDATE bills SET status = 'paid', paid_fen = payable_fen, settled_payment_id = 9 WHERE id = ?`,
        bill,
      ),
    );

    it('goes back by itself: all that came, under one number, and somebody is told', async () => {
      const id = await kept();
      expect(await applyEvidence(parts, id)).toBe('surplus');
      expect(await payment()).toMatchObject({
        disposition: 'surplus',
        received_fen: OURS,
        refund_reserved_fen: OURS,
      });
      expect(await refunds()).toMatchObject([
        {
          out_refund_no: expect.stringMatching(/^ZR20261122[0-9A-Za-z]{20}$/),
          payment_id: 1,
          bill_id: bill,
          amount_fen: OURS,
          kind: 'surplus',
          reason: '重复支付退款',
          requested_by: 'worker',
          state: 'approved',
          surplus_of: 1,
          created_at: now(),
        },
      ]);
      expect(await one(`SELECT lane FROM jobs WHERE kind = 'follow_refund'`)).toEqual({ lane: 'wechat' });
      expect(await alarms()).toEqual([alarm('surplus', 'payment', 1, `${OURS} fen, bill ${bill}`)]);
      expect(await session()).toMatchObject({ status: 'cancelled', end_reason: 'paid_elsewhere' });
      expect(await evidence()).toMatchObject({ id, result: 'surplus', suspense_id: null });
      expect(await told()).toEqual([]);
    });

    it('is told to the pages of a code that was over before', async () => {
      await set(
        `UPDATE payment_sessions SET status = 'expired', phase = 'ended', end_reason = 'timeout', shown_bill_id = NULL`,
      );
      const { version } = await session();
      await hear();
      expect(await session()).toEqual({
        status: 'expired',
        phase: 'ended',
        end_reason: 'timeout',
        shown_bill_id: null,
        version: Number(version) + 1,
      });
      expect(await lastEvents('session', 1)).toMatchObject([
        { happening: 'surplus', from_state: 'expired', to_state: 'expired', actor: 'channel:wechat' },
      ]);
    });
  });

  describe('of another sum', () => {
    it('waits for a person, with both sums', async () => {
      const id = await kept({ totalFen: fen(OURS + 1) });
      expect(await applyEvidence(parts, id)).toBe('disputed');
      expect(await payment()).toMatchObject({ disposition: 'disputed', received_fen: OURS + 1, late: 0 });
      const detail = `ours ${OURS} fen, theirs ${OURS + 1}`;
      expect(await alarms()).toEqual([alarm('amount_differs', 'payment', 1, detail)]);
      expect(await cases()).toEqual([
        {
          reason: 'amount_differs',
          subject: 'payment:1',
          evidence_id: id,
          payment_id: 1,
          amount_fen: OURS + 1,
          detail,
          state: 'open',
          opened_at: now(),
        },
      ]);
      expect(await evidence()).toMatchObject({ result: 'disputed', payment_id: 1, suspense_id: 1 });
      expect(await session()).toMatchObject({ status: 'cancelled', end_reason: 'disputed' });
      expect(await lastEvents('suspense', 1)).toMatchObject([{ actor: 'channel:wechat', evidence_id: id }]);
      expect(await one('SELECT status FROM bills')).toEqual({ status: 'unpaid' });
      expect(await refunds()).toEqual([]);
    });

    it('is told to the pages of a code that was over before', async () => {
      await set(`UPDATE payment_sessions SET status = 'cancelled', phase = 'ended', shown_bill_id = NULL`);
      await hear({ totalFen: fen(1) });
      expect(await lastEvents('session', 1)).toMatchObject([
        { happening: 'disputed', from_state: 'cancelled', to_state: 'cancelled' },
      ]);
    });

    it('and of none that is said is taken as what we asked for', async () => {
      expect(await hear({ totalFen: undefined })).toBe('disputed');
      expect(await payment()).toMatchObject({ received_fen: OURS });
      expect(await cases()).toMatchObject([
        { reason: 'amount_differs', detail: `ours ${OURS} fen, theirs unsaid` },
      ]);
    });
  });

  describe('told again', () => {
    beforeEach(() => hear());

    it.each([
      ['word for word', {}],
      ['without its trade', { channelTradeNo: undefined }],
      ['without its sum', { totalFen: undefined }],
    ] as [string, Words][])('%s changes nothing', async (_what, words) => {
      const { version } = await payment();
      expect(await hear(words)).toBe('no_change');
      expect(await payment()).toMatchObject({ version });
      expect(await alarms()).toEqual([]);
      expect(await evidence()).toMatchObject({ result: 'no_change', payment_id: 1, suspense_id: null });
    });

    it.each([
      ['another trade', { channelTradeNo: '4201' }, `4201 ${OURS} fen`],
      ['another sum', { totalFen: fen(1), channelTradeNo: undefined }, '? 1 fen'],
      ['another trade of no sum', { channelTradeNo: '4201', totalFen: undefined }, '4201 ? fen'],
    ] as [string, Words, string][])('as %s is put before a person', async (_what, words, detail) => {
      expect(await hear(words)).toBe('no_change');
      expect(await alarms()).toEqual([alarm('report_contradicts', 'payment', 1, `${number}: ${detail}`)]);
    });

    it('with a trade that we never had the number of contradicts nothing', async () => {
      await set('UPDATE payments SET channel_trade_no = NULL');
      await hear();
      expect(await alarms()).toEqual([]);
    });
  });

  describe('of a refund', () => {
    const back = {
      outRefundNo: 'ELSEWHERE-1',
      state: 'succeeded',
      amountFen: fen(3_000),
      channelRefundNo: '5030',
      refundedAtMs: 99,
    } as const;

    it('of money that we know is believed', async () => {
      await hear();
      expect(await hear({ about: 'refund', refund: back })).toBe('refund');
      expect(await refunds()).toMatchObject([
        {
          out_refund_no: 'ELSEWHERE-1',
          channel_refund_no: '5030',
          kind: 'external',
          state: 'succeeded',
          amount_fen: 3_000,
          refunded_at: 99,
        },
      ]);
      expect(await evidence()).toMatchObject({ result: 'refund', payment_id: 1 });
    });

    it('is no refund where it names none, or is about the payment', async () => {
      await hear();
      expect(await hear({ about: 'refund' })).toBe('no_change');
      expect(await hear({ refund: back })).toBe('no_change');
      expect(await refunds()).toEqual([]);
    });

    it('that is the first that we hear of the money puts the money before a person', async () => {
      expect(await hear({ about: 'refund', refund: back })).toBe('disputed');
      expect(await cases()).toMatchObject([
        { reason: 'refunded_before', subject: 'payment:1', amount_fen: OURS },
        { reason: 'refund_unknown', amount_fen: 3_000 },
      ]);
      expect(await payment()).toMatchObject({ disposition: 'disputed', refunded_fen: 3_000 });
    });
  });

  describe('that it will never be paid', () => {
    const closed = { state: 'closed', channelState: 'CLOSED', paidAtMs: undefined } as const;

    it('ends what was open, by way of closing', async () => {
      const id = await kept(closed);
      expect(await applyEvidence(parts, id)).toBe('closed');
      expect(await payment()).toMatchObject({ state: 'closed', disposition: null });
      const cause = { entity_id: 1, actor: 'channel:wechat', evidence_id: id, at: now() };
      expect(await lastEvents('payment', 2)).toMatchObject([
        { ...cause, happening: 'retire', from_state: 'open', to_state: 'closing' },
        { ...cause, happening: 'closed', from_state: 'closing', to_state: 'closed' },
      ]);
      expect(await session()).toMatchObject({
        status: 'expired',
        end_reason: 'timeout',
        shown_bill_id: null,
      });
      expect(await evidence()).toMatchObject({ result: 'closed', payment_id: 1 });
      expect(await alarms()).toEqual([]);
      expect(await hear(closed)).toBe('no_change');
    });

    it.each(['create_unknown', 'closing'])('ends what was %s', async (was) => {
      await set('UPDATE payments SET state = ?', was);
      expect(await hear(closed)).toBe('closed');
      expect(await payment()).toMatchObject({ state: 'closed' });
    });

    it('ends its code for the reason for which that was to leave', async () => {
      await set(`UPDATE payment_sessions SET retiring = 'switch'`);
      await hear(closed);
      expect(await session()).toMatchObject({ status: 'cancelled', end_reason: 'switch' });
    });

    it('ends nothing before the create call is answered, and alarms somebody', async () => {
      await set(`UPDATE payments SET state = 'creating'`);
      expect(await hear(closed)).toBe('no_change');
      expect(await payment()).toMatchObject({ state: 'creating' });
      expect(await session()).toMatchObject({ status: 'pending' });
      expect(await alarms()).toEqual([alarm('illegal_edge', 'payment', 1, 'closed while creating')]);
    });

    it('and yet was paid, which we never heard, alarms somebody', async () => {
      expect(await hear({ ...closed, paidAtMs: PAID_AT })).toBe('closed');
      const detail = `${number}: closed, and paid before that, which we never heard`;
      expect(await alarms()).toEqual([alarm('report_contradicts', 'payment', 1, detail)]);
    });

    it('once it was paid changes nothing: so Alipay calls what went back whole', async () => {
      await hear();
      expect(await hear({ ...closed, paidAtMs: PAID_AT })).toBe('no_change');
      expect(await payment()).toMatchObject({ state: 'paid' });
      expect(await alarms()).toEqual([]);
    });

    it('ends a payment that stands on no screen', async () => {
      await withoutSession();
      expect(await hear({ ...closed, outTradeNo: 'ALONE' })).toBe('closed');
      expect(await session()).toMatchObject({ status: 'pending' });
    });
  });

  it.each(['none', 'waiting', 'scanned'] as const)('that it is %s ends nothing', async (state) => {
    expect(await hear({ state, paidAtMs: undefined })).toBe('no_change');
    expect(await payment()).toMatchObject({ state: 'open' });
    expect(await evidence()).toMatchObject({ result: 'no_change', payment_id: 1, suspense_id: null });
  });

  describe('of another’s money', () => {
    it.each([
      ['app_id', { appId: 'another' }, OURS],
      ['merchant_id, currency', { merchantId: 'another', currency: 'USD', totalFen: fen(5) }, 5],
      ['trade_type', { tradeType: 'JSAPI', totalFen: undefined }, 0],
      ['app_id', { appId: 'another', state: 'closed' }, OURS],
    ] as [string, Words, number][])(
      'is kept, and put before a person (%s)',
      async (differs, words, amount) => {
        const id = await kept(words);
        expect(await applyEvidence(parts, id)).toBe('foreign_account');
        const detail = `payment 1: ${differs}`;
        expect(await alarms()).toEqual([alarm('foreign_account', 'evidence', id, detail)]);
        expect(await cases()).toEqual([
          {
            reason: 'foreign_account',
            subject: `evidence:${id}`,
            evidence_id: id,
            payment_id: null,
            amount_fen: amount,
            detail,
            state: 'open',
            opened_at: now(),
          },
        ]);
        expect(await evidence()).toMatchObject({ result: 'foreign_account', payment_id: 1, suspense_id: 1 });
        expect(await payment()).toMatchObject({ state: 'open' });
      },
    );

    it('of nothing is no payment', async () => {
      expect(await hear({ totalFen: fen(0) })).toBe('foreign_account');
      expect(await hear({ totalFen: fen(0), state: 'waiting' })).toBe('no_change');
      expect(await payment()).toMatchObject({ state: 'open' });
    });
  });

  describe('with a number that no channel gives', () => {
    const long = '1'.repeat(65);
    const refund = { state: 'succeeded', amountFen: fen(1) } as const;

    it.each([
      ['trade', { channelTradeNo: long }],
      ['order', { outTradeNo: long }],
      ['refund', { refund: { ...refund, outRefundNo: long } }],
      ['channel’s refund', { refund: { ...refund, outRefundNo: 'R', channelRefundNo: long } }],
    ] as [string, Words][])('of the %s is kept, and put before a person', async (_what, words) => {
      expect(await hear(words)).toBe('foreign_account');
      expect(await cases()).toMatchObject([{ detail: 'a number that no channel gives', amount_fen: OURS }]);
      expect(await payment()).toMatchObject({ state: 'open' });
    });

    it('is judged only where money is told of, and one of 64 signs may be', async () => {
      expect(await hear({ state: 'waiting', channelTradeNo: long })).toBe('no_change');
      expect(await hear({ channelTradeNo: '1'.repeat(64) })).toBe('settled');
    });
  });

  describe('of a number that we do not know', () => {
    const elsewhere: Words = { outTradeNo: 'ELSEWHERE', totalFen: fen(500), payerFen: fen(450) };

    it('to our account becomes a payment before a person', async () => {
      const id = await kept({ ...elsewhere, attach: 'a'.repeat(70) });
      expect(await applyEvidence(parts, id)).toBe('unknown_order');
      expect(await payment(2)).toMatchObject({
        clinic_id: parts.clinic.id,
        bill_id: null,
        out_trade_no: 'ELSEWHERE',
        payment_method: 'wechat',
        amount_fen: 500,
        received_fen: 500,
        payer_fen: 450,
        app_id: account.appId,
        merchant_id: account.merchantId,
        configuration_id: clinic.channels.get('wechat')?.configurationId,
        attach: 'a'.repeat(64),
        state: 'paid',
        disposition: 'disputed',
        channel_trade_no: '4200',
        qr_code_expires_at: PAID_AT,
        paid_at: PAID_AT,
        paid_evidence_id: id,
        created_at: now(),
        updated_at: now(),
      });
      const cause = { entity_id: 2, actor: 'channel:wechat', evidence_id: id, at: now() };
      expect(await lastEvents('payment', 1)).toEqual([
        { ...cause, happening: 'paid', from_state: null, to_state: 'paid', reason: 'adopted' },
      ]);
      const detail = 'wechat ELSEWHERE SUCCESS 500 fen';
      expect(await alarms()).toEqual([alarm('unknown_order', 'payment', 2, detail)]);
      expect(await cases()).toEqual([
        {
          reason: 'unknown_order',
          subject: 'payment:2',
          evidence_id: id,
          payment_id: 2,
          amount_fen: 500,
          detail,
          state: 'open',
          opened_at: now(),
        },
      ]);
      expect(await lastEvents('suspense', 1)).toMatchObject([{ actor: 'channel:wechat' }]);
      expect(await evidence()).toMatchObject({ result: 'unknown_order', suspense_id: 1 });
      expect(await hear(elsewhere)).toBe('no_change');
    });

    it('and that says no more than it must is adopted all the same', async () => {
      const bare = {
        appId: undefined,
        merchantId: undefined,
        currency: undefined,
        channelTradeNo: undefined,
        payerFen: undefined,
        attach: undefined,
        totalFen: fen(1),
      };
      expect(await hear({ ...elsewhere, ...bare })).toBe('unknown_order');
      expect(await payment(2)).toMatchObject({ channel_trade_no: null, payer_fen: null, attach: '' });
    });

    it('comes with what has gone back of it already', async () => {
      const refund = { outRefundNo: 'R-1', state: 'succeeded', amountFen: fen(200) } as const;
      expect(await hear({ ...elsewhere, about: 'refund', refund })).toBe('unknown_order');
      expect(await payment(2)).toMatchObject({ refunded_fen: 200, refund_reserved_fen: 200 });
      expect(await refunds()).toMatchObject([{ payment_id: 2, out_refund_no: 'R-1', kind: 'external' }]);
    });

    it.each([
      ['app', { appId: 'another' }],
      ['merchant', { merchantId: 'another' }],
      ['currency', { currency: 'USD' }],
      ['sum', { totalFen: fen(0) }],
    ] as [string, Words][])('but not with our %s is only kept, before a person', async (_what, words) => {
      const id = await kept({ ...elsewhere, ...words, refund: { state: 'succeeded', outRefundNo: 'R-1' } });
      expect(await applyEvidence(parts, id)).toBe('foreign_account');
      const detail = `wechat ELSEWHERE SUCCESS ${words.totalFen ?? 500} fen`;
      expect(await cases()).toMatchObject([{ reason: 'foreign_account', subject: `evidence:${id}`, detail }]);
      expect(await all('SELECT id FROM payments')).toHaveLength(1);
    });

    it('of a channel that is not configured is nobody’s', async () => {
      expect(await hear(elsewhere, { ...parts, channels: new Map() })).toBe('foreign_account');
    });

    it('where no merchant number is configured is ours by its app', async () => {
      const real = clinic.channels.get('wechat');
      const channel = Object.assign(Object.create(real ?? null) as Channel, {});
      Object.defineProperty(channel, 'account', { value: { ...account, merchantId: '' } });
      const given = { ...parts, channels: new Map([['wechat' as const, channel]]) };
      expect(await hear({ ...elsewhere, merchantId: 'any' }, given)).toBe('unknown_order');
      expect(await payment(2)).toMatchObject({ merchant_id: '' });
    });

    it.each([
      ['is not paid', { state: 'waiting' }],
      ['is closed', { state: 'closed' }],
      ['has no sum', { totalFen: undefined }],
    ] as [string, Words][])('and %s changes nothing', async (_what, words) => {
      expect(await hear({ ...elsewhere, ...words })).toBe('no_change');
      expect(await all('SELECT id FROM payments')).toHaveLength(1);
      expect(await evidence()).toMatchObject({ result: 'no_change', payment_id: null, suspense_id: null });
      expect(await alarms()).toEqual([]);
    });
  });

  describe('is applied once', () => {
    it('and says which evidence is not there', async () => {
      await expect(applyEvidence(parts, 99)).rejects.toThrow('no evidence 99');
    });

    it('also where another instance was faster between reading and writing', async () => {
      const id = await kept();
      const { version } = await payment();
      const raced: Store = {
        ...parts.store,
        transact: (name, work) =>
          parts.store.transact(name, (tx) =>
            work({
              ...tx,
              one: (...asked) => tx.one(...asked),
              all: (...asked) => tx.all(...asked),
              afterCommit: (act) => tx.afterCommit(act),
              async run(statement, ...values) {
                if (statement === markApplied) await tx.run(statement, ...values);
                return tx.run(statement, ...values);
              },
            }),
          ),
      };
      expect(await applyEvidence({ ...parts, store: raced }, id)).toBe('applied_before');
      expect(await payment()).toMatchObject({ state: 'open', version });
    });
  });
});
