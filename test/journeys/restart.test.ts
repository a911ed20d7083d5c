import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Answer, type Clinic, type Instance } from '../clinic.ts';
import { engines } from '../engines.ts';
import { alipaySays, paidTransaction, wechatSays } from '../support/channel-words.ts';
import { neverAnswered } from '../support/meddling.ts';

const API = '/api/v1/finance';
const HOUR = 3_600_000;
const methods = ['alipay', 'wechat'] as const;
type Method = (typeof methods)[number];

describe.each(engines)('kill and restart on $name', (engine) => {
  let clinic: Clinic;
  beforeEach(async () => {
    clinic = await openClinic(engine);
  });
  afterEach(() => closeAudited(clinic));

  const billsOf = (status: string) =>
    clinic.store.read((tx) =>
      tx.all<{ id: number }>('SELECT id FROM bills WHERE status = ? ORDER BY id', status),
    );
  const sessionsOf = (bill: number) =>
    clinic.store.read((tx) =>
      tx.all<{ public_id: string; shown_bill_id: number | null }>(
        'SELECT * FROM payment_sessions WHERE bill_id = ?',
        bill,
      ),
    );

  let posted = 0;
  async function postBill(at: Instance): Promise<number> {
    posted += 1;
    const line = { fee_class: '09', name: '阿莫西林胶囊', quantity: 1, unit: '盒', unit_price_fen: 12_850 };
    const made = await at.call('POST', `${API}/bills`, {
      external_bill_no: `R-${posted}`,
      patient_name: '张小丰',
      lines: [line],
    });
    return made.body.id;
  }
  const askFor = (
    at: Instance,
    bill: number,
    method: Method,
    more: object = {},
  ): Promise<Answer | undefined> =>
    at
      .call('POST', `${API}/bills/${bill}/qr-payment`, { payment_method: method, ...more })
      .catch(() => undefined);

  /**
   * Runs a story once for each moment of it, killing the instance that plays it at that moment; a new
   * one then finds what is left. The survivor plays the next round. MariaDB sees every fourth moment.
   */
  async function killedAtEveryMoment<Told>(
    prepare: (player: Instance) => Promise<Told>,
    story: (player: Instance, told: Told) => Promise<unknown>,
    afterwards: (survivor: Instance, told: Told, where: string) => Promise<void>,
  ): Promise<void> {
    const stride = engine.name === 'sqlite' ? 1 : 4;
    let player: Instance = clinic;
    for (let moment = 0; ; moment += stride) {
      const told = await prepare(player);
      const begun = player.process.steps.length;
      const victim = player;
      victim.process.killAt((_step, index) => index === begun + moment);
      await story(victim, told);
      if (victim.process.alive) {
        expect(moment).toBeGreaterThan(3);
        return;
      }
      const { what, when } = victim.process.steps.at(-1) ?? { what: 'nothing', when: 'before' };
      player = await clinic.instance();
      await afterwards(player, told, `killed ${when} ${what}, moment ${moment}`);
    }
  }

  describe.each(methods)('with %s', (method) => {
    const wordsFor = (number: string) =>
      method === 'alipay' ? alipaySays(clinic, number) : wechatSays(clinic, paidTransaction(clinic, number));

    it('what was acknowledged is not lost, whenever the receiver dies', async () => {
      clinic.weather({ notify_lose: 1 });
      let [cut, swept] = [0, 0];
      await killedAtEveryMoment(
        async (player) => {
          const bill = await postBill(player);
          const opened = (await askFor(player, bill, method))?.body;
          const { out_trade_no } = await clinic.session(opened.session_id);
          clinic.meddle(neverAnswered(clinic, ({ api }) => api === 'query'));
          clinic.pay(opened.qr_code_content);
          return { bill, opened, words: wordsFor(out_trade_no), acknowledged: false };
        },
        async (player, told) => {
          const { body, headers } = told.words;
          const answer = await player
            .send('POST', `${API}/notifications/${method}`, body, headers)
            .catch(() => undefined);
          told.acknowledged = answer?.status === (method === 'alipay' ? 200 : 204);
          if (!told.acknowledged) cut += 1;
          await clinic.world.advance(50);
        },
        async (survivor, told, where) => {
          // Nobody tells us again and no question is answered: only what was kept can help.
          const applied = (await clinic.session(told.opened.session_id)).status === 'paid';
          await clinic.world.advance(5_000);
          const paid = (await clinic.session(told.opened.session_id)).status === 'paid';
          if (paid && !applied) swept += 1;
          if (told.acknowledged) expect(paid, where).toBe(true);
          clinic.meddle(undefined);
          await survivor.call('POST', `${API}/payment-sessions/${told.opened.session_id}/inquiry`, {});
          expect((await clinic.session(told.opened.session_id)).disposition, where).toBe('settled');
        },
      );
      if (engine.name === 'sqlite') expect([cut > 0, swept > 0]).toEqual([true, true]);
    });

    it('a code that was asked for comes, or comes with the next call, whenever the asked one dies', async () => {
      await killedAtEveryMoment(
        postBill,
        (player, bill) => askFor(player, bill, method),
        async (survivor, bill, where) => {
          await clinic.world.leap(31_000);
          const again = await askFor(survivor, bill, method);
          expect([200, 201], where).toContain(again?.status);
          const sessions = await sessionsOf(bill);
          expect(sessions, where).toHaveLength(1);
          clinic.pay(again?.body.qr_code_content);
          await clinic.world.advance(2_000);
          expect((await clinic.session(again?.body.session_id)).status, where).toBe('paid');
        },
      );
    });

    it('a code that is taken away is taken away, whenever the taker dies', async () => {
      await killedAtEveryMoment(
        async (player) => {
          const opened = (await askFor(player, await postBill(player), method))?.body;
          if (method === 'alipay') clinic.scan(opened.qr_code_content);
          return opened;
        },
        (player, opened) =>
          player
            .call('POST', `${API}/payment-sessions/${opened.session_id}/cancellation`, {})
            .catch(() => undefined),
        async (survivor, opened, where) => {
          await clinic.world.leap(31_000);
          const again = await survivor.call(
            'POST',
            `${API}/payment-sessions/${opened.session_id}/cancellation`,
            {},
          );
          expect(again.body.result, where).toBe('closed');
          expect(await clinic.session(opened.session_id), where).toMatchObject({
            status: 'cancelled',
            payment_state: 'closed',
          });
        },
      );
    });

    it('a refresh leaves one code, whenever it dies', async () => {
      await killedAtEveryMoment(
        async (player) => {
          const bill = await postBill(player);
          return { bill, old: (await askFor(player, bill, method))?.body };
        },
        (player, { bill }) => askFor(player, bill, method, { refresh: true }),
        async (survivor, { bill, old }, where) => {
          await clinic.world.leap(31_000);
          const again = await askFor(survivor, bill, method);
          expect([200, 201], where).toContain(again?.status);
          const shown = (await sessionsOf(bill)).filter((one) => one.shown_bill_id !== null);
          expect(
            shown.map((one) => one.public_id),
            where,
          ).toEqual([again?.body.session_id]);
          if (again?.body.session_id !== old.session_id) {
            expect((await clinic.session(old.session_id)).status, where).toBe('cancelled');
          }
        },
      );
    });

    it('a session whose time runs out is asked about first, whenever the asking one dies', async () => {
      await killedAtEveryMoment(
        async (player) => {
          const opened = (await askFor(player, await postBill(player), method, { timeout_minutes: 1 }))?.body;
          await clinic.world.leap(Date.parse(opened.expires_at) - clinic.world.now() - 1_000);
          return opened;
        },
        () => clinic.world.advance(6_000),
        async (_survivor, opened, where) => {
          await clinic.world.leap(31_000);
          await clinic.world.advance(5_000);
          // That nothing expires unasked, the auditor holds against every question that went out.
          expect((await clinic.session(opened.session_id)).status, where).toBe('expired');
        },
      );
    });

    it('after a night without power each open session is asked about before anything expires', async () => {
      clinic.weather({ notify_lose: 1 });
      const opened = [];
      for (let index = 0; index < 12; index += 1) opened.push(await clinic.open(await clinic.bill(), method));
      clinic.process.kill();
      await clinic.world.leap(60_000);
      const [late, ...others] = opened;
      clinic.pay(late?.qr_code_content ?? '');
      await clinic.world.leap(9 * HOUR);

      // The line comes back after the power: until then nothing is known, and nothing is said.
      clinic.weather({ lose_request: 1 });
      await clinic.instance();
      await clinic.world.doze(30_000);
      for (const one of opened) expect((await clinic.session(one.session_id)).status).toBe('pending');
      clinic.weather({ lose_request: 0 });
      await clinic.world.doze(40_000);
      expect(await clinic.session(late?.session_id ?? '')).toMatchObject({
        status: 'paid',
        late: 0,
        disposition: 'settled',
      });
      for (const one of others) {
        expect(await clinic.session(one.session_id)).toMatchObject({
          status: 'expired',
          end_reason: 'timeout',
        });
      }
      expect(await billsOf('paid')).toHaveLength(1);
    });

    it('a payment of an account that is not configured now waits: nothing of it is asked, guessed or ended', async () => {
      const opened = await clinic.open(await clinic.bill(), method, { timeout_minutes: 1 });
      clinic.weather({ notify_lose: 1 });
      clinic.pay(opened.qr_code_content);
      clinic.process.kill();
      const before = clinic.calls.length;
      const id = method === 'alipay' ? 'ALIPAY_APP_ID' : 'WECHAT_APP_ID';
      const edited = await clinic.instance({
        [id]: method === 'alipay' ? '2021000000000009' : 'wx0000000000000009',
      });
      await clinic.world.doze(120_000);
      expect(clinic.calls).toHaveLength(before);
      expect(await clinic.session(opened.session_id)).toMatchObject({
        status: 'pending',
        payment_state: 'open',
      });
      const alarms = await clinic.store.read((tx) => tx.all<{ code: string }>('SELECT code FROM alarms'));
      expect(alarms.map(({ code }) => code)).toEqual(['channel_configuration']);
      edited.process.kill();
      await clinic.instance();
      await clinic.world.doze(65_000);
      expect(await clinic.session(opened.session_id)).toMatchObject({
        status: 'paid',
        late: 0,
        disposition: 'settled',
      });
    });

    it('a payment whose follower died is asked about by the next within half a minute of its lease', async () => {
      const opened = await clinic.open(await clinic.bill(), method);
      clinic.weather({ notify_lose: 1 });
      clinic.meddle(async (_call, act) => {
        clinic.process.kill();
        return act();
      });
      await clinic.world.doze(10_000);
      expect(clinic.process.alive).toBe(false);
      clinic.meddle(undefined);
      clinic.pay(opened.qr_code_content);
      await clinic.instance();
      await clinic.world.doze(31_000);
      expect((await clinic.session(opened.session_id)).status).toBe('paid');
    });
  });
});
