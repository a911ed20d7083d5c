import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogFields } from '#log';
import { insertRefund } from '#sql/refunds';
import type { SuspenseRow } from '#sql/suspense';
import type { Row } from '#store';
import { openClinic, TEN_O_CLOCK, type Clinic } from '../../test/clinic.ts';
import { sqlite } from '../../test/engines.ts';
import { openSuspense, type Opening } from './open-suspense.ts';
import { suspenseReply } from './reply.ts';

describe('an item of money before a person', () => {
  let clinic: Clinic;
  let bill: number;
  let logged: [string, LogFields | undefined][];
  beforeEach(async () => {
    clinic = await openClinic(sqlite);
    bill = await clinic.bill(12_850);
    await clinic.open(bill, 'wechat');
    await clinic.app.worker.stop();
    logged = [];
  });
  afterEach(() => clinic.close());

  const all = <R = Row>(text: string): Promise<R[]> => clinic.store.read((tx) => tx.all<R>(text));
  const events = () => all(`SELECT * FROM events WHERE entity NOT IN ('payment', 'session') ORDER BY id`);
  const told = async () =>
    (await all<{ bill_id: number; payload: string }>('SELECT * FROM outbox ORDER BY id')).map(
      ({ payload, ...row }) => ({ ...row, payload: JSON.parse(payload) as object }),
    );
  const warn = (event: string, fields?: LogFields) => void logged.push([event, fields]);
  const open = (opening: Opening): Promise<number> => {
    const log = { ...clinic.app.parts.log, warn };
    return clinic.store.transact('open', (tx) => openSuspense(tx, { ...clinic.app.parts, log }, opening));
  };
  const atMs = TEN_O_CLOCK + 5_000;
  const news = { amountFen: 15_000, actor: 'channel:wechat', atMs };
  const ofPayment: Opening = {
    ...news,
    reason: 'amount_differs',
    subject: 'payment:1',
    evidenceId: 7,
    paymentId: 1,
    detail: `ours 12850 fen, theirs ${'1'.repeat(600)}`,
  };
  const foreign: Opening = {
    ...news,
    reason: 'foreign_account',
    subject: 'evidence:8',
    detail: 'another app',
  };

  it('says what it is about, whole, and has its history, its log line and its word to the clinic', async () => {
    const how = [3_000, 'bill', '退药', 'cashier', null, 'failed', null, null, atMs, atMs];
    await clinic.store.transact('refund', (tx) => tx.run(insertRefund, 1, 1, bill, 'ZR1', ...how));
    const before = (await events()).length;
    const id = await open({ ...ofPayment, refundId: 1 });
    const detail = ofPayment.detail.slice(0, 500);
    expect(await all('SELECT * FROM suspense')).toEqual([
      {
        id,
        clinic_id: 1,
        reason: 'amount_differs',
        subject: 'payment:1',
        evidence_id: 7,
        payment_id: 1,
        refund_id: 1,
        amount_fen: 15_000,
        detail,
        state: 'open',
        owner: null,
        note: null,
        opened_at: atMs,
        closed_at: null,
        version: 1,
        updated_at: atMs,
      },
    ]);
    expect((await events()).slice(before)).toMatchObject([
      {
        clinic_id: 1,
        entity: 'suspense',
        entity_id: id,
        version: 1,
        happening: 'open',
        from_state: null,
        to_state: 'open',
        actor: 'channel:wechat',
        reason: 'amount_differs',
        evidence_id: 7,
        at: atMs,
      },
    ]);
    expect(logged).toEqual([['suspense-opened', { suspense_id: id, reason: 'amount_differs' }]]);
    expect(await told()).toMatchObject([
      {
        bill_id: bill,
        sequence: 1,
        type: 'suspense.opened',
        payload: {
          type: 'suspense.opened',
          timestamp: '2026-11-22T02:00:05Z',
          bill_id: bill,
          sequence: 1,
          data: {
            id,
            reason: 'amount_differs',
            state: 'open',
            amount_fen: 15_000,
            amount: '150.00',
            payment_id: 1,
            refund_id: 1,
            detail,
            owner: null,
            note: null,
            opened_at: '2026-11-22T02:00:05Z',
            age_seconds: 0,
            closed_at: null,
            version: 1,
            bill: { id: bill, status: 'unpaid', payable_fen: 12_850, external_bill_no: 'HIS-1-1' },
          },
        },
      },
    ]);
  });

  it('without evidence, payment or refund names none, and is told in the order of no bill', async () => {
    const before = (await events()).length;
    await open(foreign);
    expect(await all('SELECT evidence_id, payment_id, refund_id FROM suspense')).toEqual([
      { evidence_id: null, payment_id: null, refund_id: null },
    ]);
    expect((await events()).slice(before)).toMatchObject([{ happening: 'open', evidence_id: null }]);
    expect(await told()).toMatchObject([
      { bill_id: 0, payload: { bill_id: null, sequence: 1, data: { payment_id: null, bill: null } } },
    ]);
  });

  it('is opened once for one subject and reason; told again it is the first one, untouched', async () => {
    const first = await open(ofPayment);
    const [rows, history] = [await all('SELECT * FROM suspense'), await events()];
    expect(await open({ ...ofPayment, amountFen: 1, detail: 'again', atMs: atMs + 1 })).toBe(first);
    expect(await all('SELECT * FROM suspense')).toEqual(rows);
    expect(await events()).toEqual(history);
    expect(await told()).toHaveLength(1);
    expect(logged).toHaveLength(1);
    expect(await open({ ...ofPayment, reason: 'refunded_before' })).toBe(first + 1);
    expect(await open({ ...ofPayment, subject: 'payment:2' })).toBe(first + 2);
    expect((await told()).map(({ payload }) => payload)).toMatchObject([
      { sequence: 1 },
      { sequence: 2 },
      { sequence: 3 },
    ]);
  });

  it('that is rolled back was never opened, logged or told', async () => {
    const { parts } = clinic.app;
    const undone = clinic.store.transact('undone', async (tx) => {
      await openSuspense(tx, { ...parts, log: { ...parts.log, warn } }, foreign);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await all('SELECT id FROM suspense')).toEqual([]);
    expect(await told()).toEqual([]);
    expect(logged).toEqual([]);
  });
});

describe('an item as the API writes it', () => {
  const row: SuspenseRow = {
    id: 3,
    clinic_id: 1,
    reason: 'amount_differs',
    subject: 'payment:5',
    evidence_id: 7,
    payment_id: 5,
    refund_id: null,
    amount_fen: 15_005,
    detail: 'ours 12850 fen, theirs 15005',
    state: 'posted',
    owner: 'staff:李会计',
    note: '已核对',
    opened_at: TEN_O_CLOCK,
    closed_at: TEN_O_CLOCK + 1_500,
    version: 2,
    updated_at: TEN_O_CLOCK + 1_500,
  };

  it('has its amount as fen and yuan, its instants as text, and nothing of our own books', () => {
    expect(suspenseReply(row, TEN_O_CLOCK + 60_000)).toEqual({
      id: 3,
      reason: 'amount_differs',
      state: 'posted',
      amount_fen: 15_005,
      amount: '150.05',
      payment_id: 5,
      refund_id: null,
      detail: 'ours 12850 fen, theirs 15005',
      owner: 'staff:李会计',
      note: '已核对',
      opened_at: '2026-11-22T02:00:00Z',
      age_seconds: 60,
      closed_at: '2026-11-22T02:00:01.500Z',
      version: 2,
    });
    expect(suspenseReply({ ...row, closed_at: null }, TEN_O_CLOCK).closed_at).toBeNull();
  });

  it.each([
    [-5_000, 0],
    [0, 0],
    [999, 0],
    [1_000, 1],
    [86_400_000, 86_400],
  ])('is, %i ms after it was opened, %i whole seconds old and never younger than new', (ms, seconds) => {
    expect(suspenseReply(row, row.opened_at + ms).age_seconds).toBe(seconds);
  });
});
