import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';

describe.each(engines)('paying a bill on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine);
  });
  afterEach(() => closeAudited(clinic));

  describe.each(['alipay', 'wechat'] as const)('with %s', (method) => {
    it('a bill is paid by its code, and everyone sees it', async () => {
      const bill = await clinic.bill();
      const opened = await clinic.open(bill, method);
      expect(opened.qr_code_content).not.toBe('');
      expect(await clinic.status(opened.session_id)).toMatchObject({
        status: 'pending',
        phase: 'ready',
        amount: '128.50',
      });
      clinic.pay(opened.qr_code_content);
      await clinic.world.advance(3_000);
      expect(await clinic.status(opened.session_id)).toMatchObject({
        status: 'paid',
        phase: 'ended',
        disposition: 'settled',
        late: false,
        bill_id: bill,
      });
      const read = await clinic.call('GET', `/api/v1/finance/bills/${bill}`);
      expect(read.body).toMatchObject({ status: 'paid', paid_fen: 12_850, payment_method: method });
    });

    it('the wallet shows whose fee it is and nothing of what it is for', async () => {
      const opened = await clinic.open(await clinic.bill(), method);
      const gateway = clinic.sim.gateways.find((one) => one.knows(opened.qr_code_content));
      expect(gateway?.scan(opened.qr_code_content, 'patient')).toMatchObject({
        ok: true,
        value: { subject: `${clinic.app.parts.clinic.shortName}医疗服务费`, amount_fen: 12_850 },
      });
    });

    it('with every notification lost, a watched session shows paid within five seconds', async () => {
      clinic.weather({ notify_lose: 1 });
      const opened = await clinic.open(await clinic.bill(), method);
      for (let second = 0; second < 7; second += 1) {
        await clinic.status(opened.session_id);
        await clinic.world.advance(1_000);
      }
      clinic.pay(opened.qr_code_content);
      for (let second = 0; second < 5; second += 1) {
        await clinic.world.advance(990);
        await clinic.status(opened.session_id);
      }
      expect((await clinic.status(opened.session_id)).status).toBe('paid');
    });

    it('with every notification lost, an unwatched session is paid within sixty seconds', async () => {
      clinic.weather({ notify_lose: 1 });
      const opened = await clinic.open(await clinic.bill(), method);
      await clinic.world.advance(300_000);
      clinic.pay(opened.qr_code_content);
      await clinic.world.advance(60_000);
      expect((await clinic.session(opened.session_id)).status).toBe('paid');
    });
  });

  it('whoever has the link of a session sees what stands on the screen, and nothing of the patient', async () => {
    const bill = await clinic.bill();
    const { session_id, expires_at } = await clinic.open(bill, 'wechat');
    const url = `/api/v1/finance/payment-sessions/${session_id}/status`;
    const seen = await clinic.call('GET', url, undefined, { authorization: '' });
    expect(seen.body).toEqual({
      status: 'pending',
      bill_id: bill,
      payment_method: 'wechat',
      expires_at,
      session_id,
      phase: 'ready',
      code_shown: true,
      amount_fen: 12_850,
      amount: '128.50',
      version: 2,
      server_time: expect.any(String),
      paid_at: null,
      late: false,
      disposition: null,
      replaced_by: null,
      end_reason: null,
      clinic_name: clinic.app.parts.clinic.name,
    });
  });
});
