import { createApiKey } from '#access';
import type { Channel, PaymentMethod, RawNotification } from '#channel';
import { openChannels, planChannels, readSettings } from '#config';
import { watchChanges, type SessionView } from '#session';
import type { Store } from '#store';
import { NetworkFault, type InboundAnswer, type OutboundRequest } from '#world';
import type { FastifyBaseLogger } from 'fastify';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { assemble, type Application } from '../src/app.ts';
import type { LedgerEntry, Weather } from '../simulator/kernel/contract.ts';
import { seededChance } from '../simulator/kernel/chance.ts';
import { makeAlipayMerchant } from '../simulator/alipay/merchant.ts';
import { makeWechatMerchant } from '../simulator/wechat/merchant.ts';
import { writeMerchantEnv, type Merchants } from '../simulator/merchant.ts';
import { createSimulator, type Simulator } from '../simulator/server.ts';
import type { Engine } from './engines.ts';
import { manualWorld, type ManualWorld } from './manual-world.ts';
import { readEvents, type EventStream } from './support/event-stream.ts';
import { readCall, type GatewayCall } from './support/gateway-call.ts';
import { startProcess, type Process } from './support/process.ts';
import { wholeFiles } from './support/whole-files.ts';

/** A Sunday morning at ten in clinic time. */
export const TEN_O_CLOCK = Date.UTC(2026, 10, 22, 2, 0, 0);
const GATEWAY = 'http://127.0.0.1:8090';
const OURS = 'http://127.0.0.1:8080';

/** What `JSON.parse` gives: a test reads what came over the wire, and says what it expects of it. */
export type Parsed = ReturnType<typeof JSON.parse>;

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  /** Parsed when it is JSON. */
  body: Parsed;
  bytes: Buffer;
}

