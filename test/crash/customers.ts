import type { Stream } from '../simulation/chance.ts';
import type { Bank } from './bank.ts';
import type { Promised } from './promises.ts';
import { rest } from './real-time.ts';

const API = '/api/v1/finance';
const AGAIN_MS = 25;
/** Answers of the kind "later" that somebody takes before giving up. */
const PATIENCE = 8;

/** What an answer over HTTP held, as a test reads it. */
type Parsed = ReturnType<typeof JSON.parse>;

/** Where the customers of a clinic turn to, and who remembers what they were told. */
export interface Counter {
  port: number;
  key: string;
  bank: Bank;
  stream: Stream;
  /** Names the bills of this run; a name is never used twice in one database. */
  name: string;
  promise(promised: Promised): void;
  /** Answers of the service that no weather excuses. */
  complain(words: string): void;
}

/** How the load fared. */
export interface Fared {
  answered: number;
  /** Requests whose connection died: the service was killed under them. */
  cut: number;
  /** Problems of status 500 and above. */
  refused: number;
}

/**
 * A number of people at the counter who make bills, show codes, pay, cancel and send money back, as
 * fast as they are served, until they are sent home. Whoever is cut off asks again, with the same key.
 */
export class Customers {
  readonly fared: Fared = { answered: 0, cut: 0, refused: 0 };
  readonly #counter: Counter;
  #home = false;
  readonly #people: Promise<void>[];

  constructor(counter: Counter, count: number) {
    this.#counter = counter;
    this.#people = Array.from({ length: count }, (_, index) => this.#person(index));
  }

  async sendHome(): Promise<void> {
    this.#home = true;
    await Promise.all(this.#people);
  }

  async #person(index: number): Promise<void> {
    const stream = this.#counter.stream.fork(`person ${index}`);
    for (let bill = 1; !this.#home; bill += 1) {
      try {
        await this.#visit(`${this.#counter.name}-${index}-${bill}`, stream);
      } catch (error) {
        if (!(error instanceof WentAway)) throw error;
      }
    }
  }

