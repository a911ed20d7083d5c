import { NetworkFault, type InboundAnswer, type OutboundRequest } from '#world';
import type { Agenda } from './agenda.ts';
import type { Asked, Books } from './books.ts';
import type { Stream } from './chance.ts';
import type { Gateways } from './gateways.ts';
import type { Mortal } from './ground.ts';
import type { His } from './his.ts';
import type { FaultName, Profile } from './profile.ts';
import type { Tally } from './tally.ts';

/** A stretch of time in which nothing gets through. */
export interface Blackout {
  fromMs: number;
  toMs: number;
}

/**
 * The network between the product and the channels. Every request takes its time in both directions;
 * it may be refused, cut off before or after the channel acted, or arrive long after the product gave
 * up waiting for it.
 */
export class Road {
  readonly #agenda: Agenda;
  readonly #gateways: Gateways;
  readonly #books: Books;
  readonly #tally: Tally;
  readonly #stream: Stream;
  readonly #tell: (what: string) => void;
  readonly #his: His;
  readonly #blackouts: readonly Blackout[];
  #profile: Profile;
  #others = 0;

  constructor(given: {
    agenda: Agenda;
    gateways: Gateways;
    books: Books;
    tally: Tally;
    stream: Stream;
    profile: Profile;
    blackouts: readonly Blackout[];
    tell: (what: string) => void;
    his: His;
  }) {
    this.#agenda = given.agenda;
    this.#gateways = given.gateways;
    this.#books = given.books;
    this.#tally = given.tally;
    this.#stream = given.stream;
    this.#profile = given.profile;
    this.#blackouts = given.blackouts;
    this.#tell = given.tell;
    this.#his = given.his;
  }

  calm(profile: Profile): void {
    this.#profile = profile;
  }

  /** The way out of one machine. Rejects with NetworkFault only, as `World.send` promises. */
  send(machine: Mortal, request: OutboundRequest): Promise<InboundAnswer> {
    // Nothing but a webhook asks to be judged by its address.
    if (request.mayConnect !== undefined) return this.#his.receive(request);
    const call = this.#books.asked(request, machine.now());
    const number = call?.outTradeNo;
    const turn = number === undefined ? (this.#others += 1) : this.#books.callsOf(number).length;
    const stream = this.#stream.fork(`${number ?? ''} ${turn}`);
    const { host, pathname, search } = new URL(request.url);
    const what = `${call?.channel ?? ''} ${call?.api ?? 'call'} ${number ?? pathname}`;
    const happens = (name: FaultName): boolean => {
      if (!stream.is(this.#profile[name])) return false;
      this.#tally.fault(name);
      this.#tell(`${machine.name} → ${what}: ${name}`);
      return true;
    };
    if (this.#isDark()) {
      this.#tally.fault('gateway_blackout');
      return this.#fail(stream.between(10, request.timeoutMs), 'no_answer', 'blackout');
    }
    if (happens('refuse_connection')) return this.#fail(stream.between(1, 200), 'not_sent', 'ECONNREFUSED');
    if (happens('lose_request'))
      return this.#fail(stream.between(1, request.timeoutMs), 'no_answer', 'ECONNRESET');
    const lost = happens('lose_answer');
    const late = happens('late_answer') ? stream.between(1_000, 60_000) : 0;
    const payFirst = call?.api === 'create' && happens('notify_before_answer');
    const upMs = stream.wait(60, 0.8) + (stream.is(0.5) ? late : 0);
    const downMs = stream.wait(60, 0.8) + late;

    return new Promise((resolve, reject) => {
      let over = false;
      const giveUp = this.#agenda.after(request.timeoutMs, () => {
        over = true;
        reject(new NetworkFault('no_answer', 'timeout'));
      });
      const arrive = async (): Promise<void> => {
        // The pretend Alipay zips its statement on another thread.
        const release = pathname.includes('downloadBillFile') ? this.#agenda.hold() : undefined;
        const answer = await this.#gateways.handle(
          {
            method: request.method,
            target: pathname + search,
            headers: { host, ...lowerCase(request.headers) },
            body: request.body ?? new Uint8Array(),
          },
          stream,
          number,
          payFirst,
        );
        release?.();
        if (call !== undefined) this.#countOrders(call);
        // Asking and closing make nothing payable; ordering does, and ordering again.
        if (number !== undefined && call?.api === 'create') this.#books.acted(number);
        this.#tell(`${machine.name} → ${what}: ${answer.kind === 'answer' ? answer.status : 'cut off'}`);
        this.#agenda.after(downMs, () => {
          if (over) return;
          giveUp();
          if (answer.kind === 'drop' || lost) {
            reject(new NetworkFault('no_answer', 'ECONNRESET'));
            return;
          }
          if (call !== undefined) Object.assign(call, { status: answer.status, answeredAtMs: machine.now() });
          resolve({ status: answer.status, headers: lowerCase(answer.headers), body: answer.body });
        });
      };
      this.#agenda.after(upMs, () => void arrive());
    });
  }

  /** Which of two came first at the channel, where both orders must be met. */
  #countOrders(call: Asked): void {
    if (!this.#books.debits.has(call.outTradeNo)) return;
    if (call.api === 'close') this.#tally.came('paid_then_closed');
    if (call.api === 'create') this.#tally.came('notified_before_answer');
  }

  #isDark(): boolean {
    return this.#blackouts.some(
      ({ fromMs, toMs }) => this.#agenda.nowMs >= fromMs && this.#agenda.nowMs < toMs,
    );
  }

  #fail(afterMs: number, trouble: 'not_sent' | 'no_answer', detail: string): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.#agenda.after(afterMs, () => reject(new NetworkFault(trouble, detail)));
    });
  }
}

export function lowerCase(headers: Record<string, string>): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const name in headers) lower[name.toLowerCase()] = headers[name] ?? '';
  return lower;
}
