import type { Cancel, InboundAnswer, OutboundRequest, World } from '#world';
import { seededChance } from '../simulator/kernel/chance.ts';

export interface ManualWorld extends World {
  /**
   * Moves time. Timers fire in their order, and between two of them everything that can settle does,
   * real database work included.
   */
  advance(ms: number): Promise<void>;
  /** Moves time in one leap, as over a machine that slept: every timer that became due fires once, late. */
  leap(ms: number): Promise<void>;
  /** Moves time in leaps of five seconds: for long waits in which only what is due at their end matters. */
  doze(ms: number): Promise<void>;
  /** Moves time in small steps until `promise` is there, at most `withinMs`; then fails by name. */
  until<T>(promise: Promise<T>, withinMs?: number): Promise<T>;
  /** Counts work that the clock must wait for, such as a query on a real server. */
  busy<T>(work: Promise<T>): Promise<T>;
}

const STEP_MS = 50;
const DOZE_MS = 5_000;
/** Long enough after a leap for whoever woke up to do its work. */
const LOOK_MS = 600;

/** A world whose clock stands still until a test moves it, and whose chance comes from a seed. */
export function manualWorld(options: {
  startMs: number;
  seed: number | string;
  send: (request: OutboundRequest) => Promise<InboundAnswer>;
}): ManualWorld {
  let nowMs = options.startMs;
  let pending = 0;
  const idle: (() => void)[] = [];
  let timers: { dueMs: number; task: () => void }[] = [];
  const chance = seededChance(options.seed);

  const busy = async <T>(work: Promise<T>): Promise<T> => {
    pending += 1;
    try {
      return await work;
    } finally {
      pending -= 1;
      if (pending === 0) for (const wake of idle.splice(0)) wake();
    }
  };

  /** Several rounds, because a promise that settles may start what is awaited next. */
  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      // Asleep, not spinning: the database that we wait for needs the core.
      while (pending > 0) {
        quiet = 0;
        await new Promise<void>((resolve) => idle.push(resolve));
      }
    }
  }

  function after(delayMs: number, task: () => void): Cancel {
    const timer = { dueMs: nowMs + Math.max(0, delayMs), task };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  }

  async function advance(ms: number): Promise<void> {
    const untilMs = nowMs + ms;
    for (;;) {
      await settle();
      const next = timers.reduce<(typeof timers)[number] | undefined>(
        (first, timer) => (first === undefined || timer.dueMs < first.dueMs ? timer : first),
        undefined,
      );
      if (next === undefined || next.dueMs > untilMs) break;
      timers = timers.filter((other) => other !== next);
      nowMs = Math.max(nowMs, next.dueMs);
      next.task();
    }
    nowMs = untilMs;
    await settle();
  }

  function leap(ms: number): Promise<void> {
    nowMs += ms;
    return advance(0);
  }

  return {
    now: () => nowMs,
    random: chance,
    after,
    send: (request) => options.send(request),
    busy,
    advance,
    leap,
    async doze(ms) {
      const untilMs = nowMs + ms;
      while (nowMs < untilMs) {
        await leap(Math.min(DOZE_MS - LOOK_MS, untilMs - nowMs));
        await advance(Math.min(LOOK_MS, untilMs - nowMs));
      }
    },
    async until<T>(promise: Promise<T>, withinMs = 60_000): Promise<T> {
      const answer = { came: false };
      const finish = (): void => {
        answer.came = true;
      };
      promise.then(finish, finish);
      const deadline = nowMs + withinMs;
      await settle();
      while (!answer.came) {
        if (nowMs >= deadline) throw new Error(`still waiting after ${withinMs} ms of the test's clock`);
        await advance(STEP_MS);
      }
      return promise;
    },
  };
}
