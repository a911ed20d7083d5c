import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Answer, type Clinic, type Instance } from '../clinic.ts';
import { engines } from '../engines.ts';
import { neverAnswered } from '../support/meddling.ts';

const API = '/api/v1/finance';

const holderOf = `
  SELECT j.lease_owner AS owner FROM jobs j JOIN payments p ON p.id = j.subject_id
  WHERE j.kind = 'follow_payment' AND p.out_trade_no = ?`;

/** A database that instances can share. Within one process the hub alone tells the pages. */
const shared = engines.filter(({ name }) => name === 'mysql');

// One file of SQLite has one process; its second instance here only shows that no rule lives in memory.
describe.each(engines)('racers and instances on $name', (engine) => {
  let clinic: Clinic;
  let second: Instance;
  beforeEach(async () => {
    clinic = await openClinic(engine);
    second = await clinic.instance();
  });
  afterEach(() => closeAudited(clinic));

  /** Every request at once, by turns on both instances. */
  const race = (count: number, url: string, body: (index: number) => object): Promise<Answer[]> => {
    const doors = [clinic, second] as const;
    const sent = Array.from({ length: count }, (_one, index) =>
      doors[index % 2 === 0 ? 0 : 1].send('POST', url, body(index)),
    );
    return clinic.world.until(Promise.all(sent), 240_000);
  };
  const sessions = (bill: number) =>
    clinic.store.read((tx) =>
      tx.all<{ public_id: string; shown_bill_id: number | null }>(
        'SELECT * FROM payment_sessions WHERE bill_id = ?',
        bill,
      ),
    );
  const shown = async (bill: number) => (await sessions(bill)).filter((one) => one.shown_bill_id !== null);

  describe.each(['alipay', 'wechat'] as const)('with %s', (method) => {
    const other = method === 'alipay' ? 'wechat' : 'alipay';

    it('a hundred who ask for a code of one bill at once get one and the same', async () => {
      const bill = await clinic.bill();
      const answers = await race(100, `${API}/bills/${bill}/qr-payment`, () => ({ payment_method: method }));
      const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
      expect(statuses).toEqual([...Array(99).fill(200), 201]);
      expect(new Set(answers.map(({ body }) => `${body.session_id} ${body.qr_code_content}`)).size).toBe(1);
      expect(await sessions(bill)).toHaveLength(1);
      expect(clinic.calls.filter(({ api }) => api === 'create')).toHaveLength(1);
    });

    it('who waits on the second instance gets the code that the first one ordered', async () => {
      clinic.weather({ delay_ms: 3_000 });
      const bill = await clinic.bill();
      const url = `${API}/bills/${bill}/qr-payment`;
      const first = clinic.send('POST', url, { payment_method: method });
      await clinic.world.advance(300);
      const waiting = second.send('POST', url, { payment_method: method });
      const [made, found] = await clinic.world.until(Promise.all([first, waiting]));
      expect([made.status, found.status]).toEqual([201, 200]);
      expect(found.body.qr_code_content).toBe(made.body.qr_code_content);
    });

    it('pages do not multiply questions: fifty of them on two instances ask the channel as one', async () => {
      const opened = await clinic.open(await clinic.bill(), method);
      const url = `${API}/payment-sessions/${opened.session_id}/status`;
      for (let page = 0; page < 5; page += 1)
        await (page % 2 === 0 ? clinic : second).stream(opened.session_id);
      const before = clinic.calls.length;
      for (let second_ = 0; second_ < 30; second_ += 1) {
        await Promise.all(
          Array.from({ length: 50 }, (_one, index) => (index % 2 === 0 ? clinic : second).send('GET', url)),
        );
        await clinic.world.advance(1_000);
      }
      const asked = clinic.calls.slice(before).map(({ atMs }) => atMs);
      expect(asked.length).toBeGreaterThanOrEqual(9);
      expect(asked.length).toBeLessThanOrEqual(16);
      const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_900);
    });

    it('however cashiers fight over method and freshness, one code stands, and its money settles', async () => {
      const bill = await clinic.bill();
      const wishes = [
        { payment_method: method },
        { payment_method: other },
        { payment_method: method, refresh: true },
      ] as const;
      const answers = await race(
        24,
        `${API}/bills/${bill}/qr-payment`,
        (index) => wishes[index % 3] ?? wishes[0],
      );
      for (const answer of answers) {
        if (answer.status > 201)
          expect(['retire_unfinished', 'session_ended', 'channel_silent']).toContain(answer.body.code);
      }
      expect((await shown(bill)).length).toBeLessThanOrEqual(1);
      const last = await clinic.open(bill, method);
      expect(await shown(bill)).toMatchObject([{ public_id: last.session_id }]);
      clinic.pay(last.qr_code_content);
      await clinic.world.advance(3_000);
      expect((await clinic.call('GET', `${API}/bills/${bill}`)).body).toMatchObject({
        status: 'paid',
        surplus_fen: 0,
      });
    });

    it('pay, cancel, void and refresh at once end in one truth', async () => {
      const bill = await clinic.bill();
      const opened = await clinic.open(bill, method);
      clinic.scan(opened.qr_code_content);
      const all = Promise.all([
        clinic.send('POST', `${API}/payment-sessions/${opened.session_id}/cancellation`, {}),
        second.send('POST', `${API}/bills/${bill}/void`, { reason: '开错了' }),
        clinic.send('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: method, refresh: true }),
        second.send('POST', `${API}/payment-sessions/${opened.session_id}/inquiry`, {}),
      ]);
      clinic.pay(opened.qr_code_content);
      const answers = await clinic.world.until(all);
      expect(answers.every(({ status }) => status < 500)).toBe(true);
      await clinic.world.advance(5_000);
      const read = (await clinic.call('GET', `${API}/bills/${bill}`)).body;
      const session = await clinic.status(opened.session_id);
      if (read.status === 'void')
        expect(session).toMatchObject({ status: 'cancelled', disposition: 'surplus' });
      else expect([read.status, session.status]).toEqual(['paid', 'paid']);
    });

    it('a code and a void at once never leave a void bill with a code on a screen', async () => {
      for (let round = 0; round < 3; round += 1) {
        const bill = await clinic.bill();
        const answers = await clinic.world.until(
          Promise.all([
            clinic.send('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: method }),
            second.send('POST', `${API}/bills/${bill}/void`, { reason: '开错了' }),
          ]),
        );
        expect(answers[1].body.status).toBe('void');
        expect(await shown(bill)).toEqual([]);
      }
    });
  });

  it('fifty identical posts of one bill make one bill', async () => {
    const line = { fee_class: '09', name: '阿莫西林胶囊', quantity: 1, unit: '盒', unit_price_fen: 100 };
    const body = { external_bill_no: 'RACE-1', patient_name: '张小丰', lines: [line] };
    const answers = await race(50, `${API}/bills`, () => body);
    expect(new Set(answers.map(({ body: made }) => made.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it('many open payments are each asked about by one instance at a time, and by the other when it dies', async () => {
    clinic.weather({ notify_lose: 1, delay_ms: 1_500 });
    const opened = [];
    for (let index = 0; index < 8; index += 1) opened.push(await clinic.open(await clinic.bill(), 'wechat'));
    await clinic.world.advance(10_000);
    // Whichever is asking next dies with its question on the way.
    let dead: Instance | undefined;
    clinic.meddle(async (call, act) => {
      if (dead === undefined) {
        const job = await clinic.store.read((tx) => tx.one<{ owner: string }>(holderOf, call.outTradeNo));
        dead = [clinic, second].find(({ app }) => app.parts.instance === job?.owner);
        dead?.process.kill();
      }
      return act();
    });
    await clinic.world.doze(45_000);
    expect(dead).toBeDefined();
    for (const one of opened) clinic.pay(one.qr_code_content);
    await clinic.world.doze(60_000);
    const paid = await clinic.store.read((tx) => tx.all("SELECT id FROM bills WHERE status = 'paid'"));
    expect(paid).toHaveLength(8);
    const lastEnd = new Map<string, number>();
    for (const call of clinic.calls) {
      expect(call.atMs).toBeGreaterThanOrEqual(lastEnd.get(call.outTradeNo) ?? 0);
      lastEnd.set(call.outTradeNo, call.answeredAtMs ?? call.atMs);
    }
  });
});

describe.each(shared)('pages on two instances over $name', (engine) => {
  let clinic: Clinic;
  let second: Instance;
  beforeEach(async () => {
    clinic = await openClinic(engine);
    second = await clinic.instance();
  });
  afterEach(() => closeAudited(clinic));

  describe.each(['alipay', 'wechat'] as const)('with %s', (method) => {
    it('a page on one instance shows within a second what the other settled', async () => {
      const opened = await clinic.open(await clinic.bill(), method);
      const page = await second.stream(opened.session_id);
      await clinic.world.advance(500);
      clinic.pay(opened.qr_code_content);
      await clinic.world.advance(1_000);
      expect(page.events.at(-1)?.data).toMatchObject({ status: 'paid', disposition: 'settled' });
      const read = await second.send('GET', `${API}/payment-sessions/${opened.session_id}/status`);
      expect(read.body.status).toBe('paid');
    });

    it('a code that one instance takes away leaves the pages of the other within a second', async () => {
      const opened = await clinic.open(await clinic.bill(), method);
      const page = await second.stream(opened.session_id);
      await clinic.world.advance(500);
      clinic.meddle(neverAnswered(clinic, () => true));
      const cancelling = clinic.send('POST', `${API}/payment-sessions/${opened.session_id}/cancellation`, {});
      await clinic.world.advance(1_000);
      expect(page.events.at(-1)?.data).toMatchObject({ phase: 'confirming', code_shown: false });
      clinic.meddle(undefined);
      expect((await clinic.world.until(cancelling)).status).toBeLessThan(410);
    });
  });
});
