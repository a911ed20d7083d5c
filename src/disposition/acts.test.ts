import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adoptPayment, resolveDispute } from '#sql/payments';
import { insertRefund } from '#sql/refunds';
import { moveSuspense } from '#sql/suspense';
import type { Row, Statement, Store, Tx, Value } from '#store';
import { openSuspense } from '#suspense';
import { openClinic, type Clinic } from '../../test/clinic.ts';
import { sqlite } from '../../test/engines.ts';
import { closeSuspense, holdSuspense, listSuspense, postToBill, refundSuspense } from './acts.ts';

const PAYABLE = 12_850;
const CAME = 15_000;
const GONE = 7_000;
/** As long as a note may be; a refund carries the beginning of it. */
const NOTE = '已核对'.repeat(60);
const act = { id: 1, note: NOTE, actor: 'staff:李会计' };

describe('money before a person', () => {
  let clinic: Clinic;
  let parts: Clinic['app']['parts'];
  let bill: number;
  let now: number;
  /** What an item says once somebody ended it. */
  let acted: Row;
  beforeEach(async () => {
    clinic = await openClinic(sqlite);
    parts = clinic.app.parts;
    bill = await clinic.bill(PAYABLE);
    const { qr_code_content: code } = await clinic.open(bill, 'wechat');
    const paid = clinic.sim.gateways.find((one) => one.knows(code))?.pay(code, 'patient', CAME);
    if (paid?.ok !== true) throw new Error('not paid');
    await clinic.world.advance(3_000);
    await clinic.app.worker.stop();
    await clinic.world.advance(1_000);
    now = clinic.world.now();
    acted = { owner: act.actor, note: NOTE, closed_at: now, version: 2, updated_at: now };
  });
  afterEach(() => clinic.close());

  const all = (text: string): Promise<Row[]> => clinic.store.read((tx) => tx.all(text));
  const set = (text: Statement, ...values: Value[]): Promise<{ id: number }> =>
    clinic.store.transact('set', (tx) => tx.run(text, ...values));
  const suspense = () => all('SELECT * FROM suspense ORDER BY id');
  const payments = () =>
    all(
      'SELECT bill_id, state, disposition, refund_reserved_fen AS held, version, updated_at FROM payments ORDER BY id',
    );
  const refunds = () =>
    all(`SELECT payment_id, bill_id, out_refund_no, amount_fen, kind, reason, requested_by, approved_by, state
      FROM refunds ORDER BY id`);
  const told = () => all('SELECT type, bill_id, created_at FROM outbox ORDER BY id');
  const sends = () => all(`SELECT kind, lane, subject_id, due_at FROM jobs WHERE kind = 'follow_refund'`);
  const history = () => all('SELECT * FROM events ORDER BY id');
  async function eventsOf(doing: () => Promise<unknown>): Promise<Row[]> {
    const before = (await history()).length;
    await doing();
    return (await history()).slice(before);
  }
  const post = (more: { id?: number; billId?: number } = {}) =>
    postToBill(parts, { ...act, billId: bill, ...more });
  /** A part of it has gone back already, by a refund made elsewhere. */
  const wentBack = (fen: number) =>
    set('UPDATE payments SET refund_reserved_fen = ?, refunded_fen = ?', fen, fen);
  /** An item whose subject is no disputed money. */
  const item = (about: { paymentId?: number; refundId?: number }): Promise<number> =>
    clinic.store.transact('item', (tx) =>
      openSuspense(tx, parts, {
        reason: 'refund_failed',
        subject: 'refund:1',
        ...about,
        amountFen: 3_000,
        detail: 'no',
        actor: 'channel:wechat',
        atMs: now,
      }),
    );

  describe('that is posted', () => {
    it('settles the bill, and only what is more than the bill goes back', async () => {
      const [before] = await suspense();
      const [payment] = await all('SELECT version FROM payments');
      let posted: unknown;
      const events = await eventsOf(async () => {
        posted = await post();
      });
      const after = { ...before, ...acted, state: 'posted' };
      expect(posted).toEqual(after);
      expect(await suspense()).toEqual([after]);
      const version = Number(payment?.['version']) + 1;
      expect(await payments()).toEqual([
        {
          bill_id: bill,
          state: 'paid',
          disposition: 'settled',
          held: CAME - PAYABLE,
          version,
          updated_at: now,
        },
      ]);
      expect(await all('SELECT status, paid_fen, settled_payment_id FROM bills')).toEqual([
        { status: 'paid', paid_fen: PAYABLE, settled_payment_id: 1 },
      ]);
      expect(await all('SELECT status, phase, end_reason FROM payment_sessions')).toEqual([
        { status: 'paid', phase: 'ended', end_reason: null },
      ]);
      expect(await refunds()).toEqual([
        {
          payment_id: 1,
          bill_id: bill,
          out_refund_no: expect.stringMatching(/^ZR20261122[0-9A-Za-z]{20}$/),
          amount_fen: CAME - PAYABLE,
          kind: 'suspense',
          reason: NOTE.slice(0, 100),
          requested_by: act.actor,
          approved_by: act.actor,
          state: 'approved',
        },
      ]);
      expect(await sends()).toEqual([{ kind: 'follow_refund', lane: 'wechat', subject_id: 1, due_at: now }]);
      expect((await told()).slice(1)).toEqual([{ type: 'bill.paid', bill_id: bill, created_at: now }]);
      const mine = { clinic_id: 1, actor: act.actor, at: now };
      expect(events).toMatchObject([
        { ...mine, entity: 'bill', happening: 'settle', evidence_id: before?.['evidence_id'] },
        {
          ...mine,
          entity: 'payment',
          entity_id: 1,
          version,
          happening: 'post',
          from_state: 'paid',
          to_state: 'paid',
          reason: NOTE,
          evidence_id: null,
        },
        { ...mine, entity: 'session', happening: 'paid', from_state: 'cancelled', to_state: 'paid' },
        { ...mine, entity: 'refund', happening: 'request', to_state: 'approved' },
        {
          ...mine,
          entity: 'suspense',
          entity_id: 1,
          version: 2,
          happening: 'posted',
          from_state: 'open',
          to_state: 'posted',
          reason: NOTE,
          evidence_id: null,
        },
      ]);
    });

    it('takes another code of the bill from its screen, and has it watched to its end', async () => {
      const { session_id: other } = await clinic.open(bill, 'alipay');
      await set(`UPDATE jobs SET due_at = 99999999999999 WHERE kind = 'follow_payment'`);
      await post();
      const { payment_id } = await clinic.session(other);
      expect(await clinic.session(other)).toMatchObject({
        status: 'cancelled',
        end_reason: 'paid_elsewhere',
        shown_bill_id: null,
        payment_state: 'closing',
      });
      const jobs = await all(`SELECT subject_id, due_at FROM jobs WHERE kind = 'follow_payment' ORDER BY id`);
      expect(jobs.at(-1)).toEqual({ subject_id: payment_id, due_at: clinic.world.now() });
      expect(jobs).toHaveLength(2);
    });

    it('and of which just the bill is left pays it, with nothing to go back', async () => {
      await wentBack(CAME - PAYABLE);
      expect(await post()).toMatchObject({ state: 'posted' });
      expect(await all('SELECT status, paid_fen FROM bills')).toEqual([
        { status: 'paid', paid_fen: PAYABLE },
      ]);
      expect(await refunds()).toEqual([]);
    });

    it('and of which more is left gives back what is left, not what once came', async () => {
      await wentBack(1_000);
      await post();
      expect(await refunds()).toMatchObject([{ amount_fen: CAME - 1_000 - PAYABLE }]);
    });

    it('and of which a fen too little is left settles nothing', async () => {
      await wentBack(CAME - PAYABLE + 1);
      const [books, events] = [await payments(), await history()];
      expect(await post()).toEqual({
        refused: 'suspense_not_postable',
        facts: { free_fen: PAYABLE - 1, payable_fen: PAYABLE },
      });
      expect(await payments()).toEqual(books);
      expect(await history()).toEqual(events);
      expect(await suspense()).toMatchObject([{ state: 'open', version: 1 }]);
    });

    it('by an item without evidence settles the bill all the same', async () => {
      await set('UPDATE suspense SET evidence_id = NULL');
      const events = await eventsOf(() => post());
      expect(events[0]).toMatchObject({ entity: 'bill', happening: 'settle', evidence_id: 0 });
    });

    it('and never was a bill’s takes the bill that it is posted to', async () => {
      const how = ['app', 'merchant', 'configuration', 'B1', '4200', now, 5, CAME, CAME, now, now];
      const { id } = await set(adoptPayment, 1, 'ELSEWHERE', 'wechat', CAME, now, ...how);
      const adopted = await item({ paymentId: id });
      expect(await post({ id: adopted })).toMatchObject({ id: adopted, state: 'posted' });
      const [rest] = (await refunds()).slice(-1);
      expect(rest).toMatchObject({
        payment_id: id,
        bill_id: bill,
        amount_fen: CAME - PAYABLE,
        kind: 'suspense',
      });
      expect((await payments())[1]).toMatchObject({ bill_id: bill, disposition: 'settled', version: 2 });
      expect(await all('SELECT settled_payment_id FROM bills')).toEqual([{ settled_payment_id: id }]);
      expect(await refunds()).toMatchObject([{ payment_id: id, amount_fen: CAME - PAYABLE }]);
    });

    it('to another’s bill, to none, or to a paid one changes nothing', async () => {
      const other = await clinic.bill(1_000);
      const [books, events] = [await payments(), await history()];
      expect(await post({ billId: other })).toEqual({
        refused: 'suspense_not_postable',
        facts: { free_fen: CAME, payable_fen: 1_000 },
      });
      expect(await post({ billId: 4711 })).toEqual({ refused: 'bill_not_found' });
      await set(
        `UPDATE bills SET status = 'paid', paid_fen = payable_fen, settled_payment_id = 9 WHERE id = ?`,
        bill,
      );
      expect(await post()).toEqual({ refused: 'suspense_not_postable' });
      expect(await payments()).toEqual(books);
      expect(await history()).toEqual(events);
    });
  });

  describe('that is sent back', () => {
    it('goes back as far as it has not gone yet, and its item is over', async () => {
      await wentBack(GONE);
      const [before] = await suspense();
      const [payment] = await all('SELECT version FROM payments');
      const version = Number(payment?.['version']) + 1;
      let back: unknown;
      const events = await eventsOf(async () => {
        back = await refundSuspense(parts, act);
      });
      const after = { ...before, ...acted, state: 'refunded' };
      expect(back).toEqual(after);
      expect(await suspense()).toEqual([after]);
      expect(await payments()).toEqual([
        { bill_id: bill, state: 'paid', disposition: 'surplus', held: CAME, version, updated_at: now },
      ]);
      expect(await refunds()).toMatchObject([
        {
          payment_id: 1,
          bill_id: bill,
          amount_fen: CAME - GONE,
          kind: 'surplus',
          reason: NOTE.slice(0, 100),
          requested_by: act.actor,
          approved_by: act.actor,
          state: 'approved',
        },
      ]);
      expect(await sends()).toEqual([{ kind: 'follow_refund', lane: 'wechat', subject_id: 1, due_at: now }]);
      const mine = { clinic_id: 1, actor: act.actor, at: now };
      expect(events).toMatchObject([
        {
          ...mine,
          entity: 'payment',
          entity_id: 1,
          version,
          happening: 'return',
          from_state: 'paid',
          to_state: 'paid',
          reason: NOTE,
        },
        { ...mine, entity: 'session', happening: 'surplus', from_state: 'cancelled', to_state: 'cancelled' },
        { ...mine, entity: 'refund', happening: 'request', to_state: 'approved' },
        {
          ...mine,
          entity: 'suspense',
          entity_id: 1,
          version: 2,
          happening: 'refunded',
          from_state: 'open',
          to_state: 'refunded',
          reason: NOTE,
        },
      ]);
    });

    it.each([
      ['the last fen', CAME - 1, [{ amount_fen: 1 }]],
      ['nothing, where all of it is back', CAME, []],
    ])('sends %s', async (_what, gone, sent) => {
      await wentBack(gone);
      expect(await refundSuspense(parts, act)).toMatchObject({ state: 'refunded' });
      expect(await payments()).toMatchObject([{ disposition: 'surplus', held: CAME }]);
      expect(await refunds()).toMatchObject(sent);
      expect(await sends()).toHaveLength(sent.length);
    });
  });

  describe('because its refund failed', () => {
    /** The money is settled; a refund of it ended as told. */
    async function ended(kind: string, state: string, fen = 3_000): Promise<number> {
      await set(`UPDATE payments SET disposition = 'settled'`);
      const how = [fen, kind, '退药', 'cashier', 'cashier', state, null, null, now, now];
      await set(insertRefund, 1, 1, bill, 'ZR1', ...how);
      return item({ paymentId: 1, refundId: 1 });
    }

    it.each([
      ['bill', 'bill'],
      ['suspense', 'suspense'],
      ['surplus', 'surplus'],
      ['external', 'suspense'],
    ])('is sent once more under a new number (%s)', async (was, kind) => {
      const id = await ended(was, 'failed');
      const events = await eventsOf(async () => {
        expect(await refundSuspense(parts, { ...act, id })).toMatchObject({ id, state: 'refunded' });
      });
      const [first, again, ...more] = await refunds();
      expect(first).toMatchObject({ state: 'failed', out_refund_no: 'ZR1' });
      expect(again).toMatchObject({
        payment_id: 1,
        bill_id: bill,
        amount_fen: 3_000,
        kind,
        state: 'approved',
        requested_by: act.actor,
      });
      expect(again?.['out_refund_no']).not.toBe('ZR1');
      expect(more).toEqual([]);
      expect(await payments()).toMatchObject([{ disposition: 'settled', held: 3_000 }]);
      expect(events.map(({ entity }) => entity)).toEqual(['refund', 'suspense']);
    });

    it.each(['abnormal', 'succeeded', 'submitted'])('is not sent again while it is %s', async (state) => {
      const id = await ended('bill', state);
      expect(await refundSuspense(parts, { ...act, id })).toEqual({ refused: 'suspense_not_refundable' });
      expect(await refunds()).toHaveLength(1);
      expect(await payments()).toMatchObject([{ held: 0 }]);
    });

    it('is sent once more, not once for each item that tells of it', async () => {
      const id = await ended('bill', 'failed');
      const other = await clinic.store.transact('other', (tx) =>
        openSuspense(tx, parts, {
          reason: 'refund_abnormal',
          subject: 'refund:1',
          paymentId: 1,
          refundId: 1,
          amountFen: 3_000,
          detail: 'no',
          actor: 'channel:wechat',
          atMs: now,
        }),
      );
      expect(await refundSuspense(parts, { ...act, id: other })).toMatchObject({ state: 'refunded' });
      expect(await refundSuspense(parts, { ...act, id })).toEqual({ refused: 'suspense_not_refundable' });
      expect((await refunds()).map(({ amount_fen }) => amount_fen)).toEqual([3_000, 3_000]);
      expect(await payments()).toMatchObject([{ held: 3_000 }]);
      expect(await closeSuspense(parts, { ...act, id })).toMatchObject({ state: 'closed' });
    });

    it('is not sent again for more than is left', async () => {
      const id = await ended('bill', 'failed');
      await wentBack(CAME - 2_999);
      expect(await refundSuspense(parts, { ...act, id })).toEqual({ refused: 'suspense_not_refundable' });
      expect(await refunds()).toHaveLength(1);
      expect((await suspense())[1]).toMatchObject({ state: 'open', owner: null, version: 1 });
    });

    it('is posted to no bill', async () => {
      const id = await ended('bill', 'failed');
      expect(await post({ id })).toEqual({
        refused: 'suspense_not_postable',
        facts: { free_fen: 0, payable_fen: PAYABLE },
      });
    });

    it('is over when a person dealt with it outside', async () => {
      const id = await ended('bill', 'failed');
      const [, before] = await suspense();
      const after = { ...before, ...acted, state: 'closed' };
      const events = await eventsOf(async () => {
        expect(await closeSuspense(parts, { ...act, id })).toEqual(after);
      });
      expect((await suspense())[1]).toEqual(after);
      expect(events).toMatchObject([
        { entity: 'suspense', entity_id: id, version: 2, happening: 'closed', from_state: 'open' },
      ]);
    });
  });

  it('that is another’s has neither payment nor refund: it is neither posted nor sent, and may be closed', async () => {
    const id = await item({});
    expect(await post({ id })).toMatchObject({
      refused: 'suspense_not_postable',
      facts: { free_fen: 0, payable_fen: PAYABLE },
    });
    expect(await refundSuspense(parts, { ...act, id })).toEqual({ refused: 'suspense_not_refundable' });
    expect(await closeSuspense(parts, { ...act, id })).toMatchObject({ state: 'closed' });
  });

  it('is held in a name, as often as one likes, until somebody acts', async () => {
    const [before] = await suspense();
    const held = { ...before, ...acted, state: 'held', closed_at: null };
    const events = await eventsOf(async () => {
      expect(await holdSuspense(parts, act)).toEqual(held);
      expect(await suspense()).toEqual([held]);
      await clinic.world.advance(60_000);
      const again = { ...held, owner: 'staff:王', note: '再等', version: 3, updated_at: now + 60_000 };
      expect(await holdSuspense(parts, { id: 1, note: '再等', actor: 'staff:王' })).toEqual(again);
      expect(await suspense()).toEqual([again]);
    });
    expect(events).toMatchObject([
      { version: 2, happening: 'held', from_state: 'open', to_state: 'held', actor: act.actor, at: now },
      { version: 3, happening: 'held', from_state: 'held', to_state: 'held', reason: '再等' },
    ]);
    expect(await closeSuspense(parts, act)).toEqual({ refused: 'suspense_holds_money' });
    expect(await post()).toMatchObject({ state: 'posted', version: 4 });
  });

  it('that was dealt with, or never was, is refused by name to every act', async () => {
    await refundSuspense(parts, act);
    const [books, events] = [await suspense(), await history()];
    for (const one of [post, refundSuspense, holdSuspense, closeSuspense]) {
      const doing = (id: number) => (one === post ? post({ id }) : one(parts, { ...act, id }));
      expect(await doing(1)).toEqual({ refused: 'suspense_closed' });
      expect(await doing(4711)).toEqual({ refused: 'suspense_not_found' });
    }
    expect(await suspense()).toEqual(books);
    expect(await history()).toEqual(events);
  });

  it('stands in the list until it is over, oldest first, a page at a time', async () => {
    const second = await item({});
    await holdSuspense(parts, act);
    const whole = await suspense();
    expect(await listSuspense(parts, 0, 10)).toEqual(whole);
    expect(await listSuspense(parts, 0, 1)).toEqual(whole.slice(0, 1));
    expect(await listSuspense(parts, 1, 10)).toEqual(whole.slice(1));
    expect(await listSuspense({ ...parts, clinic: { ...parts.clinic, id: 2 } }, 0, 10)).toEqual([]);
    await closeSuspense(parts, { ...act, id: second });
    expect(await listSuspense(parts, 0, 10)).toEqual(whole.slice(0, 1));
  });

  it.each([
    ['its payment', resolveDispute, 'UPDATE payments SET version = version + 1'],
    ['the item', moveSuspense, 'UPDATE suspense SET version = version + 1'],
  ] as const)('is decided anew when %s changed meanwhile', async (_what, statement, change) => {
    let runs = 0;
    const events = await eventsOf(async () => {
      const store = beforehand(clinic.store, statement, async (tx) => {
        runs += 1;
        if (runs === 1) await tx.run(change);
      });
      expect(await refundSuspense({ ...parts, store }, act)).toMatchObject({ state: 'refunded', version: 2 });
    });
    expect(runs).toBe(2);
    expect(await payments()).toMatchObject([{ disposition: 'surplus', held: CAME }]);
    expect(await suspense()).toMatchObject([{ state: 'refunded', version: 2 }]);
    expect(events.map(({ entity }) => entity)).toEqual(['payment', 'session', 'refund', 'suspense']);
    expect(await refunds()).toHaveLength(1);
  });
});

/** The store, with something that another does just before one of our statements. */
function beforehand(store: Store, statement: Statement, change: (tx: Tx) => Promise<void>): Store {
  return {
    engine: store.engine,
    read: (work) => store.read(work),
    close: () => store.close(),
    transact: (name, work) =>
      store.transact(name, (tx) =>
        work({
          all: (...asked) => tx.all(...asked),
          one: (...asked) => tx.one(...asked),
          afterCommit: (told) => tx.afterCommit(told),
          async run(text, ...values) {
            if (text === statement) await change(tx);
            return tx.run(text, ...values);
          },
        }),
      ),
  };
}
