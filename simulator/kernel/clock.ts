/**
 * Simulated time on top of a host's time. It starts at real time; a person or a test pushes it forward,
 * speeds it up, or moves the channels alone (`skew_ms`). Timers fire on simulated time, in their order.
 */
import type { Clock } from './contract.ts';

/** Where time really comes from: the machine, or in one process the clock that a test moves. */
export interface HostClock {
  now(): number;
  after(delayMs: number, task: () => void): () => void;
}

/** What `GET /_sim/clock` answers. `version` grows with every change, also across restarts. */
export interface ClockState {
  /** Epoch milliseconds, the world's time. */
  now: number;
  speed: number;
  skew_ms: number;
  version: number;
}

export interface ClockChange {
  advance_ms?: number;
  speed?: number;
  skew_ms?: number;
}

export interface SimulatedClock extends Clock {
  state(): ClockState;
  /** Applies a checked change: timers that became due run before it returns. */
  change(change: ClockChange): ClockState;
  /** Resolves when the version is another than `version`, or after `waitMs` of real time. */
  changed(version: number, waitMs: number): Promise<ClockState>;
  /** Forgets all timers and answers everyone who waits. */
  close(): void;
}

/** The machine's own time. Its timers never keep the process alive. */
export const machineClock: HostClock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Node's timers overflow above this; a longer wait is taken in steps. */
const LONGEST_WAIT_MS = 2_147_483_647;

interface Timer {
  dueMs: number;
  task: () => void;
}

/**
 * host     where time comes from
 * startMs  the earliest time this clock may show: never before what an earlier run has already shown
 */
export function createClock(host: HostClock, startMs = 0): SimulatedClock {
  let anchorHostMs = host.now();
  let anchorMs = Math.max(anchorHostMs, startMs);
  let speed = 1;
  let skewMs = 0;
  let version = anchorHostMs;
  let timers: Timer[] = [];
  let disarm: (() => void) | undefined;
  const waiting = new Set<() => void>();

  function now(): number {
    return Math.floor(anchorMs + (host.now() - anchorHostMs) * speed);
  }

  function moveTo(ms: number): void {
    anchorMs = ms;
    anchorHostMs = host.now();
  }

  function arm(): void {
    disarm?.();
    disarm = undefined;
    const next = timers[0];
    if (next === undefined) return;
    const waitMs = Math.ceil(Math.max(0, next.dueMs - now()) / speed);
    disarm = host.after(Math.min(waitMs, LONGEST_WAIT_MS), () => {
      runDue(now());
      arm();
    });
  }

  /** Runs what is due until `untilMs`, each task at its own time, as if nobody had jumped. */
  function runDue(untilMs: number): void {
    for (let next = timers[0]; next !== undefined && next.dueMs <= untilMs; next = timers[0]) {
      timers.shift();
      if (next.dueMs > now()) moveTo(next.dueMs);
      next.task();
    }
  }

  function after(delayMs: number, task: () => void): () => void {
    const timer = { dueMs: now() + Math.max(0, delayMs), task };
    insert(timers, timer);
    if (timers[0] === timer) arm();
    return () => {
      const wasNext = timers[0] === timer;
      timers = timers.filter((other) => other !== timer);
      if (wasNext) arm();
    };
  }

  function state(): ClockState {
    return { now: now(), speed, skew_ms: skewMs, version };
  }

  function change(wish: ClockChange): ClockState {
    moveTo(now());
    if (wish.speed !== undefined) speed = wish.speed;
    if (wish.skew_ms !== undefined) skewMs = wish.skew_ms;
    if (wish.advance_ms !== undefined) {
      const targetMs = now() + wish.advance_ms;
      runDue(targetMs);
      if (targetMs > now()) moveTo(targetMs);
    }
    version += 1;
    arm();
    for (const wake of [...waiting]) wake();
    return state();
  }

  function changed(seen: number, waitMs: number): Promise<ClockState> {
    if (seen !== version) return Promise.resolve(state());
    return new Promise((resolve) => {
      const cancel = host.after(waitMs, wake);
      function wake(): void {
        cancel();
        waiting.delete(wake);
        resolve(state());
      }
      waiting.add(wake);
    });
  }

  return {
    now,
    channelNow: () => now() + skewMs,
    after,
    state,
    change,
    changed,
    close() {
      timers = [];
      disarm?.();
      for (const wake of [...waiting]) wake();
    },
  };
}

/** Keeps the order of due times, and first come first served among equals. */
function insert(timers: Timer[], timer: Timer): void {
  let low = 0;
  let high = timers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((timers[middle]?.dueMs ?? Infinity) <= timer.dueMs) low = middle + 1;
    else high = middle;
  }
  timers.splice(low, 0, timer);
}
