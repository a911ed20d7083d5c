import { pause, type World } from '#world';
import type { Stream } from '../simulation/chance.ts';

interface Shown {
  session_id: string;
  qr_code_content: string;
  expires_at: string;
}

/** The patients' phones, at the channels' own doors. */
export class Wallets {
  readonly counts = { scans: 0, payments: 0, late: 0, refused: 0 };
  readonly #town: string;
  readonly #world: World;
  readonly #busy = new Set<Promise<void>>();

  constructor(town: string, world: World) {
    this.#town = town;
    this.#world = world;
  }

  /** A patient before a code: pays, pays when it is late, or goes away. */
  send(shown: Shown, stream: Stream): Promise<void> {
    if (shown.qr_code_content === '' || stream.is(0.12)) return Promise.resolve();
    return this.#track(this.#pay(shown, stream));
  }

  /** One who may have seen a code that another cashier has taken away since. */
  mayPay(shown: Shown, stream: Stream): Promise<void> {
    return stream.is(0.3) ? this.send(shown, stream) : Promise.resolve();
  }

  /** Until every patient has gone home. */
  async idle(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }

  async #pay(shown: Shown, stream: Stream): Promise<void> {
    const content = shown.qr_code_content;
    const late = stream.is(0.08);
    const ends = Date.parse(shown.expires_at) - this.#world.now();
    await pause(this.#world, late ? Math.max(0, ends - 12_000) : stream.wait(9_000, 0.6));
    const payer = `patient ${stream.below(1e9)}`;
    if (!(await this.#ask('scan', content, payer))) return;
    this.counts.scans += 1;
    await pause(this.#world, late ? stream.between(2_000, 14_000) : stream.wait(3_000, 0.5));
    if (await this.#ask('pay', content, payer)) {
      this.counts.payments += 1;
      if (late) this.counts.late += 1;
    } else this.counts.refused += 1;
  }

  async #ask(what: 'scan' | 'pay', content: string, payer: string): Promise<boolean> {
    const answer = await fetch(`${this.#town}/_sim/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ content, payer }),
    });
    await answer.arrayBuffer();
    return answer.ok;
  }

  #track(act: Promise<void>): Promise<void> {
    const tracked: Promise<void> = act.finally(() => this.#busy.delete(tracked));
    this.#busy.add(tracked);
    return tracked;
  }
}
