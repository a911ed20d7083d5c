import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../audit.ts';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';
import { NetworkFault } from '#world';

const MINUTE = 60_000;

/** Nothing that we believe rests on our clock alone (money-safety.md N1): it only says when to ask. */
describe.each(engines)('clocks that differ, on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine);
  });
  afterEach(async () => {
    skew(0);
    await closeAudited(clinic);
  });

  const skew = (skew_ms: number) => void clinic.sim.kernel.clock.change({ skew_ms });

  describe.each(['alipay', 'wechat'] as const)('with %s', (method) => {
    it.each([-4, 4])('%s minutes between us and the channel disturb no payment', async (minutes) => {
      skew(minutes * MINUTE);
      const opened = await clinic.open(await clinic.bill(), method);
      clinic.pay(opened.qr_code_content);
      await clinic.world.advance(3_000);
      expect(await clinic.status(opened.session_id)).toMatchObject({ status: 'paid', late: false });
    });

    it.each([-4, 4])(
      'a code that nobody paid ends although the clocks are %s minutes apart',
      async (minutes) => {
        skew(minutes * MINUTE);
        const opened = await clinic.open(await clinic.bill(), method, { timeout_minutes: 6 });
        await clinic.world.advance(6 * MINUTE + 10_000);
        expect((await clinic.session(opened.session_id)).status).toBe('expired');
        // By the channel's own clock it may be payable still: then it is not called closed.
        expect(await audit(clinic)).toEqual([]);
      },
    );

    it.each([-8 * 60, 8 * 60])(
      'a clock that jumps by %s minutes while a code is open pays nothing falsely and loses nothing',
      async (minutes) => {
        clinic.weather({ notify_lose: 1 });
        const [open, paid] = [
          await clinic.open(await clinic.bill(), method),
          await clinic.open(await clinic.bill(), method),
        ];
        await clinic.world.advance(3_000);
        clinic.pay(paid.qr_code_content);
        skew(minutes * MINUTE);
        await clinic.world.doze(2 * MINUTE);
        expect(await clinic.session(open.session_id)).toMatchObject({ status: 'pending', disposition: null });
        skew(0);
        await clinic.world.doze(MINUTE);
        expect(await clinic.session(paid.session_id)).toMatchObject({
          status: 'paid',
          disposition: 'settled',
        });
        clinic.pay(open.qr_code_content);
        await clinic.world.doze(MINUTE);
        expect(await clinic.session(open.session_id)).toMatchObject({ status: 'paid', late: 0 });
      },
    );
  });

  it('an answer that was asked for before the last word and read after it ends nothing', async () => {
    const bill = await clinic.bill();
    let closed = false;
    clinic.meddle(async (call, act) => {
      if (call.api === 'create') throw new NetworkFault('no_answer', 'ECONNRESET');
      const answer = await act();
      const slow = closed && call.api === 'query';
      closed = call.api === 'close';
      if (slow) await new Promise<void>((resolve) => clinic.world.after(9_000, resolve));
      return answer;
    });
    await clinic.call('POST', `/api/v1/finance/bills/${bill}/qr-payment`, { payment_method: 'wechat' });
    const session = await clinic.store.read((tx) =>
      tx.one<{ public_id: string }>('SELECT public_id FROM payment_sessions'),
    );
    await clinic.call('POST', `/api/v1/finance/payment-sessions/${session?.public_id}/cancellation`, {
      insist: true,
    });
    const payment = () =>
      clinic.store.read((tx) =>
        tx.one<{ state: string; create_ended_at: number }>('SELECT state, create_ended_at FROM payments'),
      );
    // A number that never came is dead a minute after its create call ended (wechatpay.md 6.7).
    const lastWord = ((await payment())?.create_ended_at ?? Infinity) + MINUTE;
    await clinic.world.advance(lastWord - 5_000 - clinic.world.now());
    await clinic.store.transact('due now', (tx) =>
      tx.run(`UPDATE jobs SET due_at = ?, lease_until = 0`, clinic.world.now()),
    );
    await clinic.world.advance(3 * MINUTE);
    expect((await payment())?.state).toBe('closed');
    const asked = clinic.calls.filter(({ api }) => api === 'query').map(({ atMs }) => atMs);
    expect(asked.some((atMs) => atMs >= lastWord - 6_000 && atMs < lastWord)).toBe(true);
    expect(asked.at(-1)).toBeGreaterThanOrEqual(lastWord);
    clinic.meddle(undefined);
  });
});
