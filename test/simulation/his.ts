import { Webhook } from 'standardwebhooks';
import { NetworkFault, type InboundAnswer, type OutboundRequest } from '#world';
import type { Agenda } from './agenda.ts';
import type { Books } from './books.ts';
import type { Stream } from './chance.ts';
import type { FaultName, Profile } from './profile.ts';
import type { Tally } from './tally.ts';

export const HIS_URL = 'http://192.168.1.20:9000/zhenfu';
export const HIS_SECRET = `whsec_${Buffer.from('a pretend secret of 32 bytes.....').toString('base64')}`;

interface Told {
  sequence: number;
  body: string;
}

/**
 * The clinic's own system, as the one who is told (I-27): it checks each signature, drops repeats by
 * their id and holds the product to the order of each bill. Now and then it is down, slow, or hears and
 * says something else.
 */
export class His {
  readonly #agenda: Agenda;
  readonly #books: Books;
  readonly #tally: Tally;
  readonly #stream: Stream;
  readonly #webhook = new Webhook(HIS_SECRET);
  readonly #seen = new Map<string, Told>();
  readonly #last = new Map<number, number>();
  /** How often the database was taken back. */
  #era = 0;
  /** The newest state of each bill that was told. */
  readonly bills = new Map<number, Record<string, unknown>>();
  profile: Profile;

  constructor(given: { agenda: Agenda; books: Books; tally: Tally; stream: Stream; profile: Profile }) {
    this.#agenda = given.agenda;
    this.#books = given.books;
    this.#tally = given.tally;
    this.#stream = given.stream;
    this.profile = given.profile;
  }

  async receive(request: OutboundRequest): Promise<InboundAnswer> {
    const era = this.#era;
    await this.#agenda.sleep(this.#stream.wait(30, 0.8));
    if (this.#happens('his_down')) throw new NetworkFault('not_sent', 'ECONNREFUSED');
    this.#hear(request, era);
    if (this.#happens('his_slow')) {
      await this.#agenda.sleep(request.timeoutMs);
      throw new NetworkFault('no_answer', 'timeout');
    }
    return { status: this.#happens('his_wrong_answer') ? 500 : 200, headers: {}, body: new Uint8Array() };
  }

  /** A restored database tells some things anew, with numbers that it gave before. */
  forget(): void {
    this.#last.clear();
    this.#era += 1;
  }

  #hear(request: OutboundRequest, era: number): void {
    const body = Buffer.from(request.body ?? []).toString('utf8');
    const { headers } = request;
    const id = headers['webhook-id'] ?? '';
    const at = new Date(Number(headers['webhook-timestamp']) * 1000);
    if (this.#webhook.sign(id, at, body) !== headers['webhook-signature'])
      this.#books.violate(`L6: the webhook ${id} is not signed`);
    const known = this.#seen.get(id);
    if (known !== undefined) {
      if (known.body !== body) this.#books.violate(`I-27: the webhook ${id} says two things`);
      return;
    }
    const event = JSON.parse(body) as {
      bill_id: number | null;
      sequence: number;
      type: string;
      data: Record<string, unknown>;
    };
    this.#seen.set(id, { sequence: event.sequence, body });
    // It was on the road when the database was taken back: it tells of a bill that is no more.
    if (era !== this.#era) return;
    const bill = event.bill_id ?? 0;
    const last = this.#last.get(bill);
    if (last !== undefined && event.sequence !== last + 1)
      this.#books.violate(`I-27: bill ${bill} tells number ${event.sequence} after ${last}`);
    this.#last.set(bill, event.sequence);
    if (event.bill_id === null) return;
    const state = event.type.startsWith('bill.') ? event.data : event.data['bill'];
    if (typeof state === 'object' && state !== null) this.bills.set(bill, { ...state });
  }

  #happens(name: FaultName): boolean {
    if (!this.#stream.is(this.profile[name])) return false;
    this.#tally.fault(name);
    return true;
  }
}
