import type { Fen } from '#money';

/** The customer's word for the channel, in code, tables and API alike. */
export type PaymentMethod = 'alipay' | 'wechat';
export const paymentMethods = ['alipay', 'wechat'] as const satisfies readonly PaymentMethod[];

/**
 * What a call came to.
 * done     a verified answer says so
 * refused  a definite no: nothing happened, and the same call will be refused again (`code` says why)
 * unknown  it may have happened: silence, 5xx, an unsigned or badly signed answer, an undocumented
 *          code, a limit. Nothing may be concluded; ask again.
 */
export type Outcome<T> =
  | { outcome: 'done'; value: T }
  | { outcome: 'refused'; fault: ChannelFault }
  | { outcome: 'unknown'; fault: ChannelFault };

export interface ChannelFault {
  /** Ours, stable, from the table in `faults.ts`. */
  code: ChannelFaultCode;
  /** The channel's own code as it came (`ACQ.SYSTEM_ERROR`, `FREQUENCY_LIMITED`), if one came. */
  channelCode?: string;
  /** For the log and the operator; never shown to a patient, never holds a secret. */
  detail: string;
  /** The channel's own trace (Alipay `trace_id`, WeChat Pay `Request-ID`). */
  trace?: string;
  /** True when the request cannot have reached the channel. */
  notSent?: boolean;
}

export type ChannelFaultCode =
  | 'silent' // no answer, a 5xx, a torn or non-JSON body
  | 'unverified' // an answer whose signature is missing or wrong
  | 'foreign_answer' // a verified answer about another order
  | 'throttled' // the channel asks us to slow down
  | 'system_error' // the channel says that it does not know
  | 'undocumented' // a code that no page lists
  | 'configuration' // keys, certificates, contract, account: an operator must act
  | 'declined' // the request itself: amount, text, limits
  | 'number_spent' // this order number is paid, closed or was used otherwise: query decides
  | 'short_of_balance' // the merchant's balance is too small: nothing moved, the same number again later
  | 'bug'; // the channel calls our request malformed

/** The account that a payment is pinned to for life. Every report is compared with it. */
export interface MerchantAccount {
  method: PaymentMethod;
  appId: string;
  /** Alipay: seller PID (2088…), empty when not configured. WeChat Pay: mchid. */
  merchantId: string;
}

/** All that a channel is told of one payment; pinned when it is minted, never recomputed. */
export interface Order {
  outTradeNo: string;
  amountFen: Fen;
  /** From a fixed template: clinic short name and 医疗服务费; never free text. */
  subject: string;
  /** Whole second; the channel's `time_expire`. */
  expiresAtMs: number;
  /** An opaque reference that comes back in reports (`passback_params`, `attach`). */
  attach: string;
  notifyUrl: string;
}

/** What the channel says of a trade. `none` is "no such trade now", which proves nothing by itself. */
export type TradeState =
  | 'none'
  | 'waiting' // exists and unpaid (WeChat NOTPAY: scanned or not)
  | 'scanned' // exists because somebody scanned it (Alipay WAIT_BUYER_PAY), unpaid
  | 'paid'
  | 'closed'; // will never be paid

/**
 * One report, the same from all three messengers (notification, our query, a line of the statement).
 * Only `apply-report.ts` believes it. A field that this messenger does not carry is undefined; one
 * that it carries is compared with the payment's pinned value.
 */
export interface ChannelReport {
  method: PaymentMethod;
  source: 'notification' | 'query' | 'statement';
  about: 'payment' | 'refund' | 'other';
  outTradeNo: string;
  state: TradeState;
  /** The channel's own word, as it came: `TRADE_SUCCESS`, `NOTPAY`. */
  channelState: string;
  appId?: string;
  /** Alipay `seller_id`, WeChat Pay `mchid`. */
  merchantId?: string;
  totalFen?: Fen;
  currency?: string;
  /** WeChat Pay `trade_type`. */
  tradeType?: string;
  /** Alipay `trade_no`, WeChat Pay `transaction_id`. */
  channelTradeNo?: string;
  /** The channel's time of payment, epoch ms. */
  paidAtMs?: number;
  /** What the payer gave after coupons; informational. */
  payerFen?: Fen;
  attach?: string;
  /** Only where `about` is `refund`. */
  refund?: RefundReport;
}

