/** The patient's side: scanning opens the trade and binds the scanner (3.4), paying moves the money. */
import type { LedgerEntry, Scanned, WalletResult } from '../kernel/contract.ts';
import type { Code, Trade } from './book.ts';
import type { Desk } from './desk.ts';
import { randomDigits } from './desk.ts';
import { afterExpress, beijingDigits } from './text.ts';

const DEFAULT_TIMEOUT = '3h';

/** The wallet's own words, as they would stand on its screen. */
const words = {
  unknown: '无法识别的二维码',
  expired: '二维码已过期，请商家刷新后重新扫码',
  bound: '该订单已被其他用户扫码，请商家重新生成二维码',
  inconsistent: '订单信息有误，请商家重新下单',
  paid: '该订单已支付，请勿重复付款',
  closed: '交易已关闭，请商家重新下单',
};

export function scan(desk: Desk, content: string, payer: string): WalletResult<Scanned> {
  const found = openTrade(desk, content, payer);
  return found.ok ? { ok: true, value: shown(desk, found.value) } : found;
}

/** amountFen  only for planted wrong amounts: then the order itself says this amount from now on */
export function pay(
  desk: Desk,
  content: string,
  payer: string,
  amountFen?: number,
): WalletResult<LedgerEntry> {
  const found = openTrade(desk, content, payer);
  if (!found.ok) return found;
  const trade = found.value;
  if (amountFen !== undefined) trade.total_fen = amountFen;
  trade.status = 'TRADE_SUCCESS';
  trade.paid_at = desk.now();
  desk.book.changed();
  const entry: LedgerEntry = {
    kind: 'debit',
    channel: 'alipay',
    out_trade_no: trade.out_trade_no,
    channel_trade_no: trade.trade_no,
    amount_fen: trade.total_fen,
    payer,
    at: trade.paid_at,
  };
  desk.kernel.ledger.add(entry);
  void desk.notices.paid(trade);
  return { ok: true, value: entry };
}

/** The trade behind a code, opened by this scan or by an earlier one of the same payer. */
function openTrade(desk: Desk, content: string, payer: string): WalletResult<Trade> {
  const code = desk.book.code(content);
  if (code === undefined) return refuse(words.unknown);
  const late = desk.weather().pay_after_close;
  const trade = desk.book.trade(code.out_trade_no);
  if (trade === undefined) {
    const over = code.ended || desk.now() >= code.scannable_until;
    return over && !late ? refuse(words.expired) : { ok: true, value: newTrade(desk, code, payer) };
  }
  if (trade.paid_at !== undefined) return refuse(words.paid);
  if (trade.payer !== payer) return refuse(words.bound);
  if (trade.asked.total_fen !== code.asked.total_fen || trade.asked.subject !== code.asked.subject) {
    return refuse(words.inconsistent);
  }
  if (trade.status === 'TRADE_CLOSED' && !late) return refuse(words.closed);
  return { ok: true, value: trade };
}

function newTrade(desk: Desk, code: Code, payer: string): Trade {
  const openedAt = desk.now();
  const trade: Trade = {
    trade_no: `${beijingDigits(openedAt).slice(0, 8)}22001${randomDigits(desk.kernel, 15)}`,
    out_trade_no: code.out_trade_no,
    asked: code.asked,
    total_fen: code.asked.total_fen,
    payer,
    status: 'WAIT_BUYER_PAY',
    opened_at: openedAt,
    closes_at: closingTime(desk, code, openedAt),
    refunds: [],
  };
  desk.book.addTrade(trade);
  return trade;
}

/**
 * A trade closes at the earliest of qr_code_timeout_express and time_expire, else at timeout_express,
 * which is by default three hours; from the scan or from the request: the papers disagree (2.1).
 */
function closingTime(desk: Desk, code: Code, openedAt: number): number {
  const fromMs = desk.weather().alipay_timeout_counts_from_request ? code.made_at : openedAt;
  const express = (text: string): number => afterExpress(text, fromMs) ?? Infinity;
  const limits = [code.qr_code_limit_at, code.expire_at].filter((at) => at !== undefined);
  if (code.expire_at === undefined && code.timeout_express !== undefined)
    limits.push(express(code.timeout_express));
  return limits.length > 0 ? Math.min(...limits) : express(DEFAULT_TIMEOUT);
}

function shown(desk: Desk, trade: Trade): Scanned {
  return {
    channel: 'alipay',
    payee: desk.merchant.name,
    subject: trade.asked.subject,
    amount_fen: trade.total_fen,
    out_trade_no: trade.out_trade_no,
  };
}

function refuse<T>(text: string): WalletResult<T> {
  return { ok: false, words: text };
}
