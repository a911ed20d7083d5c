import { setImmediate as turn } from 'node:timers';

/** How many steps pass before the real event loop has a turn: signals and pipes live there. */
const STEPS_A_TURN = 4_096;

interface Entry {
  atMs: number;
  order: number;
  /** Gone once it was cancelled. */
  task: (() => void) | undefined;
}

/**
 * Simulated time: a heap of what is to come, ordered by time and then by when it was written down. Time
 * jumps from one entry to the next; between two of them everything that can settle does.
 */
export class Agenda {
  nowMs: number;
  steps = 0;
  /** Work on real threads that time must wait for: zipping and unzipping, making keys. */
  #held = 0;
  readonly #heap: Entry[] = [];
  #order = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  after(delayMs: number, task: () => void): () => void {
    this.#order += 1;
    const entry: Entry = { atMs: this.nowMs + Math.max(0, Math.round(delayMs)), order: this.#order, task };
    this.#push(entry);
    return () => {
      entry.task = undefined;
    };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Time stands still until the answer is called. */
  hold(): () => void {
    this.#held += 1;
    return () => {
      this.#held -= 1;
    };
  }

  /** Lives through what is written down, up to `untilMs`, asking `done` after each step. */
  async run(untilMs: number, done: () => boolean): Promise<void> {
    await settled();
    for (let next = this.#pop(); next !== undefined; next = this.#pop()) {
      if (next.task === undefined) continue;
      if (next.atMs > untilMs) {
        this.#push(next);
        this.nowMs = untilMs;
        return;
      }
      this.nowMs = next.atMs;
      this.steps += 1;
      next.task();
      await settled();
      while (this.#held > 0) await new Promise((resolve) => turn(resolve));
      if (done()) return;
      if (this.steps % STEPS_A_TURN === 0) await new Promise((resolve) => turn(resolve));
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      const right = heap[below + 1];
      if (child !== undefined && right !== undefined && isBefore(right, child)) {
        below += 1;
        child = right;
      }
      if (child === undefined || !isBefore(child, last)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

/**
 * Resolves when no promise is left that could settle by itself. Node runs ticks only after the queue of
 * microtasks is empty, and nothing in a simulated day waits for more than microtasks; so one tick is
 * enough, and ten times cheaper than a turn of the event loop.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
