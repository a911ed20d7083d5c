/** Which path means what. All here is after authentication; the bodies are still raw bytes. */
import { constants, createPublicKey, privateDecrypt, publicEncrypt } from 'node:crypto';
import type { GatewayRequest } from '../kernel/contract.ts';
import {
  closeOrder as closeBody,
  echo as echoBody,
  nativeOrder,
  orderNumber,
  readBody,
  refundOrder,
} from './bodies.ts';
import { closeOrder, placeOrder, queryOrder, transactionObject } from './orders.ts';
import type { Desk } from './orders.ts';
import { certificateList } from './platform.ts';
import type { Platform } from './platform.ts';
import { acceptRefund, queryRefund } from './refunds.ts';
import { done, paramError, refusals } from './replies.ts';
import type { Reply } from './replies.ts';
import { handOver, offerStatement } from './statement.ts';
import type { Offer } from './statement.ts';
import { pay } from './wallet.ts';

/** Everything a route may touch. */
export interface Counter extends Desk {
  platform: Platform;
  /** Statement files by their token. */
  offers: Map<string, Offer>;
}

export interface Call {
  request: GatewayRequest;
  /** The path's variable part, decoded; empty where it has none. */
  number: string;
  query: URLSearchParams;
}

export type Route = (counter: Counter, call: Call) => Reply | Promise<Reply>;

const orders = '/v3/pay/transactions';
const refunds = '/v3/refund/domestic/refunds';

/** The first group of a pattern is the path's number. */
const table: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
  ['POST', new RegExp(`^${orders}/native$`), native],
  ['GET', new RegExp(`^${orders}/out-trade-no/([^/]+)$`), queryByNumber],
  ['GET', new RegExp(`^${orders}/id/([^/]+)$`), queryByTransaction],
  ['POST', new RegExp(`^${orders}/out-trade-no/([^/]+)/close$`), close],
  ['POST', new RegExp(`^${refunds}$`), refund],
  ['GET', new RegExp(`^${refunds}/([^/]+)$`), queryByRefundNumber],
  ['GET', /^\/v3\/bill\/tradebill$/, statement],
  ['GET', /^\/v3\/billdownload\/file$/, file],
  ['GET', /^\/v3\/certificates$/, certificates],
  ['POST', /^\/v3\/security\/echo$/, echo],
];

/** The route and its call, or the empty answer of an unknown path or method (2.3). */
export function findRoute(request: GatewayRequest): { route: Route; call: Call } | Reply {
  const [path = '', search = ''] = splitOnce(request.target, '?');
  const onPath = table.filter(([, pattern]) => pattern.test(path));
  const found = onPath.find(([method]) => method === request.method);
  if (found === undefined) return { kind: 'empty', status: onPath.length === 0 ? 404 : 405 };
  const number = decode(found[1].exec(path)?.[1] ?? '');
  if (number === undefined) return { kind: 'empty', status: 404 };
  return { route: found[2], call: { request, number, query: new URLSearchParams(search) } };
}

async function native(counter: Counter, { request }: Call): Promise<Reply> {
  const body = readBody(nativeOrder, request.body);
  if (!body.ok) return body.reply;
  const reply = placeOrder(counter, body.value);
  if (counter.weather().notify_before_answer) await payAtOnce(counter, body.value.out_trade_no);
  return reply;
}

/** Weather `notify_before_answer`: the fastest of all payers, told of before the order is answered. */
async function payAtOnce(counter: Counter, outTradeNo: string): Promise<void> {
  const code = counter.book.orders.get(outTradeNo)?.codes.at(-1);
  if (code === undefined || !pay(counter, code.content, 'swift').ok) return;
  await tellPaid(counter, outTradeNo);
}

/** The notification of a payment; resolves when its first delivery is over. */
export async function tellPaid(counter: Counter, outTradeNo: string): Promise<void> {
  const order = counter.book.orders.get(outTradeNo);
  if (order?.paid === undefined) return;
  const resource = transactionObject(order, counter.now());
  await counter.notifications.tell(order.request.notify_url, 'TRANSACTION.SUCCESS', resource);
}

function queryByNumber(counter: Counter, { number, query }: Call): Reply {
  return (
    badNumber(number) ?? badMchid(counter, query) ?? queryOrder(counter, counter.book.orders.get(number))
  );
}

function queryByTransaction(counter: Counter, { number, query }: Call): Reply {
  return badMchid(counter, query) ?? queryOrder(counter, counter.book.ordersByTransaction.get(number));
}

function close(counter: Counter, { number, request }: Call): Reply {
  const body = readBody(closeBody, request.body);
  if (!body.ok) return body.reply;
  return badNumber(number) ?? closeOrder(counter, number, body.value.mchid);
}

function refund(counter: Counter, { request }: Call): Reply {
  const body = readBody(refundOrder, request.body);
  return body.ok ? acceptRefund(counter, body.value) : body.reply;
}

function queryByRefundNumber(counter: Counter, { number }: Call): Reply {
  return queryRefund(counter, counter.book.refunds.get(number));
}

function statement(counter: Counter, { query, request }: Call): Reply {
  return offerStatement(counter, counter.offers, query, request.headers['host'] ?? '');
}

function file(counter: Counter, { query }: Call): Reply {
  return handOver(counter, counter.offers, query);
}

function certificates({ platform, merchant, kernel }: Counter): Reply {
  const listed = platform.listed();
  if (listed.length === 0) return refusals.noPlatformCertificate;
  return done(certificateList(listed, merchant.apiV3Key, kernel.chance));
}

/** The self-test of 4.5: gives back what was sent, the secret part under the merchant's own key. */
function echo(counter: Counter, { request }: Call): Reply {
  const serial = request.headers['wechatpay-serial'];
  const body = readBody(echoBody, request.body);
  if (!body.ok) return body.reply;
  const key = serial === undefined ? undefined : counter.platform.decryptingKey(serial);
  if (key === undefined) return refusals.wrongPlatformSerial;
  const { echo_message, encrypted_echo_message, notify_url } = body.value;
  const answer: Record<string, string> = { echo_message };
  if (encrypted_echo_message !== undefined) {
    const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
    try {
      const secret = privateDecrypt({ key, ...oaep }, Buffer.from(encrypted_echo_message, 'base64'));
      const merchantKey = createPublicKey(counter.merchant.certificate.certificate);
      answer['encrypted_echo_message'] = publicEncrypt({ key: merchantKey, ...oaep }, secret).toString(
        'base64',
      );
    } catch {
      const [field, issue] = ['/encrypted_echo_message', '解密失败'];
      return paramError({ field, issue, location: 'body', number: 268435461 });
    }
  }
  if (notify_url !== undefined) void counter.notifications.tell(notify_url, 'SECURITY_ECHO.SUCCESS', answer);
  return done({ ...answer, ...(notify_url === undefined ? {} : { notify_url }) });
}

function badNumber(number: string): Reply | undefined {
  if (orderNumber.safeParse(number).success) return undefined;
  const issue = '商户订单号不符合规则';
  return paramError({ field: 'out_trade_no', value: number, issue, location: 'url', number: 268435461 });
}

function badMchid(counter: Counter, query: URLSearchParams): Reply | undefined {
  const mchid = query.get('mchid');
  if (mchid === counter.merchant.mchid) return undefined;
  if (mchid !== null && mchid !== '') return refusals.mchidMismatch;
  return paramError({ field: 'mchid', issue: '此字段为必填项', location: 'query', number: 268435461 });
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
