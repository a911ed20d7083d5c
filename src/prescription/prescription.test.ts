import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBill, settleBill, voidBillRow, type Bill } from '#bill';
import { ensureClinic } from '#clinic';
import { eventsOf } from '#sql/events';
import { ConstraintViolation, type Store } from '#store';
import { isRefusal } from '#trouble';
import { parseBeijing } from '#world';
import { engines } from '../../test/engines.ts';
import { stillWorld, type StillWorld } from '../../test/support/still-world.ts';
import {
  issuePrescription,
  listPrescriptions,
  prescriptionReply,
  readPrescription,
  reviewPrescription,
  voidPrescriptionRow,
  type IssuePrescription,
  type Parts,
  type Prescription,
} from './index.ts';
import { goodHerbal, goodLine, goodRx, herb } from './testing.ts';

describe.each(engines)('prescriptions on $name', ({ open }) => {
  let parts: Parts & { world: StillWorld };
  let store: Store;

  beforeEach(async () => {
    store = await open();
    const world = stillWorld();
    const clinic = await ensureClinic(store, { name: '示范诊所', shortName: '示范诊所' }, world.now());
    parts = { world, store, clinic, reviewRequired: false };
  });
  afterEach(() => store.close());

  async function issued(rx: IssuePrescription = goodRx(), reviewRequired = false): Promise<Prescription> {
    const answer = await issuePrescription({ ...parts, reviewRequired }, rx, 'staff:li');
    if (isRefusal(answer)) throw new Error(`${answer.field}: ${answer.rule}`);
    return answer.prescription;
  }

  async function whole(id: number): Promise<Prescription> {
    const prescription = await readPrescription(parts, id);
    if (isRefusal(prescription)) throw new Error(prescription.refused);
    return prescription;
  }

  async function billOf(prescription: Prescription): Promise<Bill> {
    const bill = await readBill(parts, prescription.bill_id ?? -1);
    if (isRefusal(bill)) throw new Error(bill.refused);
    return bill;
  }

  const count = async (table: 'bills' | 'prescriptions'): Promise<number> =>
    (await store.read((tx) => tx.one<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`)))?.n ?? -1;

  const voidIt = (id: number, reason = '开错') =>
    store.transact('test-void', (tx) => voidPrescriptionRow(tx, id, reason, 'staff:li', parts.world.now()));

  const approve = (id: number) => reviewPrescription(parts, id, { decision: 'approve' }, 'staff:zhang');

  /** Pays the bill by a payment of its own. */
  const pay = (bill: Bill) =>
    store.transact('test-pay', async (tx) => {
      const payment = await tx.run(
        `INSERT INTO payments (clinic_id, bill_id, out_trade_no, payment_method, amount_fen, qr_code_expires_at, app_id,
           merchant_id, configuration_id, subject, attach, notify_url, state, disposition, paid_evidence_id, received_fen, version, created_at, updated_at)
         VALUES (1, ?, 'ZF1', 'wechat', ?, 1, 'a', 'm', 'c', 's', 'x', 'n', 'paid', 'settled', 1, ?, 1, 1, 1)`,
        bill.id,
        bill.payable_fen,
        bill.payable_fen,
      );
      const atMs = parts.world.now();
      return settleBill(tx, {
        billId: bill.id,
        paymentId: payment.id,
        paidFen: bill.payable_fen,
        actor: 'channel:wechat',
        evidenceId: 1,
        atMs,
      });
    });

  test('issuing makes the bill at once where review is off: one line a drug, by its fee class', async () => {
    const patent = goodLine({
      drug_code: 'C1',
      generic_name: '急支糖浆',
      spec: '100ml',
      kind: 'patent',
      quantity: 1,
      unit: '瓶',
      unit_price_fen: 2150,
    });
    const prescription = await issued(goodRx({ lines: [goodLine(), patent] }));
    expect(prescription).toMatchObject({
      state: 'issued',
      review_required: false,
      bill_status: 'unpaid',
      amount_fen: 4710,
      age: '35岁',
      fee_type: '自费',
      version: 1,
    });
    expect(prescription.prescription_no).toMatch(/^RX261122\d{8}$/);
    const bill = await billOf(prescription);
    expect(bill).toMatchObject({
      prescription_id: prescription.id,
      external_bill_no: null,
      payable_fen: 4710,
      patient_name: '王芳',
      doctor: '李明',
    });
    expect(
      bill.lines.map(({ fee_class, name, quantity, amount_fen }) => [fee_class, name, quantity, amount_fen]),
    ).toEqual([
      ['09', '阿莫西林胶囊', '2', 2560],
      ['11', '急支糖浆', '1', 2150],
    ]);
  });

  test('herbs are billed for all doses, and each line rounds once', async () => {
    const prescription = await issued(goodHerbal());
    const bill = await billOf(prescription);
    expect(
      bill.lines.map(({ fee_class, quantity, amount_fen }) => [fee_class, quantity, amount_fen]),
    ).toEqual([
      ['10', '105', 368], // 15 g × 7 × 0.035 = 3.675
      ['10', '45.5', 196], // 6.5 g × 7 × 0.043 = 1.9565
    ]);
    expect(prescription.amount_fen).toBe(bill.payable_fen);
    expect(prescription.lines.map(({ quantity, amount_fen }) => [quantity, amount_fen])).toEqual([
      ['15', 368],
      ['6.5', 196],
    ]);
  });

  test('a broken rule leaves no prescription and no bill', async () => {
    const answer = await issuePrescription(
      parts,
      goodRx({ lines: [goodLine({ quantity: '0.0' })] }),
      'staff:li',
    );
    expect(answer).toMatchObject({ refused: 'invalid_input', field: 'lines.0.quantity' });
    const tooMuch = goodHerbal({ doses: 60, lines: [herb('黄芪', '9999999', '0.001')] });
    expect(await issuePrescription(parts, tooMuch, 'staff:li')).toMatchObject({
      refused: 'invalid_input',
      field: 'lines.0.quantity',
    });
    expect(await count('prescriptions')).toBe(0);
    expect(await count('bills')).toBe(0);
  });

  test('it is good until the last second of the day in clinic time, and its bill no longer', async () => {
    for (const [valid_days, end] of [
      [1, '2026-11-22 23:59:59'],
      [3, '2026-11-24 23:59:59'],
    ] as const) {
      const prescription = await issued(goodRx({ valid_days }));
      expect(prescription.valid_until).toBe(parseBeijing(end));
      expect((await billOf(prescription)).valid_until).toBe(prescription.valid_until);
    }
    parts.world.advance(14 * 3_600_000); // 16:00 UTC is the next day in clinic time
    expect((await issued()).valid_until).toBe(parseBeijing('2026-11-23 23:59:59'));
  });

  test('one key makes one prescription and one bill, however often it is told', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => issuePrescription(parts, goodRx(), 'staff:li', 'key-1')),
    );
    const made = answers.map((answer) => {
      if (isRefusal(answer)) throw new Error(answer.refused);
      return answer;
    });
    expect(new Set(made.map(({ prescription }) => prescription.id)).size).toBe(1);
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    expect(await count('bills')).toBe(1);
    await issuePrescription(parts, goodRx(), 'staff:li', 'key-2');
    expect(await count('prescriptions')).toBe(2);
  });

  test('where review is on there is no bill before the approval, and one after it', async () => {
    const prescription = await issued(goodHerbal({ valid_days: 2 }), true);
    expect(prescription).toMatchObject({ review_required: true, bill_id: null, bill_status: null });
    expect(await count('bills')).toBe(0);
    const approved = await approve(prescription.id);
    if (isRefusal(approved)) throw new Error(approved.refused);
    expect(approved).toMatchObject({ state: 'approved', bill_status: 'unpaid', version: 2 });
    expect(await billOf(approved)).toMatchObject({
      payable_fen: prescription.amount_fen,
      valid_until: prescription.valid_until,
    });
  });

  test('many approvals at once make one bill', async () => {
    const { id } = await issued(goodRx(), true);
    const answers = await Promise.all(Array.from({ length: 10 }, () => approve(id)));
    expect(answers.every((answer) => !isRefusal(answer) && answer.state === 'approved')).toBe(true);
    expect(await count('bills')).toBe(1);
    expect((await whole(id)).version).toBe(2);
  });

  test('approve and return at once cannot both win', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await issued(goodRx(), true);
      const answers = await Promise.all([
        approve(id),
        reviewPrescription(parts, id, { decision: 'return', note: '剂量过大' }, 'staff:zhang'),
      ]);
      expect(answers.filter((answer) => isRefusal(answer))).toHaveLength(1);
      const after = await whole(id);
      expect(after.bill_id === null).toBe(after.state === 'returned');
    }
  });

  test('a return needs a reason, keeps it, and is final', async () => {
    const { id } = await issued(goodRx(), true);
    expect(await reviewPrescription(parts, id, { decision: 'return' }, 'staff:zhang')).toMatchObject({
      refused: 'invalid_input',
      field: 'note',
    });
    const returned = await reviewPrescription(
      parts,
      id,
      { decision: 'return', note: '剂量过大' },
      'staff:zhang',
    );
    expect(returned).toMatchObject({ state: 'returned', review_note: '剂量过大', bill_id: null });
    expect(await approve(id)).toMatchObject({ refused: 'prescription_not_reviewable' });
  });

  test('what is not to be reviewed, void, past its day or unknown is not approved', async () => {
    expect(await approve((await issued()).id)).toMatchObject({ refused: 'prescription_not_reviewable' });
    const gone = await issued(goodRx(), true);
    await voidIt(gone.id);
    expect(await approve(gone.id)).toEqual({ refused: 'prescription_void' });
    const late = await issued(goodRx(), true);
    parts.world.advance(24 * 3_600_000);
    expect(await approve(late.id)).toMatchObject({
      refused: 'prescription_not_reviewable',
      facts: { valid: false },
    });
    expect(await approve(99)).toEqual({ refused: 'prescription_not_found' });
    expect(await count('bills')).toBe(1);
  });

  test('voiding a prescription voids its bill with it', async () => {
    const prescription = await issued();
    expect(await voidIt(prescription.id)).toEqual({ voided: true });
    expect(await whole(prescription.id)).toMatchObject({
      state: 'void',
      void_reason: '开错',
      bill_status: 'void',
      version: 2,
    });
    expect(await billOf(prescription)).toMatchObject({ status: 'void', void_reason: '开错' });
    expect(await voidIt(prescription.id, '再次')).toEqual({ voided: false });
    expect(await voidIt(99)).toEqual({ refused: 'prescription_not_found' });
  });

  test('a prescription whose bill was voided before can still be voided', async () => {
    const prescription = await issued();
    await store.transact('test-void', (tx) =>
      voidBillRow(tx, prescription.bill_id ?? -1, '改价', 'staff:li', parts.world.now()),
    );
    expect(await voidIt(prescription.id)).toEqual({ voided: true });
    expect((await billOf(prescription)).void_reason).toBe('改价');
  });

  test('a paid prescription cannot be voided', async () => {
    const prescription = await issued();
    expect(await pay(await billOf(prescription))).toBe(true);
    expect(await voidIt(prescription.id)).toEqual({ refused: 'prescription_paid' });
    expect(await whole(prescription.id)).toMatchObject({ state: 'issued', bill_status: 'paid', version: 1 });
  });

  test('approve and void at once leave no bill that is alive beside a void prescription', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await issued(goodRx(), true);
      await Promise.all(round % 2 === 0 ? [approve(id), voidIt(id)] : [voidIt(id), approve(id)]);
      const after = await whole(id);
      expect(after.state).toBe('void');
      expect(after.bill_status).not.toBe('unpaid');
    }
  });

  test('what was written never changes: not its head, not its lines', async () => {
    const { id } = await issued();
    await expect(
      store.transact('tamper', (tx) =>
        tx.run(`UPDATE prescriptions SET diagnosis = '感冒' WHERE id = ?`, id),
      ),
    ).rejects.toThrow(ConstraintViolation);
    await expect(
      store.transact('tamper', (tx) => tx.run(`UPDATE prescription_lines SET quantity = '9'`)),
    ).rejects.toThrow(ConstraintViolation);
    await expect(
      store.transact('tamper', (tx) => tx.run('DELETE FROM prescriptions WHERE id = ?', id)),
    ).rejects.toThrow(ConstraintViolation);
  });

  test('every version of a prescription has its event', async () => {
    const { id } = await issued(goodRx(), true);
    await approve(id);
    await voidIt(id);
    const events = await store.read((tx) => tx.all(eventsOf, 'prescription', id));
    expect(
      events.map(({ version, from_state, to_state, actor }) => [version, from_state, to_state, actor]),
    ).toEqual([
      [1, null, 'issued', 'staff:li'],
      [2, 'issued', 'approved', 'staff:zhang'],
      [3, 'approved', 'void', 'staff:li'],
    ]);
    expect((await whole(id)).version).toBe(3);
  });

  test('lists turn their pages, by state and by the beginning of number or name', async () => {
    const first = await issued(goodRx({ patient_name: '李雷', patient_no: 'Q1' }), true);
    const second = await issued(goodRx(), true);
    const third = await issued();
    await approve(second.id);
    const page = await listPrescriptions(parts, { limit: 2 });
    expect(page.prescriptions.map(({ id }) => id)).toEqual([third.id, second.id]);
    expect(
      (await listPrescriptions(parts, { limit: 2, before_id: page.next_before_id ?? -1 })).prescriptions.map(
        ({ id }) => id,
      ),
    ).toEqual([first.id]);
    const ids = async (query: { q?: string; state?: 'issued' | 'approved' }) =>
      (await listPrescriptions(parts, { ...query, limit: 10 })).prescriptions.map(({ id }) => id);
    expect(await ids({ state: 'issued' })).toEqual([third.id, first.id]);
    expect(await ids({ q: '李' })).toEqual([first.id]);
    expect(await ids({ q: 'P00', state: 'approved' })).toEqual([second.id]);
    expect(await ids({ q: second.prescription_no.toLowerCase() })).toEqual([second.id]);
  });

  test('an identity number is kept and never told', async () => {
    const { id } = await issued(goodRx({ rx_class: 'narcotic', identity_no: '11010119910504002X' }));
    expect(JSON.stringify(prescriptionReply(await whole(id)))).not.toContain('11010119910504002X');
    expect(
      await store.read((tx) => tx.one('SELECT identity_no FROM prescriptions WHERE id = ?', id)),
    ).toEqual({ identity_no: '11010119910504002X' });
  });

  test('the API writes a prescription with its instants as text and its amount also in yuan', async () => {
    const reply = prescriptionReply(await issued());
    expect(reply).toMatchObject({
      amount: '25.60',
      valid_until: '2026-11-22T15:59:59Z',
      created_at: '2026-11-22T02:00:00Z',
      review_required: false,
    });
    expect(reply.lines[0]).toMatchObject({
      line_no: 1,
      skin_test: false,
      unit_price: '12.80',
      days: 5,
      trade_name: '',
    });
  });
});
