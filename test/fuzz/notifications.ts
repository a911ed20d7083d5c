import type { PaymentMethod } from '#channel';
import { isJsonObject, readJson } from '#json';
import { countRepeat, evidenceById, insertEvidence, type EvidenceRow } from '#sql/evidence';
import { troubles } from '#trouble';
import { openStream, type Stream } from '../simulation/chance.ts';
import type { Value } from '../../src/store/store.ts';
import type { LedgerEntry } from '../../simulator/kernel/contract.ts';
import { auditRows } from '../audit.ts';
import { AlipayWords } from './alipay-words.ts';
import { openDoor, type Door } from './door.ts';
import { reframe } from './framing.ts';
import type { Scene } from './scene.ts';
import { Tally } from './tally.ts';
import type { Told } from './told.ts';
import type { WatchedConnection } from './watched-connection.ts';
import { WechatWords } from './wechat-words.ts';

/** So many are told before the database becomes the scene again. */
const BATCH = 500;
const heard = { alipay: [200, 'success'], wechat: [204, ''] } as const;

export interface NotificationWish {
  seed: string;
  /** Executions for each endpoint. */
  executions: number;
  endpoints: readonly PaymentMethod[];
  /** The first batch: where an earlier run ended, or what a violation names. */
  from: number;
  /** Told after each batch; answers whether to go on. */
  goOn: (share: number) => boolean;
}

export interface NotificationRun {
  executions: Tally;
  /** endpoint, kind of word, status, and what became of it: a reason or a result. */
  outcomes: Tally;
  /** endpoint, kind of word, and what was done to it. */
  ways: Tally;
  violations: string[];
  /** The batch that comes next: what a later run begins from. */
  next: number;
  /** Bytes of heap in use at each tenth of the run; garbage collected where `gc` is exposed. */
  heap: number[];
}

/**
 * Tells both endpoints what nobody should, and what only the channel may. Of every answer the status, the
 * row that was kept and everything else that was written are judged; after each batch the books.
 */
export async function fuzzNotifications(scene: Scene, wish: NotificationWish): Promise<NotificationRun> {
  const run: NotificationRun = {
    executions: new Tally(),
    outcomes: new Tally(),
    ways: new Tally(),
    violations: [],
    next: wish.from,
    heap: [],
  };
  const door = await openDoor(scene);
  const batches = Math.ceil(wish.executions / BATCH);
  const tenth = Math.max(1, Math.floor(batches / 10));
  try {
    for (let done = 1; done <= batches; done += 1) {
      for (const endpoint of wish.endpoints) {
        const size = Math.min(BATCH, wish.executions);
        await tellBatch(door, scene, { endpoint, name: `${wish.seed}/${endpoint}/${run.next}`, size }, run);
        if (run.violations.length > 0) return run;
      }
      run.next += 1;
      if (done % tenth === 0) run.heap.push(heapInUse());
      if (!wish.goOn(done / batches)) break;
    }
  } finally {
    await door.close();
  }
  return run;
}

interface Batch {
  endpoint: PaymentMethod;
  name: string;
  size: number;
}

async function tellBatch(door: Door, scene: Scene, batch: Batch, run: NotificationRun): Promise<void> {
  door.connection.become(scene.image);
  const stream = openStream(batch.name);
  const words =
    batch.endpoint === 'alipay' ? new AlipayWords(scene) : new WechatWords(scene, () => door.world.now());
  const judge = new Judge(door, words.signed, run, batch.name);
  for (let at = 0; at < batch.size; at += 1) {
    // Refused words are kept one by one only so many in ten minutes: time goes on between them.
    if (stream.is(0.04)) await door.world.leap(stream.below(400_000));
    const drawn = words.draw(stream);
    const told = stream.is(0.08) ? reframe(stream, drawn) : drawn;
    await judge.tell(told, at, stream);
    if (run.violations.length > 0) return;
  }
  await judge.checkpoint();
}

/** Knows what was truly signed, and holds each answer and each row to it. */
class Judge {
  readonly #door: Door;
  readonly #signed: ReadonlySet<string>;
  readonly #run: NotificationRun;
  readonly #name: string;

  constructor(door: Door, signed: ReadonlySet<string>, run: NotificationRun, name: string) {
    this.#door = door;
    this.#signed = signed;
    this.#run = run;
    this.#name = name;
  }

