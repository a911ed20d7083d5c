import { createHash } from 'node:crypto';
import type { SessionView } from '#session';
import { Connection } from '../../src/store/sqlite-connection.ts';
import { SqliteStore } from '../../src/store/sqlite.ts';
import type { Merchants } from '../../simulator/merchant.ts';
import { Agenda } from './agenda.ts';
import { Books } from './books.ts';
import { openStream, type Stream } from './chance.ts';
import { countSituations, digestOf, endOfDay, unfinished } from './evening.ts';
import { Gateways } from './gateways.ts';
import type { Ground } from './ground.ts';
import { His, HIS_SECRET, HIS_URL } from './his.ts';
import type { Configurations } from './merchants.ts';
import { calmProfile, drawProfile, type FaultName, type Profile } from './profile.ts';
import { Road, type Blackout } from './road.ts';
import { Site } from './site.ts';
import { tellStory } from './story.ts';
import { superviseSuspense } from './supervisor.ts';
import { Tally } from './tally.ts';

/** A Sunday in clinic time; the hour is drawn. */
const MIDNIGHT = Date.UTC(2026, 10, 21, 16);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SUMS_EVERY = 500;
/**
 * The longest that anything may take once nothing fails any more: the longest code and its last word, or a
 * lease of a machine whose clock had jumped by the eight hours of a wrong time zone.
 */
const REST_MS = 9 * HOUR;

export interface DayWish {
  seed: string;
  bills: number;
  /** Faults that are left out, and bills: what the minimiser takes away. */
  without?: ReadonlySet<string>;
  withoutBills?: ReadonlySet<number>;
  trace?: boolean;
}

export interface DayResult {
  seed: string;
  violations: string[];
  sessions: number;
  steps: number;
  asked: number;
  tally: Tally;
  /** Of all that stands in the tables and the ledger: the same seed ends in the same hash (I-33). */
  hash: string;
  trace: string[];
}

/** What every simulated day begins with; made once for a process. */
export interface Scenery {
  merchants: Merchants;
  configurations: Configurations;
  /** A migrated and empty database. */
  image: Uint8Array;
}

/** One day of a small clinic, lived from a seed. */
export class Day {
  readonly agenda: Agenda;
  readonly books: Books;
  readonly gateways: Gateways;
  readonly site: Site;
  readonly tally = new Tally();
  readonly profile: Profile;
  readonly spanMs: number;
  /** From here on nothing fails any more. */
  readonly calmAtMs: number;
  rewound = false;
  readonly #wish: DayWish;
  readonly #stream: Stream;
  readonly #connection: Connection;
  readonly #store: SqliteStore;
  readonly #road: Road;
  readonly #his: His;
  readonly #trace: string[] = [];

