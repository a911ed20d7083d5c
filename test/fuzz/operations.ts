import { createApiKey, createLoginToken } from '#access';
import { isJsonObject, readJson } from '#json';
import { troubles } from '#trouble';
import { audit } from '../audit.ts';
import { openStream, type Stream } from '../simulation/chance.ts';
import { paidTransaction, wechatSays } from '../support/channel-words.ts';
import { Inputs } from './inputs.ts';
import { breach, operationsOf, resolver, type Description, type Operation, type Resolve } from './openapi.ts';
import { drawRequest, type Callers, type Request } from './requests.ts';
import { openWatched, type Watched } from './scene.ts';
import { Stock } from './stock.ts';
import { Tally } from './tally.ts';

/** Rounds over all operations in one clinic, before it is audited and closed. */
const ROUNDS = 60;

export interface OperationWish {
  seed: string;
  /** Executions of each operation. */
  executions: number;
  /** The first clinic: where an earlier run ended, or what a violation names. */
  from: number;
  goOn: (share: number) => boolean;
}

export interface OperationRun {
  executions: Tally;
  /** operation, status and code. */
  outcomes: Tally;
  statuses: Tally;
  violations: string[];
  next: number;
}

/** Asks every operation of the description what it allows and what it does not, in a clinic that is at work. */
export async function fuzzOperations(wish: OperationWish): Promise<OperationRun> {
  const run: OperationRun = {
    executions: new Tally(),
    outcomes: new Tally(),
    statuses: new Tally(),
    violations: [],
    next: wish.from,
  };
  const clinics = Math.ceil(wish.executions / ROUNDS);
  for (let done = 1; done <= clinics; done += 1) {
    await workOneClinic(`${wish.seed}/${run.next}`, Math.min(ROUNDS, wish.executions), run);
    if (run.violations.length > 0) break;
    run.next += 1;
    if (!wish.goOn(done / clinics)) break;
  }
  return run;
}

async function workOneClinic(name: string, rounds: number, run: OperationRun): Promise<void> {
  const watched = await openWatched({ seed: 1 });
  const { clinic, complaints } = watched;
  const stream = openStream(name);
  complaints.listen();
  try {
    const description = (await clinic.call('GET', '/openapi.json')).body as Description;
    const operations = operationsOf(description);
    const examiner = new Examiner(watched, name, resolver(description), run);
    await examiner.begin();
    for (let round = 0; round < rounds; round += 1) {
      for (const operation of shuffled(operations, stream)) {
        await examiner.ask(operation, stream);
        if (run.violations.length > 0) return;
      }
      await examiner.live(stream);
    }
    clinic.calm();
    await clinic.world.doze(61_000);
    for (const fault of await audit(clinic, { unseenAllowed: true, liedAbout: examiner.unknown }))
      run.violations.push(`${name}: ${fault}`);
  } finally {
    complaints.stop();
    await clinic.close();
  }
}

/** A page that looks, a person who is signed in, and a row that is locked by writing what stood there. */
const harmless = /SET (?:watched_until = |seen_at = |(\w+) = \1 WHERE)/;

const unpaidBill = "SELECT payable_fen FROM bills WHERE status = 'unpaid' ORDER BY id DESC LIMIT 1";

class Examiner {
  readonly #watched: Watched;
  readonly #name: string;
  readonly #resolve: Resolve;
  readonly #run: OperationRun;
  readonly #stock = new Stock();
  #callers: Callers = { key: '', poorKey: '', cookie: '' };
  #asked = 0;
  /** Numbers that only the fuzzer told of: no wallet was debited for them. */
  readonly unknown: string[] = [];

  constructor(watched: Watched, name: string, resolve: Resolve, run: OperationRun) {
    this.#watched = watched;
    this.#name = name;
    this.#resolve = resolve;
    this.#run = run;
  }

  async begin(): Promise<void> {
    const { clinic } = this.#watched;
    const { parts, server } = clinic.app;
    const token = await createLoginToken(parts);
    const signed = await server.inject({ method: 'POST', url: '/api/v1/staff-session', payload: { token } });
    const cookie = signed.cookies.find((one) => one.name === 'zhenfu')?.value ?? '';
    this.#callers = { key: clinic.key, poorKey: await createApiKey(parts, 'poor', []), cookie };
  }

