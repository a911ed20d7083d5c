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

  it('is paid once, with all that was said of the money, and says so with its event', async () => {
    const held = { ...row };
    const late = { ...debit, late: true, payerFen: 10_000, paidAtMs: 5, evidenceId: 9 };
    await clinic.store.transact('pay', (tx) => receiveDebit(tx, held, late, { ...cause, atMs: 6 }));
    expect(held).toMatchObject({ state: 'paid', version: row.version + 1 });
    expect(await read(row.id)).toMatchObject({
      state: 'paid',
      version: row.version + 1,
      disposition: 'surplus',
      late: 1,
      channel_trade_no: '4200',
      paid_at: 5,
      paid_evidence_id: 9,
      payer_fen: 10_000,
      received_fen: 12_850,
      updated_at: 6,
    });
    const [event] = await clinic.store.read((tx) =>
      tx.all(`SELECT * FROM events WHERE entity = 'payment' AND to_state = 'paid'`),
    );
    expect(event).toMatchObject({
      from_state: 'open',
      happening: 'paid',
      reason: 'surplus',
      evidence_id: 9,
      version: row.version + 1,
    });
  });

  it('is paid in time, by a trade without a number, where nothing else was said', async () => {
    const bare = { ...debit, channelTradeNo: undefined };
    await clinic.store.transact('pay', (tx) => receiveDebit(tx, { ...row }, bare, cause));
    expect(await read(row.id)).toMatchObject({ late: 0, channel_trade_no: null, payer_fen: null });
  });

  it('takes the code that it was given, and keeps it when none is given', async () => {
    clinic.weather({ lose_request: 1 });
    const bill = await clinic.bill();
    await clinic.call('POST', `/api/v1/finance/bills/${bill}/qr-payment`, { payment_method: 'wechat' });
    await clinic.app.worker.stop();
    const held = await read(row.id + 1);
    expect(held).toMatchObject({ state: 'create_unknown', qr_code_url: '' });
    await clinic.store.transact('code', (tx) =>
      movePayment(tx, held, 'created', cause, { qrCodeUrl: 'weixin://a' }),
    );
    expect(held).toMatchObject({ state: 'open', qr_code_url: 'weixin://a' });
    await clinic.store.transact('retire', (tx) => movePayment(tx, held, 'retire', cause));
    expect(held).toMatchObject({ state: 'closing', qr_code_url: 'weixin://a' });
    expect(await read(held.id)).toMatchObject({ state: 'closing', qr_code_url: 'weixin://a' });
    const [event] = await clinic.store.read((tx) =>
      tx.all(`SELECT reason, evidence_id FROM events WHERE to_state = 'closing'`),
    );
    expect(event).toMatchObject({ reason: null, evidence_id: null });
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
