import { createApiKey } from '#access';
import type { Channel, PaymentMethod } from '#channel';
import { openChannels, planChannels, readSettings } from '#config';
import type { SessionView } from '#session';
import type { Store } from '#store';
import { NetworkFault, type InboundAnswer, type OutboundRequest } from '#world';
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

/** A Sunday morning at ten in clinic time. */
export const TEN_O_CLOCK = Date.UTC(2026, 10, 22, 2, 0, 0);
const GATEWAY = 'http://127.0.0.1:8090';

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  /** Parsed when it is JSON. */
  body: any;
  bytes: Buffer;
}

/** One product, both simulators and a clock that the test moves; a second instance may share the database. */
export interface Clinic {
  app: Application;
  sim: Simulator;
  world: ManualWorld;
  store: Store;
  channels: Map<PaymentMethod, Channel>;
  key: string;
  /** A request with the API key, straight into the server; the clock runs until it is answered. */
  call(
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** The same without moving the clock: for races. */
  send(
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** A bill of one line. */
  bill(fen?: number): Promise<number>;
  /** A session whose code stands on the screen. */
  open(
    billId: number,
    method: PaymentMethod,
    more?: Record<string, unknown>,
  ): Promise<{ session_id: string; qr_code_content: string }>;
  status(sessionId: string): Promise<any>;
  pay(content: string, payer?: string): LedgerEntry;
  weather(change: Partial<Weather>): void;
  ledger(): readonly LedgerEntry[];
  session(sessionId: string): Promise<SessionView & { out_trade_no: string }>;
  /** Another instance over the same database, with its own worker. */
  instance(): Promise<Application>;
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
  options: { seed?: number; env?: Record<string, string> } = {},
): Promise<Clinic> {
  const seed = options.seed ?? 1;
  const folder = mkdtempSync(join(tmpdir(), 'zhenfu-merchant-'));
  const both = await sharedMerchants();
  const env = parseEnv(readFileSync(writeMerchantEnv(both, folder, GATEWAY), 'utf8'));
  const applications: Application[] = [];
  let sim: Simulator | undefined;

  const world = manualWorld({ startMs: TEN_O_CLOCK, seed, send: (request) => reach(request) });
  const reach = async (request: OutboundRequest): Promise<InboundAnswer> => {
    const url = new URL(request.url);
    const answer = await sim?.handle({
      method: request.method,
      target: url.pathname + url.search,
      headers: { host: url.host, ...lowerCase(request.headers) },
      body: request.body ?? new Uint8Array(),
    });
    if (answer === undefined) throw new NetworkFault('not_sent', 'ECONNREFUSED');
    const wait = Math.min(answer.delayMs ?? 0, request.timeoutMs);
    if (wait > 0) await new Promise<void>((resolve) => world.after(wait, resolve));
    if (answer.kind === 'drop' || (answer.delayMs ?? 0) >= request.timeoutMs)
      throw new NetworkFault('no_answer', 'ECONNRESET');
    return { status: answer.status, headers: lowerCase(answer.headers), body: answer.body };
  };

  sim = await createSimulator({
    clock: world,
    chance: seededChance(`simulator ${seed}`),
    merchants: both,
    deliver: async (url, headers, body) => {
      const target = applications[0];
      if (target === undefined) throw new Error('nobody listens');
      const answer = await world.busy(
        target.server.inject({
          method: 'POST',
          url: new URL(url).pathname,
          headers,
          payload: Buffer.from(body),
        }),
      );
      return { status: answer.statusCode, body: answer.rawPayload };
    },
  });

  const { settings, faults } = readSettings({
    ...env,
    PUBLIC_BASE_URL: 'http://127.0.0.1:8080',
    ...options.env,
  });
  if (settings === undefined) throw new Error(JSON.stringify(faults));
  const plan = planChannels(settings, world.now());
  if (plan.faults.length > 0) throw new Error(JSON.stringify(plan.faults));
  const store = waitedFor(await engine.open(), world);

  const instance = async (): Promise<Application> => {
    const app = await assemble({
      settings,
      world,
      store,
      channels: openChannels(world, plan),
      gatewayWorld: 'simulated',
      phoneUrl: null,
      logger: false,
    });
    applications.push(app);
    await app.server.ready();
    app.worker.start();
    return app;
  };
  const app = await instance();
  const key = await createApiKey(app.parts, 'test', [
    'bills',
    'payments',
    'prescriptions',
    'queries',
    'refunds',
  ]);

  // A request waits on the clock, so the clock must not wait for the request.
  const free: Clinic['send'] = async (method, url, body, headers = {}) =>
    answerOf(
      await app.server.inject({
        method,
        url,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
  const call: Clinic['call'] = (method, url, body, headers) => world.until(free(method, url, body, headers));
  let bills = 0;
  const clinic: Clinic = {
    app,
    sim,
    world,
    store,
    channels: app.parts.channels as Map<PaymentMethod, Channel>,
    key,
    call,
    send: free,
    instance,
    async bill(amount = 12_850) {
      bills += 1;
      const made = await call('POST', '/api/v1/finance/bills', {
        external_bill_no: `HIS-${seed}-${bills}`,
        patient_name: '张小丰',
        lines: [{ fee_class: '09', name: '阿莫西林胶囊', quantity: 1, unit: '盒', unit_price_fen: amount }],
      });
      if (made.status !== 201) throw new Error(JSON.stringify(made.body));
      return made.body.id;
    },
    async open(billId, method, more = {}) {
      const opened = await call('POST', `/api/v1/finance/bills/${billId}/qr-payment`, {
        payment_method: method,
        ...more,
      });
      if (opened.status > 201) throw new Error(JSON.stringify(opened.body));
      return opened.body;
    },
    async status(sessionId) {
      return (await call('GET', `/api/v1/finance/payment-sessions/${sessionId}/status`)).body;
    },
    pay(content, payer = 'patient') {
      const gateway = sim.gateways.find((one) => one.knows(content));
      const result = gateway?.pay(content, payer);
      if (result?.ok !== true)
        throw new Error(result === undefined ? 'nobody knows this code' : result.words);
      return result.value;
    },
    weather(change) {
      const bad = sim.kernel.board.merge(change);
      if (bad !== undefined) throw new Error(JSON.stringify(bad));
    },
    ledger: () => sim.kernel.ledger.all(),
    async session(sessionId) {
      const row = await store.read((tx) =>
        tx.one<SessionView & { out_trade_no: string }>(
          `SELECT s.*, p.out_trade_no, p.state AS payment_state, p.disposition, p.late, p.amount_fen, p.paid_at
           FROM payment_sessions s JOIN payments p ON p.id = s.payment_id WHERE s.public_id = ?`,
          sessionId,
        ),
      );
      if (row === undefined) throw new Error('no such session');
      return row;
    },
    async close() {
      for (const one of applications) {
        await one.server.close();
        await one.worker.stop();
      }
      await sim.close();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
  return clinic;
}

function answerOf(answer: {
  statusCode: number;
  headers: Record<string, unknown>;
  rawPayload: Buffer;
  payload: string;
}): Answer {
  const type = String(answer.headers['content-type'] ?? '');
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