  /** What patients and time do between requests. */
  async live(stream: Stream): Promise<void> {
    const { clinic } = this.#watched;
    const codes = this.#stock.all('qr_code_content');
    for (let count = Math.min(3, codes.length); count > 0; count -= 1) {
      const content = String(stream.pick(codes));
      for (const gateway of clinic.sim.gateways) {
        if (stream.is(0.3)) gateway.scan(content, 'patient');
        if (gateway.knows(content) && stream.is(0.7)) gateway.pay(content, 'patient');
      }
    }
    if (stream.is(0.1)) this.#stock.add('token', await createLoginToken(clinic.app.parts));
    if (stream.is(0.2)) await this.#adopt(stream);
    if (stream.is(0.05))
      clinic.weather({ refund_abnormal: stream.pick([0, 0.5]), wechat_refund_closed: stream.pick([0, 0.3]) });
    await clinic.world.advance(stream.pick([0, 100, 3_000]));
    if (stream.is(0.02)) await clinic.world.doze(stream.below(20 * 60_000));
  }

  /** Money under a number that nobody knows, often of a bill's own amount: suspense, and work for a person. */
  async #adopt(stream: Stream): Promise<void> {
    const { clinic, connection } = this.#watched;
    const bill = connection.one(unpaidBill, []);
    const total =
      bill === undefined || stream.is(0.3) ? stream.between(1, 5_000) : Number(bill['payable_fen']);
    const number = `ZF20261122X${this.unknown.length}`;
    this.unknown.push(number);
    const transaction = paidTransaction(clinic, number);
    const words = wechatSays(clinic, {
      ...transaction,
      transaction_id: `42000099992026112200${this.unknown.length}`,
      amount: { ...transaction['amount'], total, payer_total: total },
    });
    await clinic.send('POST', '/api/v1/finance/notifications/wechat', words.body, words.headers);
  }

  async ask(operation: Operation, stream: Stream): Promise<void> {
    const { clinic, connection, complaints } = this.#watched;
    const inputs = new Inputs(stream, this.#resolve, this.#stock);
    const request = drawRequest(operation, inputs, this.#callers, stream);
    const before = clinic.world.now();
    connection.written.length = 0;
    const answer = await this.#send(operation, request, stream);
    const say = (what: string): void => {
      const shown = `${request.method} ${request.url.slice(0, 300)} ${JSON.stringify(request.headers).slice(0, 600)}`;
      const body = JSON.stringify(request.payload?.toString('latin1').slice(0, 1_500) ?? '');
      const said = `${answer.status} ${answer.type} ${answer.text.slice(0, 400)}`;
      this.#run.violations.push(
        `${this.#name} #${this.#asked}: ${what} (${request.how})\n    ${shown}\n    ${body}\n    ${said}`,
      );
    };
    this.#asked += 1;
    this.#run.executions.count(operation.name);
    for (const complaint of complaints.all.splice(0)) say(complaint);
    this.#judge(operation, request, answer, clinic.world.now() > before, say);
  }

  async #send(operation: Operation, request: Request, stream: Stream): Promise<Answer> {
    const { clinic } = this.#watched;
    const { how: _how, ...asked } = request;
    const injected = {
      ...asked,
      method: asked.method as 'GET',
      // The limiter counts by address and by a clock of its own.
      remoteAddress: `10.${stream.below(256)}.${stream.below(256)}.${stream.below(256)}`,
    };
    if (!operation.path.endsWith('/events')) {
      const answer = await clinic.world.until(clinic.app.server.inject(injected));
      return {
        status: answer.statusCode,
        type: answer.headers['content-type'] ?? '',
        text: answer.payload,
      };
    }
    const opened = await clinic.world.until(clinic.app.server.inject({ ...injected, payloadAsStream: true }));
    const type = opened.headers['content-type'] ?? '';
    if (type.includes('event-stream')) {
      opened.stream().destroy();
      return { status: opened.statusCode, type, text: '' };
    }
    const pieces: Buffer[] = [];
    for await (const piece of opened.stream()) pieces.push(piece as Buffer);
    return { status: opened.statusCode, type, text: Buffer.concat(pieces).toString() };
  }

  #judge(
    operation: Operation,
    request: Request,
    answer: Answer,
    timePassed: boolean,
    say: (what: string) => void,
  ): void {
    const body = answer.type.includes('json') ? readJson(answer.text) : undefined;
    const code = isJsonObject(body) && answer.status >= 400 ? String(body['code']) : '';
    this.#run.outcomes.count(`${operation.name}: ${answer.status} ${code}`.trim());
    this.#run.statuses.count(`${request.how} ${answer.status} ${code}`.trim());
    const written = this.#watched.connection.written.filter(
      ({ table, text }) => table !== 'idempotency_keys' && !harmless.test(text),
    );
    const read = written.filter(({ table }) => table !== 'jobs'); // somebody looks: its channel is asked sooner
    if (answer.status >= 400) {
      if (answer.status >= 500 && code !== 'channel_declined') say('a fault of ours');
      if (request.method !== 'HEAD') this.#judgeProblem(answer, body, say);
      // While a channel was asked, workers worked and its answers were kept: only then may a no leave traces.
      if (!timePassed && written.length > 0)
        say(`refused, and wrote ${written.map(({ text }) => text.trim()).join('; ')}`);
      return;
    }
    if (['GET', 'HEAD', 'OPTIONS'].includes(request.method) && !timePassed && read.length > 0)
      say(`only read, and wrote ${read.map(({ table }) => table).join(', ')}`);
    if (request.method !== operation.method || request.how === 'path') return;
    if (!operation.answers.has(answer.status)) say(`the description does not know status ${answer.status}`);
    const schema = operation.answers.get(answer.status);
    const wrong = schema === undefined ? undefined : breach(body, schema, this.#resolve);
    if (wrong !== undefined) say(`its answer is not as described: ${wrong}`);
    this.#learn(operation, body);
  }

  /** RFC 9457 with a code from the table, under the status of the table, in both languages. */
  #judgeProblem(answer: Answer, body: unknown, say: (what: string) => void): void {
    if (!answer.type.startsWith('application/problem+json'))
      return say('a refusal that is no problem document');
    if (!isJsonObject(body)) return say('a refusal that is no JSON object');
    const code = body['code'];
    if (typeof code !== 'string' || !Object.hasOwn(troubles, code))
      return say('a refusal without a code of the table');
    if (troubles[code as keyof typeof troubles].status !== answer.status || body['status'] !== answer.status)
      say(`${code} belongs to another status`);
    for (const name of ['type', 'title', 'detail', 'zh', 'en'])
      if (typeof body[name] !== 'string') say(`a refusal without ${name}`);
    return undefined;
  }

  /** Ids that came out go in again. */
  #learn(operation: Operation, body: unknown): void {
    if (!isJsonObject(body)) return;
    const path = operation.path;
    const add = (name: string, value: unknown): void => this.#stock.add(name, value);
    for (const name of ['session_id', 'bill_id', 'qr_code_content', 'prescription_id'] as const)
      add(name, body[name]);
    if (operation.method === 'POST' && path.endsWith('/bills')) add('bill_id', body['id']);
    if (operation.method === 'POST' && path.endsWith('/prescriptions')) add('prescription_id', body['id']);
    if (path.endsWith('/refunds')) add('refund_id', body['id']);
    for (const [list, name] of [
      ['suspense', 'suspense_id'],
      ['webhooks', 'webhook_id'],
      ['refunds', 'refund_id'],
      ['bills', 'bill_id'],
      ['prescriptions', 'prescription_id'],
    ] as const) {
      const rows = body[list];
      if (Array.isArray(rows)) for (const row of rows.slice(0, 5)) add(name, (row as { id?: unknown }).id);
    }
  }
}

interface Answer {
  status: number;
  type: string;
  text: string;
}

function shuffled<T>(list: readonly T[], stream: Stream): T[] {
  return list
    .map((one) => [stream.unit(), one] as const)
    .toSorted(([one], [other]) => one - other)
    .map(([, one]) => one);
}
