/** Alipay's own state: the codes it gave out and the trades that scans opened. Survives restarts. */
import type { Kernel } from '../kernel/contract.ts';

/** What the merchant asked for in precreate. */
export interface Asked {
  total_fen: number;
  subject: string;
  seller_id: string;
  body?: string;
  store_id?: string;
  terminal_id?: string;
  passback_params?: string;
  notify_url?: string;
  /** As the request named it: notifications come in it. */
  charset: string;
}

/** A QR code. It is not a trade: nothing exists before the scan (3.4). */
export interface Code {
  content: string;
  out_trade_no: string;
  asked: Asked;
  made_at: number;
  scannable_until: number;
  /** The trade's own limits, as sent: any of the three may be missing. */
  qr_code_limit_at?: number;
  expire_at?: number;
  timeout_express?: string;
  /** Ended by a cancel, where the weather lets a cancel do that. */
  ended: boolean;
}

export type TradeStatus = 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_FINISHED' | 'TRADE_CLOSED';

export interface Refund {
  out_request_no: string;
  amount_fen: number;
  reason?: string;
  asked_at: number;
  /** Absent while the money is still on its way. */
  done_at?: number;
}

export interface Trade {
  trade_no: string;
  out_trade_no: string;
  asked: Asked;
  /** The order amount; differs from what was asked only when a wrong amount was planted. */
  total_fen: number;
  payer: string;
  status: TradeStatus;
  opened_at: number;
  closes_at: number;
  paid_at?: number;
  closed_at?: number;
  /** What a cancel did, so that its repeat says the same. */
  cancelled?: 'close' | 'refund';
  refunds: Refund[];
}

export interface Book {
  code(content: string): Code | undefined;
  codesOf(outTradeNo: string): Code[];
  /** By out_trade_no, brought up to date with the clock. */
  trade(outTradeNo: string): Trade | undefined;
  tradeByNo(tradeNo: string): Trade | undefined;
  trades(): Trade[];
  addCode(code: Code): void;
  addTrade(trade: Trade): void;
  /** To be called after every change of a code or trade. */
  changed(): void;
}

/** Refunds are possible for a year by an ordinary contract (2.5). */
const REFUND_PERIOD_MS = 365 * 86_400_000;
const DOCUMENT = 'alipay';

export function createBook(kernel: Kernel): Book {
  const stored = storedBook(kernel.load(DOCUMENT));
  const codes = new Map(stored.codes.map((code) => [code.content, code]));
  const codesByNumber = new Map<string, Code[]>();
  for (const code of stored.codes) index(code);
  const trades = new Map(stored.trades.map((trade) => [trade.out_trade_no, trade]));
  const byTradeNo = new Map(stored.trades.map((trade) => [trade.trade_no, trade]));
  const state = { toJSON: () => ({ codes: [...codes.values()], trades: [...trades.values()] }) };

  function index(code: Code): void {
    codesByNumber.set(code.out_trade_no, [...(codesByNumber.get(code.out_trade_no) ?? []), code]);
  }

  function changed(): void {
    kernel.save(DOCUMENT, state);
  }

  /** Time closes and finishes trades without telling anybody (4.4), so it is enough to look when asked. */
  function upToDate(trade: Trade | undefined): Trade | undefined {
    if (trade === undefined) return undefined;
    const now = kernel.clock.channelNow();
    if (trade.status === 'WAIT_BUYER_PAY' && now >= trade.closes_at) {
      trade.status = 'TRADE_CLOSED';
      trade.closed_at = trade.closes_at;
      changed();
    }
    if (trade.status === 'TRADE_SUCCESS' && now >= (trade.paid_at ?? now) + REFUND_PERIOD_MS) {
      trade.status = 'TRADE_FINISHED';
      changed();
    }
    return trade;
  }

  return {
    code: (content) => codes.get(content),
    codesOf: (outTradeNo) => codesByNumber.get(outTradeNo) ?? [],
    trade: (outTradeNo) => upToDate(trades.get(outTradeNo)),
    tradeByNo: (tradeNo) => upToDate(byTradeNo.get(tradeNo)),
    trades: () => [...trades.values()],
    addCode(code) {
      codes.set(code.content, code);
      index(code);
      changed();
    },
    addTrade(trade) {
      trades.set(trade.out_trade_no, trade);
      byTradeNo.set(trade.trade_no, trade);
      changed();
    },
    changed,
  };
}

export function refundedFen(trade: Trade): number {
  return trade.refunds.reduce(
    (sum, refund) => sum + (refund.done_at === undefined ? 0 : refund.amount_fen),
    0,
  );
}

function storedBook(stored: unknown): Stored {
  if (stored === undefined) return { codes: [], trades: [] };
  if (!isStored(stored)) throw new Error('alipay.json is no book: move it away to begin anew');
  return stored;
}

interface Stored {
  codes: Code[];
  trades: Trade[];
}

/** Our own file, written by `changed`: only its outer shape is checked. */
function isStored(value: unknown): value is Stored {
  return (
    typeof value === 'object' &&
    value !== null &&
    'codes' in value &&
    'trades' in value &&
    Array.isArray(value.codes) &&
    Array.isArray(value.trades)
  );
}
