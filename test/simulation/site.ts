import { receiveNotification } from '#session';
import { planStatements } from '#statement';
import { StoreUnavailable } from '#store';
import type { Connection } from '../../src/store/sqlite-connection.ts';
import type { Deliver } from '../../simulator/kernel/contract.ts';
import type { Stream } from './chance.ts';
import { Killed, type Ground, type Parts } from './ground.ts';
import { Machine } from './machine.ts';
import type { Profile } from './profile.ts';
import { lowerCase, type Blackout } from './road.ts';
import { Waker } from './waker.ts';

/** A request that got no answer: the machine died under it, or the database would not have it now. */
export const CUT = Symbol('cut');

const SWEEP_EVERY_MS = 2_000;
/** Whatever is noticed or not, each machine looks around so often; less at night. */
const LOOK_ANYWAY_MS = 60_000;
const LOOK_AT_NIGHT_MS = 900_000;
const KEYS_EVERY_MS = 3_600_000;
const PLAN_EVERY_MS = 600_000;

const dueIn = (lanes: string): string => `
  SELECT MIN(CASE WHEN lease_until > due_at THEN lease_until ELSE due_at END) AS at
  FROM jobs WHERE ${lanes} AND state = 'waiting'`;
const moneyDue = dueIn(`lane IN ('alipay', 'wechat')`);
const tellingDue = dueIn(`lane = 'webhook'`);
const untold = `SELECT MIN(created_at) AS at FROM outbox WHERE state = 'new'`;

/**
 * The clinic's machines behind one balancer. It starts the dead again, hands requests and notifications
 * to whoever runs, and wakes the workers when something is due: a worker that looked four times a
 * second through a simulated day would do nothing else.
 */
export class Site {
  readonly machines: Machine[] = [];
  readonly #ground: Ground;
  readonly #connection: Connection;
  readonly #stream: Stream;
  readonly #clinic: Parts['clinic'];
  readonly #blackouts: readonly Blackout[];
  #profile: Profile;
  #born = 0;
  #night = false;
  readonly #money: Waker;
  readonly #telling: Waker;
  #sweepPlanned = false;
  /** The channels' ids of the notifications that were acknowledged: each must be in the books (I-20). */
  readonly acknowledged: { method: 'alipay' | 'wechat'; body: Uint8Array }[] = [];