export interface RefundReport {
  outRefundNo?: string;
  channelRefundNo?: string;
  state: 'accepted' | 'succeeded' | 'abnormal' | 'closed' | 'none' | 'unknown';
  amountFen?: Fen;
  /** Alipay: the sum of all refunds of the trade so far. */
  cumulativeFen?: Fen;
  refundedAtMs?: number;
}

/** The bytes as they came, before anybody believed them. Header names in lower case. */
export interface RawNotification {
  headers: Record<string, string>;
  body: Uint8Array;
}

/**
 * What became of a notification at the door.
 * genuine   signed by the channel (and fresh, where it carries a time): keep, acknowledge, apply
 * refused   not believed: keep with its reason, answer `failure`
 */
export type NotificationReading =
  | {
      verdict: 'genuine';
      /** The channel's own id of the event: equal in every repeat. */
      notificationId: string;
      /** undefined: genuine, but about nothing we keep books on (echo tests, unknown events). */
      report: ChannelReport | undefined;
      /** What was signed, in clear (decrypted), for the record. */
      words: string;
      /** The key that verified it, for the share of old and new keys. */
      keyId: string;
    }
  | { verdict: 'refused'; reason: NotificationRefusal; detail: string };

export type NotificationRefusal =
  | 'signature_missing'
  | 'signature_wrong'
  | 'signature_probe' // WeChat Pay's own test that we verify
  | 'key_unknown'
  | 'stale' // outside ±5 minutes (WeChat Pay)
  | 'malformed' // duplicate keys, bad encoding, not what the channel sends
  | 'undecryptable';

/** An HTTP answer in the channel's dialect. */
export interface Acknowledgement {
  status: number;
  contentType: string;
  body: string;
}

/**
 * One wallet. Knowing one adapter is knowing the other: the same file names, this contract, one suite
 * (`test/channel-contract.ts`) over both. What a channel cannot do is declared in `traits`.
 *
 * Every call makes at most one logical request (WeChat Pay: the same request again on the backup host
 * after a connection-level failure). None retries by itself, none touches the store.
 */
export interface Channel {
  readonly method: PaymentMethod;
  readonly account: MerchantAccount;
  /** Pinned on each payment: changes when keys or account change. Never a secret. */
  readonly configurationId: string;
  readonly traits: ChannelTraits;

  /** Asks for a code. Never call at or after `order.expiresAtMs` less a margin (the caller checks). */
  create(order: Order): Promise<Outcome<{ content: string }>>;
  /** Asks what became of an order. "No such trade" is a `done` report with state `none`. */
  query(outTradeNo: string): Promise<Outcome<ChannelReport>>;
  /**
   * Asks to close an unpaid order.
   * `sent`: accepted, which alone proves nothing: query. `nothing_to_close`: no trade yet.
   * `not_closable`: paid, being paid or closed already: query.
   */
  close(outTradeNo: string): Promise<Outcome<{ result: 'sent' | 'nothing_to_close' | 'not_closable' }>>;

  /**
   * Sends money back, at most once per `outRefundNo`: the same request may be repeated word for word.
   * `done` is a report about the refund, `accepted` too: that is not yet money returned, ask on.
   * `short_of_balance` is `unknown`, so that the amount stays reserved and the number stays in use.
   */
  refund(request: RefundRequest): Promise<Outcome<ChannelReport>>;
  /** Asks what became of a refund. "No such refund" is a `done` report with refund state `none`. */
  queryRefund(query: RefundQuery): Promise<Outcome<ChannelReport>>;
  /**
   * The channel's file of one business day (`2026-11-22`), read and proven whole, or nothing of it.
   * A file that contradicts itself is `unknown` with `unverified`: none of its lines is handed over.
   */
  fetchStatement(day: string): Promise<Outcome<StatementDay>>;