  constructor(scenery: Scenery, wish: DayWish) {
    this.#wish = wish;
    this.#stream = openStream(wish.seed);
    const stream = this.#stream;
    this.profile = drawProfile(stream.fork('profile'), wish.without ?? new Set());
    const startMs =
      MIDNIGHT + (stream.fork('hour').is(0.25) ? 23 : stream.fork('hour').between(7, 16)) * HOUR;
    this.agenda = new Agenda(startMs);
    this.spanMs = stream.fork('span').between(1, 4) * HOUR;
    this.calmAtMs = startMs + this.spanMs + 20 * 60_000;
    this.#connection = new Connection(':memory:', 'writes');
    this.#connection.become(scenery.image);
    const only = this.#connection;
    this.#store = new SqliteStore({ path: ':memory:', writer: only, reader: only, unlock: () => undefined });
    this.books = new Books(only, this.tally);
    this.#his = new His({
      agenda: this.agenda,
      books: this.books,
      tally: this.tally,
      stream: stream.fork('his'),
      profile: this.profile,
    });
    const notifyBlackouts = this.#blackouts('notify_blackout', 26 * HOUR);
    this.gateways = new Gateways({
      agenda: this.agenda,
      merchants: scenery.merchants,
      stream: stream.fork('gateways'),
      profile: this.profile,
      tally: this.tally,
      deliver: (...told) => this.site.deliver(...told),
      onMoney: (entry) => this.books.money(entry),
    });
    this.books.gateways = this.gateways;
    const tell = (what: string): void => this.tell(what);
    this.#road = new Road({
      agenda: this.agenda,
      gateways: this.gateways,
      books: this.books,
      tally: this.tally,
      stream: stream.fork('road'),
      profile: this.profile,
      blackouts: this.#blackouts('gateway_blackout', HOUR),
      tell,
      his: this.#his,
    });
    const tellHis = stream.fork('webhooks').is(0.5);
    const ground: Ground = {
      agenda: this.agenda,
      store: this.#store,
      books: this.books,
      tally: this.tally,
      configurations: scenery.configurations,
      webhook: tellHis ? { url: HIS_URL, secrets: [HIS_SECRET], mayConnect: () => true } : undefined,
      send: (machine, request) => this.#road.send(machine, request),
      complain: (machine, event, detail) => {
        if (machine.dead || this.#isExcused(detail)) return;
        this.books.violate(`complaint of ${machine.name}: ${event}: ${detail}`);
      },
      tell,
    };
    this.site = new Site({
      ground,
      connection: only,
      stream: stream.fork('site'),
      profile: this.profile,
      clinic: { id: 1, name: '仿真诊所', shortName: '仿真诊所' },
      blackouts: notifyBlackouts,
    });
  }

  /** Lives the day to its end, or to the first breach of an invariant. */
  async live(): Promise<DayResult> {
    this.site.start();
    this.site.start();
    for (let index = 1; index <= this.#wish.bills; index += 1) {
      if (this.#wish.withoutBills?.has(index)) continue;
      void tellStory(this, index, this.#stream.fork(`bill ${index}`));
    }
    void superviseSuspense(this, this.#stream.fork('supervisor'));
    if (this.profile.key_change > 0) this.#changeKeys();
    if (this.profile.rewind > 0) this.#planRewind();
    await this.agenda.run(this.calmAtMs, () => this.#afterStep());
    if (this.books.violations.length === 0) await this.#evening();
    return this.#result();
  }

  tell(what: string): void {
    if (this.#wish.trace !== true) return;
    this.#trace.push(`${new Date(this.agenda.nowMs + 8 * HOUR).toISOString().slice(11, 23)} ${what}`);
  }

  did(fault: FaultName, words: string): void {
    this.tally.fault(fault);
    this.tell(words);
  }

  /** Whether the product had asked the channel to close this session's order. */
  wasClosed(session: SessionView): boolean {
    const row = this.#connection.one('SELECT out_trade_no FROM payments WHERE id = ?', [session.payment_id]);
    return this.books.callsOf(String(row?.['out_trade_no'])).some(({ api }) => api === 'close');
  }

  /** What may be given up for a while: the lease of who was stopped or whose clock jumped, and five deadlocks on end. */
  #isExcused(detail: string): boolean {
    if (detail.startsWith('lease lost')) return this.profile.pause > 0 || this.profile.clock_step > 0;
    return detail.includes('still in trouble');
  }

  #afterStep(): boolean {
    this.books.check();
    if (this.agenda.steps % SUMS_EVERY === 0) this.books.sums();
    this.site.afterStep();
    return this.books.violations.length > 0;
  }

  /** Nothing fails any more; all that began must come to its end (I-23), and the books must agree. */
  async #evening(): Promise<void> {
    this.tell('— from here on nothing fails —');
    this.#road.calm(calmProfile);
    this.gateways.calm();
    this.site.calm(calmProfile);
    this.#his.profile = calmProfile;
    let left = unfinished(this.#connection, this.rewound);
    await this.agenda.run(this.agenda.nowMs + REST_MS, () => {
      if (this.#afterStep()) return true;
      // Somebody may have asked for something since it was looked up: what is over must be over now.
      if (left.length === 0 || this.agenda.steps % 64 === 0)
        left = unfinished(this.#connection, this.rewound);
      return left.length === 0;
    });
    left = unfinished(this.#connection, this.rewound);
    for (const what of left) this.books.violate(`I-23: ${what}`);
    if (this.books.violations.length === 0) await this.#night();
    if (this.books.violations.length > 0) return;
    const breaches = await endOfDay(this, this.#store, this.#connection);
    for (const breach of breaches) this.books.violate(breach);
  }

  /** The next morning both channels' statements are read: what nobody saw yet is seen now, at the latest. */
  async #night(): Promise<void> {
    this.tell('— the night, and the statements of the morning —');
    this.site.night();
    const midnight = MIDNIGHT + Math.ceil((this.agenda.nowMs - MIDNIGHT) / DAY) * DAY;
    await this.agenda.run(midnight + 11 * HOUR, () => this.#afterStep());
    let left = unfinished(this.#connection, this.rewound, 'fetch_statement');
    await this.agenda.run(midnight + 36 * HOUR, () => {
      if (this.#afterStep()) return true;
      if (left.length === 0 || this.agenda.steps % 16 === 0)
        left = unfinished(this.#connection, this.rewound, 'fetch_statement');
      return left.length === 0;
    });
    for (const what of unfinished(this.#connection, this.rewound, 'fetch_statement'))
      this.books.violate(`I-23: ${what}`);
  }

  /** A backup is restored: the database knows again only what it knew some time ago (M6, I-32). */
  #planRewind(): void {
    const stream = this.#stream.fork('rewind');
    if (!stream.is(this.profile.rewind)) return;
    const at = stream.below(this.spanMs * 0.8);
    this.agenda.after(at, () => {
      const image = this.#connection.image();
      this.agenda.after(stream.wait(20 * 60_000, 0.8), () => {
        if (this.agenda.nowMs >= this.calmAtMs) return;
        this.did('rewind', '— the database is taken back —');
        this.tally.came('rewound');
        this.rewound = true;
        this.site.killAll();
        this.#connection.become(image);
        this.books.rewound();
        this.#his.forget();
      });
    });
  }

  #blackouts(name: 'gateway_blackout' | 'notify_blackout', longestMs: number): Blackout[] {
    const stream = this.#stream.fork(name);
    if (this.profile[name] === 0) return [];
    return Array.from({ length: stream.below(3) }, () => {
      const fromMs = this.agenda.nowMs + stream.below(this.spanMs);
      const lengthMs = 60_000 * Math.exp(stream.unit() * Math.log(longestMs / 60_000));
      return { fromMs, toMs: Math.min(fromMs + lengthMs, this.agenda.nowMs + this.spanMs + 20 * 60_000) };
    });
  }

  /** WeChat Pay moves this merchant from certificates to its public key while orders are open (C8). */
  #changeKeys(): void {
    const { wechat } = this.gateways;
    const stream = this.#stream.fork('keys');
    const begin = stream.below(this.spanMs);
    const step = (this.spanMs - begin) / 6;
    this.agenda.after(begin, () => {
      this.tally.fault('key_change');
      wechat.setMode('migrating');
    });
    for (const [index, share] of [0.1, 0.2, 0.5, 0.8, 1].entries()) {
      this.agenda.after(begin + step * (index + 1), () => wechat.setNotificationShare(share));
    }
  }

  #result(): DayResult {
    countSituations(this.#connection, this.tally);
    const hash = createHash('sha256').update(digestOf(this.#connection, this.gateways.ledger)).digest('hex');
    const sessions = Number(
      this.#connection.one('SELECT COUNT(*) AS n FROM payment_sessions', [])?.['n'] ?? 0,
    );
    this.#connection.close();
    return {
      seed: this.#wish.seed,
      violations: this.books.violations,
      sessions,
      steps: this.agenda.steps,
      asked: this.books.calls.length,
      tally: this.tally,
      hash,
      trace: this.#trace,
    };
  }
}
