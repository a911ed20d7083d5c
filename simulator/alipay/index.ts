/** The pretend Alipay: `/gateway.do` as the merchant meets it, and the wallet as the patient does. */
import { drawText, drawUnit, HEX } from '../kernel/chance.ts';
import type { Gateway, GatewayAnswer, GatewayRequest, Kernel, Weather } from '../kernel/contract.ts';
import { createBook } from './book.ts';
import { download, findStatement, isDownload } from './bill.ts';
import { cancel } from './cancel.ts';
import { checkCaller, readContent, readCredentials } from './checks.ts';
import type { Credentials, TimestampRule } from './checks.ts';
import { close } from './close.ts';
import { Refused, failure } from './codes.ts';
import type { Fields } from './codes.ts';
import type { Call, Desk, Operation } from './desk.ts';
import { seal } from './envelope.ts';
import type { AlipayMerchant } from './merchant.ts';
import { createNotices } from './notices.ts';
import { precreate } from './precreate.ts';
import { query } from './query.ts';
import { arriveOverdue, refund, refundQuery } from './refund.ts';
import { pay, scan } from './wallet.ts';
import { receive } from './wire.ts';
import type { Received } from './wire.ts';

export { keyTexts, makeAlipayMerchant } from './merchant.ts';
export type { AlipayMerchant } from './merchant.ts';

export interface AlipayOptions {
  timestamp?: TimestampRule;
}

const looseTimestamp: TimestampRule = { windowMs: 15 * 60_000, orLocalTime: true };

/** As long as any client waits: it gives up first. */
const SILENCE_MS = 600_000;

/** A payer of the weather's own, who is faster than the answer. */
const FAST_PAYER = 'faster-than-the-answer';

const operations: Record<string, Operation> = {
  'alipay.trade.precreate': precreate,
  'alipay.trade.query': query,
  'alipay.trade.close': close,
  'alipay.trade.cancel': cancel,
  'alipay.trade.refund': refund,
  'alipay.trade.fastpay.refund.query': refundQuery,
  'alipay.data.dataservice.bill.downloadurl.query': findStatement,
};

/** Real API names for which this app has no contract: known, and refused by permission. */
const otherMethods = [
  'alipay.trade.pay',
  'alipay.trade.create',
  'alipay.trade.wap.pay',
  'alipay.trade.page.pay',
  'alipay.trade.app.pay',
  'alipay.system.oauth.token',
  'alipay.open.app.alipaycert.download',
];

