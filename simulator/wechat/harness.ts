/** For the tests beside it: a merchant's own signing, and a gateway behind a real loopback server. */
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { sign } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Gateway, GatewayAnswer, GatewayRequest } from '../kernel/contract.ts';
import { memoryDocuments } from '../kernel/documents.ts';
import { createKernel } from '../kernel/kernel.ts';
import type { SimulatorKernel } from '../kernel/kernel.ts';
import { manualClock } from '../kernel/manual-clock.ts';
import type { ManualClock } from '../kernel/manual-clock.ts';
import { createWechatGateway } from './index.ts';
import type { WechatGateway } from './index.ts';
import type { WechatMerchant } from './merchant.ts';

export interface SignWish {
  method?: string;
  target: string;
  body?: string;
  atMs: number;
  headers?: Record<string, string>;
  /** What is signed in place of the target, to plant a fault. */
  signedTarget?: string;
}

/** A request as a correct merchant sends it. */
export function signedRequest(merchant: WechatMerchant, wish: SignWish): GatewayRequest {
  const { method = 'GET', target, body = '' } = wish;
  const timestamp = Math.floor(wish.atMs / 1000);
  const message = `${method}\n${wish.signedTarget ?? target}\n${timestamp}\nnonce\n${body}\n`;
  const signature = sign('sha256', Buffer.from(message), merchant.certificate.privateKey).toString('base64');
  return {
    method,
    target,
    headers: {
      'user-agent': 'test',
      accept: 'application/json',
      authorization:
        `WECHATPAY2-SHA256-RSA2048 mchid="${merchant.mchid}",nonce_str="nonce",timestamp="${timestamp}",` +
        `serial_no="${merchant.serialNo}",signature="${signature}"`,
      ...wish.headers,
    },
    body: Buffer.from(body),
  };
}

export interface Loopback {
  url: string;
  close(): Promise<void>;
}

/** The gateway on a free port of this machine. */
export async function serveGateway(gateway: Gateway): Promise<Loopback> {
  const server = createServer((incoming, outgoing) => {
    void readRequest(incoming)
      .then((request) => gateway.handle(request))
      .then((answer) => {
        if (answer.kind === 'drop') return outgoing.destroy();
        outgoing.writeHead(answer.status, answer.headers);
        return outgoing.end(answer.body);
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** One delivery of a notification, with the minutes since the world began. */
export interface Delivery {
  minute: number;
  headers: Record<string, string>;
  notice: { id: string; create_time: string; event_type: string; resource: Sealed };
}

interface Sealed {
  nonce: string;
  ciphertext: string;
  associated_data: string;
}

/** An answer as a merchant sees it; a cut connection has status 0. */
export interface Got {
  status: number;
  headers: Record<string, string>;
  json: unknown;
  /** The error's code, if there is one. */
  code: string;
}

export const worldStart = Date.UTC(2027, 0, 4, 2, 0, 0);

/** A gateway, its merchant and a clock that only the test moves. */
export interface TestWorld {
  clock: ManualClock;
  deliveries: Delivery[];
  kernel: SimulatorKernel;
  gateway: WechatGateway;
  /** What the merchant answers to notifications. */
  merchantAnswers: number;
  /** Kernel and gateway anew, from what was saved. */
  restart(): void;
  send(wish: Partial<SignWish> & { target: string }): Promise<Got>;
  create(out_trade_no: string, more?: object): Promise<Got>;
  /** Creates, and answers with the code that the screen would show. */
  code(out_trade_no: string, more?: object): Promise<string>;
  query(out_trade_no: string, search?: string): Promise<Got>;
  /** The trade state, or the error's code. */
  state(out_trade_no: string): Promise<unknown>;
  close(out_trade_no: string): Promise<Got>;
  orderBody(out_trade_no: string, more?: object): object;
}

const orders = '/v3/pay/transactions';

export function openTestWorld(merchant: WechatMerchant): TestWorld {
  const clock = manualClock(worldStart);
  const documents = memoryDocuments();
  const deliveries: Delivery[] = [];

  function begin() {
    const kernel = createKernel({
      clock,
      documents,
      deliver: async (_url, headers, body) => {
        const notice = JSON.parse(Buffer.from(body).toString()) as Delivery['notice'];
        deliveries.push({ minute: (clock.now() - worldStart) / 60_000, headers, notice });
        return { status: world.merchantAnswers, body: Buffer.from('{"code":"FAIL"}') };
      },
    });
    return { kernel, gateway: createWechatGateway(kernel, merchant) };
  }

  const world: TestWorld = {
    ...begin(),
    clock,
    deliveries,
    merchantAnswers: 200,
    restart() {
      world.kernel.clock.close();
      Object.assign(world, begin());
    },
    async send(wish) {
      const atMs = world.kernel.clock.channelNow();
      return asSeen(await world.gateway.handle(signedRequest(merchant, { atMs, ...wish })));
    },
    create(out_trade_no, more) {
      const body = JSON.stringify(world.orderBody(out_trade_no, more));
      return world.send({ method: 'POST', target: `${orders}/native`, body });
    },
    async code(out_trade_no, more) {
      const { json } = await world.create(out_trade_no, more);
      return String(memberOf(json, 'code_url'));
    },
    query(out_trade_no, search = `?mchid=${merchant.mchid}`) {
      return world.send({ target: `${orders}/out-trade-no/${out_trade_no}${search}` });
    },
    async state(out_trade_no) {
      const { json, code } = await world.query(out_trade_no);
      return memberOf(json, 'trade_state') ?? code;
    },
    close(out_trade_no) {
      const body = JSON.stringify({ mchid: merchant.mchid });
      return world.send({ method: 'POST', target: `${orders}/out-trade-no/${out_trade_no}/close`, body });
    },
    orderBody: (out_trade_no, more) => ({
      appid: merchant.appid,
      mchid: merchant.mchid,
      description: '门诊费',
      out_trade_no,
      notify_url: 'https://clinic.example/notify',
      amount: { total: 1230 },
      ...more,
    }),
  };
  return world;
}

function asSeen(answer: GatewayAnswer): Got {
  if (answer.kind === 'drop') return { status: 0, headers: {}, json: undefined, code: 'DROP' };
  const text = Buffer.from(answer.body).toString();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  const code = String(memberOf(json, 'code'));
  return { status: answer.status, headers: answer.headers, json, code };
}

/** A member of an answer's object; undefined when there is none. */
export function memberOf(json: unknown, name: string): unknown {
  return Object.entries(Object(json) as object).find(([key]) => key === name)?.[1] as unknown;
}

async function readRequest(incoming: IncomingMessage): Promise<GatewayRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value);
  return { method: incoming.method ?? '', target: incoming.url ?? '', headers, body: Buffer.concat(chunks) };
}
