import type { Channel, PaymentMethod } from '#channel';
import { Hub } from '#session';
import { Worker } from '#worker';
import type { InboundAnswer, OutboundRequest, World } from '#world';
import type { Stream } from './chance.ts';
import { Killed, type Ground, type Mortal, type Parts } from './ground.ts';
import { openBothChannels } from './merchants.ts';
import type { Profile } from './profile.ts';
import { shakyStore } from './shaky-store.ts';

/** The requests of clients that a kill cuts off. */
type Mourner = (reason: Killed) => void;

/**
 * One instance of the product: the production code over a store, a clock and a network that fail as
 * the profile says. A kill is `kill -9`: no promise of it ever resolves, its timers never fire, its
 * leases stay behind. While it is stopped (SIGSTOP) all that comes back to it waits.
 */
export class Machine implements Mortal {
  readonly name: string;
  readonly parts: Parts;
  readonly worker: Worker;
  readonly profile: Profile;
  /** How far this machine's clock is ahead of the world's. */
  offsetMs: number;
  #calm = false;
  #state: 'running' | 'stopped' | 'dead' = 'running';
  #release: (() => void) | undefined;
  #untilCrash: number;
  #untilPause: number;
  readonly #ground: Ground;
  readonly #stream: Stream;
  readonly #waiting: (() => void)[] = [];
  readonly #mourners = new Set<Mourner>();
  readonly #onDeath: (machine: Machine) => void;

  constructor(given: {
    name: string;
    ground: Ground;
    stream: Stream;
    profile: Profile;
    offsetMs: number;
    clinic: Parts['clinic'];
    onDeath: (machine: Machine) => void;
  }) {
    const { ground, stream, profile } = given;
    this.name = given.name;
    this.profile = profile;
    this.offsetMs = given.offsetMs;
    this.#ground = ground;
    this.#stream = stream;
    this.#onDeath = given.onDeath;
    this.#untilCrash = stream.until(profile.crash);
    this.#untilPause = stream.until(profile.pause);
    const world = this.#world();
    this.parts = {
      world,
      store: shakyStore(this, ground, stream.fork('store')),
      channels: this.#whoUnzip(openBothChannels(world, ground.configurations)),
      hub: new Hub(),
      clinic: given.clinic,
      publicBaseUrl: 'http://127.0.0.1:8080',
      instance: given.name,
      log: {
        info: () => undefined,
        warn: (event, fields) => ground.tell(`${this.name} warns: ${event} ${JSON.stringify(fields)}`),
        error: (event, fields) => ground.complain(this, event, String(fields?.['detail'] ?? '')),
      },
      refundLimitFen: 50_000,
      webhook: ground.webhook,
    };
    this.worker = new Worker(this.parts);
  }

  get dead(): boolean {
    return this.#state === 'dead';
  }

  get running(): boolean {
    return this.#state === 'running';
  }

  now(): number {
    return this.#ground.agenda.nowMs + this.offsetMs;
  }

  dies(): boolean {
    if (this.#calm || this.#state === 'dead') return this.#state === 'dead';
    this.#untilCrash -= 1;
    if (this.#untilCrash >= 0) return false;
    this.kill('crash');
    return true;
  }

  kill(why: 'crash' | 'disk' | 'rewind'): void {
    if (this.#state === 'dead') return;
    if (why !== 'rewind') this.#ground.tally.fault(why);
    this.#ground.tell(`${this.name} is killed (${why})`);
    this.#state = 'dead';
    this.#waiting.length = 0;
    const reason = new Killed(this.name);
    for (const mourn of this.#mourners) mourn(reason);
    this.#mourners.clear();
    this.#onDeath(this);
  }

  calm(): void {
    this.#calm = true;
    this.offsetMs = 0;
    this.#go();
  }

  get isCalm(): boolean {
    return this.#calm;
  }

  /** What a client sees: the answer, or its connection cut by the kill. */
  unlessKilled<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#mourners.add(reject);
      const end = (): boolean => this.#mourners.delete(reject);
      work.then(
        (value) => end() && resolve(value),
        (error: unknown) => end() && reject(asError(error)),
      );
    });
  }

  comesBack<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(
        (value) => this.#resume(() => resolve(value)),
        (error: unknown) => this.#resume(() => reject(asError(error))),
      );
    });
  }

  #resume(go: () => void): void {
    if (this.dies()) return;
    if (this.#state === 'running') this.#maybeStop();
    if (this.#state === 'running') go();
    else this.#waiting.push(go);
  }

  #maybeStop(): void {
    this.#untilPause -= 1;
    if (this.#untilPause >= 0 || this.#calm) return;
    this.#untilPause = this.#stream.until(this.profile.pause);
    const restMs = this.#stream.between(1_000, 300_000);
    this.#ground.tally.fault('pause');
    this.#ground.tell(`${this.name} is stopped for ${restMs} ms`);
    this.#state = 'stopped';
    this.#ground.agenda.after(restMs, () => this.#go());
  }

  #go(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'running';
    for (const go of this.#waiting.splice(0)) go();
  }

  /** A statement is unzipped on another thread: time waits from the file's arrival to its last line. */
  #whoUnzip(channels: Map<PaymentMethod, Channel>): Map<PaymentMethod, Channel> {
    for (const [method, channel] of channels) {
      const fetchStatement = (day: string): ReturnType<Channel['fetchStatement']> =>
        channel.fetchStatement(day).finally(() => this.#release?.());
      channels.set(method, { ...channel, fetchStatement });
    }
    return channels;
  }

  async #sendAndHold(request: OutboundRequest): Promise<InboundAnswer> {
    const answer = await this.comesBack(this.#ground.send(this, request));
    if (!request.url.includes('downloadBillFile') || this.#release !== undefined) return answer;
    const release = this.#ground.agenda.hold();
    this.#release = () => {
      release();
      this.#release = undefined;
    };
    return answer;
  }

  #world(): World {
    const { agenda } = this.#ground;
    return {
      now: () => this.now(),
      random: (count) => this.#stream.bytes(count),
      after: (delayMs, task) => agenda.after(delayMs, () => this.#resume(task)),
      send: (request) => this.#sendAndHold(request),
    };
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
