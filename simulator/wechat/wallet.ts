/** The payer's side of an order: what the wallet shows after a scan, and what happens on "pay". */
import type { LedgerEntry, Scanned, WalletResult } from '../kernel/contract.ts';
import type { Order } from './book.ts';
import { openid, transactionId } from './identifiers.ts';
import { tradeState } from './orders.ts';
import type { Desk } from './orders.ts';

/** A code lives two hours, whatever `time_expire` says (6.1). */
const codeLifeMs = 2 * 60 * 60 * 1000;

/** The first wallet to scan is the only one that may pay. */
export function scan(desk: Desk, content: string, payer: string): WalletResult<Scanned> {
  const found = payableOrder(desk, content, payer);
  if (!found.ok) return found;
  const { request } = found.value;
  if (found.value.scanned_by === undefined) {
    found.value.scanned_by = payer;
    desk.book.save();
  }
  return {
    ok: true,
    value: {
      channel: 'wechat',
      payee: desk.merchant.name,
      subject: request.description,
      amount_fen: request.amount.total,
      out_trade_no: request.out_trade_no,
    },
  };
}

/** Debits the payer once. The caller tells the merchant. `amountFen` only plants a wrong amount. */
export function pay(
  desk: Desk,
  content: string,
  payer: string,
  amountFen?: number,
): WalletResult<LedgerEntry> {
  const found = payableOrder(desk, content, payer);
  if (!found.ok) return found;
  return { ok: true, value: settle(desk, found.value, payer, amountFen) };
}

function settle(
  desk: Desk,
  order: Order,
  payer: string,
  amountFen = order.request.amount.total,
): LedgerEntry {
  const at = desk.now();
  order.scanned_by ??= payer;
  order.paid = {
    transaction_id: transactionId(desk.kernel.chance, at),
    payer,
    openid: openid(desk.merchant.appid, payer),
    at,
    amount_fen: amountFen,
  };
  const entry: LedgerEntry = {
    kind: 'debit',
    channel: 'wechat',
    out_trade_no: order.request.out_trade_no,
    channel_trade_no: order.paid.transaction_id,
    amount_fen: amountFen,
    payer,
    at,
  };
  desk.kernel.ledger.add(entry);
  desk.book.index(order);
  desk.book.save();
  return entry;
}

function payableOrder(desk: Desk, content: string, payer: string): WalletResult<Order> {
  const order = desk.book.ordersByCode.get(content);
  const code = order?.codes.find((one) => one.content === content);
  if (order === undefined || code === undefined) return no('二维码无效，请向商家确认后重试');
  const now = desk.now();
  if (order.paid !== undefined) return no('该订单已支付');
  const closed = tradeState(order, now) === 'CLOSED';
  if (closed && !desk.weather().pay_after_close) return no('订单已关闭，请重新下单支付');
  if (code.ended || now >= code.issued_at + codeLifeMs) return no('二维码已过期，请重新获取');
  if (!closed && now > order.payable_until) return no('订单已超过商户设置的最晚支付成功时间，请重新发起支付');
  if (order.scanned_by !== undefined && order.scanned_by !== payer)
    return no('商家订单信息有误，请重新下单支付');
  return { ok: true, value: order };
}

function no(words: string): { ok: false; words: string } {
  return { ok: false, words };
}