  /** Verifies over the raw bytes, then translates. Pure but for the clock and the key ring. */
  readNotification(raw: RawNotification): Promise<NotificationReading>;
  /** Said after the evidence is committed. */
  readonly accepted: Acknowledgement;
  /** Said when it could not be believed or kept: the channel will come again. */
  readonly rejected: Acknowledgement;

  /**
   * Keeps keys fresh (WeChat Pay platform certificates); called by the worker, at start and hourly.
   * `done` names the keys that verify from now on; after anything else the last good set stays.
   */
  refreshKeys?(): Promise<Outcome<{ keyIds: string[] }>>;
}

/** One refund's content, pinned when its number is minted. */
export interface RefundRequest {
  outTradeNo: string;
  outRefundNo: string;
  /** `trade_no` / `transaction_id` of the payment, when known. */
  channelTradeNo?: string;
  amountFen: Fen;
  /** What was paid in all. */
  totalFen: Fen;
  /** From a fixed list of neutral words; shown to the payer. */
  reason: string;
  notifyUrl: string;
}

export type RefundQuery = Pick<
  RefundRequest,
  'outTradeNo' | 'outRefundNo' | 'channelTradeNo' | 'amountFen' | 'totalFen'
>;

export type StatementDay =
  | { state: 'not_ready' }
  | { state: 'empty' }
  | {
      state: 'whole';
      /** Read from `bytes` anew at each iteration, so that a million lines need not stand in memory at once. */
      lines: Iterable<StatementLine>;
      /** The file as it came (unzipped), for the record. */
      bytes: Uint8Array;
      /** SHA-256 of `bytes`, lower-case hex. */
      digest: string;
    };

/** One line: the report that goes through the one door, and what reconciliation compares later. */
export interface StatementLine {
  /** 1 for the first line with money in it. */
  lineNo: number;
  report: ChannelReport;
  /** Fee in 1/100000 yuan (the files carry up to five decimals); positive is taken from us. */
  feeMicro: number;
  /** The line as it stands in the file. */
  words: string;
}

export interface ChannelTraits {
  /** How long `none` from `queryRefund` may be a refund still under way, counted from the last send. */
  refundNoneProvesAfterMs: number;
  /** At least this long between two refunds of one payment (Alipay 3 s, WeChat Pay one minute). */
  betweenRefundsMs: number;
  /** Refunds of one payment at most (WeChat Pay 50); Infinity: no published limit. */
  refundsAtMost: number;
  /** How long after payment a refund is possible (365 days). */
  refundWindowMs: number;
  /**
   * True where a signed answer names the file's hash (WeChat Pay): its lines are as good as a query's.
   * False where the file comes unsigned over plain http (Alipay): a line is then only a reason to ask.
   */
  statementIsProven: boolean;
  /** When the statement of a day may be asked for: ms after the day's end in clinic time. */
  statementAfterMs: number;
  /**
   * True where an unscanned code has no trade behind it, so that `none` is normal while it lives and
   * no call proves it dead (Alipay). False where `none` means that the create never arrived.
   */
  unscannedIsInvisible: boolean;
  /** True where the channel itself ends an order at `time_expire` (Alipay); false: we must close it. */
  endsAtExpiry: boolean;
  /** How long after `expiresAtMs` an answer `none` may be taken as dead. Source: alipay.md 3.4. */
  deadAfterExpiryMs: number;
  /** How long after a given-up create call `none` may be taken as "never arrived" (wechatpay.md 6.7). */
  burntAfterMs: number;
  /** The status page of this channel knows when a code was scanned. */
  tellsScanned: boolean;
}
