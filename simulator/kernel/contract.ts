/**
 * What both pretend channels share: a clock, chance, the way out, one ledger, one weather. They share
 * nothing with `src/`: two readings of the same public documents, each checking the other.
 */

/** The simulators' clock: epoch milliseconds that a person or a test can push forward or speed up. */
export interface Clock {
  /** The world's time, which the product follows. */
  now(): number;
  /** The channels' own time: `now()` plus `skew_ms`. Everything a channel stamps or checks uses this. */
  channelNow(): number;
  /** Runs once, `delayMs` of simulated time from now; the answer cancels. */
  after(delayMs: number, task: () => void): () => void;
}

export type Chance = (bytes: number) => Uint8Array;

export type ChannelName = 'alipay' | 'wechat';

/** A request to one of the gateways, exactly as it came in. Header names in lower case. */
export interface GatewayRequest {
  method: string;
  /** Path with query, as on the wire. */
  target: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

/**
 * What the gateway does on the wire. `drop` cuts the connection without an answer (weather:
 * "lost before" or "lost after acting").
 */
export type GatewayAnswer =
  | { kind: 'answer'; status: number; headers: Record<string, string>; body: Uint8Array; delayMs?: number }
  | { kind: 'drop'; delayMs?: number };

/** The way out: delivers a notification to the merchant. Rejects when nobody answered. */
export type Deliver = (
  url: string,
  headers: Record<string, string>,
  body: Uint8Array,
  timeoutMs: number,
) => Promise<{ status: number; body: Uint8Array }>;

/** One movement of money, written only by the gateways, never read by the product. */
export interface LedgerEntry {
  kind: 'debit' | 'refund';
  channel: ChannelName;
  out_trade_no: string;
  /** Refunds only. */
  out_refund_no?: string;
  channel_trade_no: string;
  amount_fen: number;
  payer: string;
  /** Epoch milliseconds, the channel's time. */
  at: number;
}

export interface Ledger {
  add(entry: LedgerEntry): void;
  all(): readonly LedgerEntry[];
}

/**
 * The weather: every fault is a share from 0 to 1 drawn per event, or a switch. `apply to` is both
 * channels unless `channel` narrows it. `PUT /_sim/weather` merges; `{}` with `"reset": true` clears.
 */
export interface Weather {
  channel: ChannelName | 'both';
  /** Requests to the gateway. */
  lose_request: number; // connection cut before acting
  lose_answer: number; // connection cut after acting
  answer_500: number; // WeChat 500 SYSTEM_ERROR / Alipay 20000 aop.ACQ.SYSTEM_ERROR, without acting
  answer_500_after_acting: number;
  answer_html: number; // 502 with an HTML page, without acting
  throttle: number; // 429 / 40005
  answer_unsigned: number; // acted, answer without signature
  answer_wrong_signature: number; // acted, answer with a wrong signature (WeChat: also SIGNTEST probes)
  answer_other_order: number; // a correctly signed answer about another order
  answer_stale: number; // WeChat: timestamp outside the window
  answer_unknown_code: number; // an undocumented business code, without acting
  delay_ms: number; // every answer waits this long (± half)
  silent: boolean; // accepts connections, never answers
  /** Notifications. */
  notify_lose: number;
  notify_double: number;
  notify_delay_ms: number;
  notify_reorder: number;
  notify_corrupt: number; // one byte of the body changed after signing
  notify_forge: number; // an extra one, signed by a stranger's key
  notify_probe: number; // WeChat SIGNTEST
  notify_before_answer: boolean; // pays and notifies before the create call is answered
  notify_wrong_amount: number; // validly signed, another amount
  /** Payments. */
  not_exist_after_scan: number; // query says "no such trade" although scanned
  stale_unpaid: number; // query says unpaid although paid, for up to 10 s
  pay_after_close: boolean; // a closed order can still be paid
  /** Refunds. */
  refund_pending_ms: number; // money goes back only this much later; until then a question finds none
  refund_no_balance: number; // the merchant's balance is too small, nothing moved
  refund_abnormal: number; // WeChat: ABNORMAL, the payer's account cannot take it
  refund_stuck: boolean; // refunds are accepted and do not arrive, until this is switched off
  /** Statements. */
  statement_late: number; // the day's file is not there yet, though it is time
  statement_truncated: number; // the file is cut off
  statement_wrong_sum: number; // the file's own sums do not agree with its lines
  statement_wrong_hash: number; // WeChat: the promised SHA-1 is another file's
  statement_line_missing: number; // a line is missing and the sums agree: the same lines at every download
  statement_line_differs: number; // a line's amount is a fen off and the sums agree, at every download alike
  /** Channel habits that the references mark (unconfirmed): both ways can be had. */
  alipay_cancel_ends_unscanned_code: boolean;
  alipay_full_refund_notifies: boolean;
  alipay_timeout_counts_from_request: boolean; // timeout_express; otherwise from the scan
  alipay_notify_repeats_at_once: boolean; // three immediate repeats before the schedule
  alipay_close_notifies: boolean;
  wechat_repeat_ends_old_code: boolean;
  wechat_repeat_revives_expired: boolean;
  wechat_close_unknown_gives_204: boolean;
  wechat_not_closed_after_204_ms: number;
  wechat_sign_business_errors: boolean;
  wechat_close_while_paying: number; // a close after a scan gets 202 USERPAYING or 429, and closes nothing
  wechat_number_refused_with_201: boolean; // "201 商户订单号重复" in place of the two documented codes
  wechat_204_blocks_late_create: boolean; // a number closed before it existed cannot be ordered any more
  wechat_refund_passing_404: number; // a refund of a paid order says that there is no such order
  wechat_refund_closed: number; // an accepted refund ends CLOSED, the money stays with the merchant
}

export type Draw = (share: number) => boolean;

/** Given to each gateway when it is made. */
export interface Kernel {
  clock: Clock;
  chance: Chance;
  deliver: Deliver;
  ledger: Ledger;
  /** The weather as it now stands for this channel. */
  weather(channel: ChannelName): Weather;
  /** One draw against a share, from the kernel's chance. */
  draw: Draw;
  /** Where a gateway's state lives between restarts: a JSON document of its own. */
  load(name: string): unknown;
  save(name: string, state: unknown): void;
}

/** What the phone shows after a scan. */
export interface Scanned {
  channel: ChannelName;
  payee: string;
  subject: string;
  amount_fen: number;
  out_trade_no: string;
}

/** The wallet's answer: a result, or the words that the wallet would show (409 in the control API). */
export type WalletResult<T> = { ok: true; value: T } | { ok: false; words: string };

/** One pretend channel. The server routes by path; the phone and the control API call the wallet side. */
export interface Gateway {
  readonly channel: ChannelName;
  /** True when this gateway serves this request target. */
  serves(target: string): boolean;
  handle(request: GatewayRequest): Promise<GatewayAnswer>;
  /** True when this text is one of this channel's codes (live or not). */
  knows(content: string): boolean;
  /** The wallet scans: Alipay opens the trade here and binds the first scanner. */
  scan(content: string, payer: string): WalletResult<Scanned>;
  /** The wallet pays (scans first where it has not). `amountFen` only for planted wrong amounts. */
  pay(content: string, payer: string, amountFen?: number): WalletResult<LedgerEntry>;
}
