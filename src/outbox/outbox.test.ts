import { Webhook as Verifier } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureClinic } from '#clinic';
import { takeLease } from '#job';
import { dueJobs, type JobRow } from '#sql/jobs';
import { isRefusal } from '#trouble';
import type { Store } from '#store';
import { engines } from '../../test/engines.ts';
import { manualWorld, type ManualWorld } from '../../test/manual-world.ts';
import { openHis, type His } from '../../test/support/his.ts';
import { startProcess, type Process } from '../../test/support/process.ts';
import {
  deliverWebhooks,
  enqueue,
  listWebhooks,
  planDeliveries,
  readWebhook,
  replayParked,
  replayWebhook,
  type CourierParts,
  type Webhook,
} from './index.ts';

const HOUR_MS = 3_600_000;
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const FORMER = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

/** One process that delivers. */
interface Courier {
  process: Process;
  parts: CourierParts;
  /** Plans and delivers all that is due now, and waits for what it began. */
  round(): Promise<void>;
}

describe.each(engines)('webhooks on $name', ({ open }) => {
  let store: Store;
  let world: ManualWorld;
  let his: His;
  let courier: Courier;
  let couriers = 0;

  beforeEach(async () => {
    const opened = await open();
    world = manualWorld({
      startMs: Date.UTC(2026, 10, 22, 2, 0, 0),
      seed: 1,
      send: (request) => his.receive(request),
    });
    // The clock waits while a transaction is on its way: MariaDB answers in real time.
    store = {
      engine: opened.engine,
      transact: (name, work) => world.busy(opened.transact(name, work)),
      read: (work) => world.busy(opened.read(work)),
      close: () => opened.close(),
    };
    his = openHis(world.now, SECRET);
    await ensureClinic(store, { name: '示范诊所', shortName: '示范诊所' }, world.now());
    courier = startCourier();
  });
  afterEach(async () => {
    await store.close();
    if (his.complaints.length > 0) throw new Error(his.complaints.join('; '));
  });

  function startCourier(secrets: readonly string[] = [SECRET]): Courier {
    couriers += 1;
    const process = startProcess(world, store);
    const silent = (): void => undefined;
    const parts: CourierParts = {
      world: process.world,
      store: process.store,
      clinic: { id: 1 },
      instance: `courier-${couriers}`,
      log: { info: silent, warn: silent, error: silent },
      webhook: {
        url: 'http://192.168.1.20:8081/events',
        secrets,
        mayConnect: (address) => address === '192.168.1.20',
      },
    };
    return { process, parts, round: () => round(parts) };
  }

  async function round(parts: CourierParts): Promise<void> {
    await planDeliveries(parts);
    const now = parts.world.now();
    const due = await parts.store.read((tx) => tx.all<JobRow>(dueJobs, 'webhook', now, now));
    await Promise.all(
      due.map(async ({ subject_id: bill }) => {
        const lease = await takeLease(parts, 'deliver_webhooks', bill);
        if (lease !== undefined && lease !== 'done') await deliverWebhooks(parts, lease);
      }),
    );
  }

  /** Moves the clock to the next delivery that is due, and makes its round; false when none is left. */
  async function nextRound(): Promise<boolean> {
    await planDeliveries(courier.parts);
    const due = await store.read((tx) =>
      tx.one<{ at: number | null }>(
        "SELECT MIN(CASE WHEN due_at > lease_until THEN due_at ELSE lease_until END) AS at FROM jobs WHERE state = 'waiting'",
      ),
    );
    if (due?.at === null || due === undefined) return false;
    await world.advance(Math.max(0, due.at - world.now()));
    await courier.round();
    return true;
  }

  const tell = (billId: number | null, fen = 100): Promise<void> =>
    store.transact('test-tell', (tx) =>
      enqueue(tx, { clinicId: 1, billId, type: 'bill.paid', atMs: world.now() }, async () => ({
        paid_fen: fen,
      })),
    );

  async function all(query: { state?: Webhook['state']; bill_id?: number } = {}): Promise<Webhook[]> {
    return (await listWebhooks({ store, clinic: { id: 1 } }, { ...query, limit: 200 })).webhooks.toReversed();
  }

  const alarms = (): Promise<{ code: string; entity_id: number; times: number }[]> =>
    store.read((tx) => tx.all('SELECT code, entity_id, times FROM alarms ORDER BY id'));

  describe('an event', () => {
    test('is written with its change, or not at all', async () => {
      await tell(7);
      const failing = store.transact('test-fails', async (tx) => {
        await enqueue(tx, { clinicId: 1, billId: 7, type: 'bill.voided', atMs: 1 }, async () => ({}));
        throw new Error('the change fails');
      });
      await expect(failing).rejects.toThrow('the change fails');
      expect((await all()).map(({ type, sequence }) => [type, sequence])).toEqual([['bill.paid', 1]]);
    });

    test('is numbered by its bill from one without a gap, whoever writes at the same moment', async () => {
      await Promise.all([7, 7, 8, 7, null, 8, 7, null].map((bill) => tell(bill)));
      for (const [bill, count] of [
        [7, 4],
        [8, 2],
      ] as const) {
        const numbers = (await all({ bill_id: bill })).map(({ sequence }) => sequence);
        expect(numbers).toEqual(Array.from({ length: count }, (_none, place) => place + 1));
      }
      expect((await all()).filter(({ bill_id }) => bill_id === null).map(({ sequence }) => sequence)).toEqual(
        [1, 2],
      );
    });

    test('carries the state that its number stands for: of two at once the second sees what the first did', async () => {
      const bump = (): Promise<void> =>
        store.transact('test-bump', async (tx) => {
          await tx.run('UPDATE clinics SET created_at = created_at + 1 WHERE id = 1');
          await enqueue(tx, { clinicId: 1, billId: 7, type: 'bill.paid', atMs: 1 }, async () => ({
            version: (
              await tx.one<{ version: number }>('SELECT created_at AS version FROM clinics WHERE id = 1')
            )?.version,
          }));
        });
      await Promise.all([bump(), bump(), bump(), bump()]);
      const versions = await Promise.all(
        (await all()).map(async ({ id }) => {
          const found = await readWebhook(courier.parts, id);
          return isRefusal(found) ? 0 : JSON.parse(found.payload).data.version;
        }),
      );
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
      expect(new Set(versions).size).toBe(4);
    });

    test('has an id that no other has, and never changes once it is written', async () => {
      await Promise.all([tell(7), tell(7), tell(8), tell(null)]);
      const ids = (await all()).map(({ event_id }) => event_id);
      expect(new Set(ids).size).toBe(4);
      expect(ids.every((id) => /^evt_[0-9a-f]{32}$/.test(id))).toBe(true);
      const forge = store.transact('test-forge', (tx) =>
        tx.run("UPDATE outbox SET payload = '{}' WHERE id = 1"),
      );
      await expect(forge).rejects.toThrow('never changes');
    });
  });

  describe('a delivery', () => {
    test('says type, time, bill, number and object, signed for the receiver to verify', async () => {
      await tell(7, 12_850);
      await tell(null);
      await courier.round();
      // What belongs to no bill keeps no bill waiting: which of the two arrives first is not promised.
      expect(his.told).toHaveLength(2);
      expect(his.told.find(({ bill_id }) => bill_id === 7)).toMatchObject({
        type: 'bill.paid',
        timestamp: '2026-11-22T02:00:00Z',
        sequence: 1,
        data: { paid_fen: 12_850 },
      });
      expect(his.told.find(({ bill_id }) => bill_id === null)).toMatchObject({ sequence: 1 });
      expect(await all()).toMatchObject([
        { state: 'delivered', attempts: 1, last_status: 'HTTP 200', delivered_at: world.now() },
        { state: 'delivered' },
      ]);
      expect(await nextRound()).toBe(false);
    });

    test('waits for a receiver: what was told before one was configured is heard in full', async () => {
      for (const bill of [7, 8, 7]) await tell(bill);
      await world.advance(1_000 * HOUR_MS);
      expect(his.knocks).toEqual([]);
      await courier.round();
      expect(his.told.map(({ bill_id, sequence }) => [bill_id, sequence]).toSorted()).toEqual([
        [7, 1],
        [7, 2],
        [8, 1],
      ]);
    });

    test('keeps the order of a bill through every kind of failure', async () => {
      const moods = [500, 'silent', 'lost', 302, 404, 'lost', 429] as const;
      let knock = 0;
      his.mood = () => moods[(knock += 1) % 9];
      for (let count = 0; count < 6; count += 1) await tell(7);
      while (await nextRound());
      expect(his.told.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(
        his.told.some(({ times }) => times > 1),
        'a lost answer is sent again',
      ).toBe(true);
      expect(his.knocks.length).toBeGreaterThan(6);
    });

    test('goes by 2xx alone: a redirect is a failure like any other', async () => {
      his.mood = () => 307;
      await tell(7);
      await courier.round();
      expect(await all()).toMatchObject([{ state: 'waiting', attempts: 1, last_status: 'HTTP 307' }]);
      his.mood = () => 204;
      await nextRound();
      expect(await all()).toMatchObject([{ state: 'delivered', attempts: 2, last_status: 'HTTP 204' }]);
    });

    test('never overtakes a parked event of its bill: a person replays that first', async () => {
      await tell(7);
      await store.transact('test-park', async (tx) => {
        await tx.run(`UPDATE outbox SET state = 'parked'`);
      });
      await tell(7);
      await courier.round();
      expect(his.told).toEqual([]);
      await replayParked({ store, world, clinic: { id: 1 } });
      await nextRound();
      expect(his.told.map(({ sequence }) => sequence)).toEqual([1, 2]);
    });

    test('goes with the judgement of its target: where the name leads then is asked of the guard', async () => {
      const asked: (boolean | undefined)[] = [];
      const answer = his.receive;
      his.receive = (request) => {
        asked.push(request.mayConnect?.('192.168.1.20'), request.mayConnect?.('169.254.169.254'));
        return answer(request);
      };
      await tell(7);
      await courier.round();
      expect(asked).toEqual([true, false]);
    });

    test('of one poisoned bill holds up no other', async () => {
      his.mood = ({ bill_id }) => (bill_id === 7 ? 500 : undefined);
      for (const bill of [7, 8, 7, 9, 8]) await tell(bill);
      await courier.round();
      expect(await all({ state: 'delivered' })).toHaveLength(3);
      await tell(8);
      await courier.round();
      expect(his.told.map(({ bill_id, sequence }) => [bill_id, sequence]).toSorted()).toEqual([
        [8, 1],
        [8, 2],
        [8, 3],
        [9, 1],
      ]);
      expect(await all({ bill_id: 7 })).toMatchObject([
        { attempts: 1, state: 'waiting' },
        { attempts: 0, state: 'waiting' },
      ]);
    });

    test('is not hurried by the next event of a bill that is backing off', async () => {
      his.mood = () => 500;
      await tell(7);
      await nextRound();
      await nextRound();
      await tell(7);
      await courier.round();
      expect(his.knocks).toHaveLength(2);
    });
  });

  describe('a receiver that does not hear', () => {
    test('is tried for three days, ever more seldom, and then the event is parked and a person called', async () => {
      his.mood = () => 503;
      await tell(7);
      const at: number[] = [];
      const first = world.now();
      while (await nextRound()) at.push(world.now() - first);
      const waits = at.slice(1).map((moment, place) => moment - (at[place] ?? 0));
      const wished = [5, 30, 120, 600, 1800, 3600, 10_800].map((seconds) => seconds * 1_000);
      for (const [place, wish] of wished.entries()) {
        expect(waits[place]).toBeGreaterThanOrEqual(wish * 0.8);
        expect(waits[place]).toBeLessThanOrEqual(wish * 1.2);
      }
      expect(Math.max(...waits)).toBeLessThanOrEqual(7.2 * HOUR_MS);
      expect(at.at(-1)).toBeGreaterThanOrEqual(72 * HOUR_MS);
      expect(at.at(-1)).toBeLessThanOrEqual(96 * HOUR_MS);
      expect(await all()).toMatchObject([{ state: 'parked', attempts: at.length, last_status: 'HTTP 503' }]);
      expect(await alarms()).toEqual([
        { code: 'webhook_failing', entity_id: 0, times: 1 },
        { code: 'webhook_parked', entity_id: 1, times: 1 },
      ]);
    });

    test('that wakes after more than three days hears all by a replay, in order', async () => {
      his.mood = () => 'silent';
      for (const bill of [7, 7, 8]) await tell(bill);
      while (await nextRound());
      await tell(7);
      await courier.round();
      expect(await all({ state: 'parked' })).toHaveLength(2);
      expect(his.told, 'a parked event holds back what comes after it').toEqual([]);

      his.mood = () => undefined;
      const [first] = await all({ bill_id: 7 });
      const replayed = await replayWebhook(courier.parts, first?.id ?? 0);
      expect(replayed).toMatchObject({ state: 'waiting', attempts: 0, event_id: first?.event_id });
      await courier.round();
      expect(his.told.map(({ bill_id, sequence }) => [bill_id, sequence])).toEqual([
        [7, 1],
        [7, 2],
        [7, 3],
      ]);
      expect(await replayParked(courier.parts)).toBe(1);
      await courier.round();
      expect(await all({ state: 'delivered' })).toHaveLength(4);
      expect(await replayParked(courier.parts)).toBe(0);
    });

    test('that lost what it had heard is told once more, under the same id', async () => {
      await tell(7);
      await tell(7);
      await courier.round();
      const [first] = await all();
      await replayWebhook(courier.parts, first?.id ?? 0);
      await courier.round();
      expect(his.told.map(({ sequence, times }) => [sequence, times])).toEqual([
        [1, 2],
        [2, 1],
      ]);
    });

    test('can be tried at once when a person asks for it', async () => {
      his.mood = () => 500;
      await tell(7);
      await nextRound();
      await nextRound();
      his.mood = () => undefined;
      await replayWebhook(courier.parts, 1);
      await courier.round();
      expect(await all()).toMatchObject([{ state: 'delivered' }]);
    });

    test('loses nothing while our own machine is off for longer than three days', async () => {
      his.mood = () => 500;
      await tell(7);
      await nextRound();
      await nextRound();
      await world.advance(100 * HOUR_MS);
      await courier.round();
      expect(await all()).toMatchObject([{ state: 'waiting', attempts: 3 }]);
      his.mood = () => undefined;
      await nextRound();
      expect(await all()).toMatchObject([{ state: 'delivered' }]);
    });

    test('an event that is not there is not replayed', async () => {
      expect(await replayWebhook(courier.parts, 99)).toMatchObject({ refused: 'webhook_not_found' });
      expect(await readWebhook(courier.parts, 99)).toMatchObject({ refused: 'webhook_not_found' });
    });
  });

  describe('several processes', () => {
    test('a crash between sending and marking sends again, under the same id', async () => {
      await tell(7);
      await tell(7);
      courier.process.killAt(({ what, when }) => what === 'send' && when === 'after');
      void courier.round();
      await world.advance(1_000);
      expect(his.told.map(({ times }) => times)).toEqual([1]);
      expect(await all({ state: 'delivered' })).toEqual([]);

      courier = startCourier();
      await courier.round();
      expect(his.knocks, 'the dead one still holds the lease').toHaveLength(1);
      await world.advance(31_000);
      await courier.round();
      expect(his.told.map(({ sequence, times }) => [sequence, times])).toEqual([
        [1, 2],
        [2, 1],
      ]);
    });

    test('a process that was stopped for long marks nothing when it goes on', async () => {
      his.mood = () => 500;
      await tell(7);
      const slow = startCourier();
      await planDeliveries(slow.parts);
      const lease = await takeLease(slow.parts, 'deliver_webhooks', 7);
      if (lease === undefined || lease === 'done') throw new Error('the lease was free');
      slow.process.killAt(({ what, when }) => {
        if (what === 'send' && when === 'after') slow.process.stop();
        return false;
      });
      const delivered = deliverWebhooks(slow.parts, lease);
      delivered.catch(() => undefined);
      await world.advance(31_000);
      his.mood = () => undefined;
      await courier.round();
      expect(await all()).toMatchObject([{ state: 'delivered', attempts: 1 }]);
      slow.process.go();
      await expect(delivered).rejects.toThrow('lease lost');
      expect(await all()).toMatchObject([{ state: 'delivered', attempts: 1, last_status: 'HTTP 200' }]);
    });

    test('two deliver each event once, whoever of them takes it', async () => {
      const bills = Array.from({ length: 30 }, (_none, place) => place + 1);
      for (const bill of bills) await Promise.all([tell(bill), tell(bill)]);
      const other = startCourier();
      await Promise.all([courier.round(), other.round()]);
      await Promise.all([courier.round(), other.round()]);
      expect(his.told).toHaveLength(60);
      expect(his.told.filter(({ times }) => times !== 1)).toEqual([]);
      expect(await all({ state: 'delivered' })).toHaveLength(60);
    });

    test('an event that is written while its bill is being served is not forgotten', async () => {
      await tell(7);
      his.mood = ({ sequence }) => {
        if (sequence < 5) void tell(7);
        return undefined;
      };
      for (let rounds = 0; rounds < 6; rounds += 1) {
        await courier.round();
        await world.advance(1);
      }
      expect(his.told.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    });
  });

  describe('a secret that is changed', () => {
    const headersOf = async (secrets: readonly string[]): Promise<[string, Record<string, string>]> => {
      const heard: [string, Record<string, string>][] = [];
      const parts = startCourier(secrets).parts;
      parts.world = {
        ...parts.world,
        send: async ({ body, headers }) => {
          heard.push([Buffer.from(body ?? []).toString(), headers]);
          return { status: 200, headers: {}, body: new Uint8Array() };
        },
      };
      await tell(7);
      await round(parts);
      return heard[0] ?? ['', {}];
    };
    const verifies = (secret: string, [body, headers]: [string, Record<string, string>]): boolean => {
      // Which signature is right is asked here, not how old it is.
      const at = new Date(Number(headers['webhook-timestamp']) * 1_000);
      const wanted = new Verifier(secret).sign(headers['webhook-id'] ?? '', at, body);
      return (headers['webhook-signature'] ?? '').split(' ').includes(wanted);
    };

    test('is verified by the former and the current one during the change, and by one before and after', async () => {
      const before = await headersOf([FORMER]);
      expect([verifies(FORMER, before), verifies(SECRET, before)]).toEqual([true, false]);
      const during = await headersOf([SECRET, FORMER]);
      expect([verifies(FORMER, during), verifies(SECRET, during)]).toEqual([true, true]);
      const after = await headersOf([SECRET]);
      expect([verifies(FORMER, after), verifies(SECRET, after)]).toEqual([false, true]);
    });

    test('a receiver with either secret takes the delivery by the published library', async () => {
      for (const secret of [FORMER, SECRET]) {
        his = openHis(world.now, secret);
        courier = startCourier([SECRET, FORMER]);
        await tell(secret === FORMER ? 7 : 8);
        await courier.round();
        expect(his.told).toHaveLength(1);
      }
    });
  });
});
