import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fen } from '#money';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Clinic, type Opened, type Parsed } from '../clinic.ts';
import { engines } from '../engines.ts';

const API = '/api/v1/finance';
const PAYABLE = 12_850;
const MORE = 15_000;
const LESS = 10_000;
const LONG_MS = 15 * 60_000;

describe.each(engines)('money before a person, on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine);
  });
  afterEach(() => closeAudited(clinic));

  const items = async (query = ''): Promise<Parsed[]> =>
    (await clinic.call('GET', `${API}/suspense${query}`)).body.suspense;
  const act = (item: Parsed, noun: string, body: Record<string, unknown> = {}) =>
    clinic.call('POST', `${API}/suspense/${item.id}/${noun}`, { note: '已核对', ...body });
  const readBill = async (bill: number): Promise<Parsed> =>
    (await clinic.call('GET', `${API}/bills/${bill}`)).body;
  const returned = (): number[] =>
    clinic
      .ledger()
      .filter(({ kind }) => kind === 'refund')
      .map(({ amount_fen }) => amount_fen);
  const rows = <R>(text: string): Promise<R[]> => clinic.store.read((tx) => tx.all<R>(text));
  const told = async () =>
    (await rows<{ type: string }>('SELECT type FROM outbox ORDER BY id')).map(({ type }) => type);

  /** The wallet takes another amount than we asked for, and the channel says so under its own signature. */
  function payOther(opened: Opened, amount: number): void {
    const gateway = clinic.sim.gateways.find((one) => one.knows(opened.qr_code_content));
    const paid = gateway?.pay(opened.qr_code_content, 'patient', amount);
    if (paid?.ok !== true) throw new Error(paid?.words ?? 'nobody knows this code');
  }
  async function disputed(method: 'alipay' | 'wechat', amount: number) {
    const bill = await clinic.bill(PAYABLE);
    const opened = await clinic.open(bill, method);
    payOther(opened, amount);
    await clinic.world.advance(5_000);
    const [item] = await items();
    return { bill, opened, item };
  }

  describe.each(['alipay', 'wechat'] as const)('paid with %s', (method) => {
    it('another amount waits before a person, with its reason and its age', async () => {
      const { bill, opened, item } = await disputed(method, MORE);
      expect(item).toMatchObject({
        reason: 'amount_differs',
        state: 'open',
        amount_fen: MORE,
        amount: '150.00',
        owner: null,
        note: null,
        closed_at: null,
        version: 1,
      });
      await clinic.world.advance(60_000);
      const [later] = await items();
      expect(later.age_seconds - item.age_seconds).toBe(60);
      expect((await readBill(bill)).status).toBe('unpaid');
      expect(await clinic.status(opened.session_id)).toMatchObject({
        status: 'cancelled',
        end_reason: 'disputed',
        disposition: 'disputed',
      });
      expect(await told()).toEqual(['suspense.opened']);
      expect(returned()).toEqual([]);
    });

    it('more than the bill can be posted to it, and the rest goes back by itself, once', async () => {
      const { bill, opened, item } = await disputed(method, MORE);
      const posted = await act(item, 'posting', { bill_id: bill });
      expect(posted).toMatchObject({
        status: 200,
        body: { id: item.id, state: 'posted', owner: 'key:test', note: '已核对', version: 2 },
      });
      expect(posted.body.closed_at).not.toBeNull();
      expect(await readBill(bill)).toMatchObject({ status: 'paid', paid_fen: PAYABLE });
      expect(await clinic.status(opened.session_id)).toMatchObject({
        status: 'paid',
        disposition: 'settled',
      });
      await clinic.world.advance(LONG_MS);
      expect(returned()).toEqual([MORE - PAYABLE]);
      const [refund] = (await clinic.call('GET', `${API}/bills/${bill}/refunds`)).body.refunds;
      expect(refund).toMatchObject({
        kind: 'suspense',
        state: 'succeeded',
        amount_fen: MORE - PAYABLE,
        reason: '已核对',
        requested_by: 'key:test',
        approved_by: 'key:test',
      });
      expect(await told()).toEqual(['suspense.opened', 'bill.paid', 'refund.succeeded']);
      // What the bill was never paid with is not taken from it: all of it can still be given back.
      expect(await readBill(bill)).toMatchObject({ paid_fen: PAYABLE, refunded_fen: 0 });
      expect(await items()).toEqual([]);
      const [event] = await rows(`SELECT happening, actor, reason, version FROM events
        WHERE entity = 'payment' AND from_state = 'paid'`);
      expect(event).toMatchObject({ happening: 'post', actor: 'key:test', reason: '已核对' });
    });

    it('exactly the sum of another bill goes nowhere but to its own', async () => {
      const { bill, item } = await disputed(method, MORE);
      const other = await clinic.bill(MORE);
      expect((await act(item, 'posting', { bill_id: other })).body).toMatchObject({
        code: 'suspense_not_postable',
        free_fen: MORE,
        payable_fen: MORE,
      });
      expect((await act(item, 'posting', { bill_id: 4711 })).body.code).toBe('bill_not_found');
      expect((await readBill(other)).status).toBe('unpaid');
      expect((await readBill(bill)).status).toBe('unpaid');
      expect(await items()).toMatchObject([{ state: 'open', version: 1 }]);
    });

    it('less than the bill settles nothing, whoever asks', async () => {
      const { bill, item } = await disputed(method, LESS);
      expect((await act(item, 'posting', { bill_id: bill })).body).toMatchObject({
        code: 'suspense_not_postable',
        free_fen: LESS,
        payable_fen: PAYABLE,
      });
      expect((await readBill(bill)).status).toBe('unpaid');
      expect(returned()).toEqual([]);
    });

    it('a person may send all of it back', async () => {
      const { bill, opened, item } = await disputed(method, LESS);
      const back = await act(item, 'refund');
      expect(back.body).toMatchObject({ state: 'refunded', owner: 'key:test' });
      expect(await clinic.status(opened.session_id)).toMatchObject({ disposition: 'surplus' });
      await clinic.world.advance(LONG_MS);
      expect(returned()).toEqual([LESS]);
      expect(await readBill(bill)).toMatchObject({ status: 'unpaid', surplus_fen: LESS });
      const [event] = await rows(
        `SELECT happening FROM events WHERE entity = 'payment' AND from_state = 'paid'`,
      );
      expect(event).toMatchObject({ happening: 'return' });
      const again = await clinic.open(bill, method);
      clinic.pay(again.qr_code_content);
      await clinic.world.advance(5_000);
      expect((await readBill(bill)).status).toBe('paid');
    });

    it('of two who act in one instant one is first, and the money goes one way', async () => {
      const { bill, item } = await disputed(method, MORE);
      const asked = ['refund', 'posting', 'refund', 'posting'].map((noun) => {
        const body = { note: noun, ...(noun === 'posting' && { bill_id: bill }) };
        return clinic.send('POST', `${API}/suspense/${item.id}/${noun}`, body);
      });
      const answers = await clinic.world.until(Promise.all(asked));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409]);
      expect(answers.filter(({ status }) => status === 409).map(({ body }) => body.code)).toEqual(
        Array(3).fill('suspense_closed'),
      );
      await clinic.world.advance(LONG_MS);
      expect(returned()).toHaveLength(1);
    });
  });

  describe('money under a number that we do not know', () => {
    /** As after a restored backup: the channel knows the order, and we do not. */
    async function adopted(amount: number): Promise<Parsed> {
      const channel = clinic.channels.get('wechat');
      const order = {
        outTradeNo: 'ZF20261122BeforeTheBackup001',
        amountFen: fen(amount),
        subject: '示范诊所医疗服务费',
        expiresAtMs: clinic.world.now() + LONG_MS,
        attach: 'B26112200000001',
        notifyUrl: 'http://127.0.0.1:8080/api/v1/finance/notifications/wechat',
      };
      const made = await clinic.world.until(
        channel?.create(order) ?? Promise.reject(new Error('no channel')),
      );
      if (made.outcome !== 'done') throw new Error(JSON.stringify(made));
      // Whoever ordered it had its row; the books that we read now are older than that.
      for (const call of clinic.calls) call.known = true;
      clinic.pay(made.value.content);
      await clinic.world.advance(5_000);
      const [item] = await items();
      return item;
    }

    it('can be posted to any unpaid bill that it covers, and the rest goes back', async () => {
      const item = await adopted(MORE);
      expect(item).toMatchObject({ reason: 'unknown_order', amount_fen: MORE });
      const [large, small] = [await clinic.bill(MORE + 1), await clinic.bill(PAYABLE)];
      expect((await act(item, 'posting', { bill_id: large })).body.code).toBe('suspense_not_postable');
      expect((await act(item, 'posting', { bill_id: small })).body.state).toBe('posted');
      await clinic.world.advance(LONG_MS);
      expect(await readBill(small)).toMatchObject({
        status: 'paid',
        paid_fen: PAYABLE,
        payment_method: 'wechat',
      });
      expect(returned()).toEqual([MORE - PAYABLE]);
    });

    it('can be sent back whole', async () => {
      const item = await adopted(MORE);
      expect((await act(item, 'refund')).body.state).toBe('refunded');
      await clinic.world.advance(LONG_MS);
      expect(returned()).toEqual([MORE]);
    });
  });

  it('what is held has a name and a reason, is still in the list, and can be dealt with later', async () => {
    const { bill, item } = await disputed('wechat', MORE);
    expect((await act(item, 'hold', { note: '等患者回电' })).body).toMatchObject({
      state: 'held',
      owner: 'key:test',
      note: '等患者回电',
      closed_at: null,
      version: 2,
    });
    expect(await items()).toMatchObject([{ state: 'held', owner: 'key:test' }]);
    expect((await act(item, 'posting', { bill_id: bill })).body).toMatchObject({
      state: 'posted',
      version: 3,
    });
    const events = await rows<{ to_state: string }>(
      `SELECT to_state FROM events WHERE entity = 'suspense' ORDER BY version`,
    );
    expect(events.map(({ to_state }) => to_state)).toEqual(['open', 'held', 'posted']);
  });

  it('an item that holds money is closed by no word alone', async () => {
    const { item } = await disputed('wechat', MORE);
    expect((await act(item, 'closure')).body.code).toBe('suspense_holds_money');
    expect(await items()).toHaveLength(1);
  });

  it('what was dealt with, or never was, is refused by name', async () => {
    const { bill, item } = await disputed('wechat', MORE);
    await act(item, 'refund');
    for (const noun of ['refund', 'hold', 'closure']) {
      expect((await act(item, noun)).body.code).toBe('suspense_closed');
      expect((await act({ id: 4711 }, noun)).body.code).toBe('suspense_not_found');
    }
    expect((await act(item, 'posting', { bill_id: bill })).body.code).toBe('suspense_closed');
  });

  it('posting takes another code of the bill from its screen at once', async () => {
    const { bill, item } = await disputed('wechat', MORE);
    const fresh = await clinic.open(bill, 'alipay');
    await act(item, 'posting', { bill_id: bill });
    expect(await clinic.status(fresh.session_id)).toMatchObject({
      status: 'cancelled',
      end_reason: 'paid_elsewhere',
      code_shown: false,
    });
  });

  it('a bill that is paid or void takes no more', async () => {
    const { bill, item } = await disputed('wechat', MORE);
    const again = await clinic.open(bill, 'wechat');
    clinic.pay(again.qr_code_content);
    await clinic.world.advance(5_000);
    expect((await act(item, 'posting', { bill_id: bill })).body.code).toBe('suspense_not_postable');
    expect((await act(item, 'refund')).body.state).toBe('refunded');
    await clinic.world.advance(LONG_MS);
    expect(returned()).toEqual([MORE]);
  });

  it('the oldest stand first, a page at a time', async () => {
    await disputed('wechat', MORE);
    await disputed('wechat', LESS);
    const all = await items();
    expect(all.map(({ amount_fen }) => amount_fen)).toEqual([MORE, LESS]);
    expect(await items('?limit=1')).toEqual([all[0]]);
    expect(await items(`?after_id=${all[0].id}`)).toMatchObject([{ id: all[1].id }]);
  });

  describe('a refund that the channel closed', () => {
    async function closedRefund() {
      const bill = await clinic.bill(PAYABLE);
      clinic.pay((await clinic.open(bill, 'wechat')).qr_code_content);
      await clinic.world.advance(3_000);
      clinic.weather({ wechat_refund_closed: 1 });
      const asked = await clinic.call('POST', `${API}/bills/${bill}/refunds`, {
        amount_fen: 3_000,
        reason: '退药',
      });
      await clinic.world.advance(LONG_MS);
      clinic.weather({ wechat_refund_closed: 0 });
      const [item] = await items();
      return { bill, refund: asked.body, item };
    }

    it('stands before a person, who sends the same amount under a new number', async () => {
      const { bill, refund, item } = await closedRefund();
      expect(item).toMatchObject({ reason: 'refund_failed', refund_id: refund.id, amount_fen: 3_000 });
      expect((await act(item, 'refund')).body.state).toBe('refunded');
      await clinic.world.advance(LONG_MS);
      expect(returned()).toEqual([3_000]);
      const { refunds } = (await clinic.call('GET', `${API}/bills/${bill}/refunds`)).body;
      expect(refunds).toMatchObject([
        { state: 'failed', amount_fen: 3_000 },
        { state: 'succeeded', amount_fen: 3_000, kind: 'bill' },
      ]);
      expect(new Set(refunds.map((one: Parsed) => one.out_refund_no)).size).toBe(2);
      expect((await readBill(bill)).refunded_fen).toBe(3_000);
    });

    it('is posted nowhere, and may be closed with a note when it was dealt with outside', async () => {
      const { bill, item } = await closedRefund();
      expect((await act(item, 'posting', { bill_id: bill })).body.code).toBe('suspense_not_postable');
      const done = await act(item, 'closure', { note: '已付现金' });
      expect(done.body).toMatchObject({ state: 'closed', owner: 'key:test', note: '已付现金' });
      expect(done.body.closed_at).not.toBeNull();
      expect(returned()).toEqual([]);
    });

    it('is not sent again when its amount went elsewhere meanwhile', async () => {
      const { bill, item } = await closedRefund();
      await clinic.call('POST', `${API}/bills/${bill}/refunds`, { amount_fen: PAYABLE, reason: '退号' });
      expect((await act(item, 'refund')).body.code).toBe('suspense_not_refundable');
      await clinic.world.advance(LONG_MS);
      expect(returned()).toEqual([PAYABLE]);
    });
  });
});
