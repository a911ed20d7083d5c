import { requestRefund } from '#refund';
import { openSession } from '#session';
import type { Store } from '#store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';

/**
 * The database has committed, and its answer was lost: the store runs the closure again. `between` is
 * what others did before it could.
 */
function answeredNever(store: Store, name: string, between: () => Promise<unknown>): Store {
  let lost = false;
  return {
    engine: store.engine,
    read: (work) => store.read(work),
    close: () => store.close(),
    async transact(what, work) {
      const value = await store.transact(what, work);
      if (what !== name || lost) return value;
      lost = true;
      await between();
      return store.transact(what, work);
    },
  };
}

describe.each(engines)('a COMMIT that nobody answered, on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine);
  });
  afterEach(() => closeAudited(clinic));

  it('of a whole refund without a key: it is made once, and answered as made', async () => {
    const bill = await clinic.bill(5_000);
    const opened = await clinic.open(bill, 'wechat');
    clinic.pay(opened.qr_code_content);
    await clinic.world.advance(3_000);
    const store = answeredNever(clinic.store, 'request-refund', () => Promise.resolve());
    const wish = { billId: bill, amountFen: 5_000, reason: '退药', actor: 'staff:cashier' };
    const made = await clinic.world.until(requestRefund({ ...clinic.app.parts, store }, wish));
    expect(made).toMatchObject({ amount_fen: 5_000, kind: 'bill' });
    await clinic.world.advance(60_000);
    const read = (await clinic.call('GET', `/api/v1/finance/bills/${bill}`)).body;
    expect(read.refunded_fen).toBe(5_000);
  });

  it('of a new session: whoever opened it orders its code, and has it', async () => {
    const bill = await clinic.bill();
    const store = answeredNever(clinic.store, 'open-session', () => Promise.resolve());
    const opening = openSession(
      { ...clinic.app.parts, store },
      {
        billId: bill,
        method: 'wechat',
        timeoutMinutes: 15,
        refresh: false,
        insist: false,
        actor: 'staff:cashier',
      },
    );
    const opened = await clinic.world.until(opening, 5_000);
    expect(opened).toMatchObject({
      session: { bill_id: bill, qr_code_content: expect.stringMatching(/^weixin:/) },
    });
    expect(clinic.calls.filter(({ api }) => api === 'create')).toHaveLength(1);
  });

  it('of a new session that another instance took over meanwhile: its order is left to that one', async () => {
    const bill = await clinic.bill();
    const takenOver = () =>
      clinic.store.transact('take over', (tx) =>
        tx.run(
          `UPDATE jobs SET fence = fence + 1, lease_owner = 'other', lease_until = ? WHERE kind = 'follow_payment'`,
          clinic.world.now() + 30_000,
        ),
      );
    const parts = { ...clinic.app.parts, store: answeredNever(clinic.store, 'open-session', takenOver) };
    const wish = {
      billId: bill,
      method: 'wechat',
      timeoutMinutes: 15,
      refresh: false,
      insist: false,
    } as const;
    const opening = openSession(parts, { ...wish, actor: 'staff:cashier' });
    await clinic.world.advance(5_000);
    expect(clinic.calls.filter(({ api }) => api === 'create')).toEqual([]);
    await clinic.world.until(opening);
    // The other one died: its lease runs out, and whoever takes it next orders the code.
    await clinic.world.doze(45_000);
    expect(clinic.calls.filter(({ api }) => api === 'create')).toHaveLength(1);
  });
});
