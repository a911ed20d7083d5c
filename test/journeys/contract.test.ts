import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodRx } from '../../src/prescription/testing.ts';
import { closeAudited } from '../auditor.ts';
import { openClinic, TEN_O_CLOCK, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';
import { openPng, openSvg, readCode } from '../support/read-code.ts';

const MINUTE = 60_000;
const WHOLE_SECOND = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const API = '/api/v1/finance';

describe.each(engines)('the public contract on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    // Real requests do not come on whole seconds; expires_at must be one all the same.
    clinic = await openClinic(engine, { startMs: TEN_O_CLOCK + 137 });
  });
  afterEach(() => closeAudited(clinic));

  const ask = (bill: number, body: object, headers?: Record<string, string>) =>
    clinic.call('POST', `${API}/bills/${bill}/qr-payment`, body, headers);
  const image = (sessionId: string, type = 'png') =>
    clinic.call('GET', `${API}/qr-codes/${sessionId}.${type}`);

  describe.each(['alipay', 'wechat'] as const)('with %s', (method) => {
    it('a new session answers 201 with the four fields of the specification', async () => {
      const made = await ask(await clinic.bill(), { payment_method: method, timeout_minutes: 15 });
      expect(made.status).toBe(201);
      const { qr_code_content, qr_code_image_url, expires_at, session_id } = made.body;
      expect(qr_code_content).toMatch(method === 'alipay' ? /^https:\/\/qr\.alipay\.com\// : /^weixin:\/\//);
      expect(session_id).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(qr_code_image_url).toBe(`${API}/qr-codes/${session_id}.png`);
      expect(expires_at).toMatch(WHOLE_SECOND);
      const server = Date.parse(made.body.server_time);
      expect(Date.parse(expires_at)).toBeGreaterThan(server + 14 * MINUTE);
      expect(Date.parse(expires_at)).toBeLessThanOrEqual(server + 15 * MINUTE);
    });

    it('the status has the four fields of the specification and tells where the session stands', async () => {
      const bill = await clinic.bill();
      const opened = await clinic.open(bill, method);
      const read = await clinic.call('GET', `${API}/payment-sessions/${opened.session_id}/status`);
      expect(read.status).toBe(200);
      expect(read.headers['cache-control']).toBe('no-store');
      expect(read.body).toMatchObject({
        status: 'pending',
        bill_id: bill,
        payment_method: method,
        expires_at: opened.expires_at,
        phase: 'ready',
        amount_fen: 12_850,
        amount: '128.50',
        paid_at: null,
        late: false,
        disposition: null,
        replaced_by: null,
      });
      expect(read.body.version).toBeGreaterThanOrEqual(2);
      expect(Date.parse(read.body.server_time)).toBe(clinic.world.now());
    });

    it('the same call returns the code that is shown, as 200, with the time it has left', async () => {
      const bill = await clinic.bill();
      const opened = await clinic.open(bill, method);
      await clinic.world.doze(3 * MINUTE);
      const again = await ask(bill, { payment_method: method, timeout_minutes: 30 });
      expect(again.status).toBe(200);
      expect(again.body).toMatchObject({
        session_id: opened.session_id,
        qr_code_content: opened.qr_code_content,
        expires_at: opened.expires_at,
      });
    });

    it('who comes before the code does waits with the first and gets the same', async () => {
      clinic.weather({ delay_ms: 2_000 });
      const bill = await clinic.bill();
      const url = `${API}/bills/${bill}/qr-payment`;
      const first = clinic.send('POST', url, { payment_method: method });
      await clinic.world.advance(500);
      const second = clinic.send('POST', url, { payment_method: method });
      const [made, found] = await clinic.world.until(Promise.all([first, second]));
      expect([made.status, found.status]).toEqual([201, 200]);
      expect(found.body.session_id).toBe(made.body.session_id);
      expect(found.body.qr_code_content).toBe(made.body.qr_code_content);
    });

    it('a refresh is a new session with its own id, code and full time, and the old page points to it', async () => {
      const bill = await clinic.bill();
      const old = await clinic.open(bill, method);
      await clinic.world.doze(5 * MINUTE);
      const fresh = await ask(bill, { payment_method: method, refresh: true });
      expect(fresh.status).toBe(201);
      expect(fresh.body.session_id).not.toBe(old.session_id);
      expect(fresh.body.qr_code_content).not.toBe(old.qr_code_content);
      expect(Date.parse(fresh.body.expires_at)).toBeGreaterThan(clinic.world.now() + 14 * MINUTE);
      expect(await clinic.status(old.session_id)).toMatchObject({
        status: 'cancelled',
        phase: 'ended',
        end_reason: 'refresh',
        replaced_by: fresh.body.session_id,
      });
      clinic.pay(fresh.body.qr_code_content, 'another phone');
      await clinic.world.advance(3_000);
      expect(await clinic.status(fresh.body.session_id)).toMatchObject({ status: 'paid', late: false });
    });

    it('the pictures are the code: a decoder reads in them what the contract says', async () => {
      const opened = await clinic.open(await clinic.bill(), method);
      const png = await image(opened.session_id);
      expect(png.status).toBe(200);
      expect(png.headers).toMatchObject({ 'content-type': 'image/png', 'cache-control': 'no-store' });
      expect(readCode(openPng(png.bytes))).toBe(opened.qr_code_content);
      const svg = await image(opened.session_id, 'svg');
      expect(svg.headers).toMatchObject({ 'cache-control': 'no-store' });
      expect(svg.headers['content-type']).toContain('image/svg+xml');
      expect(readCode(openSvg(svg.bytes.toString('utf8')))).toBe(opened.qr_code_content);
    });

    it('there is no picture before the code and none after it', async () => {
      clinic.weather({ delay_ms: 2_000 });
      const bill = await clinic.bill();
      const waiting = clinic.send('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: method });
      await clinic.world.advance(300);
      const row = await clinic.store.read((tx) =>
        tx.one<{ public_id: string }>('SELECT public_id FROM payment_sessions WHERE bill_id = ?', bill),
      );
      const early = await image(row?.public_id ?? '');
      expect([early.status, early.body.code, early.headers['cache-control']]).toEqual([
        409,
        'code_not_ready',
        'no-store',
      ]);
      const opened = (await clinic.world.until(waiting)).body;
      expect((await image(opened.session_id)).status).toBe(200);
      clinic.calm();
      await clinic.cancel(opened.session_id);
      const after = await image(opened.session_id);
      expect([after.status, after.body.code, after.headers['cache-control']]).toEqual([
        410,
        'code_withdrawn',
        'no-store',
      ]);
      expect((await image(opened.session_id, 'svg')).status).toBe(410);
    });

    it('a code leaves its picture at expires_at, whoever is late to notice', async () => {
      const opened = await clinic.open(await clinic.bill(), method, { timeout_minutes: 1 });
      clinic.process.stop();
      await clinic.world.advance(Date.parse(opened.expires_at) - clinic.world.now());
      const other = await clinic.instance();
      const picture = await other.send('GET', `${API}/qr-codes/${opened.session_id}.png`);
      expect([picture.status, picture.body.code]).toEqual([410, 'code_withdrawn']);
      const read = await other.send('GET', `${API}/payment-sessions/${opened.session_id}/status`);
      expect(read.body).toMatchObject({ status: 'pending', phase: 'confirming', code_shown: false });
    });

    it('a silent channel is said so after ten seconds, and the same call later finds the session', async () => {
      clinic.weather({ silent: true });
      const bill = await clinic.bill();
      const before = clinic.world.now();
      const silent = await ask(bill, { payment_method: method });
      expect([silent.status, silent.body.code]).toEqual([504, 'channel_silent']);
      expect(silent.body.session_id).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(clinic.world.now() - before).toBeGreaterThanOrEqual(10_000);
      expect(clinic.world.now() - before).toBeLessThan(11_000);
      expect(await clinic.status(silent.body.session_id)).toMatchObject({ status: 'pending' });
      clinic.calm();
      await clinic.world.doze(40_000);
      const later = await ask(bill, { payment_method: method });
      expect(later.status).toBe(200);
      expect(later.body.session_id).toBe(silent.body.session_id);
      expect(later.body.qr_code_content).not.toBe('');
    });

    it('an inquiry asks the channel now, and knows the money that no notification told of', async () => {
      clinic.weather({ notify_lose: 1 });
      const opened = await clinic.open(await clinic.bill(), method);
      await clinic.world.doze(2 * MINUTE);
      clinic.pay(opened.qr_code_content);
      const answer = await clinic.call('POST', `${API}/payment-sessions/${opened.session_id}/inquiry`, {});
      expect(answer.body).toMatchObject({ status: 'paid', phase: 'ended', disposition: 'settled' });
      expect(Date.parse(answer.body.server_time) - Date.parse(answer.body.paid_at)).toBeLessThan(1_500);
    });

    it('an open page is sent the whole status, at connect and at each change, with the version as its id', async () => {
      const opened = await clinic.open(await clinic.bill(), method);
      const page = await clinic.stream(opened.session_id);
      await clinic.world.advance(1_000);
      expect(page.events).toHaveLength(1);
      clinic.pay(opened.qr_code_content);
      await clinic.world.advance(1_000);
      const status = await clinic.status(opened.session_id);
      const last = page.events.at(-1);
      expect(last?.id).toBe(String(status.version));
      expect({ ...last?.data, server_time: '' }).toEqual({ ...status, server_time: '' });
      expect(last?.data).toMatchObject({ status: 'paid', disposition: 'settled' });
      const versions = page.events.map(({ id }) => Number(id));
      expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
    });

    it('neither the public nor the channel reads who the patient is or what is charged', async () => {
      const opened = await clinic.open(await clinic.bill(), method);
      const page = await clinic.stream(opened.session_id);
      await clinic.world.advance(500);
      const read = (url: string) => clinic.call('GET', url, undefined, { authorization: '' });
      const status = await read(`${API}/payment-sessions/${opened.session_id}/status`);
      expect(status.status).toBe(200);
      expect((await read(`${API}/qr-codes/${opened.session_id}.png`)).status).toBe(200);
      const told = JSON.stringify([status.body, page.events]);
      for (const secret of ['张小丰', '阿莫西林', 'HIS-1-1', 'ZF20', '西药'])
        expect(told).not.toContain(secret);
      expect((await read(`${API}/bills/${status.body.bill_id}`)).status).toBe(401);
    });
  });

  it('an order that WeChat Pay declines for good is 502 and its session is cancelled', async () => {
    const bill = await clinic.bill(404);
    const declined = await ask(bill, { payment_method: 'wechat' });
    expect([declined.status, declined.body.code]).toEqual([502, 'channel_declined']);
    const status = await clinic.status(declined.body.session_id);
    expect(status).toMatchObject({ status: 'cancelled', end_reason: 'declined', phase: 'ended' });
    const row = await clinic.session(declined.body.session_id);
    expect([row.payment_state, row.shown_bill_id]).toEqual(['create_rejected', null]);
    expect((await ask(bill, { payment_method: 'alipay' })).status).toBe(201);
  });

  it.each([
    [1, 1],
    [120, 120],
    [undefined, 15],
  ])('a session of %s minutes ends after %s', async (wished, minutes) => {
    const body = wished === undefined ? {} : { timeout_minutes: wished };
    const opened = await clinic.open(await clinic.bill(), 'wechat', body);
    const left = Date.parse(opened.expires_at) - clinic.world.now();
    expect(left).toBeLessThanOrEqual(minutes * MINUTE);
    expect(left).toBeGreaterThan(minutes * MINUTE - 2_000);
  });

  it("a day's takings are told however large they are", async () => {
    for (let count = 0; count < 2; count += 1) {
      const opened = await clinic.open(await clinic.bill(9_000_000_000), 'alipay');
      clinic.pay(opened.qr_code_content);
      await clinic.world.advance(1_000);
    }
    const staff = await clinic.call('GET', '/api/v1/staff-session');
    expect([staff.status, staff.body.today]).toEqual([200, { count: 2, paid_fen: 18_000_000_000 }]);
  });

  it('the same bill posted again is the same bill, and another content under its number is refused', async () => {
    const bill = {
      external_bill_no: 'MZ-1',
      patient_name: '张小丰',
      lines: [{ fee_class: '09', name: '黄芪', quantity: '15.5', unit: 'g', unit_price: '0.0350' }],
    };
    const made = await clinic.call('POST', `${API}/bills`, bill);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ total_fen: 54, payable_fen: 54, status: 'unpaid' });
    const again = await clinic.call('POST', `${API}/bills`, bill);
    expect([again.status, again.body.id]).toEqual([200, made.body.id]);
    const other = await clinic.call('POST', `${API}/bills`, { ...bill, discount_fen: 1 });
    expect([other.status, other.body.code]).toEqual([409, 'bill_differs']);
  });
});

