import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openClinic, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';

const LONG_MS = 15 * 60_000;

describe.each(engines)('money that goes back, on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine, { env: { ZHENFU_REFUND_LIMIT_FEN: '20000' } });
  });
  afterEach(() => clinic.close());

  const paidBill = async (method: 'alipay' | 'wechat', fen = 12_850): Promise<number> => {
    const bill = await clinic.bill(fen);
    clinic.pay((await clinic.open(bill, method)).qr_code_content);
    await clinic.world.advance(3_000);
    return bill;
  };
  const refund = (bill: number, amount: number) =>
    clinic.call('POST', `/api/v1/finance/bills/${bill}/refunds`, { amount_fen: amount, reason: '退药' });
  const returned = (): number =>
    clinic
      .ledger()
      .filter((entry) => entry.kind === 'refund')
      .reduce((sum, entry) => sum + entry.amount_fen, 0);

  describe.each(['alipay', 'wechat'] as const)('by %s', (method) => {
    it('a part of a paid bill goes back, once, and the bill says how much', async () => {
      const bill = await paidBill(method);
      const asked = await refund(bill, 3_000);
      expect(asked).toMatchObject({ status: 201, body: { state: 'approved', amount: '30.00' } });
      await clinic.world.advance(5 * 60_000);
      expect((await clinic.call('GET', `/api/v1/finance/refunds/${asked.body.id}`)).body.state).toBe(
        'succeeded',
      );
      expect((await clinic.call('GET', `/api/v1/finance/bills/${bill}`)).body.refunded_fen).toBe(3_000);
      expect(returned()).toBe(3_000);
    });

    it('of twenty refunds at once beyond what was paid, exactly the payable ones go back', async () => {
      const bill = await paidBill(method, 1_000);
      const asked = await Promise.all(Array.from({ length: 20 }, () => refund(bill, 100)));
      expect(asked.filter((answer) => answer.status === 201)).toHaveLength(10);
      expect(asked.filter((answer) => answer.body.code === 'refund_exceeds_paid')).toHaveLength(10);
      await clinic.world.advance(LONG_MS);
      expect(returned()).toBe(1_000);
    });

    it('a refund whose answer was lost goes out again under its number, and moves money once', async () => {
      const bill = await paidBill(method);
      clinic.weather({ lose_answer: 1 });
      const asked = await refund(bill, 12_850);
      await clinic.world.advance(60_000);
      clinic.weather({ lose_answer: 0 });
      await clinic.world.advance(LONG_MS);
      expect((await clinic.call('GET', `/api/v1/finance/refunds/${asked.body.id}`)).body.state).toBe(
        'succeeded',
      );
      expect(returned()).toBe(12_850);
    });

    it('a second payment of one bill goes back by itself, once', async () => {
      const bill = await clinic.bill();
      const first = await clinic.open(bill, method);
      const second = await clinic.open(bill, method === 'alipay' ? 'wechat' : 'alipay', { insist: true });
      clinic.pay(second.qr_code_content);
      await clinic.world.advance(3_000);
      clinic.weather({ pay_after_close: true });
      clinic.pay(first.qr_code_content);
      await clinic.world.advance(LONG_MS);
      const read = (await clinic.call('GET', `/api/v1/finance/bills/${bill}`)).body;
      expect(read).toMatchObject({ status: 'paid', paid_fen: 12_850 });
      expect(returned()).toBe(12_850);
    });

    it('above the limit a second person must approve, and not the same one', async () => {
      const bill = await paidBill(method, 30_000);
      const asked = await refund(bill, 25_000);
      expect(asked.body.state).toBe('requested');
      const own = await clinic.call('POST', `/api/v1/finance/refunds/${asked.body.id}/approval`, {});
      expect(own.body.code).toBe('refund_same_person');
      await clinic.world.advance(LONG_MS);
      expect(returned()).toBe(0);
      const back = await clinic.call('POST', `/api/v1/finance/refunds/${asked.body.id}/cancellation`, {});
      expect(back.body.state).toBe('cancelled');
      expect((await refund(bill, 20_000)).status).toBe(201);
    });
  });
});
