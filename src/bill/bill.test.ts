import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureClinic } from '#clinic';
import { eventsOf } from '#sql/events';
import { ConstraintViolation, type Store } from '#store';
import { isRefusal } from '#trouble';
import { engines } from '../../test/engines.ts';
import { stillWorld, type StillWorld } from '../../test/support/still-world.ts';
import {
  billPageReply,
  billReply,
  createBill,
  listBills,
  lockUnpaidBill,
  readBill,
  settleBill,
  voidBillRow,
  type Bill,
  type CreateBill,
  type Parts,
} from './index.ts';

const input = (more: Partial<CreateBill> = {}): CreateBill => ({
  external_bill_no: 'HIS-1',
  patient_name: '王芳',
  patient_no: 'P0001',
  lines: [{ fee_class: '09', name: '阿莫西林胶囊', quantity: 2, unit: '盒', unit_price_fen: 1250 }],
  ...more,
});

describe.each(engines)('bills on $name', ({ open }) => {
  let parts: Parts & { world: StillWorld };
  let store: Store;

  beforeEach(async () => {
    store = await open();
    const world = stillWorld();
    parts = {
      world,
      store,
      clinic: await ensureClinic(store, { name: '示范诊所', shortName: '示范诊所' }, world.now()),
    };
  });
  afterEach(() => store.close());

  async function made(more: Partial<CreateBill> = {}): Promise<Bill> {
    const answer = await createBill(parts, input(more), 'key:his');
    if (isRefusal(answer)) throw new Error(`${answer.refused} ${answer.field}`);
    return answer.bill;
  }

  async function whole(id: number): Promise<Bill> {
    const bill = await readBill(parts, id);
    if (isRefusal(bill)) throw new Error(bill.refused);
    return bill;
  }

  /** A session with its payment, as opening one writes them; `shown` on the bill's screens. */
  function open1(billId: number, no: string, shown: boolean): Promise<{ paymentId: number } | 'not_unpaid'> {
    const at = parts.world.now();
    return store.transact('test-open', async (tx) => {
      if (!(await lockUnpaidBill(tx, billId))) return 'not_unpaid';
      const payment = await tx.run(
        `INSERT INTO payments (clinic_id, bill_id, out_trade_no, payment_method, payment_mode, amount_fen, qr_code_expires_at,
           app_id, merchant_id, configuration_id, subject, attach, notify_url, state, version, created_at, updated_at)
         VALUES (1, ?, ?, 'alipay', 'qr_code', 2500, ?, 'a', 'm', 'c', 's', 'x', 'n', 'creating', 1, ?, ?)`,
        billId,
        no,
        at,
        at,
        at,
      );
      await tx.run(
        `INSERT INTO payment_sessions (clinic_id, public_id, bill_id, payment_id, payment_method, expires_at, shown_bill_id, version, created_at, updated_at)
         VALUES (1, ?, ?, ?, 'alipay', ?, ?, 1, ?, ?)`,
        `${no}-session`,
        billId,
        payment.id,
        at + 900_000,
        shown ? billId : null,
        at,
        at,
      );
      return { paymentId: payment.id };
    });
  }

  const voidIt = (id: number, reason = '开错') =>
    store.transact('test-void', (tx) => voidBillRow(tx, id, reason, 'staff:li', parts.world.now()));

  /** Pays the bill by a new payment, or receives a payment that came beside it. */
  async function pay(billId: number, no: string): Promise<boolean> {
    const opened = await open1(billId, no, false);
    if (opened === 'not_unpaid') return false;
    return settle(billId, opened.paymentId);
  }

  const settle = (billId: number, paymentId: number) =>
    store.transact('test-settle', async (tx) => {
      const won = await settleBill(tx, {
        billId,
        paymentId,
        paidFen: 2500,
        actor: 'channel:alipay',
        evidenceId: 1,
        atMs: parts.world.now(),
      });
      await tx.run(
        `UPDATE payments SET state = 'paid', received_fen = amount_fen, disposition = ?, paid_evidence_id = 1, paid_at = 7000, late = ? WHERE id = ?`,
        won ? 'settled' : 'surplus',
        won ? 0 : 1,
        paymentId,
      );
      return won;
    });

  test('a bill is made once, with its lines, its number and its first event', async () => {
    const bill = await made({ department: '内科', doctor: '李明', discount_fen: 100 });
    expect(bill).toMatchObject({
      total_fen: 2500,
      payable_fen: 2400,
      discount_fen: 100,
      status: 'unpaid',
      version: 1,
      surplus_fen: 0,
      paid_at: null,
    });
    expect(bill.bill_no).toMatch(/^B261122\d{8}$/);
    expect(bill.lines).toEqual([
      {
        line_no: 1,
        fee_class: '09',
        name: '阿莫西林胶囊',
        spec: '',
        quantity: '2',
        unit: '盒',
        unit_price: '12.50',
        amount_fen: 2500,
      },
    ]);
    const events = await store.read((tx) => tx.all(eventsOf, 'bill', bill.id));
    expect(events).toMatchObject([
      { version: 1, happening: 'create', from_state: null, to_state: 'unpaid', actor: 'key:his' },
    ]);
  });

  test('the same number with the same content is the same bill, however it is written', async () => {
    const bill = await made();
    const again = await createBill(
      parts,
      input({
        lines: [
          {
            fee_class: '09',
            name: '阿莫西林胶囊',
            spec: '',
            quantity: '2.0',
            unit: '盒',
            unit_price: '12.5',
          },
        ],
      }),
      'key:his',
    );
    expect(again).toMatchObject({ created: false, bill: { id: bill.id, bill_no: bill.bill_no } });
  });

  test('the same number with other content is refused by name and has no effect', async () => {
    const bill = await made();
    expect(await createBill(parts, input({ patient_name: '王方' }), 'key:his')).toEqual({
      refused: 'bill_differs',
      facts: { bill_id: bill.id },
    });
    expect((await listBills(parts, { limit: 10 })).bills).toHaveLength(1);
    expect((await whole(bill.id)).patient_name).toBe('王芳');
  });

  test('numbers that differ in case or a trailing dot are different numbers', async () => {
    const ids = [];
    for (const external_bill_no of ['HIS-1', 'his-1', 'HIS-1.'])
      ids.push((await made({ external_bill_no })).id);
    expect(new Set(ids).size).toBe(3);
  });

  test('fifty identical posts at once make one bill', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => createBill(parts, input(), 'key:his')),
    );
    const bills = answers.map((answer) => {
      if (isRefusal(answer)) throw new Error(answer.refused);
      return answer;
    });
    expect(new Set(bills.map(({ bill }) => bill.id)).size).toBe(1);
    expect(bills.filter(({ created }) => created)).toHaveLength(1);
    expect((await listBills(parts, { limit: 100 })).bills).toHaveLength(1);
  });

  test('of posts at once with different contents one makes the bill, the others are refused', async () => {
    const names = ['一', '二', '三', '四', '五', '六', '七', '八'];
    const answers = await Promise.all(
      names.map((name) => createBill(parts, input({ patient_name: name }), 'key:his')),
    );
    expect(answers.filter((answer) => isRefusal(answer) && answer.refused === 'bill_differs')).toHaveLength(
      7,
    );
  });

  test('a bill number that is taken by chance is drawn again', async () => {
    await made();
    const same = { ...parts, world: stillWorld() };
    const answer = await createBill(same, input({ external_bill_no: 'HIS-2' }), 'key:his');
    expect(answer).toMatchObject({ created: true });
  });

  test('what a bill says never changes, not even by our own hand', async () => {
    const bill = await made();
    await expect(
      store.transact('tamper', (tx) =>
        tx.run('UPDATE bills SET payable_fen = 1, total_fen = 1 WHERE id = ?', bill.id),
      ),
    ).rejects.toThrow(ConstraintViolation);
    await expect(
      store.transact('tamper', (tx) => tx.run('UPDATE bill_lines SET amount_fen = 1')),
    ).rejects.toThrow(ConstraintViolation);
    expect((await whole(bill.id)).payable_fen).toBe(2500);
  });

  test('a bill is paid by one payment; the other is surplus', async () => {
    const bill = await made();
    const one = await open1(bill.id, 'ZF1', false);
    const two = await open1(bill.id, 'ZF2', false);
    if (one === 'not_unpaid' || two === 'not_unpaid') throw new Error('unpaid');
    const won = await Promise.all([settle(bill.id, one.paymentId), settle(bill.id, two.paymentId)]);
    expect(won.filter(Boolean)).toHaveLength(1);
    const paid = await whole(bill.id);
    expect(paid).toMatchObject({
      status: 'paid',
      paid_fen: 2500,
      surplus_fen: 2500,
      payment_method: 'alipay',
      paid_at: 7000,
      late: false,
      version: 2,
    });
    expect(paid.sessions.map(({ disposition }) => disposition).toSorted()).toEqual(['settled', 'surplus']);
    expect(await settle(bill.id, one.paymentId)).toBe(false);
  });

  test('a paid bill cannot be voided', async () => {
    const bill = await made();
    expect(await pay(bill.id, 'ZF1')).toBe(true);
    expect(await voidIt(bill.id)).toEqual({ refused: 'bill_already_paid' });
    expect((await whole(bill.id)).status).toBe('paid');
  });

  test('a bill whose code stands on a screen is not voided; the code is named', async () => {
    const bill = await made();
    await open1(bill.id, 'ZF1', true);
    expect(await voidIt(bill.id)).toEqual({
      refused: 'retire_unfinished',
      facts: { session_id: 'ZF1-session' },
    });
    expect(await whole(bill.id)).toMatchObject({ status: 'unpaid', version: 1 });
  });

  test('a void bill keeps who voided it and why; told again it stays so', async () => {
    const bill = await made();
    expect(await voidIt(bill.id)).toEqual({ voided: true });
    expect(await voidIt(bill.id, '另一个理由')).toEqual({ voided: false });
    expect(await whole(bill.id)).toMatchObject({ status: 'void', void_reason: '开错', version: 2 });
    const events = await store.read((tx) => tx.all(eventsOf, 'bill', bill.id));
    expect(events.at(-1)).toMatchObject({
      version: 2,
      from_state: 'unpaid',
      to_state: 'void',
      actor: 'staff:li',
      reason: '开错',
    });
    expect(events).toHaveLength(2);
  });

  test('a bill that is not there is refused by name', async () => {
    expect(await readBill(parts, 99)).toEqual({ refused: 'bill_not_found' });
    expect(await voidIt(99)).toEqual({ refused: 'bill_not_found' });
  });

  test('void and open at once cannot both win', async () => {
    for (let round = 0; round < 20; round += 1) {
      const bill = await made({ external_bill_no: `RACE-${round}` });
      const voids = () => voidIt(bill.id);
      const opens = () => open1(bill.id, `R${round}`, true);
      const [first, second] = await Promise.all(round % 2 === 0 ? [voids(), opens()] : [opens(), voids()]);
      const answers = [first, second];
      const voided = answers.some((answer) => answer !== 'not_unpaid' && 'voided' in answer && answer.voided);
      const opened = answers.some((answer) => answer !== 'not_unpaid' && 'paymentId' in answer);
      expect([voided, opened].filter(Boolean)).toHaveLength(1);
      const after = await whole(bill.id);
      expect(after.status).toBe(voided ? 'void' : 'unpaid');
      expect(after.sessions.filter(({ shown }) => shown)).toHaveLength(opened ? 1 : 0);
    }
  });

  test('void and settle at once cannot both win', async () => {
    for (let round = 0; round < 20; round += 1) {
      const bill = await made({ external_bill_no: `RACE-${round}` });
      const opened = await open1(bill.id, `R${round}`, false);
      if (opened === 'not_unpaid') throw new Error('unpaid');
      const [answer, won] = await Promise.all([voidIt(bill.id), settle(bill.id, opened.paymentId)]);
      const { status, version } = await whole(bill.id);
      expect(status).toBe(won ? 'paid' : 'void');
      expect('voided' in answer).toBe(!won);
      expect(version).toBe(2);
    }
  });

  test('every version of a bill has its event, and its state is where the last one led', async () => {
    const paid = await made();
    await pay(paid.id, 'ZF1');
    const gone = await made({ external_bill_no: 'HIS-2' });
    await voidIt(gone.id);
    await made({ external_bill_no: 'HIS-3' });
    const odd = await store.read((tx) =>
      tx.all(`SELECT b.id FROM bills b WHERE b.version <> (SELECT COUNT(*) FROM events e WHERE e.entity = 'bill' AND e.entity_id = b.id)
        OR b.status <> (SELECT e.to_state FROM events e WHERE e.entity = 'bill' AND e.entity_id = b.id AND e.version = b.version)`),
    );
    expect(odd).toEqual([]);
  });

  test('a list turns its pages without losing or repeating a bill', async () => {
    for (let n = 1; n <= 7; n += 1) await made({ external_bill_no: `HIS-${n}` });
    const seen: (string | null)[] = [];
    let before_id: number | undefined;
    do {
      const page = await listBills(parts, { limit: 3, before_id });
      seen.push(...page.bills.map((bill) => bill.external_bill_no));
      before_id = page.next_before_id ?? undefined;
    } while (before_id !== undefined);
    expect(seen).toEqual(['HIS-7', 'HIS-6', 'HIS-5', 'HIS-4', 'HIS-3', 'HIS-2', 'HIS-1']);
  });

  test('a bill is found by the beginning of any of its numbers, or of the name', async () => {
    const bill = await made();
    const other = await made({ external_bill_no: 'X%_9', patient_name: '李雷', patient_no: 'Q7' });
    await voidIt(other.id);
    const find = async (q: string, status?: 'unpaid' | 'void') =>
      (await listBills(parts, { q, status, limit: 10 })).bills.map(({ id }) => id);
    expect(await find('王')).toEqual([bill.id]);
    expect(await find('HIS')).toEqual([bill.id]);
    expect(await find('P00')).toEqual([bill.id]);
    expect(await find(bill.bill_no.toLowerCase())).toEqual([bill.id]);
    expect(await find('B26')).toEqual([other.id, bill.id]);
    expect(await find('B26', 'void')).toEqual([other.id]);
    expect(await find('芳')).toEqual([]);
    expect(await find('%')).toEqual([]);
    expect(await find('X%_')).toEqual([other.id]);
    expect((await listBills(parts, { status: 'unpaid', limit: 10 })).bills.map(({ id }) => id)).toEqual([
      bill.id,
    ]);
  });

  test('the API writes a bill with its instants as text and its amounts also in yuan', async () => {
    const bill = await made();
    await pay(bill.id, 'ZF1');
    const reply = billReply(await whole(bill.id));
    expect(reply).toMatchObject({
      payable: '25.00',
      created_at: '2026-11-22T02:00:00Z',
      paid_at: '1970-01-01T00:00:07Z',
      valid_until: null,
      late: false,
    });
    expect(reply.lines[0]).toMatchObject({ fee_class_name: '西药费', amount: '25.00' });
    expect(reply.sessions[0]).toMatchObject({
      session_id: 'ZF1-session',
      shown: false,
      expires_at: '2026-11-22T02:15:00Z',
    });
    expect(Object.keys(billPageReply(await listBills(parts, { limit: 1 })).bills[0] ?? {})).not.toContain(
      'lines',
    );
  });
});