  async tell(told: Told, at: number, stream: Stream): Promise<void> {
    const { app, connection, complaints } = this.#door;
    connection.written.length = 0;
    const answer = await app.server.inject({
      method: 'POST',
      url: `/api/v1/finance/notifications/${told.endpoint}`,
      headers: told.headers,
      payload: told.body,
      // The limiter counts by address and by a clock of its own.
      remoteAddress: `10.${stream.below(256)}.${stream.below(256)}.${stream.below(256)}`,
    });
    await this.#settled();
    const say = (what: string): void => {
      const shown = `${told.kind} ${told.how}: ${answer.statusCode} ${answer.payload.slice(0, 200)}`;
      this.#run.violations.push(`${this.#name} #${at}: ${what}\n    ${shown}\n    ${describe(told)}`);
    };
    this.#run.executions.count(told.endpoint);
    for (const complaint of complaints.all.splice(0)) say(complaint);
    this.#judge(told, answer, say);
  }

  /** The answer goes out before the word is applied: waits until that has come to its end too. */
  async #settled(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  #judge(told: Told, answer: { statusCode: number; payload: string }, say: (what: string) => void): void {
    const { connection } = this.#door;
    const money = connection.written.filter(({ table }) => table !== 'evidence');
    const [status, body] = heard[told.endpoint];
    const accepted = answer.statusCode === status && answer.payload === body;
    const dialect = isRejection(told.endpoint, answer);
    if (!accepted && !dialect && !isProblem(answer))
      say('neither the channel nor a caller would understand this answer');
    if (!accepted && money.length > 0)
      say(`not acknowledged, and ${money.map(({ table }) => table).join(', ')} changed`);
    const kept = connection.written.some(({ table }) => table === 'evidence');
    if ((accepted || dialect) && !kept) say('answered, and nothing was kept');
    if (!accepted && !dialect) {
      if (kept) say('kept, and answered as if it had not been');
      return this.#count(told, `${answer.statusCode}`);
    }
    const row = this.#lastKept();
    if (row === undefined) return say('its evidence is gone');
    if (told.kind === 'true' && !accepted) say(`a true word was not believed: ${row.reason}`);
    if (accepted) this.#judgeBelieved(told, row, say);
    this.#count(told, `${answer.statusCode} ${accepted ? (row.result ?? 'unapplied') : row.reason}`);
    return undefined;
  }

  #judgeBelieved(told: Told, row: EvidenceRow, say: (what: string) => void): void {
    if (row.verdict !== 'genuine') return say('acknowledged, and its evidence is refused');
    if (row.applied_at === null) say('acknowledged, and never applied');
    if (!this.#wasSigned(told)) say('acknowledged, and the channel never signed it');
    if (row.result === 'settled' && !told.maySettle) say('it settled a bill, and must not have');
    for (const write of this.#door.connection.written) {
      if (write.table === 'events') this.#judgeRefund(told, write.row, say);
    }
    return undefined;
  }

  /** A refund is over only when its channel names it, its payment and its amount. */
  #judgeRefund(told: Told, event: Value, say: (what: string) => void): void {
    const refund = this.#door.connection.one(refundThatSucceeded, [event]);
    if (refund === undefined) return;
    const named = told.mayReturn;
    const same =
      named !== undefined &&
      named.outRefundNo === refund['number'] &&
      named.number === refund['of'] &&
      named.amountFen === refund['fen'];
    if (!same) say(`refund ${String(refund['number'])} is said to have succeeded`);
  }

  #wasSigned({ endpoint, headers, body }: Told): boolean {
    if (endpoint === 'alipay') return wasSigned(body, this.#signed);
    return this.#signed.has(
      `${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${body.toString()}`,
    );
  }

  /** The evidence that the last request was kept as, or was counted to. */
  #lastKept(): EvidenceRow | undefined {
    const { connection } = this.#door;
    const kept = connection.written.findLast(({ text }) => text === insertEvidence || text === countRepeat);
    return kept === undefined
      ? undefined
      : (connection.one(evidenceById, [kept.row]) as unknown as EvidenceRow | undefined);
  }

  #count(told: Told, outcome: string): void {
    this.#run.outcomes.count(`${told.endpoint} ${told.kind}: ${outcome}`);
    for (const way of told.how.split('+')) this.#run.ways.count(`${told.endpoint} ${told.kind} ${way}`);
  }

  /** Nothing waits to be believed, and the books agree. */
  async checkpoint(): Promise<void> {
    const { app, connection } = this.#door;
    const say = (what: string): void => void this.#run.violations.push(`${this.#name}: ${what}`);
    const waiting = connection.one('SELECT COUNT(*) AS waiting FROM evidence WHERE applied_at IS NULL', []);
    if (waiting?.['waiting'] !== 0) say(`${String(waiting?.['waiting'])} words are kept and not believed`);
    const found = await auditRows({ store: app.parts.store, ledger: () => asIfMoved(connection) }, {});
    for (const fault of found) say(fault);
  }
}

