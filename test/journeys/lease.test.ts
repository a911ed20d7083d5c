import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Clinic, type Instance } from '../clinic.ts';
import { engines } from '../engines.ts';
import type { GatewayCall } from '../support/gateway-call.ts';

const API = '/api/v1/finance';

describe.each(engines)('an instance that was stopped and overtaken, on $name', (engine) => {
  let clinic: Clinic;
  let second: Instance;
  beforeEach(async () => {
    clinic = await openClinic(engine);
    second = await clinic.instance();
  });
  afterEach(() => closeAudited(clinic));

  /** Stops the first instance (SIGSTOP) with the answer of its next call of this kind in its hands. */
  function stopWithAnswerTo(api: GatewayCall['api'], answer?: { status: number; body: object }): void {
    let stopped = false;
    clinic.meddle(async (call, act) => {
      const told = await act();
      if (call.api !== api || stopped) return told;
      stopped = true;
      clinic.process.stop();
      if (answer === undefined) return told;
      return { status: answer.status, headers: {}, body: Buffer.from(JSON.stringify(answer.body)) };
    });
  }

  /** Everything that a late writer could spoil. */
  const books = () =>
    clinic.store.read(async (tx) => ({
      sessions: await tx.all('SELECT * FROM payment_sessions ORDER BY id'),
      payments: await tx.all('SELECT * FROM payments ORDER BY id'),
      events: await tx.all('SELECT * FROM events ORDER BY id'),
      jobs: await tx.all('SELECT * FROM jobs ORDER BY id'),
      evidence: await tx.all('SELECT id, result, repeats FROM evidence ORDER BY id'),
    }));

  /** Lets the stopped one go on while nobody else moves, and looks at what it did. */
  async function goesOnAndChangesNothing(): Promise<void> {
    second.process.stop();
    const before = await books();
    const asked = clinic.calls.length;
    clinic.process.go();
    await clinic.world.advance(0);
    expect(await books()).toEqual(before);
    expect(clinic.calls).toHaveLength(asked);
    second.process.go();
  }

  /** Asks the first instance for a code; it is stopped before it can say anything. */
  async function askTheStopped(bill: number, method: string): Promise<void> {
    void clinic.send('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: method });
    await clinic.world.advance(1_000);
    expect(clinic.process.running).toBe(false);
  }
  const sessionOf = async (bill: number) => {
    const row = await clinic.store.read((tx) =>
      tx.one<{ public_id: string }>('SELECT public_id FROM payment_sessions WHERE bill_id = ?', bill),
    );
    return clinic.session(row?.public_id ?? '');
  };

  it.each(['alipay', 'wechat'] as const)(
    'shows no second code with its late answer of %s',
    async (method) => {
      const bill = await clinic.bill();
      stopWithAnswerTo('create');
      await askTheStopped(bill, method);
      await clinic.world.doze(40_000);
      const shown = await sessionOf(bill);
      expect(shown).toMatchObject({ phase: 'ready', payment_state: 'open' });
      expect(clinic.calls.filter(({ api }) => api === 'create')).toHaveLength(2);
      await goesOnAndChangesNothing();
      expect((await sessionOf(bill)).qr_code_content).toBe(shown.qr_code_content);
      clinic.pay(shown.qr_code_content);
      await clinic.world.advance(3_000);
      expect((await sessionOf(bill)).status).toBe('paid');
    },
  );

  it('cancels nothing with a refusal that it holds too late', async () => {
    const bill = await clinic.bill();
    stopWithAnswerTo('create', { status: 403, body: { code: 'NO_AUTH', message: '商户号收款功能受限' } });
    await askTheStopped(bill, 'wechat');
    await clinic.world.doze(40_000);
    expect(await sessionOf(bill)).toMatchObject({ phase: 'ready', payment_state: 'open' });
    await goesOnAndChangesNothing();
  });

  it('silences nothing with an answer that it could not read', async () => {
    const bill = await clinic.bill();
    stopWithAnswerTo('create', { status: 502, body: {} });
    await askTheStopped(bill, 'wechat');
    await clinic.world.doze(40_000);
    expect(await sessionOf(bill)).toMatchObject({ phase: 'ready', payment_state: 'open' });
    await goesOnAndChangesNothing();
  });

  it('has its number called dead by its last create call, which is still on its way, and by no earlier one', async () => {
    const bill = await clinic.bill();
    let creates = 0;
    let arrive = (): void => undefined;
    clinic.meddle(async (call, act) => {
      if (call.api !== 'create') return act();
      creates += 1;
      if (creates === 1) return { status: 502, headers: {}, body: Buffer.from('{}') };
      clinic.process.kill();
      await new Promise<void>((resolve) => (arrive = resolve));
      return act();
    });
    second.process.stop();
    const asked = clinic.send('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: 'wechat' });
    asked.catch(() => undefined); // its connection is cut by the kill
    await clinic.world.advance(5_000);
    expect([creates, clinic.process.alive]).toEqual([2, false]);
    second.process.go();
    const { public_id: id } = await sessionOf(bill);
    await second.call('POST', `${API}/payment-sessions/${id}/cancellation`, {});
    await clinic.world.doze(65_000);
    // More than a minute after the first call; less than one after the second was found abandoned.
    expect(await sessionOf(bill)).toMatchObject({ payment_state: 'closing' });
    arrive();
    await clinic.world.doze(60_000);
    expect(await sessionOf(bill)).toMatchObject({ status: 'cancelled', payment_state: 'closed' });
    // It stood there before it was closed.
    expect(clinic.calls.filter(({ api, status }) => api === 'query' && status === 200)).not.toEqual([]);
  });

  it('does not close a code that has come back to its screen meanwhile', async () => {
    const bill = await clinic.bill();
    const opened = await clinic.open(bill, 'wechat');
    stopWithAnswerTo('query');
    void clinic.send('POST', `${API}/payment-sessions/${opened.session_id}/cancellation`, {});
    await clinic.world.advance(500);
    expect(clinic.process.running).toBe(false);
    // The worker of the second may not close it first: its close calls meet a payer at his password.
    clinic.weather({ wechat_close_while_paying: 1 });
    clinic.scan(opened.qr_code_content);
    await clinic.world.doze(31_000);
    const again = await second.call('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: 'wechat' });
    expect([again.status, again.body.session_id]).toEqual([200, opened.session_id]);
    expect(await sessionOf(bill)).toMatchObject({ phase: 'ready', payment_state: 'open' });
    clinic.calm();
    await goesOnAndChangesNothing();
    clinic.pay(opened.qr_code_content);
    await clinic.world.advance(3_000);
    expect((await sessionOf(bill)).status).toBe('paid');
  });

  it('answers as ever when it was overtaken while it asked whether a code may come back', async () => {
    const bill = await clinic.bill();
    const opened = await clinic.open(bill, 'wechat');
    clinic.weather({ wechat_close_while_paying: 1 });
    clinic.scan(opened.qr_code_content);
    expect((await clinic.cancel(opened.session_id)).body.code).toBe('retire_unfinished');
    second.process.stop();
    await clinic.world.until(clinic.app.worker.stop());
    stopWithAnswerTo('query');
    const url = `${API}/bills/${bill}/qr-payment`;
    const again = clinic.send('POST', url, { payment_method: 'wechat' });
    await clinic.world.advance(3_000);
    expect(clinic.process.running).toBe(false);
    second.process.go();
    await clinic.world.doze(40_000);
    clinic.process.go();
    const { status, body } = await clinic.world.until(again);
    expect([status, body.code]).toEqual([409, 'retire_unfinished']);
  });

  it('counts no answer and sets no date for a payment that another follows now', async () => {
    const opened = await clinic.open(await clinic.bill(), 'alipay');
    second.process.stop();
    stopWithAnswerTo('query');
    await clinic.world.advance(6_000);
    expect(clinic.process.running).toBe(false);
    second.process.go();
    clinic.scan(opened.qr_code_content);
    await clinic.world.doze(60_000);
    expect((await clinic.session(opened.session_id)).phase).toBe('scanned');
    await goesOnAndChangesNothing();
  });

  it('may still bring news that is true: what it was told is kept, and believed once', async () => {
    const bill = await clinic.bill();
    const opened = await clinic.open(bill, 'wechat');
    clinic.weather({ notify_lose: 1 });
    clinic.pay(opened.qr_code_content);
    second.process.stop();
    stopWithAnswerTo('query');
    await clinic.world.advance(6_000);
    expect(clinic.process.running).toBe(false);
    second.process.go();
    await clinic.world.doze(60_000);
    const paid = await clinic.session(opened.session_id);
    expect(paid.status).toBe('paid');
    clinic.process.go();
    await clinic.world.advance(3_000);
    expect((await clinic.session(opened.session_id)).version).toBe(paid.version);
    expect((await second.call('GET', `${API}/bills/${bill}`)).body).toMatchObject({
      status: 'paid',
      surplus_fen: 0,
    });
  });
});