  async #visit(name: string, stream: Stream): Promise<void> {
    const billId = await this.#post(name, stream.between(1, 60_000));
    if (billId === undefined) return;
    const method = stream.pick(['alipay', 'wechat']);
    const session = await this.#open(name, billId, method, false);
    if (session === undefined) return;
    const fate = stream.below(10);
    if (fate === 0) return;
    if (fate === 1) return this.#cancel(session);
    if (fate === 2) return this.#void(billId);
    if (fate === 3) {
      const second = await this.#open(
        `${name}-again`,
        billId,
        method === 'alipay' ? 'wechat' : 'alipay',
        true,
      );
      if (second !== undefined) this.#pay(second.content, name);
    }
    this.#pay(session.content, name);
    if (await this.#seen(session.id, stream)) if (stream.is(0.4)) await this.#refund(name, billId, stream);
  }

  async #post(name: string, fen: number): Promise<number | undefined> {
    const made = await this.#ask('POST', `${API}/bills`, {
      key: `bill-${name}`,
      body: {
        external_bill_no: name,
        patient_name: '张小丰',
        lines: [{ fee_class: '09', name: '阿莫西林胶囊', quantity: 1, unit: '盒', unit_price_fen: fen }],
      },
    });
    if (made.status >= 300) {
      this.#counter.complain(`a bill was refused: ${made.status} ${JSON.stringify(made.body)}`);
      return undefined;
    }
    const id = Number(made.body.id);
    this.#counter.promise({
      words: `bill ${name} was answered with ${made.status} and number ${id}`,
      row: 'SELECT 1 FROM bills WHERE id = ? AND external_bill_no = ? AND payable_fen = ?',
      values: [id, name, fen],
    });
    return id;
  }

  async #open(
    name: string,
    billId: number,
    method: string,
    refresh: boolean,
  ): Promise<{ id: string; content: string } | undefined> {
    const body = { payment_method: method, timeout_minutes: 2, refresh, insist: refresh };
    const opened = await this.#ask('POST', `${API}/bills/${billId}/qr-payment`, {
      key: `open-${name}`,
      body,
    });
    if (opened.status >= 300) return undefined;
    const { session_id: id, qr_code_content: content } = opened.body;
    this.#counter.promise({
      words: `session ${id} of bill ${billId} was shown`,
      row: 'SELECT 1 FROM payment_sessions WHERE public_id = ? AND bill_id = ? AND qr_code_content = ?',
      values: [id, billId, content],
    });
    return { id, content };
  }

  #pay(content: string, payer: string): void {
    this.#counter.bank.wallet(content)?.pay(content, payer);
  }

  /** Looks at the screen a few times. Answers whether it said that the bill is paid. */
  async #seen(sessionId: string, stream: Stream): Promise<boolean> {
    for (let look = 0; look < 4; look += 1) {
      const now = await this.#ask('GET', `${API}/payment-sessions/${sessionId}/status`);
      if (now.body?.status === 'paid') {
        this.#counter.promise({
          words: `session ${sessionId} was shown to be paid`,
          row: `SELECT 1 FROM payment_sessions WHERE public_id = ? AND status = 'paid'`,
          values: [sessionId],
        });
        return true;
      }
      await rest(stream.between(5, 60));
    }
    return false;
  }

  async #cancel(session: { id: string }): Promise<void> {
    const url = `${API}/payment-sessions/${session.id}/cancellation`;
    const answer = await this.#ask('POST', url, { body: {} });
    if (answer.status >= 300 || answer.body.result !== 'closed') return;
    this.#counter.promise({
      words: `session ${session.id} was answered to be closed`,
      row: `SELECT 1 FROM payment_sessions AS s JOIN payments AS p ON p.id = s.payment_id
        WHERE s.public_id = ? AND s.status IN ('cancelled', 'expired') AND p.state = 'closed'`,
      values: [session.id],
    });
  }

  async #void(billId: number): Promise<void> {
    const answer = await this.#ask('POST', `${API}/bills/${billId}/void`, { body: { reason: '重开' } });
    if (answer.status >= 300) return;
    this.#counter.promise({
      words: `bill ${billId} was answered to be void`,
      row: `SELECT 1 FROM bills WHERE id = ? AND status = 'void'`,
      values: [billId],
    });
  }

  async #refund(name: string, billId: number, stream: Stream): Promise<void> {
    const body = { amount_fen: stream.between(1, 2_000), reason: '退药' };
    const made = await this.#ask('POST', `${API}/bills/${billId}/refunds`, { key: `refund-${name}`, body });
    if (made.status !== 201) return;
    const { id, out_refund_no: number, amount_fen: fen } = made.body;
    this.#counter.promise({
      words: `refund ${number} of ${fen} fen was accepted`,
      row: 'SELECT 1 FROM refunds WHERE id = ? AND out_refund_no = ? AND amount_fen = ?',
      values: [Number(id), String(number), Number(fen)],
    });
  }

  /** Asks until there is an answer: a cut connection proves nothing, and the key makes asking again safe. */
  async #ask(
    method: 'GET' | 'POST',
    path: string,
    { body, key }: { body?: unknown; key?: string } = {},
  ): Promise<{ status: number; body: Parsed }> {
    const { port } = this.#counter;
    const headers = {
      authorization: `Bearer ${this.#counter.key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    let patience = PATIENCE;
    while (!this.#home && patience > 0) {
      const asked = fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...text });
      const answer = await asked.then(read).catch((error: unknown) => this.#countCut(error));
      if (answer !== undefined) {
        this.fared.answered += 1;
        const { status, told } = answer;
        if (status >= 500) this.#judgeFault(path, status, told);
        else if (status !== 429 && told?.code !== 'idempotency_in_progress') return { status, body: told };
        patience -= 1;
      }
      await rest(AGAIN_MS);
    }
    throw new WentAway();
  }

  /** Where nobody listened nothing was cut. */
  #countCut(error: unknown): undefined {
    const cause: unknown = error instanceof Error ? error.cause : undefined;
    const nobody = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
    if (!nobody) this.fared.cut += 1;
  }

  /** A fault is told as a problem, in words; a 500 is a bug of ours whatever was killed. */
  #judgeFault(path: string, status: number, told: Parsed): void {
    this.fared.refused += 1;
    if (typeof told?.code !== 'string') this.#counter.complain(`${path}: ${status} and no problem's words`);
    else if (status === 500) this.#counter.complain(`${path}: 500 ${told.code}`);
  }
}

async function read(answer: Response): Promise<{ status: number; told: Parsed }> {
  const told: Parsed = await answer.json();
  return { status: answer.status, told };
}

/** Sent home, or out of patience, while still waiting for an answer. */
class WentAway extends Error {}