const refundThatSucceeded = `
  SELECT r.out_refund_no AS number, p.out_trade_no AS "of", r.amount_fen AS fen
  FROM events e JOIN refunds r ON r.id = e.entity_id JOIN payments p ON p.id = r.payment_id
  WHERE e.id = ? AND e.entity = 'refund' AND e.to_state = 'succeeded'`;

/** No wallet moved for what the fuzzer tells in a channel's name: each word was judged when it came. */
function asIfMoved(connection: WatchedConnection): LedgerEntry[] {
  return connection.all(moved, []).map((row) => ({ ...(row as unknown as LedgerEntry), payer: '', at: 0 }));
}

const moved = `
  SELECT 'debit' AS kind, payment_method AS channel, out_trade_no, '' AS out_refund_no, '' AS channel_trade_no,
    received_fen AS amount_fen
  FROM payments WHERE state = 'paid'
  UNION ALL
  SELECT 'refund', p.payment_method, p.out_trade_no, r.out_refund_no, '', r.amount_fen
  FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE r.state = 'succeeded'`;

/**
 * Whether Alipay signed this form: read here by other means than the product's, bytes as latin1. Empty
 * values and the certificate's serial may be outside the signature (alipay.md 4.3.6, 1.8).
 */
function wasSigned(body: Buffer, signed: ReadonlySet<string>): boolean {
  const byte = (escape: string): string => Buffer.from(escape.slice(1), 'hex').toString('latin1');
  const bytes = (text: string): string => text.replaceAll('+', '%20').replace(/%[0-9a-f]{2}/gi, byte);
  const fields = body
    .toString('latin1')
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => [bytes(pair.split('=')[0] ?? ''), bytes(pair.split('=').slice(1).join('='))] as const)
    .filter(([name]) => name !== 'sign' && name !== 'sign_type')
    .toSorted(([one], [other]) => (textOf(one) < textOf(other) ? -1 : 1));
  const has = (list: typeof fields): boolean =>
    signed.has(list.map(([name, value]) => `${name}=${value}`).join('&'));
  const filled = fields.filter(([, value]) => value !== '');
  const certain = (list: typeof fields) => list.filter(([name]) => name !== 'alipay_cert_sn');
  return has(fields) || has(filled) || has(certain(fields)) || has(certain(filled));
}

function textOf(latin1: string): string {
  return /[\x80-\xff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString() : latin1;
}

/** What a channel hears when its word was not believed, so that it comes again. */
function isRejection(endpoint: PaymentMethod, answer: { statusCode: number; payload: string }): boolean {
  return endpoint === 'alipay'
    ? answer.statusCode === 400 && answer.payload === 'failure'
    : answer.statusCode === 500 && answer.payload.startsWith('{"code":"FAIL"');
}

/** A refusal of ours, before anything was read: too long, or nothing that a form or JSON could be. */
function isProblem({ statusCode, payload }: { statusCode: number; payload: string }): boolean {
  if (statusCode < 400 || statusCode >= 500) return false;
  const problem = readJson(payload);
  return (
    isJsonObject(problem) && typeof problem['code'] === 'string' && Object.hasOwn(troubles, problem['code'])
  );
}

function describe({ headers, body }: Told): string {
  const shown = Object.entries(headers).map(([name, value]) => `${name}: ${value.slice(0, 120)}`);
  return `${shown.join('; ')}\n    ${JSON.stringify(body.toString('latin1').slice(0, 3_000))}`;
}

function heapInUse(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
