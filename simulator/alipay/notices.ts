/** Asynchronous notifications (异步通知), section 4: what is told, when, and how it is signed. */
import { stringify } from 'node:querystring';
import type { KeyObject } from 'node:crypto';
import type { Kernel } from '../kernel/contract.ts';
import { createNotifier } from '../kernel/notifier.ts';
import type { Notice, Notifier, Rendered } from '../kernel/notifier.ts';
import { refundedFen } from './book.ts';
import type { Refund, Trade } from './book.ts';
import type { Credentials } from './checks.ts';
import { buyerId, buyerLogonId, randomDigits } from './desk.ts';
import { signText } from './envelope.ts';
import { beijing, beijingDigits, beijingWithMillis, yuan } from './text.ts';
import { canonical, encodeText } from './wire.ts';
import type { Charset } from './wire.ts';

/** Fields by name, all but `sign`. */
type Content = Record<string, string>;

export interface Notices {
  /** Each resolves when the first delivery has had its answer, or failed. */
  paid(trade: Trade): Promise<void>;
  refunded(trade: Trade, refund: Refund): Promise<void>;
  closed(trade: Trade): Promise<void>;
  notifier: Notifier<Content>;
}

const MINUTE = 60_000;
const HOUR = 3_600_000;

/** Gaps between deliveries of one event (4.1). */
const schedule = [4 * MINUTE, 10 * MINUTE, 10 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 15 * HOUR];
const timesAtOnce = [0, 0, 0];

/** Not documented; merchants are told to answer within a few seconds. */
const ANSWER_TIMEOUT_MS = 5000;

export function createNotices(kernel: Kernel, credentials: Credentials): Notices {
  const notifier = createNotifier<Content>(kernel, {
    channel: 'alipay',
    gapsMs: () =>
      kernel.weather('alipay').alipay_notify_repeats_at_once ? [...timesAtOnce, ...schedule] : schedule,
    timeoutMs: ANSWER_TIMEOUT_MS,
    render: (notice) => render(notice, credentials.alipayKey),
    forge: (notice) => render(notice, credentials.strangerKey),
    // Exactly these seven characters, nothing before or after.
    accepts: (status, body) => status === 200 && Buffer.from(body).toString('latin1') === 'success',
  });

  function send(trade: Trade, fields: Content): Promise<void> {
    const url = trade.asked.notify_url;
    if (url === undefined) return Promise.resolve();
    const id = notifyId(kernel);
    return notifier.send({ id, url, content: { ...common(kernel, credentials, trade, id), ...fields } });
  }

  return {
    notifier,
    paid: (trade) => send(trade, paidFields(kernel, trade)),
    refunded(trade, refund) {
      const full = trade.status === 'TRADE_CLOSED';
      if (full && !kernel.weather('alipay').alipay_full_refund_notifies) return Promise.resolve();
      return send(trade, refundFields(trade, refund));
    },
    closed: (trade) =>
      send(trade, { trade_status: 'TRADE_CLOSED', gmt_close: beijing(trade.closed_at ?? 0) }),
  };
}

/** `20261122` `00222` `100304` and 15 digits. */
function notifyId(kernel: Kernel): string {
  const digits = beijingDigits(kernel.clock.channelNow());
  return `${digits.slice(0, 8)}00222${digits.slice(8)}${randomDigits(kernel, 15)}`;
}

function common(kernel: Kernel, credentials: Credentials, trade: Trade, id: string): Content {
  const content: Content = {
    notify_time: beijing(kernel.clock.channelNow()),
    notify_type: 'trade_status_sync',
    notify_id: id,
    app_id: credentials.appId,
    auth_app_id: credentials.appId,
    charset: trade.asked.charset,
    version: '1.0',
    sign_type: 'RSA2',
    trade_no: trade.trade_no,
    out_trade_no: trade.out_trade_no,
    buyer_id: buyerId(trade.payer),
    buyer_logon_id: buyerLogonId(trade.payer),
    seller_id: trade.asked.seller_id,
    trade_status: trade.status,
    total_amount: yuan(trade.total_fen),
    subject: trade.asked.subject,
    gmt_create: beijing(trade.opened_at),
  };
  if (trade.asked.body !== undefined) content['body'] = trade.asked.body;
  if (trade.asked.passback_params !== undefined) content['passback_params'] = trade.asked.passback_params;
  return content;
}

/** A planted wrong amount is validly signed: only a comparison with the order can find it. */
function paidFields(kernel: Kernel, trade: Trade): Content {
  const wrong = kernel.draw(kernel.weather('alipay').notify_wrong_amount);
  const amount = yuan(wrong ? trade.total_fen + 1 : trade.total_fen);
  return {
    total_amount: amount,
    receipt_amount: amount,
    invoice_amount: amount,
    buyer_pay_amount: amount,
    point_amount: '0.00',
    fund_bill_list: JSON.stringify([{ amount, fundChannel: 'ALIPAYACCOUNT' }]),
    gmt_payment: beijing(trade.paid_at ?? 0),
  };
}

/** refund_fee is cumulative; the fields about the payer's own money are missing here (4.4). */
function refundFields(trade: Trade, refund: Refund): Content {
  const fields: Content = {
    out_biz_no: refund.out_request_no,
    refund_fee: yuan(refundedFen(trade)),
    send_back_fee: yuan(refund.amount_fen),
    gmt_payment: beijing(trade.paid_at ?? 0),
    gmt_refund: beijingWithMillis(refund.done_at ?? 0),
  };
  if (trade.status === 'TRADE_CLOSED') fields['gmt_close'] = beijing(trade.closed_at ?? 0);
  return fields;
}

/** Signed without `sign` and without `sign_type` (4.3); never a field that is empty. */
function render(notice: Notice<Content>, key: KeyObject): Rendered {
  const named = notice.content['charset'] ?? 'utf-8';
  const charset: Charset = /^utf-?8$/i.test(named) ? 'utf-8' : 'gbk';
  const text = canonical(Object.entries(notice.content), ['sign', 'sign_type']);
  const fields = { ...notice.content, sign: signText(text, charset, key) };
  const body = stringify(fields, '&', '=', { encodeURIComponent: (value) => percentEncode(value, charset) });
  return {
    headers: { 'content-type': `application/x-www-form-urlencoded; charset=${named}` },
    body: Buffer.from(body, 'latin1'),
  };
}

/** UTF-8 by the platform's own function; in GBK the bytes of that charset, each as `%XX`. */
function percentEncode(value: string, charset: Charset): string {
  if (charset === 'utf-8') return encodeURIComponent(value).replaceAll('%20', '+');
  return encodeText(value, charset).toString('hex').replace(/../g, '%$&');
}
