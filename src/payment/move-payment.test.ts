import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { paymentById, type PaymentRow } from '#sql/payments';
import { openClinic, type Clinic } from '../../test/clinic.ts';
import { sqlite } from '../../test/engines.ts';
import { movePayment, receiveDebit } from './move-payment.ts';

describe('a payment that changed since it was read', () => {
  let clinic: Clinic;
  let row: PaymentRow;
  beforeEach(async () => {
    clinic = await openClinic(sqlite);
    const opened = await clinic.open(await clinic.bill(), 'wechat');
    const { payment_id } = await clinic.session(opened.session_id);
    row = await read(payment_id);
  });
  afterEach(() => clinic.close());

  async function read(id: number): Promise<PaymentRow> {
    const found = await clinic.store.read((tx) => tx.one<PaymentRow>(paymentById, id));
    if (found === undefined) throw new Error('no such payment');
    return found;
  }
  const cause = { actor: 'worker', atMs: Date.UTC(2026, 10, 22) };
  const debit = {
    disposition: 'surplus',
    late: false,
    channelTradeNo: '4200',
    paidAtMs: cause.atMs,
    payerFen: undefined,
    receivedFen: 12_850,
    evidenceId: 1,
  } as const;
  const stale = (): PaymentRow => ({ ...row, version: row.version - 1 });

  it('is not moved by who read it before, and its transaction runs again', async () => {
    let runs = 0;
    const moved = clinic.store.transact('move', (tx) => {
      runs += 1;
      return movePayment(tx, stale(), 'retire', cause);
    });
    await expect(moved).rejects.toThrow('still in conflict');
    expect(runs).toBeGreaterThan(1);
    expect(await read(row.id)).toEqual(row);
  });

  it('is not paid by who read it before', async () => {
    const paid = clinic.store.transact('pay', (tx) => receiveDebit(tx, stale(), debit, cause));
    await expect(paid).rejects.toThrow('still in conflict');
    expect(await read(row.id)).toEqual(row);
  });

  it('is refused, or stays, without a word to the tables', async () => {
    const answers = await clinic.store.transact('hear', async (tx) => [
      await movePayment(tx, { ...row }, 'closed', cause),
      await movePayment(tx, { ...row }, 'created', cause),
    ]);
    expect(answers).toEqual(['illegal', 'stayed']);
    expect(await read(row.id)).toEqual(row);
  });

  it('keeps what a happening does not tell, and says with its event who moved it and why', async () => {
    const held = { ...row };
    const patch = { faultCode: 'silent', createEndedAtMs: 7 };
    await clinic.store.transact('move', (tx) =>
      movePayment(tx, held, 'retire', { ...cause, reason: 'cancel', evidenceId: 3 }, patch),
    );
    expect(held).toMatchObject({ state: 'closing', version: row.version + 1 });
    const now = await read(row.id);
    expect(now).toMatchObject({
      state: 'closing',
      version: row.version + 1,
      qr_code_url: row.qr_code_url,
      fault_code: 'silent',
      create_ended_at: 7,
      updated_at: cause.atMs,
    });
    const events = await clinic.store.read((tx) =>
      tx.all(`SELECT * FROM events WHERE entity = 'payment' AND entity_id = ? ORDER BY version`, row.id),
    );
    expect(events.at(-1)).toMatchObject({
      version: now.version,
      from_state: 'open',
      to_state: 'closing',
      happening: 'retire',
      actor: 'worker',
      reason: 'cancel',
      evidence_id: 3,
      at: cause.atMs,
    });
  });
});
