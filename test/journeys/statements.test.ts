import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fen } from '#money';
import type { Weather } from '../../simulator/kernel/contract.ts';
import { openClinic, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';

/** A Sunday, half an hour before midnight in clinic time: the day's statement is due next morning. */
const LATE_EVENING = Date.UTC(2026, 10, 22, 15, 30);
const HOUR_MS = 3_600_000;

describe.each(engines)('the statement of a day, on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine, { startMs: LATE_EVENING });
  });
  afterEach(() => clinic.close());

  describe.each(['alipay', 'wechat'] as const)('of %s', (method) => {
    /** Money that only the statement can tell of: no row here knows its number, and nobody is notified. */
    const payUnseen = async (): Promise<string> => {
      const outTradeNo = 'ZF20261122BeforeTheBackup001';
      const channel = clinic.channels.get(method);
      if (channel === undefined) throw new Error('not configured');
      const order = {
        outTradeNo,
        amountFen: fen(4_200),
        subject: '示范诊所医疗服务费',
        expiresAtMs: clinic.world.now() + 15 * 60_000,
        attach: 'B26112200000001',
        notifyUrl: `http://127.0.0.1:8080/api/v1/finance/notifications/${method}`,
      };
      const made = await clinic.world.until(channel.create(order));
      if (made.outcome !== 'done') throw new Error(JSON.stringify(made));
      clinic.weather({ notify_lose: 1 });
      clinic.pay(made.value.content);
      return outTradeNo;
    };
    const payOne = async (): Promise<number> => {
      const bill = await clinic.bill();
      clinic.pay((await clinic.open(bill, method)).qr_code_content);
      await clinic.world.advance(5_000);
      return bill;
    };
    const nextMorning = async (): Promise<void> => {
      for (let hour = 0; hour < 13; hour += 1) {
        await clinic.world.leap(HOUR_MS);
        await clinic.world.advance(2_000);
      }
    };
    const suspense = async () => (await clinic.call('GET', '/api/v1/finance/suspense')).body.suspense;
    const statements = () =>
      clinic.store.read((tx) =>
        tx.all<{ state: string; line_count: number; business_day: string }>(statementsOf, method),
      );

    it('finds money that nobody told us of, once, and gives it to a person', async () => {
      await payOne();
      await payUnseen();
      await nextMorning();
      expect(await statements()).toMatchObject([
        { business_day: '2026-11-22', state: 'applied', line_count: 2 },
      ]);
      expect(await suspense()).toMatchObject([{ reason: 'unknown_order', amount_fen: 4_200, state: 'open' }]);
      await nextMorning();
      expect(await suspense()).toHaveLength(1);
    });

    it('tells of money by its refund alone, and no later day waits for a file of it', async () => {
      const outTradeNo = await payUnseen();
      const whole = { outTradeNo, amountFen: fen(4_200), totalFen: fen(4_200) };
      const sent = clinic.channels.get(method)?.refund({
        ...whole,
        outRefundNo: 'ZR20261122BeforeTheBackup001',
        reason: '门诊退费',
        notifyUrl: `http://127.0.0.1:8080/api/v1/finance/notifications/${method}`,
      });
      expect((await clinic.world.until(sent ?? Promise.reject(new Error('no channel')))).outcome).toBe(
        'done',
      );
      for (let days = 0; days < 6; days += 1) await nextMorning();
      const ends = (await statements()).map(({ business_day, state }) => [business_day, state]);
      expect(ends.slice(0, 2)).toEqual([
        ['2026-11-22', 'applied'],
        ['2026-11-23', 'empty'],
      ]);
      const reasons = (await suspense()).map(({ reason }: { reason: string }) => reason);
      expect(reasons).toContain('unknown_order');
    });

    it('changes nothing where all of it was known', async () => {
      const bill = await payOne();
      const before = (await clinic.call('GET', `/api/v1/finance/bills/${bill}`)).body;
      await nextMorning();
      expect(await statements()).toMatchObject([{ state: 'applied', line_count: 1 }]);
      expect((await clinic.call('GET', `/api/v1/finance/bills/${bill}`)).body).toEqual(before);
      expect(await suspense()).toEqual([]);
    });

    const spoilt: Partial<Weather>[] = [
      { statement_truncated: 1 },
      { statement_wrong_sum: 1 },
      { statement_late: 1 },
      { lose_answer: 1 },
    ];
    it.each(spoilt)('is refused whole while it is not whole, and read when it is: %j', async (weather) => {
      await payOne();
      await payUnseen();
      await clinic.world.advance(20 * 60_000);
      clinic.weather(weather);
      await nextMorning();
      expect(await suspense()).toEqual([]);
      expect((await statements()).map(({ state }) => state)).not.toContain('applied');
      clinic.calm();
      for (let more = 0; more < 4; more += 1) {
        await clinic.world.leap(HOUR_MS);
        await clinic.world.advance(2_000);
      }
      expect(await suspense()).toMatchObject([{ reason: 'unknown_order', amount_fen: 4_200 }]);
    });

    it('is asked for, once for each day, from the first day of the books on', async () => {
      await nextMorning();
      await nextMorning();
      expect(await statements()).toMatchObject([
        { business_day: '2026-11-22', state: 'empty' },
        { business_day: '2026-11-23', state: 'waiting' },
      ]);
    });

    it('of a channel that nobody used yet is asked for some days back only', async () => {
      clinic.process.kill();
      await clinic.world.leap(10 * 24 * HOUR_MS);
      await clinic.instance();
      await clinic.world.advance(11 * 60_000);
      expect((await statements()).map(({ business_day }) => business_day)).toEqual([
        '2026-11-29',
        '2026-11-30',
        '2026-12-01',
      ]);
    });

    it('finds money from before a backup that knows of no payment at all', async () => {
      await payUnseen();
      await nextMorning();
      expect(await suspense()).toMatchObject([{ reason: 'unknown_order', amount_fen: 4_200, state: 'open' }]);
    });
  });
});

const statementsOf = `
  SELECT business_day, state, line_count FROM statements WHERE payment_method = ? ORDER BY business_day`;
