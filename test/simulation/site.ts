import { receiveNotification } from '#session';
import { StoreUnavailable } from '#store';
import type { Connection } from '../../src/store/sqlite-connection.ts';
import type { Deliver } from '../../simulator/kernel/contract.ts';
import type { Stream } from './chance.ts';
import { Killed, type Ground, type Parts } from './ground.ts';
import { Machine } from './machine.ts';
import type { Profile } from './profile.ts';
import { lowerCase, type Blackout } from './road.ts';

/** A request that got no answer: the machine died under it, or the database would not have it now. */
export const CUT = Symbol('cut');

/** The worker looks for due work so often (src/worker/worker.ts); here only when something may be due. */
const LOOK_EVERY_MS = 250;
const SWEEP_EVERY_MS = 2_000;
/** Whatever is noticed or not, each machine looks around so often. */
const LOOK_ANYWAY_MS = 60_000;
const KEYS_EVERY_MS = 3_600_000;

const nextDue = `
  SELECT MIN(CASE WHEN lease_until > due_at THEN lease_until ELSE due_at END) AS at
  FROM jobs WHERE state = 'waiting'`;

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
  /** When somebody is going to look for due work next; 0: nobody. */
  #lookAt = 0;
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
    if (written.has('evidence')) this.#planSweep();
    written.clear();
    if (jobs) this.#notice();
  }

  #bury(dead: Machine): void {
    this.machines.splice(this.machines.indexOf(dead), 1);
    this.#ground.agenda.after(this.#stream.between(500, 20_000), () => this.start());
  }

  /** Plans the next look: by the machine whose clock says first that something is due. */
  #notice(): void {
    const { nowMs } = this.#ground.agenda;
    // A look is so near that nothing could come before it; it will notice again.
    if (this.#lookAt > nowMs && this.#lookAt <= nowMs + LOOK_EVERY_MS) return;
    const due = this.#connection.one(nextDue, [])?.['at'];
    if (typeof due !== 'number') return;
    let first = Infinity;
    let by: Machine | undefined;
    for (const machine of this.machines) {
      const atMs = nowMs + Math.max(0, due - machine.now()) + this.#stream.below(LOOK_EVERY_MS);
      if (atMs >= first) continue;
      first = atMs;
      by = machine;
    }
    if (by === undefined || (this.#lookAt > nowMs && this.#lookAt <= first)) return;
    this.#lookAt = first;
    const machine = by;
    this.#ground.agenda.after(first - nowMs, () => {
      if (this.#lookAt === first) this.#look(machine);
    });
  }

  #look(machine: Machine): void {
    this.#lookAt = 0;
    if (machine.dead || !machine.running) {
      this.#ground.agenda.after(LOOK_EVERY_MS, () => this.#notice());
      return;
    }
    machine.worker
      .look()
      .catch((error: unknown) => this.#ground.complain(machine, 'look', String(error)))
      .finally(() => this.#notice());
  }

  #lookAnyway(machine: Machine): void {
    if (machine.dead) return;
    this.#look(machine);
    this.#planSweep();
    this.#ground.agenda.after(LOOK_ANYWAY_MS, () => this.#lookAnyway(machine));
  }

  #planSweep(): void {
    if (this.#sweepPlanned) return;
    this.#sweepPlanned = true;
    this.#ground.agenda.after(SWEEP_EVERY_MS + this.#stream.below(SWEEP_EVERY_MS), () => {
      this.#sweepPlanned = false;
      const running = this.machines.filter((machine) => machine.running);
      if (running.length === 0) return this.#planSweep();
      const machine = this.#stream.pick(running);
      machine.worker
        .sweep()
        .catch((error: unknown) => this.#ground.complain(machine, 'sweep', String(error)));
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
