import { pause, type World } from '#world';
import type { Stream } from '../simulation/chance.ts';
import type { Instance } from './instance.ts';
import { calmWire, type Weather } from './wire-cutter.ts';

/** Shares of commands; a transaction has about ten of them, one being its COMMIT. */
const stormyWire: Weather = {
  cutBeforeCommit: 0.003,
  cutAtCommit: 0.003,
  cutAfterCommit: 0.003,
  silentAfterCommit: 0.0001,
  cutStatement: 0.0001,
  error: { 1213: 0.0005, 1205: 0.0004, 1020: 0.0004 },
};

export interface ChaosWish {
  /** Real milliseconds between two blows. */
  everyMs: number;
  /** How long a stopped instance stands still: longer than any lease. */
  longStopMs: number;
}

/** What happens to the instances: kill -9, SIGSTOP for a while or for long, and lines that are cut. */
export class Chaos {
  readonly counts = { kills: 0, longStops: 0, shortStops: 0, failedStarts: 0 };
  readonly #instances: readonly Instance[];
  /** The machine's own time: a stopped process stands still on that. */
  readonly #world: World;
  readonly #stream: Stream;
  readonly #wish: ChaosWish;
  readonly #acts = new Set<Promise<void>>();
  /** Whom nothing more may happen to until it stands again. */
  readonly #held = new Set<Instance>();
  #calm = true;
  #bell = new AbortController();

  constructor(instances: readonly Instance[], world: World, stream: Stream, wish: ChaosWish) {
    this.#instances = instances;
    this.#world = world;
    this.#stream = stream;
    this.#wish = wish;
  }

  begin(): void {
    this.#calm = false;
    this.#bell = new AbortController();
    for (const { wire } of this.#instances) wire.weather = stormyWire;
    this.#act(this.#blows());
  }

  /** Nothing more happens; whoever is down or stopped stands again when this resolves. */
  async end(): Promise<void> {
    this.#calm = true;
    this.#bell.abort();
    for (const { wire } of this.#instances) wire.weather = calmWire;
    while (this.#acts.size > 0) await Promise.all(this.#acts);
    for (const one of this.#instances) if (!one.up) await this.#start(one);
  }

  /** Stops one instance for long; the other one is left alone with its leases, and still dies at times. */
  longStop(): void {
    const free = this.#free();
    if (free.length === 0) return;
    this.counts.longStops += 1;
    this.#act(this.#stopFor(this.#stream.pick(free), this.#wish.longStopMs));
  }

  async #blows(): Promise<void> {
    while (!this.#calm) {
      const restMs = this.#stream.between(this.#wish.everyMs / 2, this.#wish.everyMs * 1.5);
      await pause(this.#world, restMs, this.#bell.signal);
      const free = this.#free();
      if (this.#stopping() || free.length === 0) continue;
      const one = this.#stream.pick(free);
      if (this.#stream.is(0.3)) {
        this.counts.shortStops += 1;
        await this.#stopFor(one, this.#stream.between(1_000, 9_000), this.#bell.signal);
      } else {
        this.counts.kills += 1;
        await this.#killAndStart(one);
      }
    }
  }

  #stopping(): boolean {
    return this.#calm;
  }

  #free(): Instance[] {
    return this.#instances.filter((one) => one.up && !this.#held.has(one));
  }

  /** A long stop is never cut short: it is to outlast every lease. */
  async #stopFor(one: Instance, forMs: number, bell?: AbortSignal): Promise<void> {
    this.#held.add(one);
    one.stop();
    await pause(this.#world, forMs, bell);
    one.resume();
    this.#held.delete(one);
  }

  async #killAndStart(one: Instance): Promise<void> {
    this.#held.add(one);
    await one.kill();
    await pause(this.#world, this.#stream.between(0, 2_500));
    await this.#start(one);
    this.#held.delete(one);
  }

  /** A start that met a cut line is tried again, as a supervisor would. */
  async #start(one: Instance): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await one.start();
        return;
      } catch (error) {
        if (tries === 6) throw error;
        this.counts.failedStarts += 1;
      }
    }
  }

  #act(act: Promise<void>): void {
    const tracked: Promise<void> = act.finally(() => this.#acts.delete(tracked));
    this.#acts.add(tracked);
  }
}
