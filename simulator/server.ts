/**
 * The simulators as one product: both gateways, the control API, the phone and the weather panel, over
 * HTTP or in process. In process, with a given clock, chance, way out and store, nothing here is real.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mayControl } from './access.ts';
import { createAlipayGateway } from './alipay/index.ts';
import type { AlipayOptions } from './alipay/index.ts';
import { problem } from './answers.ts';
import { control } from './control.ts';
import { memoryDocuments } from './kernel/documents.ts';
import type { Gateway, GatewayAnswer, GatewayRequest } from './kernel/contract.ts';
import { createKernel } from './kernel/kernel.ts';
import type { KernelOptions, SimulatorKernel } from './kernel/kernel.ts';
import { findMerchants } from './merchant.ts';
import type { Merchants } from './merchant.ts';
import { page } from './phone/pages.ts';
import { createWechatGateway } from './wechat/index.ts';

export interface SimulatorOptions extends KernelOptions {
  /** Made and kept in `documents` when not given. */
  merchants?: Merchants;
  /** RSA key length of merchants made here; a simulation of many days may ask for 512. */
  keyBits?: number;
  /** Opens the control API to whoever bears it. Without one only loopback is answered. */
  token?: string;
  alipay?: AlipayOptions;
  /** Hears of errors of ours; whoever asked has lost the connection. By default Node's own warning. */
  onFault?: (error: unknown) => void;
}

export interface Simulator {
  kernel: SimulatorKernel;
  merchants: Merchants;
  gateways: readonly Gateway[];
  /** A request in process, trusted. A delay stays in the answer, for the caller's own clock. */
  handle(request: GatewayRequest): Promise<GatewayAnswer>;
  /** Serves over HTTP; resolves with the address once it is open. Port 0 takes any free one. */
  listen(port: number, host?: string): Promise<string>;
  /** Stops listening, writes all state. */
  close(): Promise<void>;
}

/** Requests of both channels are small; a longer body is somebody else's. */
const MOST_BODY_BYTES = 1024 * 1024;

/** WeChat Pay closes idle connections after about 8 s and says so; longer client pools must meet that here. */
const IDLE_MS = 8000;

export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const documents = options.documents ?? memoryDocuments();
  const merchants = options.merchants ?? (await findMerchants(documents, options.keyBits));
  const kernel = createKernel({ ...options, documents });
  const gateways: Gateway[] = [
    createAlipayGateway(kernel, merchants.alipay, options.alipay),
    createWechatGateway(kernel, merchants.wechat),
  ];
  const fault = options.onFault ?? ((error) => process.emitWarning(String(error)));
  let server: Server | undefined;

  async function handle(request: GatewayRequest): Promise<GatewayAnswer> {
    if (request.target.startsWith('/_sim/')) return control(kernel, gateways, request);
    const gateway = gateways.find((one) => one.serves(request.target));
    if (gateway !== undefined) return gateway.handle(request);
    return (
      page(request) ??
      problem({ status: 404, code: 'not_found', detail: '没有这个页面 There is nothing here' })
    );
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    if (request === undefined) {
      send(outgoing, problem({ status: 413, code: 'too_long', detail: '请求过长 The body is too long' }));
      return;
    }
    const caller = { address: incoming.socket.remoteAddress, headers: request.headers };
    if (request.target.startsWith('/_sim/') && !mayControl(caller, options.token)) {
      const detail =
        '模拟器只应答本机，或持有口令的请求 The simulators answer only this machine, or who bears the token';
      send(outgoing, problem({ status: 403, code: 'not_from_here', detail }));
      return;
    }
    const answer = await handle(request);
    if (answer.delayMs === undefined || answer.delayMs === 0) send(outgoing, answer);
    else kernel.clock.after(answer.delayMs, () => send(outgoing, answer));
  }

  return {
    kernel,
    merchants,
    gateways,
    handle,
    async listen(port, host = '127.0.0.1') {
      server = createServer({ keepAliveTimeout: IDLE_MS }, (incoming, outgoing) => {
        serve(incoming, outgoing).catch((error: unknown) => {
          outgoing.destroy();
          fault(error);
        });
      });
      return open(server, port, host);
    },
    async close() {
      kernel.clock.close();
      kernel.flush();
      if (server === undefined) return;
      const closed = new Promise((resolve) => server?.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function open(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const bound = server.address() as AddressInfo;
      // An address that means "all of them" is reached from here by loopback.
      const name =
        host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
      resolve(`http://${name}:${bound.port}`);
    });
  });
}

async function readRequest(incoming: IncomingMessage): Promise<GatewayRequest | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  const stream: AsyncIterable<Buffer> = incoming;
  for await (const part of stream) {
    length += part.length;
    if (length > MOST_BODY_BYTES) return undefined;
    parts.push(part);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers,
    body: Buffer.concat(parts),
  };
}

function send(outgoing: ServerResponse, answer: GatewayAnswer): void {
  if (answer.kind === 'drop') {
    outgoing.destroy();
    return;
  }
  // A 204 has no body, and so no length of one (RFC 9110, 8.6).
  const length = answer.status === 204 ? {} : { 'content-length': answer.body.length };
  outgoing.writeHead(answer.status, { ...answer.headers, ...length }).end(answer.body);
}
