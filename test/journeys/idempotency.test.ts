import { createApiKey } from '#access';
import { StoreUnavailable } from '#store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Answer, type Clinic, type Instance } from '../clinic.ts';
import { engines } from '../engines.ts';

const API = '/api/v1/finance';
const DAY = 86_400_000;

describe.each(engines)('an Idempotency-Key on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine);
  });
  afterEach(() => closeAudited(clinic));

  const url = (bill: number) => `${API}/bills/${bill}/qr-payment`;
  const keyed = (key: string, more: Record<string, string> = {}) => ({ 'idempotency-key': key, ...more });
  const ask = (bill: number, key: string, body: object = { payment_method: 'wechat' }) =>
    clinic.call('POST', url(bill), body, keyed(key));
  const sessions = (bill: number) =>
    clinic.store.read((tx) =>
      tx.all<{ public_id: string }>('SELECT public_id FROM payment_sessions WHERE bill_id = ?', bill),
    );

  const expectReplay = (replay: Answer, first: Answer) => {
    expect(replay.status).toBe(first.status);
    expect(replay.bytes.equals(first.bytes)).toBe(true);
    expect(replay.headers['content-type']).toBe(first.headers['content-type']);
    expect(replay.headers['idempotency-replayed']).toBe('true');
  };

  it('the same key and body answer word for word, and do nothing a second time', async () => {
    const bill = await clinic.bill();
    const first = await ask(bill, 'k-1');
    expect(first.status).toBe(201);
    await clinic.world.advance(20_000);
    const creates = () => clinic.calls.filter(({ api }) => api === 'create').length;
    const before = creates();
    expectReplay(await ask(bill, 'k-1'), first);
    expectReplay(await ask(bill, 'k-1', { payment_method: 'wechat', timeout_minutes: 15 }), first);
    expect(creates()).toBe(before);
    expect(await sessions(bill)).toHaveLength(1);
  });

  it('the first answer stands even when its session has ended and its bill is paid since', async () => {
    const bill = await clinic.bill();
    const first = await ask(bill, 'k-1');
    const cancelled = await clinic.call(
      'POST',
      `${API}/payment-sessions/${first.body.session_id}/cancellation`,
      {},
      keyed('c-1'),
    );
    expect(cancelled.body.result).toBe('closed');
    const next = await clinic.open(bill, 'alipay');
    clinic.pay(next.qr_code_content);
    await clinic.world.advance(2_000);
    expectReplay(await ask(bill, 'k-1'), first);
    const again = await clinic.call(
      'POST',
      `${API}/payment-sessions/${first.body.session_id}/cancellation`,
      {},
      keyed('c-1'),
    );
    expectReplay(again, cancelled);
  });

  it('a refusal is an answer too: it is replayed although the bill could be paid now', async () => {
    const bill = await clinic.bill();
    const opened = await clinic.open(bill, 'wechat');
    clinic.weather({ wechat_close_while_paying: 1 });
    clinic.scan(opened.qr_code_content);
    const refused = await ask(bill, 'k-1', { payment_method: 'alipay' });
    expect([refused.status, refused.body.code]).toEqual([409, 'retire_unfinished']);
    clinic.calm();
    await clinic.world.advance(10_000);
    const replay = await ask(bill, 'k-1', { payment_method: 'alipay' });
    expectReplay(replay, refused);
    expect(replay.headers['content-type']).toContain('application/problem+json');
    expect((await ask(bill, 'k-2', { payment_method: 'alipay' })).status).toBe(201);
  });

  it('another body under the same key is refused and changes nothing', async () => {
    const bill = await clinic.bill();
    const first = await ask(bill, 'k-1');
    const before = await clinic.session(first.body.session_id);
    const other = await ask(bill, 'k-1', { payment_method: 'wechat', refresh: true });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
    expect(await clinic.session(first.body.session_id)).toMatchObject({
      version: before.version,
      status: 'pending',
    });
    expectReplay(await ask(bill, 'k-1'), first);
  });

  it('a key belongs to its client and to its address', async () => {
    const bills = [await clinic.bill(), await clinic.bill()] as const;
    const first = await ask(bills[0], 'k-1');
    const elsewhere = await ask(bills[1], 'k-1');
    expect(elsewhere.status).toBe(201);
    expect(elsewhere.body.session_id).not.toBe(first.body.session_id);
    const stranger = await createApiKey(clinic.app.parts, 'another client', ['payments']);
    const bearer = { authorization: `Bearer ${stranger}` };
    const other = await clinic.call(
      'POST',
      url(bills[0]),
      { payment_method: 'wechat' },
      keyed('k-1', bearer),
    );
    expect(other.status).toBe(200);
    expect(other.headers['idempotency-replayed']).toBeUndefined();
  });

  it('two API keys of one name are two clients', async () => {
    const bill = await clinic.bill();
    const first = await ask(bill, 'k-1');
    const twin = await createApiKey(clinic.app.parts, 'test', ['payments']);
    const bearer = { authorization: `Bearer ${twin}` };
    const body = { payment_method: 'alipay', refresh: true };
    const other = await clinic.call('POST', url(bill), body, keyed('k-1', bearer));
    expect(other.headers['idempotency-replayed']).toBeUndefined();
    expect([other.status, other.body.payment_method]).toEqual([201, 'alipay']);
    expect(other.body.session_id).not.toBe(first.body.session_id);
    expectReplay(await ask(bill, 'k-1'), first);
  });

  it('while the first runs its twin is told to come again, and then hears the same', async () => {
    clinic.weather({ delay_ms: 4_000 });
    const bill = await clinic.bill();
    const body = { payment_method: 'wechat' };
    const first = clinic.send('POST', url(bill), body, keyed('k-1'));
    await clinic.world.advance(500);
    const twin = await clinic.send('POST', url(bill), body, keyed('k-1'));
    expect([twin.status, twin.body.code, twin.headers['retry-after']]).toEqual([
      409,
      'idempotency_in_progress',
      '1',
    ]);
    const made = await clinic.world.until(first);
    expect(made.status).toBe(201);
    expectReplay(await ask(bill, 'k-1'), made);
  });

  it('invalid input is not kept: the same key may be sent again, mended', async () => {
    const bill = await clinic.bill();
    const bad = await ask(bill, 'k-1', { payment_method: 'cash' });
    expect([bad.status, bad.body.code]).toEqual([400, 'invalid_input']);
    expect((await ask(bill, 'k-1')).status).toBe(201);
  });

  it('a silent channel is not kept: the same request later finds the session that it made', async () => {
    clinic.weather({ silent: true });
    const bill = await clinic.bill();
    const silent = await ask(bill, 'k-1');
    expect([silent.status, silent.body.code]).toEqual([504, 'channel_silent']);
    clinic.calm();
    await clinic.world.doze(40_000);
    const later = await ask(bill, 'k-1');
    expect(later.status).toBeLessThan(202);
    expect(later.body.session_id).toBe(silent.body.session_id);
    expect(later.body.qr_code_content).not.toBe('');
    expect(await sessions(bill)).toHaveLength(1);
    expectReplay(await ask(bill, 'k-1'), later);
  });

  it('after a 5xx the key is free for another wish, which is then granted and not the old one', async () => {
    clinic.weather({ channel: 'alipay', silent: true });
    const bill = await clinic.bill();
    expect((await ask(bill, 'k-1', { payment_method: 'alipay' })).status).toBe(504);
    const other = await ask(bill, 'k-1', { payment_method: 'wechat' });
    expect([other.status, other.body.payment_method]).toEqual([201, 'wechat']);
  });

  it('a refusal of the channel is not kept: the same key asks it again, under a new number', async () => {
    const bill = await clinic.bill(404);
    const declined = await ask(bill, 'k-1');
    expect([declined.status, declined.body.code]).toEqual([502, 'channel_declined']);
    const again = await ask(bill, 'k-1');
    expect([again.status, again.body.code]).toEqual([502, 'channel_declined']);
    expect(again.body.session_id).not.toBe(declined.body.session_id);
    expect(clinic.calls.filter(({ api }) => api === 'create')).toHaveLength(2);
  });

  it('is kept for thirty days', async () => {
    const bill = await clinic.bill();
    const first = await ask(bill, 'k-1');
    await clinic.cancel(first.body.session_id);
    await clinic.world.leap(30 * DAY - 60_000);
    await clinic.world.doze(60_000);
    expectReplay(await ask(bill, 'k-1'), first);
  });

  it.each(['', ' ', 'a b', 'k'.repeat(129), '钥匙'])('“%s” is no key', async (key) => {
    const bill = await clinic.bill();
    const header = Buffer.from(key, 'utf8').toString('latin1');
    const answer = await ask(bill, header);
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([
      400,
      'invalid_input',
      'Idempotency-Key',
    ]);
    expect(await sessions(bill)).toHaveLength(0);
  });

  it('fifty at once with one key on two instances run once', async () => {
    const bill = await clinic.bill();
    const second = await clinic.instance();
    const doors = [clinic, second] as const;
    const answers = await clinic.world.until(
      Promise.all(
        Array.from({ length: 50 }, (_one, index) =>
          (index % 2 === 0 ? doors[0] : doors[1]).send(
            'POST',
            url(bill),
            { payment_method: 'alipay' },
            keyed('k-1'),
          ),
        ),
      ),
    );
    for (const { status, body } of answers) {
      if (status !== 201) expect([status, body.code]).toEqual([409, 'idempotency_in_progress']);
    }
    expect(
      new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.session_id)).size,
    ).toBe(1);
    expect(await sessions(bill)).toHaveLength(1);
    expect(clinic.calls.filter(({ api }) => api === 'create')).toHaveLength(1);
  });

  it('a request that died half-way is resumed by its repeat, wherever it died', async () => {
    const bill = await clinic.bill();
    const first = clinic.process.steps.length;
    await ask(bill, 'measure');
    const steps = clinic.process.steps
      .slice(first)
      .filter(({ what }) => !['claim-jobs', 'watch'].includes(what));
    expect(steps.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['idempotency-key', 'open-session', 'send', 'keep-answer']),
    );
    clinic.process.kill();

    for (let at = 0; at < steps.length; at += 1) {
      const victim = await clinic.instance();
      const other = await clinic.instance();
      const next = await postBill(other, at);
      const begun = victim.process.steps.length;
      victim.process.killAt((_step, index) => index === begun + at);
      const died = await victim
        .call('POST', url(next), { payment_method: 'wechat' }, keyed('k'))
        .catch(() => undefined);
      victim.process.kill();
      if (died === undefined) {
        const early = await other.call('POST', url(next), { payment_method: 'wechat' }, keyed('k'));
        expect([201, 409]).toContain(early.status);
        if (early.status === 409) expect(early.body.code).toBe('idempotency_in_progress');
        await clinic.world.leap(61_000);
      }
      const resumed = await other.call('POST', url(next), { payment_method: 'wechat' }, keyed('k'));
      expect([200, 201], `died at step ${at}: ${steps[at]?.when} ${steps[at]?.what}`).toContain(
        resumed.status,
      );
      expect(await sessions(next)).toEqual([{ public_id: resumed.body.session_id }]);
      expectReplay(await other.call('POST', url(next), { payment_method: 'wechat' }, keyed('k')), resumed);
      if (at < steps.length - 1) other.process.kill();
    }
  });

  it('a database that stops under a keyed request is told of in a problem, and the key is free later', async () => {
    const bill = await clinic.bill();
    const { store } = clinic.process;
    const { transact, read } = store;
    clinic.meddle((_call, act) => {
      store.transact = () => Promise.reject(new StoreUnavailable('database or disk is full'));
      store.read = () => Promise.reject(new StoreUnavailable('database or disk is full'));
      return act();
    });
    const refused = await ask(bill, 'k-1');
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(refused.bytes.toString()).not.toContain('disk');
    Object.assign(store, { transact, read });
    clinic.meddle(undefined);
    await clinic.world.leap(61_000);
    expect((await ask(bill, 'k-1')).status).toBeLessThan(300);
  });

  async function postBill(instance: Instance, at: number): Promise<number> {
    const line = { fee_class: '09', name: '阿莫西林胶囊', quantity: 1, unit: '盒', unit_price_fen: 1_000 };
    const bill = { external_bill_no: `resume-${at}`, patient_name: '张小丰', lines: [line] };
    return (await instance.call('POST', `${API}/bills`, bill)).body.id;
  }
});
