import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Deliver, Gateway, LedgerEntry } from '../../simulator/kernel/contract.ts';
import { deliverOverHttp } from '../../simulator/kernel/deliver.ts';
import { findMerchants, writeMerchantEnv, type Merchants } from '../../simulator/merchant.ts';
import { memoryDocuments } from '../../simulator/kernel/documents.ts';
import { createSimulator, type Simulator } from '../../simulator/server.ts';
import { openStream } from '../simulation/chance.ts';
import { readCall, type GatewayCall } from '../support/gateway-call.ts';
import { noticeId } from '../support/notice-id.ts';
import type { Promised } from './promises.ts';

/**
 * Both channels, alive in this process while the service that they serve is killed: over HTTP on
 * loopback, with a real clock that can be pushed. Hears every question and every acknowledgement.
 */
export interface Bank {
  sim: Simulator;
  calls: GatewayCall[];
  /** The merchant's settings for a service that is to use this bank. */
  env: Record<string, string | undefined>;
  ledger(): readonly LedgerEntry[];
  /** The gateway whose code this is. */
  wallet(content: string): Gateway | undefined;
  /** Pushes the clock of the whole world. */
  push(ms: number): void;
  close(): Promise<void>;
}

let made: Promise<Merchants> | undefined;

/**
 * known    whether a committed row holds this number at this moment (I-19)
 * promise  hears each notification that the service has acknowledged
 */
export async function openBank(given: {
  seed: string;
  known: (outTradeNo: string) => boolean;
  promise: (promised: Promised) => void;
}): Promise<Bank> {
  made ??= findMerchants(memoryDocuments());
  const folder = mkdtempSync(join(tmpdir(), 'zhenfu-bank-'));
  const calls: GatewayCall[] = [];
  const send = deliverOverHttp();
  const deliver: Deliver = async (url, headers, body, timeoutMs) => {
    const answer = await send(url, headers, body, timeoutMs);
    const method = url.endsWith('/alipay') ? 'alipay' : 'wechat';
    const id = noticeId(method, body);
    const heard = method === 'alipay' ? String(Buffer.from(answer.body)) === 'success' : answer.status < 300;
    if (heard && id !== undefined) {
      given.promise({
        words: `the ${method} notification ${id} was acknowledged`,
        row: `SELECT 1 FROM evidence WHERE verdict = 'genuine' AND notification_id = ?`,
        values: [id],
      });
    }
    return answer;
  };
  const sim = await createSimulator({
    chance: openStream(`bank ${given.seed}`).bytes,
    merchants: await made,
    deliver,
  });
  const url = await sim.listen(0);
  for (const gateway of sim.gateways) hearCalls(gateway, sim, url, calls, given.known);
  return {
    sim,
    calls,
    env: parseEnv(readFileSync(writeMerchantEnv(sim.merchants, folder, url), 'utf8')),
    ledger: () => sim.kernel.ledger.all(),
    wallet: (content) => sim.gateways.find((one) => one.knows(content)),
    push: (ms) => void sim.kernel.clock.change({ advance_ms: ms }),
    async close() {
      await sim.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Writes down each question before the gateway acts on it. */
function hearCalls(
  gateway: Gateway,
  sim: Simulator,
  url: string,
  calls: GatewayCall[],
  known: (outTradeNo: string) => boolean,
): void {
  const act = gateway.handle.bind(gateway);
  gateway.handle = async (request) => {
    const { clock } = sim.kernel;
    const outbound = { ...request, url: `${url}${request.target}`, timeoutMs: 0 };
    const call = readCall({ ...outbound, method: request.method === 'GET' ? 'GET' : 'POST' }, clock.now());
    if (call === undefined) return act(request);
    call.known = known(call.outTradeNo);
    calls.push(call);
    const answer = await act(request);
    Object.assign(call, {
      answeredAtMs: clock.now(),
      ...(answer.kind === 'answer' && { status: answer.status }),
    });
    return answer;
  };
}
