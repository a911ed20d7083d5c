import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Channel } from '#channel';
import { fen } from '#money';
import { markApplied } from '#sql/evidence';
import type { Store } from '#store';
import {
  alarm,
  openReportDesk,
  OURS,
  PAID_AT,
  type ReportDesk,
  type Words,
} from '../../test/support/report-desk.ts';
import { applyEvidence } from './apply-report.ts';

describe('a genuine report', () => {
  let desk: ReportDesk;
  beforeEach(async () => {
    desk = await openReportDesk();
  });
  afterEach(() => desk.clinic.close());

  describe('that it will never be paid', () => {
    const closed = { state: 'closed', channelState: 'CLOSED', paidAtMs: undefined } as const;

    it('ends what was open, by way of closing', async () => {
      const id = await desk.kept(closed);
      expect(await applyEvidence(desk.parts, id)).toBe('closed');
      expect(await desk.payment()).toMatchObject({ state: 'closed', disposition: null });
      const cause = { entity_id: 1, actor: 'channel:wechat', evidence_id: id, at: desk.now() };
      expect(await desk.lastEvents('payment', 2)).toMatchObject([
        { ...cause, happening: 'retire', from_state: 'open', to_state: 'closing' },
        { ...cause, happening: 'closed', from_state: 'closing', to_state: 'closed' },
      ]);
      expect(await desk.session()).toMatchObject({
        status: 'expired',
        end_reason: 'timeout',
        shown_bill_id: null,
      });
      expect(await desk.evidence()).toMatchObject({ result: 'closed', payment_id: 1 });
      expect(await desk.alarms()).toEqual([]);
      expect(await desk.hear(closed)).toBe('no_change');
    });

    it.each(['create_unknown', 'closing'])('ends what was %s', async (was) => {
      await desk.set('UPDATE payments SET state = ?', was);
      expect(await desk.hear(closed)).toBe('closed');
      expect(await desk.payment()).toMatchObject({ state: 'closed' });
    });

    it('ends its code for the reason for which that was to leave', async () => {
      await desk.set(`UPDATE payment_sessions SET retiring = 'switch'`);
      await desk.hear(closed);
      expect(await desk.session()).toMatchObject({ status: 'cancelled', end_reason: 'switch' });
    });

    it('ends nothing before the create call is answered, and alarms somebody', async () => {
      await desk.set(`UPDATE payments SET state = 'creating'`);
      expect(await desk.hear(closed)).toBe('no_change');
      expect(await desk.payment()).toMatchObject({ state: 'creating' });
      expect(await desk.session()).toMatchObject({ status: 'pending' });
      expect(await desk.alarms()).toEqual([alarm('illegal_edge', 'payment', 1, 'closed while creating')]);
    });

    it('and yet was paid, which we never heard, alarms somebody', async () => {
      expect(await desk.hear({ ...closed, paidAtMs: PAID_AT })).toBe('closed');
      const detail = `${desk.number}: closed, and paid before that, which we never heard`;
      expect(await desk.alarms()).toEqual([alarm('report_contradicts', 'payment', 1, detail)]);
    });

    it('once it was paid changes nothing: so Alipay calls what went back whole', async () => {
      await desk.hear();
      expect(await desk.hear({ ...closed, paidAtMs: PAID_AT })).toBe('no_change');
      expect(await desk.payment()).toMatchObject({ state: 'paid' });
      expect(await desk.alarms()).toEqual([]);
    });

    it('ends a payment that stands on no screen', async () => {
      await desk.withoutSession();
      expect(await desk.hear({ ...closed, outTradeNo: 'ALONE' })).toBe('closed');
      expect(await desk.session()).toMatchObject({ status: 'pending' });
    });
  });

  it.each(['none', 'waiting', 'scanned'] as const)('that it is %s ends nothing', async (state) => {
    expect(await desk.hear({ state, paidAtMs: undefined })).toBe('no_change');
    expect(await desk.payment()).toMatchObject({ state: 'open' });
    expect(await desk.evidence()).toMatchObject({ result: 'no_change', payment_id: 1, suspense_id: null });
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
        const id = await desk.kept(words);
        expect(await applyEvidence(desk.parts, id)).toBe('foreign_account');
        const detail = `payment 1: ${differs}`;
        expect(await desk.alarms()).toEqual([alarm('foreign_account', 'evidence', id, detail)]);
        expect(await desk.cases()).toEqual([
          {
            reason: 'foreign_account',
            subject: `evidence:${id}`,
            evidence_id: id,
            payment_id: null,
            amount_fen: amount,
            detail,
            state: 'open',
            opened_at: desk.now(),
          },
        ]);
        expect(await desk.evidence()).toMatchObject({
          result: 'foreign_account',
          payment_id: 1,
          suspense_id: 1,
        });
        expect(await desk.payment()).toMatchObject({ state: 'open' });
      },
    );

    it('of nothing is no payment', async () => {
      expect(await desk.hear({ totalFen: fen(0) })).toBe('foreign_account');
      expect(await desk.hear({ totalFen: fen(0), state: 'waiting' })).toBe('no_change');
      expect(await desk.payment()).toMatchObject({ state: 'open' });
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
      expect(await desk.hear(words)).toBe('foreign_account');
      expect(await desk.cases()).toMatchObject([
        { detail: 'a number that no channel gives', amount_fen: OURS },
      ]);
      expect(await desk.payment()).toMatchObject({ state: 'open' });
    });

    it('is judged only where money is told of, and one of 64 signs may be', async () => {
      expect(await desk.hear({ state: 'waiting', channelTradeNo: long })).toBe('no_change');
      expect(await desk.hear({ channelTradeNo: '1'.repeat(64) })).toBe('settled');
    });
  });

  describe('of a number that we do not know', () => {
    const elsewhere: Words = { outTradeNo: 'ELSEWHERE', totalFen: fen(500), payerFen: fen(450) };

    it('to our account becomes a payment before a person', async () => {
      const id = await desk.kept({ ...elsewhere, attach: 'a'.repeat(70) });
      expect(await applyEvidence(desk.parts, id)).toBe('unknown_order');
      expect(await desk.payment(2)).toMatchObject({
        clinic_id: desk.parts.clinic.id,
        bill_id: null,
        out_trade_no: 'ELSEWHERE',
        payment_method: 'wechat',
        amount_fen: 500,
        received_fen: 500,
        payer_fen: 450,
        app_id: desk.account.appId,
        merchant_id: desk.account.merchantId,
        configuration_id: desk.clinic.channels.get('wechat')?.configurationId,
        attach: 'a'.repeat(64),
        state: 'paid',
        disposition: 'disputed',
        channel_trade_no: '4200',
        qr_code_expires_at: PAID_AT,
        paid_at: PAID_AT,
        paid_evidence_id: id,
        created_at: desk.now(),
        updated_at: desk.now(),
      });
      const cause = { entity_id: 2, actor: 'channel:wechat', evidence_id: id, at: desk.now() };
      expect(await desk.lastEvents('payment', 1)).toEqual([
        { ...cause, happening: 'paid', from_state: null, to_state: 'paid', reason: 'adopted' },
      ]);
      const detail = 'wechat ELSEWHERE SUCCESS 500 fen';
      expect(await desk.alarms()).toEqual([alarm('unknown_order', 'payment', 2, detail)]);
      expect(await desk.cases()).toEqual([
        {
          reason: 'unknown_order',
          subject: 'payment:2',
          evidence_id: id,
          payment_id: 2,
          amount_fen: 500,
          detail,
          state: 'open',
          opened_at: desk.now(),
        },
      ]);
      expect(await desk.lastEvents('suspense', 1)).toMatchObject([{ actor: 'channel:wechat' }]);
      expect(await desk.evidence()).toMatchObject({ result: 'unknown_order', suspense_id: 1 });
      expect(await desk.hear(elsewhere)).toBe('no_change');
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
      expect(await desk.hear({ ...elsewhere, ...bare })).toBe('unknown_order');
      expect(await desk.payment(2)).toMatchObject({ channel_trade_no: null, payer_fen: null, attach: '' });
    });

    it('comes with what has gone back of it already', async () => {
      const refund = { outRefundNo: 'R-1', state: 'succeeded', amountFen: fen(200) } as const;
      expect(await desk.hear({ ...elsewhere, about: 'refund', refund })).toBe('unknown_order');
      expect(await desk.payment(2)).toMatchObject({ refunded_fen: 200, refund_reserved_fen: 200 });
      expect(await desk.refunds()).toMatchObject([{ payment_id: 2, out_refund_no: 'R-1', kind: 'external' }]);
    });

    it.each([
      ['app', { appId: 'another' }],
      ['merchant', { merchantId: 'another' }],
      ['currency', { currency: 'USD' }],
      ['sum', { totalFen: fen(0) }],
    ] as [string, Words][])('but not with our %s is only kept, before a person', async (_what, words) => {
      const id = await desk.kept({
        ...elsewhere,
        ...words,
        refund: { state: 'succeeded', outRefundNo: 'R-1' },
      });
      expect(await applyEvidence(desk.parts, id)).toBe('foreign_account');
      const detail = `wechat ELSEWHERE SUCCESS ${words.totalFen ?? 500} fen`;
      expect(await desk.cases()).toMatchObject([
        { reason: 'foreign_account', subject: `evidence:${id}`, detail },
      ]);
      expect(await desk.all('SELECT id FROM payments')).toHaveLength(1);
    });

    it('of a channel that is not configured is nobody’s', async () => {
      expect(await desk.hear(elsewhere, { ...desk.parts, channels: new Map() })).toBe('foreign_account');
    });

    it('where no merchant number is configured is ours by its app', async () => {
      const real = desk.clinic.channels.get('wechat');
      const channel = Object.assign(Object.create(real ?? null) as Channel, {});
      Object.defineProperty(channel, 'account', { value: { ...desk.account, merchantId: '' } });
      const given = { ...desk.parts, channels: new Map([['wechat' as const, channel]]) };
      expect(await desk.hear({ ...elsewhere, merchantId: 'any' }, given)).toBe('unknown_order');
      expect(await desk.payment(2)).toMatchObject({ merchant_id: '' });
    });

    it.each([
      ['is not paid', { state: 'waiting' }],
      ['is closed', { state: 'closed' }],
      ['has no sum', { totalFen: undefined }],
    ] as [string, Words][])('and %s changes nothing', async (_what, words) => {
      expect(await desk.hear({ ...elsewhere, ...words })).toBe('no_change');
      expect(await desk.all('SELECT id FROM payments')).toHaveLength(1);
      expect(await desk.evidence()).toMatchObject({
        result: 'no_change',
        payment_id: null,
        suspense_id: null,
      });
      expect(await desk.alarms()).toEqual([]);
    });
  });

  describe('is applied once', () => {
    it('and says which evidence is not there', async () => {
      await expect(applyEvidence(desk.parts, 99)).rejects.toThrow('no evidence 99');
    });

    it('also where another instance was faster between reading and writing', async () => {
      const id = await desk.kept();
      const { version } = await desk.payment();
      const raced: Store = {
        ...desk.parts.store,
        transact: (name, work) =>
          desk.parts.store.transact(name, (tx) =>
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
      expect(await applyEvidence({ ...desk.parts, store: raced }, id)).toBe('applied_before');
      expect(await desk.payment()).toMatchObject({ state: 'open', version });
    });
  });
});