  constructor(given: {
    ground: Ground;
    connection: Connection;
    stream: Stream;
    profile: Profile;
    clinic: Parts['clinic'];
    blackouts: readonly Blackout[];
  }) {
    this.#ground = given.ground;
    this.#connection = given.connection;
    this.#stream = given.stream;
    this.#profile = given.profile;
    this.#clinic = given.clinic;
    this.#blackouts = given.blackouts;
    const { agenda } = given.ground;
    const machines = this.machines;
    this.#money = new Waker({
      agenda,
      machines,
      stream: given.stream.fork('money'),
      due: () => this.#earliest(moneyDue),
      act: (machine) => this.#watched(machine, 'look', () => machine.worker.look()),
    });
    this.#telling = new Waker({
      agenda,
      machines,
      stream: given.stream.fork('telling'),
      due: () => (given.ground.webhook === undefined ? undefined : this.#earliest(tellingDue, untold)),
      act: (machine) => this.#watched(machine, 'deliver', () => machine.worker.deliver()),
    });
  }

  start(): void {
    this.#born += 1;
    const stream = this.#stream.fork(`machine ${this.#born}`);
    const machine = new Machine({
      name: `m${this.#born}`,
      ground: this.#ground,
      stream,
      profile: this.#profile,
      offsetMs: stream.between(-300, 300),
      clinic: this.#clinic,
      onDeath: (dead) => this.#bury(dead),
    });
    this.machines.push(machine);
    const { agenda } = this.#ground;
    agenda.after(0, () => this.#keepKeysFresh(machine));
    agenda.after(stream.below(LOOK_ANYWAY_MS), () => this.#lookAnyway(machine));
    if (stream.is(this.#profile.clock_step)) {
      const zone = stream.is(0.01) ? stream.pick([-28_800_000, 28_800_000]) : 0;
      const step = zone === 0 ? stream.between(-600_000, 600_000) : zone;
      agenda.after(stream.below(3_600_000), () => this.#stepClock(machine, step));
    }
    this.#notice();
  }

  /** From now on nothing fails by itself; whoever is dead or stopped comes back. */
  calm(profile: Profile): void {
    this.#profile = profile;
    for (const machine of this.machines) machine.calm();
    this.#notice();
  }

  /** One request of a person or of the clinic's own system. */
  async ask<T>(op: (parts: Parts) => Promise<T>): Promise<T | typeof CUT> {
    const running = this.machines.filter((machine) => machine.running);
    if (running.length === 0) {
      await this.#ground.agenda.sleep(1_000);
      return CUT;
    }
    const machine = this.#stream.pick(running);
    try {
      return await machine.unlessKilled(op(machine.parts));
    } catch (error) {
      if (error instanceof Killed || error instanceof StoreUnavailable) return CUT;
      const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#ground.books.violate(`thrown: ${words}`);
      return CUT;
    }
  }

  /** The way in for notifications. Two machines may be told of one event within a second. */
  readonly deliver: Deliver = async (url, headers, body) => {
    const { agenda, tally } = this.#ground;
    if (this.#blackouts.some(({ fromMs, toMs }) => agenda.nowMs >= fromMs && agenda.nowMs < toMs)) {
      tally.fault('notify_blackout');
      throw new Error('nobody hears');
    }
    if (this.#stream.is(this.#profile.notify_twin)) {
      tally.fault('notify_twin');
      agenda.after(
        this.#stream.below(1_000),
        () => void this.#hear(url, headers, body).catch(() => undefined),
      );
    }
    await agenda.sleep(this.#stream.wait(40, 0.8));
    return this.#hear(url, headers, body);
  };

  async #hear(
    url: string,
    headers: Record<string, string>,
    body: Uint8Array,
  ): Promise<{ status: number; body: Uint8Array }> {
    const running = this.machines.filter((machine) => machine.running);
    if (running.length === 0) throw new Error('nobody listens');
    const machine = this.#stream.pick(running);
    const method = url.endsWith('/alipay') ? 'alipay' : 'wechat';
    const raw = { headers: lowerCase(headers), body };
    const received = await machine.unlessKilled(receiveNotification(machine.parts, method, raw));
    if (received === 'not_configured') throw new Error('not configured');
    const { answer, apply } = received;
    this.#ground.tell(`${machine.name} hears ${method}: ${answer.status}`);
    if (answer.status === 200 || answer.status === 204) this.acknowledged.push({ method, body });
    // As the route does: the channel hears at once, and we believe it a moment later.
    if (apply !== undefined) {
      apply().catch((error: unknown) => {
        this.#ground.complain(machine, 'apply', error instanceof Error ? error.message : String(error));
      });
    }
    return { status: answer.status, body: Buffer.from(answer.body) };
  }

  /** After each step: what was written may want somebody to look. */
  afterStep(): void {
    const { written } = this.#ground.books;
    if (written.size === 0) return;
    const jobs = written.has('jobs');
    const outbox = written.has('outbox');
    if (written.has('evidence')) this.#planSweep();
    written.clear();
    if (jobs) this.#money.notice();
    if (jobs || outbox) this.#telling.notice();
  }

  /** Nothing is done at the counter any more; the statements of the day are waited for. */
  night(): void {
    this.#night = true;
    for (const machine of this.machines) this.#planStatements(machine);
  }

  /** Everybody is killed at once: somebody restores an older database under them. */
  killAll(): void {
    for (const machine of [...this.machines]) machine.kill('rewind');
  }

  #notice(): void {
    this.#money.notice();
    this.#telling.notice();
  }

  #earliest(...texts: string[]): number | undefined {
    const found = texts
      .map((text) => this.#connection.one(text, [])?.['at'])
      .filter((at) => typeof at === 'number');
    return found.length === 0 ? undefined : Math.min(...found);
  }

  async #watched(machine: Machine, what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#ground.complain(machine, what, error instanceof Error ? error.message : String(error));
    }
  }

  #planStatements(machine: Machine): void {
    if (machine.dead) return;
    void this.#watched(machine, 'plan', () => planStatements(machine.parts));
    this.#ground.agenda.after(PLAN_EVERY_MS, () => this.#planStatements(machine));
  }

  #bury(dead: Machine): void {
    this.machines.splice(this.machines.indexOf(dead), 1);
    this.#ground.agenda.after(this.#stream.between(500, 20_000), () => this.start());
  }

  #lookAnyway(machine: Machine): void {
    if (machine.dead) return;
    this.#money.look(machine);
    this.#planSweep();
    this.#ground.agenda.after(this.#night ? LOOK_AT_NIGHT_MS : LOOK_ANYWAY_MS, () =>
      this.#lookAnyway(machine),
    );
  }

  #planSweep(): void {
    if (this.#sweepPlanned) return;
    this.#sweepPlanned = true;
    this.#ground.agenda.after(SWEEP_EVERY_MS + this.#stream.below(SWEEP_EVERY_MS), () => {
      this.#sweepPlanned = false;
      const running = this.machines.filter((machine) => machine.running);
      if (running.length === 0) return this.#planSweep();
      const machine = this.#stream.pick(running);
      void this.#watched(machine, 'sweep', () => machine.worker.sweep());
      return undefined;
    });
  }

  #keepKeysFresh(machine: Machine): void {
    if (machine.dead) return;
    for (const channel of machine.parts.channels.values()) void channel.refreshKeys?.();
    this.#ground.agenda.after(KEYS_EVERY_MS, () => this.#keepKeysFresh(machine));
  }

  #stepClock(machine: Machine, stepMs: number): void {
    if (machine.dead || machine.isCalm) return;
    machine.offsetMs += stepMs;
    this.#ground.tally.fault('clock_step');
    this.#ground.tell(`${machine.name}: its clock jumps by ${stepMs} ms`);
    this.#notice();
  }
}
