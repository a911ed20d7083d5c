import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openClinic, type Clinic } from '../clinic.ts';
import { engines } from '../engines.ts';

/** Holes that a sceptical reader found once; each stays closed. */
describe.each(engines)('a sceptic finds closed, on $name,', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine);
  });
  afterEach(() => clinic.close());

  it('that an old wish told again is never shown a code that was taken away', async () => {
    const bill = await clinic.bill();
    const wish = { payment_method: 'alipay' };
    const key = { 'idempotency-key': 'K-1' };
    clinic.weather({ channel: 'alipay', silent: true });
    const first = await clinic.call('POST', `/api/v1/finance/bills/${bill}/qr-payment`, wish, key);
    expect(first.body.code).toBe('channel_silent');
    clinic.weather({ channel: 'both', silent: false });
    await clinic.world.advance(60_000);
    const other = await clinic.open(bill, 'wechat');
    const again = await clinic.call('POST', `/api/v1/finance/bills/${bill}/qr-payment`, wish, key);
    expect(again).toMatchObject({ status: 409, body: { code: 'session_ended' } });
    expect(await clinic.status(other.session_id)).toMatchObject({ status: 'pending', code_shown: true });
  });

  it('that a channel which declined is asked again under the same key', async () => {
    const bill = await clinic.bill(404);
    const wish = { payment_method: 'wechat' };
    const key = { 'idempotency-key': 'K-2' };
    const first = await clinic.call('POST', `/api/v1/finance/bills/${bill}/qr-payment`, wish, key);
    expect(first).toMatchObject({ status: 502, body: { code: 'channel_declined' } });
    const again = await clinic.call('POST', `/api/v1/finance/bills/${bill}/qr-payment`, wish, key);
    expect(again.body.session_id).not.toBe(first.body.session_id);
  });

  it('that a silent channel does not hold up the money of the other', async () => {
    clinic.weather({ notify_lose: 1 });
    const watched = [];
    for (let count = 0; count < 80; count += 1)
      watched.push(await clinic.open(await clinic.bill(), 'wechat'));
    const opened = await clinic.open(await clinic.bill(), 'alipay');
    clinic.weather({ channel: 'wechat', silent: true, notify_lose: 1 });
    for (const { session_id: id } of watched) await clinic.status(id);
    await clinic.world.advance(3_000);
    await clinic.status(opened.session_id);
    clinic.pay(opened.qr_code_content);
    await clinic.world.advance(5_000);
    expect((await clinic.session(opened.session_id)).status).toBe('paid');
  });

  it('that disputed money posted to its own bill pays its own session too', async () => {
    const bill = await clinic.bill();
    const opened = await clinic.open(bill, 'alipay');
    clinic.sim.gateways
      .find((gateway) => gateway.knows(opened.qr_code_content))
      ?.pay(opened.qr_code_content, 'p', 12_900);
    await clinic.world.advance(5_000);
    expect(await clinic.status(opened.session_id)).toMatchObject({
      status: 'cancelled',
      disposition: 'disputed',
    });
    const [item] = (await clinic.call('GET', '/api/v1/finance/suspense')).body.suspense;
    const act = { bill_id: bill, note: '患者多付五角，核对无误' };
    const posted = await clinic.call('POST', `/api/v1/finance/suspense/${item.id}/posting`, act);
    expect(posted).toMatchObject({ status: 200, body: { state: 'posted', owner: 'key:test' } });
    expect(await clinic.status(opened.session_id)).toMatchObject({ status: 'paid', disposition: 'settled' });
    await clinic.world.advance(120_000);
    expect(clinic.ledger().filter((entry) => entry.kind === 'refund')).toMatchObject([{ amount_fen: 50 }]);
  });
});
