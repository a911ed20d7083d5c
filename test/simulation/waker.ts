import type { Agenda } from './agenda.ts';
import type { Stream } from './chance.ts';
import type { Machine } from './machine.ts';

/** The worker looks for due work so often (src/worker/worker.ts). */
const LOOK_EVERY_MS = 250;

/**
 * Wakes a worker when something is due. In production each looks four times a second; through a
 * simulated day it would do nothing else, so here it is woken when a job's time has come, by the
 * machine whose clock says so first, up to a look's distance late.
 */
export class Waker {
  readonly #agenda: Agenda;
  readonly #stream: Stream;
  readonly #machines: readonly Machine[];
  readonly #due: () => number | undefined;
  readonly #act: (machine: Machine) => Promise<void>;
  /** When somebody is going to look next; 0: nobody. */
  #lookAt = 0;

  constructor(given: {
    agenda: Agenda;
    stream: Stream;
    machines: readonly Machine[];
    /** When the first job is due, by the clock of whoever wrote it down. */
    due: () => number | undefined;
    act: (machine: Machine) => Promise<void>;
  }) {
    this.#agenda = given.agenda;
    this.#stream = given.stream;
    this.#machines = given.machines;
    this.#due = given.due;
    this.#act = given.act;
  }

  /** Jobs were written, or clocks moved: plans the next look. */
  notice(): void {
    const { nowMs } = this.#agenda;
    // A look is so near that nothing could come before it; it will notice again.
    if (this.#lookAt > nowMs && this.#lookAt <= nowMs + LOOK_EVERY_MS) return;
    const due = this.#due();
    if (due === undefined) return;
    let first = Infinity;
    let by: Machine | undefined;
    for (const machine of this.#machines) {
      if (!machine.running) continue;
      const atMs = nowMs + Math.max(0, due - machine.now()) + this.#stream.below(LOOK_EVERY_MS);
      if (atMs >= first) continue;
      first = atMs;
      by = machine;
    }
    if (by === undefined || (this.#lookAt > nowMs && this.#lookAt <= first)) return;
    this.#lookAt = first;
    const machine = by;
    this.#agenda.after(first - nowMs, () => {
      if (this.#lookAt === first) this.look(machine);
    });
  }

  look(machine: Machine): void {
    this.#lookAt = 0;
    if (machine.dead || !machine.running) {
      this.#agenda.after(LOOK_EVERY_MS, () => this.notice());
      return;
    }
    void this.#act(machine).finally(() => this.notice());
  }
}
