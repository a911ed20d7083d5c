/**
 * The service's clock, as seen from this page. The PC's own clock is never read: what counts is the
 * `server_time` of each answer and the browser's steady counter (`performance.now()`) since then.
 *
 * An answer that travelled slowly shows a time that is already old; so the latest reading of all wins,
 * unless the service's clock has clearly been put back.
 */
const PUT_BACK_MS = 5_000;

export class ServerClock {
  readonly #steady: () => number;
  #offsetMs: number | undefined;

  constructor(steady: () => number = () => performance.now()) {
    this.#steady = steady;
  }

  /** Takes the `server_time` of an answer that has just arrived. RFC 3339. */
  hear(serverTime: string): void {
    const offset = Date.parse(serverTime) - this.#steady();
    if (Number.isNaN(offset)) return;
    const known = this.#offsetMs;
    if (known === undefined || offset > known || offset < known - PUT_BACK_MS) this.#offsetMs = offset;
  }

  /** Milliseconds from now to an instant of the service, never below 0; undefined before the first answer. */
  remainingMs(instant: string): number | undefined {
    if (this.#offsetMs === undefined) return undefined;
    return Math.max(0, Date.parse(instant) - (this.#steady() + this.#offsetMs));
  }
}
