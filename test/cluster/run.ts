import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiKey } from '#access';
import { migrate, openMysql, type Store } from '#store';
import { followedWorld, systemWorld, type World } from '#world';
import type { Weather as ChannelWeather } from '../../simulator/kernel/contract.ts';
import { freePort, startMariadb } from '../mariadb.ts';
import { openStream, type Stream } from '../simulation/chance.ts';
import { takeDatabase } from '../mysql-databases.ts';
import { Chaos } from './chaos.ts';
import type { Counter } from './counter.ts';
import { Desk } from './desk.ts';
import { tellTown, untilConverged, untilMorning } from './evening.ts';
import { Instance } from './instance.ts';
import { Promised } from './promised.ts';
import { Quarrel } from './quarrel.ts';
import { started, type Program } from './program.ts';
import { tellStory } from './story.ts';
import { Wallets } from './wallets.ts';
import { WireCutter } from './wire-cutter.ts';

export interface ClusterWish {
  seed: string;
  /** Transactions through both instances, at least. */
  transactions: number;
  /** A server that runs already, for a short run; without one the run starts its own. */
  server?: string | undefined;
  /** How many simulated seconds pass in one real second. */
  speed: number;
  /** Bills under way at once. */
  bills: number;
  /** How often all is let come to rest and audited; the end is one of them. */
  audits: number;
  longStops: number;
  longStopMs: number;
  /** Real milliseconds between two kills or short stops. */
  everyMs: number;
  tell: (words: string) => void;
}

export interface Figures {
  violations: string[];
  transactions: number;
  bills: number;
  minutes: number;
  /** Everything that was counted, by name, in groups. */
  counts: Record<string, Record<string, number>>;
  /** What the instances said in their logs, by what they say. */
  said: [string, number][];
  slowestStartMs: number;
}

/** Faults of the channels while the load runs: enough that answers get lost, little enough to get on. */
const weather: Partial<ChannelWeather> = {
  lose_request: 0.02,
  lose_answer: 0.03,
  answer_500: 0.02,
  answer_500_after_acting: 0.01,
  throttle: 0.01,
  answer_html: 0.005,
  delay_ms: 1_500,
  notify_lose: 0.1,
  notify_double: 0.1,
  notify_delay_ms: 500,
  notify_reorder: 0.1,
  notify_corrupt: 0.01,
  stale_unpaid: 0.05,
  not_exist_after_scan: 0.05,
  refund_pending_ms: 4_000,
  refund_abnormal: 0.01,
  wechat_refund_closed: 0.02,
};

/** Lives a stormy day of two instances over one database, and audits it at every pause and at the end. */
export async function runCluster(wish: ClusterWish): Promise<Figures> {
  const endings: (() => unknown)[] = [];
  try {
    return await new Cluster(wish, endings).live();
  } finally {
    for (const end of endings.toReversed()) await end();
  }
}

class Cluster {
  readonly #wish: ClusterWish;
  readonly #endings: (() => unknown)[];
  readonly #stream: Stream;
  readonly #real = systemWorld(() => true);
  readonly #violations: string[] = [];
  readonly #promised = new Promised();
  #bills = 0;

  constructor(wish: ClusterWish, endings: (() => unknown)[]) {
    this.#wish = wish;
    this.#endings = endings;
    this.#stream = openStream(`cluster ${wish.seed}`);
  }