export function createAlipayGateway(
  kernel: Kernel,
  merchant: AlipayMerchant,
  options: AlipayOptions = {},
): Gateway {
  const credentials = readCredentials(merchant);
  const desk: Desk = {
    kernel,
    merchant,
    book: createBook(kernel),
    notices: createNotices(kernel, credentials),
    links: new Map(),
    now: () => kernel.clock.channelNow(),
    weather: () => kernel.weather('alipay'),
  };
  arriveOverdue(desk);
  const permittedMethods = new Set(Object.keys(operations));
  const knownMethods = new Set([...permittedMethods, ...otherMethods]);

  async function handle(request: GatewayRequest): Promise<GatewayAnswer> {
    const weather = desk.weather();
    if (weather.silent) return { kind: 'drop', delayMs: SILENCE_MS };
    const delayMs =
      weather.delay_ms === 0 ? 0 : Math.round(weather.delay_ms * (0.5 + drawUnit(kernel.chance)));
    if (kernel.draw(weather.lose_request)) return { kind: 'drop', delayMs };
    if (kernel.draw(weather.answer_html)) return { ...badGateway(), delayMs };
    if (isDownload(request.target)) {
      return kernel.draw(weather.lose_answer)
        ? { kind: 'drop', delayMs }
        : { ...(await download(desk, request.target)), delayMs };
    }

    const received = await receive(request);
    const turned = checkCaller(received, credentials, {
      nowMs: desk.now(),
      timestamp: options.timestamp ?? looseTimestamp,
      knownMethods,
      permittedMethods,
    });
    if (turned !== undefined) {
      return { ...answer(received, turned.node, turned.signed ? 'alipay' : 'nobody'), delayMs };
    }
    const node = await act(received, weather, request.headers['host'] ?? '127.0.0.1');
    if (kernel.draw(weather.lose_answer)) return { kind: 'drop', delayMs };
    return { ...answer(received, disguise(node, weather), signer(weather)), delayMs };
  }

  /** Weather around the act itself: without acting, or after it. */
  async function act(received: Received, weather: Weather, host: string): Promise<Fields> {
    if (kernel.draw(weather.throttle)) return failure('40005', 'isv.app-call-limited');
    if (kernel.draw(weather.answer_500)) return systemError();
    if (kernel.draw(weather.answer_unknown_code)) return failure('40004', 'ACQ.NEVER_SEEN_BEFORE');
    const node = await perform(received, weather, host);
    return kernel.draw(weather.answer_500_after_acting) ? systemError() : node;
  }

  async function perform(received: Received, weather: Weather, host: string): Promise<Fields> {
    const content = readContent(received.params, credentials);
    if (!content.ok) return content.node;
    const operation = operations[received.params.get('method') ?? ''];
    if (operation === undefined) return failure('40006', 'isv.insufficient-isv-permissions');
    const call: Call = {
      biz: content.biz,
      notifyUrl: received.params.get('notify_url') || undefined,
      charset: received.params.get('charset') ?? received.charset,
      host,
    };
    try {
      const node = operation(desk, call);
      if (operation === precreate && weather.notify_before_answer) await payFirst(String(node['qr_code']));
      return node;
    } catch (error) {
      if (error instanceof Refused) return error.node;
      throw error;
    }
  }

  /** The code is paid, and the merchant told, before the merchant has the code. */
  async function payFirst(content: string): Promise<void> {
    pay(desk, content, FAST_PAYER);
    await desk.notices.notifier.idle();
  }

  /** Both forms of "the outcome is unknown" are on record (2.5, 3.1). */
  function systemError(): Fields {
    return kernel.draw(0.5) ? failure('20000', 'aop.ACQ.SYSTEM_ERROR') : failure('40004', 'ACQ.SYSTEM_ERROR');
  }

  /** A correctly signed answer that speaks of another order. */
  function disguise(node: Fields, weather: Weather): Fields {
    if (!kernel.draw(weather.answer_other_order)) return node;
    const other = { ...node };
    if (other['out_trade_no'] !== undefined) other['out_trade_no'] = `X${drawText(kernel.chance, HEX, 20)}`;
    if (other['trade_no'] !== undefined)
      other['trade_no'] = `2026010122001${drawText(kernel.chance, '0123456789', 15)}`;
    return other;
  }

  function signer(weather: Weather): Signer {
    if (kernel.draw(weather.answer_unsigned)) return 'nobody';
    return kernel.draw(weather.answer_wrong_signature) ? 'stranger' : 'alipay';
  }

  /** Status 200 whatever happened, and JSON that calls itself HTML (1.6). */
  function answer(received: Received, node: Fields, by: Signer): Answer {
    const method = received.params.get('method') ?? '';
    const known = knownMethods.has(method);
    const encrypted = received.params.get('encrypt_type') === 'AES' && node['code'] === '10000';
    return {
      kind: 'answer',
      status: 200,
      headers: {
        'content-type': `text/html;charset=${received.charset === 'utf-8' ? 'utf-8' : 'GBK'}`,
        trace_id: drawText(kernel.chance, HEX, 30),
      },
      body: seal({
        name: known ? `${method.replaceAll('.', '_')}_response` : 'error_response',
        node,
        charset: received.charset,
        ...keyOf(by, credentials),
        ...(received.params.has('app_cert_sn') ? { certificateSerial: credentials.alipayCertSn } : undefined),
        ...(encrypted ? { contentKey: credentials.contentKey } : undefined),
      }),
    };
  }

  return {
    channel: 'alipay',
    serves: (target) => /^\/gateway\.do(\?|$)/.test(target) || isDownload(target),
    handle,
    knows: (content) => desk.book.code(content) !== undefined || content.startsWith('https://qr.alipay.com/'),
    scan: (content, payer) => scan(desk, content, payer),
    pay: (content, payer, amountFen) => pay(desk, content, payer, amountFen),
  };
}

type Answer = Extract<GatewayAnswer, { kind: 'answer' }>;
type Signer = 'alipay' | 'stranger' | 'nobody';

function keyOf(by: Signer, credentials: Credentials): { key?: Credentials['alipayKey'] } {
  if (by === 'nobody') return {};
  return { key: by === 'alipay' ? credentials.alipayKey : credentials.strangerKey };
}

function badGateway(): Answer {
  const page =
    '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>';
  return { kind: 'answer', status: 502, headers: { 'content-type': 'text/html' }, body: Buffer.from(page) };
}
