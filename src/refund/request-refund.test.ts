import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refundById, type RefundRow } from '#sql/refunds';
import { Conflict, UniqueViolation, type Row, type Value } from '#store';
import { isRefusal } from '#trouble';
import { openClinic, type Clinic } from '../../test/clinic.ts';
import { sqlite } from '../../test/engines.ts';
import { moveRefund } from './move-refund.ts';
import type { Parts } from './parts.ts';
import { reserveRefund } from './reserve-refund.ts';
import { approveRefund, cancelRefund, requestRefund, type RequestRefund } from './request-refund.ts';

const PAID = 12_850;
const LIMIT = 5_000;
const YEAR_MS = 365 * 86_400_000;

describe('a refund that somebody asks for', () => {
  let clinic: Clinic;
  let parts: Parts;
  let billId: number;
  beforeEach(async () => {
    clinic = await openClinic(sqlite, { env: { ZHENFU_REFUND_LIMIT_FEN: String(LIMIT) } });
    parts = clinic.app.parts;
    billId = await clinic.bill(PAID);
    const opened = await clinic.open(billId, 'wechat');
    clinic.pay(opened.qr_code_content);
    await clinic.world.advance(3_000);
    await clinic.app.worker.stop();
  });
  afterEach(() => clinic.close());

  const all = (text: string): Promise<Row[]> => clinic.store.read((tx) => tx.all(text));
  const set = (text: string, ...values: Value[]): Promise<unknown> =>
    clinic.store.transact('set', (tx) => tx.run(text, ...values));
  const ask = (wish: Partial<RequestRefund> = {}) =>
    requestRefund(parts, { billId, amountFen: 1_000, reason: '退药', actor: 'cashier', ...wish });
  async function asked(wish: Partial<RequestRefund> = {}): Promise<RefundRow> {
    const refund = await ask(wish);
    if (isRefusal(refund)) throw new Error(JSON.stringify(refund));
    return refund;
  }
  const jobs = () =>
    all(`SELECT kind, lane, subject_id, state, due_at FROM jobs WHERE kind <> 'follow_payment'`);
  const waiting = (subject: number) => ({
    kind: 'follow_refund',
    lane: 'wechat',
    subject_id: subject,
    state: 'waiting',
    due_at: clinic.world.now(),
  });

  it('up to the limit goes out at once, and above it waits for a second person', async () => {
    expect(await asked({ amountFen: LIMIT })).toMatchObject({
      state: 'approved',
      approved_by: 'cashier',
      surplus_of: null,
      request_key: null,
    });
    expect(await jobs()).toEqual([waiting(1)]);
    expect(await asked({ amountFen: LIMIT + 1 })).toMatchObject({ state: 'requested', approved_by: null });
    expect(await jobs()).toEqual([waiting(1)]);
  });

  it('twice with one key is one refund', async () => {
    const first = await asked({ requestKey: 'k1' });
    expect(first.request_key).toBe('k1');
    expect(await asked({ requestKey: 'k1' })).toEqual(first);
    expect((await asked({ requestKey: 'k2' })).id).toBe(first.id + 1);
  });

  it('is refused a year after the payment, not in the moment before', async () => {
    await set('UPDATE payments SET paid_at = ?', clinic.world.now() - YEAR_MS);
    await asked();
    await set('UPDATE payments SET paid_at = paid_at - 1');
    expect(await ask()).toMatchObject({ refused: 'refund_too_late' });
    await set('UPDATE payments SET paid_at = NULL'); // the channel never said when
    await asked();
  });

  it('is refused where the channel is not configured any more', async () => {
    expect(
      await requestRefund(
        { ...parts, channels: new Map() },
        {
          billId,
          amountFen: 1,
          reason: '退药',
          actor: 'cashier',
        },
      ),
    ).toMatchObject({ refused: 'method_not_configured' });
  });

  it('of more than is left says how much is left', async () => {
    await asked({ amountFen: PAID - 10 });
    expect(await ask({ amountFen: 11 })).toMatchObject({
      refused: 'refund_exceeds_paid',
      facts: { refundable_fen: 10 },
    });
  });

  it('that a second person approves goes out now, and only once', async () => {
    const { id } = await asked({ amountFen: LIMIT + 1 });
    expect(await approveRefund(parts, id, 'chief')).toMatchObject({
      state: 'approved',
      approved_by: 'chief',
    });
    expect(await jobs()).toEqual([waiting(id)]);
    await set(`UPDATE jobs SET state = 'done' WHERE kind = 'follow_refund'`);
    expect(await approveRefund(parts, id, 'chief')).toMatchObject({ state: 'approved' });
    expect(await jobs()).toMatchObject([{ state: 'done' }]);
  });

  it('of a surplus has its payment to itself: there is no second one of it', async () => {
    const surplus = {
      paymentId: 1,
      method: 'wechat',
      billId,
      amountFen: 1,
      kind: 'surplus',
      reason: '重复支付退款',
      requestedBy: 'worker',
      approved: true,
    } as const;
    const reserve = (outRefundNo: string) =>
      clinic.store.transact('surplus', (tx) => reserveRefund(tx, parts, { ...surplus, outRefundNo }, 5));
    await reserve('ZR-1');
    expect(await all('SELECT surplus_of FROM refunds')).toEqual([{ surplus_of: 1 }]);
    await expect(reserve('ZR-2')).rejects.toThrow(UniqueViolation);
  });

  describe('moves', () => {
    const cause = { actor: 'somebody', atMs: 5 };
    const read = (id: number): Promise<RefundRow | undefined> =>
      clinic.store.read((tx) => tx.one<RefundRow>(refundById, id));

    it('by what its row says, which is kept up to date', async () => {
      const row = await asked();
      const words = await clinic.store.transact('walk', async (tx) => [
        await moveRefund(tx, parts, row, 'submit', cause),
        await moveRefund(tx, parts, row, 'submit', cause),
        await moveRefund(tx, parts, row, 'silent', cause, { faultCode: 'silent' }),
        await moveRefund(tx, parts, row, 'cancel', cause),
        await moveRefund(tx, parts, row, 'turn_abnormal', { ...cause, evidenceId: 1, reason: 'why' }),
      ]);
      expect(words).toEqual(['moved', 'stayed', 'moved', 'illegal', 'moved']);
      expect(await read(row.id)).toMatchObject({ state: 'abnormal', version: 4, fault_code: 'silent' });
      expect(row).toMatchObject({ state: 'abnormal', version: 4 });
      const [event] = await all(`SELECT * FROM events WHERE entity = 'refund' ORDER BY id DESC`);
      expect(event).toMatchObject({
        entity_id: row.id,
        version: 4,
        happening: 'turn_abnormal',
        from_state: 'unknown',
        to_state: 'abnormal',
        actor: 'somebody',
        reason: 'why',
        evidence_id: 1,
        at: 5,
      });
    });

    it('from no row that is older than what stands', async () => {
      const row = await asked();
      await clinic.store.transact('old', async (tx) => {
        const old = { ...row };
        await moveRefund(tx, parts, row, 'submit', cause);
        await expect(moveRefund(tx, parts, old, 'submit', cause)).rejects.toThrow(Conflict);
      });
    });

    it('back from being given up by money alone, and alarms somebody', async () => {
      const row = await asked();
      await cancelRefund(parts, row.id, 'cashier');
      const given = await read(row.id);
      if (given === undefined) throw new Error('gone');
      await clinic.store.transact('back', (tx) => moveRefund(tx, parts, given, 'succeed', cause));
      expect(await all('SELECT code, entity, entity_id, detail FROM alarms')).toEqual([
        { code: 'refund_contradicts', entity: 'refund', entity_id: row.id, detail: 'was cancelled' },
      ]);
      const sent = await asked();
      await clinic.store.transact('back', (tx) => moveRefund(tx, parts, sent, 'succeed', cause));
      expect(await all('SELECT code FROM alarms')).toHaveLength(1);
    });

    it('to no sum that its payment does not hold', async () => {
      const row = await asked();
      await set('UPDATE payments SET refund_reserved_fen = 0');
      await expect(cancelRefund(parts, row.id, 'cashier')).rejects.toThrow(
        'gives free what was not reserved',
      );
      const back = clinic.store.transact('back', (tx) => moveRefund(tx, parts, row, 'succeed', cause));
      await expect(back).rejects.toThrow('returned what was not reserved');
    });
  });
});