describe.each(engines)('an Alipay account that is refused, on $name', (engine) => {
  it('is 502 at once: the order is declined for good, the session cancelled, an operator told', async () => {
    const clinic = await openClinic(engine, { env: { ALIPAY_SELLER_ID: '2088000000000009' } });
    const bill = await clinic.bill();
    const declined = await clinic.call('POST', `${API}/bills/${bill}/qr-payment`, {
      payment_method: 'alipay',
    });
    expect([declined.status, declined.body.code]).toEqual([502, 'channel_declined']);
    expect(await clinic.status(declined.body.session_id)).toMatchObject({
      status: 'cancelled',
      end_reason: 'declined',
    });
    const alarms = await clinic.store.read((tx) => tx.all<{ code: string }>('SELECT code FROM alarms'));
    expect(alarms).toEqual([{ code: 'channel_configuration' }]);
    await closeAudited(clinic);
  });
});

describe.each(engines)('the bill of a prescription on $name', (engine) => {
  // Twenty to midnight: the prescription is good until 23:59:59 of its day.
  const startMs = TEN_O_CLOCK + 13 * 60 * MINUTE + 40 * MINUTE;

  it('no session outlives it, and none opens when it has passed', async () => {
    const clinic = await openClinic(engine, { startMs });
    const issued = await clinic.call('POST', '/api/v1/prescriptions', goodRx());
    expect(issued.status).toBe(201);
    const bill = issued.body.bill_id;
    expect(issued.body.valid_until).toBe('2026-11-22T15:59:59Z');
    const opened = await clinic.open(bill, 'wechat', { timeout_minutes: 30 });
    expect(opened.expires_at).toBe('2026-11-22T15:59:59Z');
    await clinic.cancel(opened.session_id);
    await clinic.world.advance(Date.parse('2026-11-22T15:59:10Z') - clinic.world.now());
    const tooLate = await clinic.call('POST', `${API}/bills/${bill}/qr-payment`, {
      payment_method: 'wechat',
    });
    expect([tooLate.status, tooLate.body.code]).toEqual([409, 'bill_expired']);
    await closeAudited(clinic);
  });
});