  async live(): Promise<Figures> {
    const began = performance.now();
    const folder = this.#ending(mkdtempSync(join(tmpdir(), 'zhenfu-cluster-')), (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    const database = await this.#database();
    const store = this.#ending(await openMysql({ url: database, world: this.#real, poolSize: 4 }), (one) =>
      one.close(),
    );
    await migrate(store, this.#real);
    const ports = [await freePort(), await freePort()];
    const town = await this.#town(folder, database, ports);
    const world = this.#ending(
      followedWorld(`${town.url}/_sim/clock`, () => true),
      (one) => one.stop(),
    );
    const instances: Instance[] = [];
    for (const [at, port] of ports.entries()) {
      instances.push(await this.#instance(`instance ${at + 1}`, port, { folder, database, ...town }));
    }
    const desk = new Desk(instances, await keysOf(store, world));
    const wallets = new Wallets(town.url, world);
    const given = { instances, store, world, town: town.url, desk, wallets };
    const chaos = new Chaos(instances, this.#real, this.#stream.fork('chaos'), this.#wish);
    const quarrel = this.#ending(
      await Quarrel.join(database, this.#real, this.#stream.fork('quarrel')),
      (one) => one.close(),
    );
    const before = await counters(store);
    for (let audit = 1; audit <= this.#wish.audits; audit += 1) {
      await this.#storm(given, chaos, quarrel, audit);
      await this.#rest(given, audit === this.#wish.audits);
      if (this.#violations.length > 0) break;
    }
    const after = await counters(store);
    return this.#figures(given, chaos, quarrel, began, { before, after });
  }

  #ending<T>(thing: T, end: (thing: T) => unknown): T {
    this.#endings.push(() => end(thing));
    return thing;
  }

  async #database(): Promise<string> {
    if (this.#wish.server !== undefined) {
      const { url } = this.#ending(await takeDatabase(this.#wish.server), (one) => one.giveBack());
      return url;
    }
    // It need not outlive a power cut: what is proved here is lines and instances, not the disk.
    const server = await startMariadb([
      '--innodb-buffer-pool-size=512M',
      '--innodb-log-file-size=128M',
      '--loose-innodb-flush-method=nosync',
    ]);
    this.#ending(server, (one) => one.stop());
    const { url } = this.#ending(await takeDatabase(server.url), (one) => one.giveBack());
    return url;
  }