export type Ask = (
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

/** One instance of the product, in a process of its own that a test may kill. */
export interface Instance {
  app: Application;
  process: Process;
  /** A request with the API key, straight into the server; the clock runs until it is answered. */
  call: Ask;
  /** The same without moving the clock: for races. Fails as a cut connection when the process dies. */
  send: Ask;
  /** Opens the event stream of a session, as its page does. */
  stream(sessionId: string): Promise<EventStream>;
}

/** May act before and after the channel does, or instead of it. */
export type Meddler = (call: GatewayCall, act: () => Promise<InboundAnswer>) => Promise<InboundAnswer>;

export interface Opened {
  session_id: string;
  qr_code_content: string;
  expires_at: string;
}

/** One product, both simulators and a clock that the test moves; more instances may share the database. */
export interface Clinic extends Instance {
  sim: Simulator;
  world: ManualWorld;
  store: Store;
  channels: Map<PaymentMethod, Channel>;
  key: string;
  /** A bill of one line. */
  bill(fen?: number): Promise<number>;
  /** A session whose code stands on the screen. */
  open(billId: number, method: PaymentMethod, more?: Record<string, unknown>): Promise<Opened>;
  status(sessionId: string): Promise<Parsed>;
  cancel(sessionId: string, insist?: boolean): Promise<Answer>;
  /** The wallet scans, and stands at its password page. */
  scan(content: string, payer?: string): void;
  pay(content: string, payer?: string): LedgerEntry;
  weather(change: Partial<Weather>): void;
  calm(): void;
  ledger(): readonly LedgerEntry[];
  /** Every notification that a channel sent, as it left the gateway. */
  delivered: readonly RawNotification[];
  /** Everything that the product asked the channels. */
  calls: readonly GatewayCall[];
  meddle(meddler: Meddler | undefined): void;
  session(sessionId: string): Promise<SessionView & { out_trade_no: string }>;
  /**
   * Another instance over the same database, with its own worker and its own pages; `changes` of the
   * environment make it one that was configured anew.
   */
  instance(changes?: Record<string, string>): Promise<Instance>;
  anyAlive(): boolean;
  close(): Promise<void>;
}

let merchants: Promise<Merchants> | undefined;

/** Keys are real and made once for a test process: making them is the slow part. */
function sharedMerchants(): Promise<Merchants> {
  const nowMs = TEN_O_CLOCK - 86_400_000;
  merchants ??= Promise.all([makeAlipayMerchant({ nowMs }), makeWechatMerchant({ nowMs })]).then(
    ([alipay, wechat]) => ({ alipay, wechat }),
  );
  return merchants;
}

export async function openClinic(
  engine: Engine,
  options: {
    seed?: number;
    startMs?: number;
    env?: Record<string, string>;
    /** Other merchants than the shared ones: with shorter keys, where very many messages are signed. */
    merchants?: Merchants;
    /** Where the server writes its log; nowhere if none is given. */
    logger?: FastifyBaseLogger;
    /** The clinic's own system, where webhooks go. */
    his?: (request: OutboundRequest) => Promise<InboundAnswer>;
  } = {},
): Promise<Clinic> {
  const seed = options.seed ?? 1;
  const folder = mkdtempSync(join(tmpdir(), 'zhenfu-merchant-'));
  const both = options.merchants ?? (await sharedMerchants());
  const env = parseEnv(readFileSync(writeMerchantEnv(both, folder, GATEWAY), 'utf8'));
  const instances: Instance[] = [];
  const endings: (() => void)[] = [];
  const calls: GatewayCall[] = [];
  let meddler: Meddler | undefined;

  const world = manualWorld({
    startMs: options.startMs ?? TEN_O_CLOCK,
    seed,
    send: (request) => reach(request),
  });
  const store = waitedFor(await engine.open(), world);
  const files = wholeFiles(world.busy);

  const reach = async (request: OutboundRequest): Promise<InboundAnswer> => {
    // Nothing but a webhook asks to be judged by its address.
    if (request.mayConnect !== undefined && options.his !== undefined) return options.his(request);
    const call = readCall(request, world.now());
    if (call === undefined) return files.asked(request.url, answerOfGateway(request));
    call.known = (await store.read((tx) => tx.one(numberIsKnown, call.outTradeNo))) !== undefined;
    calls.push(call);
    const act = (): Promise<InboundAnswer> => answerOfGateway(request);
    const answer = await (meddler === undefined ? act() : meddler(call, act));
    Object.assign(call, { status: answer.status, answeredAtMs: world.now() });
    return answer;
  };

  const answerOfGateway = async (request: OutboundRequest): Promise<InboundAnswer> => {
    const url = new URL(request.url);
    const answer = await sim.handle({
      method: request.method,
      target: url.pathname + url.search,
      headers: { host: url.host, ...lowerCase(request.headers) },
      body: request.body ?? new Uint8Array(),
    });
    const wait = Math.min(answer.delayMs ?? 0, request.timeoutMs);
    if (wait > 0) await new Promise<void>((resolve) => world.after(wait, resolve));
    if (answer.kind === 'drop' || (answer.delayMs ?? 0) >= request.timeoutMs) {
      throw new NetworkFault('no_answer', 'ECONNRESET');
    }
    return { status: answer.status, headers: lowerCase(answer.headers), body: answer.body };
  };

  const delivered: RawNotification[] = [];
  const sim = await createSimulator({
    clock: world,
    chance: seededChance(`simulator ${seed}`),
    merchants: both,
    deliver: async (url, headers, body) => {
      delivered.push({ headers: lowerCase(headers), body });
      // A balancer in front of the instances: whoever is up gets it.
      const target = instances.find((one) => one.process.running);
      if (target === undefined) throw new Error('nobody listens');
      const path = new URL(url).pathname;
      const posted = target.app.server.inject({
        method: 'POST',
        url: path,
        headers,
        payload: Buffer.from(body),
      });
      const answer = await world.busy(target.process.unlessKilled(posted));
      return { status: answer.statusCode, body: answer.rawPayload };
    },
  });

  const configure = (changes: Record<string, string>) => {
    const { settings, faults } = readSettings({ ...env, PUBLIC_BASE_URL: OURS, ...options.env, ...changes });
    const plan = planChannels(settings, world.now());
    const wrong = [...faults, ...plan.faults];
    if (wrong.length > 0) throw new Error(JSON.stringify(wrong));
    return { settings, plan };
  };

  let key = '';
  const instance = async (changes: Record<string, string> = {}): Promise<Instance> => {
    const { settings, plan } = configure(changes);
    const process = startProcess(world, store);
    const app = await assemble({
      settings,
      world: process.world,
      store: process.store,
      channels: files.readBy(openChannels(process.world, plan)),
      gatewayWorld: 'simulated',
      phoneUrl: null,
      logger: options.logger ?? false,
    });
    await app.server.ready();
    app.worker.start();
    const stopWatching = watchChanges(app.parts);
    const streams: EventStream[] = [];
    endings.push(stopWatching, () => streams.forEach((stream) => stream.close()));
    const send = asker(app, process, () => key);
    const made: Instance = {
      app,
      process,
      send,
      // A request waits on the clock, so the clock must not wait for the request.
      call: (...request) => world.until(send(...request)),
      async stream(sessionId) {
        const url = `/api/v1/finance/payment-sessions/${sessionId}/events`;
        const opened = await world.until(app.server.inject({ method: 'GET', url, payloadAsStream: true }));
        if (opened.statusCode !== 200) throw new Error(`no stream: ${opened.statusCode}`);
        const stream = readEvents(opened.stream());
        streams.push(stream);
        return stream;
      },
    };
    instances.push(made);
    return made;
  };
  const first = await instance();
  const scopes = ['bills', 'payments', 'prescriptions', 'queries', 'refunds'] as const;
  key = await createApiKey(first.app.parts, 'test', scopes);

  const wallet = (content: string) => {
    const gateway = sim.gateways.find((one) => one.knows(content));
    if (gateway === undefined) throw new Error('nobody knows this code');
    return gateway;
  };
  let bills = 0;
  const clinic: Clinic = {
    ...first,
    sim,
    world,
    store,
    channels: new Map(first.app.parts.channels),
    key,
    calls,
    instance,
    anyAlive: () => instances.some((one) => one.process.alive),
    async bill(amount = 12_850) {
      bills += 1;
      const made = await clinic.call('POST', '/api/v1/finance/bills', {
        external_bill_no: `HIS-${seed}-${bills}`,
        patient_name: '张小丰',
        lines: [{ fee_class: '09', name: '阿莫西林胶囊', quantity: 1, unit: '盒', unit_price_fen: amount }],
      });
      if (made.status !== 201) throw new Error(JSON.stringify(made.body));
      return made.body.id;
    },
    async open(billId, method, more = {}) {
      const url = `/api/v1/finance/bills/${billId}/qr-payment`;
      const opened = await clinic.call('POST', url, { payment_method: method, ...more });
      if (opened.status > 201) throw new Error(JSON.stringify(opened.body));
      return opened.body;
    },
    async status(sessionId) {
      return (await clinic.call('GET', `/api/v1/finance/payment-sessions/${sessionId}/status`)).body;
    },
    cancel(sessionId, insist) {
      const url = `/api/v1/finance/payment-sessions/${sessionId}/cancellation`;
      return clinic.call('POST', url, insist === undefined ? {} : { insist });
    },
    scan(content, payer = 'patient') {
      const result = wallet(content).scan(content, payer);
      if (!result.ok) throw new Error(result.words);
    },
    pay(content, payer = 'patient') {
      const result = wallet(content).pay(content, payer);
      if (!result.ok) throw new Error(result.words);
      return result.value;
    },
    weather(change) {
      const bad = sim.kernel.board.merge(change);
      if (bad !== undefined) throw new Error(JSON.stringify(bad));
    },
    calm: () => void sim.kernel.board.merge({ reset: true }),
    ledger: () => sim.kernel.ledger.all(),
    delivered,
    meddle(next) {
      meddler = next;
    },
    async session(sessionId) {
      const row = await store.read((tx) =>
        tx.one<SessionView & { out_trade_no: string }>(sessionWithPayment, sessionId),
      );
      if (row === undefined) throw new Error('no such session');
      return row;
    },
    async close() {
      for (const end of endings) end();
      for (const one of instances) {
        if (!one.process.alive) continue;
        one.process.go();
        await world.until(one.app.server.close());
        await world.until(one.app.worker.stop());
      }
      await sim.close();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
  return clinic;
}

const numberIsKnown = 'SELECT 1 AS known FROM payments WHERE out_trade_no = ?';
const sessionWithPayment = `
  SELECT s.*, p.out_trade_no, p.state AS payment_state, p.disposition, p.late, p.amount_fen, p.paid_at
  FROM payment_sessions s JOIN payments p ON p.id = s.payment_id WHERE s.public_id = ?`;

function asker(app: Application, process: Process, key: () => string): Ask {
  return async (method, url, body, headers = {}) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const asked = app.server.inject({
      method,
      url,
      headers: { authorization: `Bearer ${key()}`, ...type, ...headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return answerOf(await process.unlessKilled(asked));
  };
}

function answerOf(answer: {
  statusCode: number;
  headers: Record<string, unknown>;
  rawPayload: Buffer;
  payload: string;
}): Answer {
  const header = answer.headers['content-type'];
  const type = typeof header === 'string' ? header : '';
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: type.includes('json') ? JSON.parse(answer.payload) : answer.payload,
    bytes: answer.rawPayload,
  };
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The clock waits while a transaction is on its way: MariaDB answers in real time. */
function waitedFor(store: Store, world: ManualWorld): Store {
  return {
    engine: store.engine,
    transact: (name, work) => world.busy(store.transact(name, work)),
    read: (work) => world.busy(store.read(work)),
    close: () => store.close(),
  };
}
