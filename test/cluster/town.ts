/**
 * The town around the clinic, in a process of its own: both channels, the wallets, the balancer through
 * which notifications come, the clinic's own system that hears webhooks, and the auditor, who sees the
 * channels' books and the database without going through any of the clinic's instances.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openMysql, type Store } from '#store';
import { systemWorld, type OutboundRequest } from '#world';
import type { Deliver } from '../../simulator/kernel/contract.ts';
import { seededChance } from '../../simulator/kernel/chance.ts';
import { writeMerchantEnv } from '../../simulator/merchant.ts';
import { createSimulator } from '../../simulator/server.ts';
import { audit } from '../audit.ts';
import { openStream } from '../simulation/chance.ts';
import { readCall, type GatewayCall } from '../support/gateway-call.ts';
import { noticeId } from '../support/notice-id.ts';
import { Ear } from './ear.ts';
import { townEnv } from './town-env.ts';

const { seed, folder, databaseUrl, instances, twinShare, deafShare } = townEnv(process.env);
const stream = openStream(`town ${seed}`);
const world = systemWorld(() => true);
const ear = new Ear();
const calls: GatewayCall[] = [];
/** An instance that was starved while it heard the time is behind by so much, some times faster than real. */
const CLOCKS_DIFFER_MS = 5_000;
/** Notifications that an instance has acknowledged: each must be in the books (I-20). */
const acknowledged = new Set<string>();
const counts = { notifications: 0, twins: 0, lostAcknowledgements: 0 };
let quiet = false;
let store: Store | undefined;

const sim = await createSimulator({
  chance: seededChance(`town ${seed}`),
  // Real signatures, short keys: signing would be the dearest part of it all.
  keyBits: 1024,
  deliver: (...letter) => deliver(...letter),
  onFault: (error) => process.stderr.write(`town: ${String(error)}\n`),
});

/** A balancer in front of the instances: any of them, the next when one does not answer, now and then both. */
const deliver: Deliver = async (url, headers, body, timeoutMs) => {
  const { pathname } = new URL(url);
  const order = stream.is(0.5) ? instances : instances.toReversed();
  const post = async (to: string): Promise<{ status: number; body: Uint8Array }> => {
    const answer = await fetch(to + pathname, {
      method: 'POST',
      headers,
      body: Buffer.from(body),
      signal: AbortSignal.timeout(timeoutMs / 2),
    });
    const words = new Uint8Array(await answer.arrayBuffer());
    if (answer.status < 300 && Buffer.from(words).toString('utf8') !== 'fail') {
      const id = noticeId(pathname.endsWith('alipay') ? 'alipay' : 'wechat', body);
      if (id !== undefined) acknowledged.add(id);
    }
    return { status: answer.status, body: words };
  };
  counts.notifications += 1;
  if (!quiet && stream.is(twinShare)) {
    counts.twins += 1;
    void post(order[1] ?? '').catch(() => undefined);
  }
  const answer = await post(order[0] ?? '').catch(() => post(order[1] ?? ''));
  if (!quiet && stream.is(deafShare)) {
    counts.lostAcknowledgements += 1;
    throw new Error('the answer was lost on its way');
  }
  return answer;
};

const pages: Record<string, (body: Buffer) => unknown> = {
  'POST /_town/quiet': () => {
    quiet = true;
  },
  'POST /_town/loud': () => {
    quiet = false;
  },
  'GET /_town/counts': () => ({ ...counts, acknowledged: acknowledged.size, calls: calls.length }),
  'GET /_town/audit': async () => [
    ...(await audit(town, { clocksDifferMs: CLOCKS_DIFFER_MS })),
    ...(await keptAll()),
    ...ear.breaches,
  ],
};

const town = {
  get store(): Store {
    if (store === undefined) throw new Error('no database yet');
    return store;
  },
  ledger: () => sim.kernel.ledger.all(),
  calls,
  sim,
};

/** I-20: what was acknowledged is in the books. */
async function keptAll(): Promise<string[]> {
  const rows = await town.store.read((tx) =>
    tx.all<{ notification_id: string }>(
      'SELECT notification_id FROM evidence WHERE notification_id IS NOT NULL',
    ),
  );
  const kept = new Set(rows.map((row) => row.notification_id));
  return [...acknowledged.difference(kept)].map((id) => `I-20: ${id} was acknowledged and is not kept`);
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
  const body = Buffer.concat(parts);
  const target = incoming.url ?? '/';
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  );
  if (target === '/_town/webhook') {
    outgoing.writeHead(ear.hear(headers, body.toString('utf8'))).end();
    return;
  }
  const page = pages[`${incoming.method} ${target}`];
  if (page !== undefined) {
    outgoing.end(JSON.stringify((await page(body)) ?? null));
    return;
  }
  const call = await note(incoming.method, target, body);
  const answer = await sim.handle({ method: incoming.method ?? 'GET', target, headers, body });
  const send = (): void => {
    if (answer.kind === 'drop') {
      outgoing.destroy();
      return;
    }
    if (call !== undefined)
      Object.assign(call, { status: answer.status, answeredAtMs: sim.kernel.clock.now() });
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  };
  if ((answer.delayMs ?? 0) > 0) sim.kernel.clock.after(answer.delayMs ?? 0, send);
  else send();
}

/** Writes down what an instance asks a channel, and whether its row was committed when it asked (I-19). */
async function note(
  method: string | undefined,
  target: string,
  body: Buffer,
): Promise<GatewayCall | undefined> {
  if (target.startsWith('/_sim/')) return undefined;
  const request = {
    method: method as OutboundRequest['method'],
    url: `http://town${target}`,
    headers: {},
    body,
  };
  const call = readCall({ ...request, timeoutMs: 0 }, sim.kernel.clock.now());
  if (call === undefined) return undefined;
  calls.push(call);
  call.known = (await town.store.read((tx) => tx.one(numberIsKnown, call.outTradeNo))) !== undefined;
  return call;
}

const numberIsKnown = 'SELECT 1 AS known FROM payments WHERE out_trade_no = ?';

const server = createServer({ keepAliveTimeout: 8_000 }, (incoming, outgoing) => {
  serve(incoming, outgoing).catch((error: unknown) => {
    process.stderr.write(`town: ${String(error)}\n`);
    outgoing.destroy();
  });
});
server.listen(0, '127.0.0.1', () => void open());

async function open(): Promise<void> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  store = await openMysql({ url: databaseUrl, world, poolSize: 6 });
  process.stdout.write(
    `${JSON.stringify({ url, merchantEnv: writeMerchantEnv(sim.merchants, folder, url) })}\n`,
  );
}