  async #town(folder: string, databaseUrl: string, ports: readonly number[]) {
    const told = {
      seed: this.#wish.seed,
      folder,
      databaseUrl,
      instances: ports.map((port) => `http://127.0.0.1:${port}`),
      twinShare: 0.15,
      deafShare: 0.1,
    };
    const { program, said } = await started(
      'test/cluster/town.ts',
      { TOWN: JSON.stringify(told) },
      (line) =>
        line.startsWith('{"url"') ? (JSON.parse(line) as { url: string; merchantEnv: string }) : undefined,
      (line) => (line.startsWith('town:') ? this.#violations.push(line) : undefined),
    );
    this.#ending(program, (one: Program) => one.kill());
    await tellTown(said.url, 'POST', '/_sim/clock', { speed: this.#wish.speed });
    return said;
  }

  async #instance(
    name: string,
    port: number,
    given: { folder: string; database: string; url: string; merchantEnv: string },
  ): Promise<Instance> {
    const server = new URL(given.database);
    const wire = new WireCutter(Number(server.port), this.#stream.fork(`wire of ${name}`));
    server.port = String(await wire.listen());
    this.#ending(wire, (one) => one.close());
    const instance = new Instance(
      {
        name,
        port,
        folder: join(given.folder, name.replace(' ', '-')),
        databaseUrl: server.href,
        merchantEnv: given.merchantEnv,
        town: given.url,
      },
      wire,
    );
    this.#ending(instance, (one) => one.kill());
    await instance.start();
    return instance;
  }

  /** Load and blows, until this part of the budget is spent. */
  async #storm(given: Given, chaos: Chaos, quarrel: Quarrel, part: number): Promise<void> {
    const { audits, transactions, longStops, tell } = this.#wish;
    const from = (transactions * (part - 1)) / audits;
    const until = (transactions * part) / audits;
    await tellTown(given.town, 'PUT', '/_sim/weather', { ...weather });
    await tellTown(given.town, 'POST', '/_town/loud', {});
    chaos.begin();
    quarrel.begin();
    // What is broken already needs no further load.
    const over = (): boolean =>
      spent(given.instances) >= until ||
      given.desk.breaches.length > 0 ||
      given.instances.some(({ complaints }) => complaints.length > 0);
    const counter: Counter = { ...given, promised: this.#promised, closing: over };
    // The long stops of this part, spread evenly over it.
    const stops = Array.from(
      { length: longStops },
      (_, at) => ((at + 0.5) * transactions) / longStops,
    ).filter((at) => at >= from && at < until);
    const watch = this.#watch(given, over, (done) => {
      while ((stops[0] ?? Infinity) <= done) {
        stops.shift();
        chaos.longStop();
      }
      tell(`${done} transactions, ${this.#bills} bills`);
    });
    const load = Promise.all(Array.from({ length: this.#wish.bills }, () => this.#work(counter, over)));
    await watch;
    await Promise.all([load, chaos.end(), quarrel.end()]);
    await given.wallets.idle();
  }

  async #work(counter: Counter, over: () => boolean): Promise<void> {
    while (!over()) {
      this.#bills += 1;
      const name = `${this.#wish.seed.replaceAll(/[^\w-]/g, '-')}-${this.#bills}`;
      await tellStory(counter, name, this.#stream.fork(`bill ${this.#bills}`));
    }
  }

  #watch(given: Given, over: () => boolean, look: (transactions: number) => void): Promise<void> {
    return new Promise((resolve) => {
      const again = (): void => {
        look(spent(given.instances));
        if (over()) resolve();
        else this.#real.after(1_000, again);
      };
      again();
    });
  }

  /** Calm; everything comes to its end; the audit. */
  async #rest(given: Given, last: boolean): Promise<void> {
    const { town, store } = given;
    this.#wish.tell('coming to rest');
    await tellTown(town, 'PUT', '/_sim/weather', { reset: true });
    await tellTown(town, 'POST', '/_town/quiet', {});
    const left = await untilConverged(store, town, this.#real);
    if (last) {
      await untilMorning(town, 11);
      left.push(...(await untilConverged(store, town, this.#real, ['fetch_statement'])));
    }
    this.#wish.tell('audit');
    const answer = await fetch(`${town}/_town/audit`, { signal: AbortSignal.timeout(240_000) });
    const audited = (await answer.json()) as string[];
    this.#violations.push(
      ...left.slice(0, 20).map((what) => `I-23: ${what}`),
      ...audited,
      ...(await this.#promised.check(store)),
      ...given.desk.breaches,
      ...given.instances.flatMap(({ complaints }) => complaints),
    );
    this.#wish.tell(`audited: ${this.#violations.length} violations`);
  }

  #figures(
    given: Given,
    chaos: Chaos,
    quarrel: Quarrel,
    began: number,
    server: { before: Map<string, number>; after: Map<string, number> },
  ): Figures {
    const { instances, desk, wallets } = given;
    const wires = new Map<string, number>();
    const said = new Map<string, number>();
    for (const one of instances) {
      for (const [what, count] of one.wire.counts) wires.set(what, (wires.get(what) ?? 0) + count);
      for (const [what, count] of one.said) said.set(what, (said.get(what) ?? 0) + count);
    }
    const refused = [...said].reduce(
      (sum, [words, count]) => sum + (words.includes('lease lost') ? count : 0),
      0,
    );
    const grown = [...server.after].map(([name, count]) => [name, count - (server.before.get(name) ?? 0)]);
    return {
      violations: this.#violations,
      transactions: spent(instances),
      bills: this.#bills,
      minutes: (performance.now() - began) / 60_000,
      counts: {
        server: Object.fromEntries(grown),
        lines: Object.fromEntries(wires),
        instances: { ...chaos.counts, fencesThatRefused: refused },
        quarrels: quarrel.counts,
        wallets: wallets.counts,
        counter: { ...Object.fromEntries(desk.counts), acknowledged: this.#promised.acknowledged },
      },
      said: [...said].toSorted(([, one], [, other]) => other - one),
      slowestStartMs: Math.max(...instances.flatMap(({ startsMs }) => startsMs)),
    };
  }
}

interface Given {
  instances: Instance[];
  store: Store;
  world: World;
  town: string;
  desk: Desk;
  wallets: Wallets;
}

function spent(instances: readonly Instance[]): number {
  return instances.reduce((total, { wire }) => total + (wire.counts.get('transactions') ?? 0), 0);
}

async function keysOf(store: Store, world: World): Promise<string[]> {
  const clinic = await store.read((tx) => tx.one<{ id: number }>('SELECT id FROM clinics'));
  if (clinic === undefined) throw new Error('no clinic');
  const parts = { store, world, clinic };
  const scopes = ['bills', 'payments', 'queries', 'refunds'] as const;
  return [await createApiKey(parts, 'his', scopes), await createApiKey(parts, 'second', scopes)];
}

/** What the server itself has counted. */
async function counters(store: Store): Promise<Map<string, number>> {
  const names = ['Com_commit', 'Com_rollback', 'Innodb_deadlocks', 'Innodb_row_lock_waits'];
  const rows = await store.read((tx) =>
    tx.all<{ Variable_name: string; Value: string }>(
      `SHOW GLOBAL STATUS WHERE Variable_name IN (${names.map((name) => `'${name}'`).join()})`,
    ),
  );
  return new Map(rows.map((row) => [row.Variable_name, Number(row.Value)]));
}
