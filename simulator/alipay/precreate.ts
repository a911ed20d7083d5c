/** alipay.trade.precreate (统一收单线下交易预创建), 2.1: gives out a code. It opens no trade. */
import { drawText, LOWER } from '../kernel/chance.ts';
import type { Asked, Code } from './book.ts';
import { Refused, businessFailure, invalid, success } from './codes.ts';
import { optionalText, requiredFen, requiredText } from './desk.ts';
import type { Call, Desk, Operation } from './desk.ts';
import { afterExpress, parseBeijing } from './text.ts';

/** A code can be scanned for two hours, whatever was asked. */
const CODE_LIFE_MS = 2 * 3_600_000;
const LONGEST_EXPIRY_MS = 15 * 86_400_000;
const MOST_FEN = 10_000_000_000;

export const precreate: Operation = (desk, call) => {
  const outTradeNo = requiredText(call, 'out_trade_no', 64);
  // The text allows letters, digits and `_`; the real gateway is known to take `-` as well.
  if (!/^[\w-]+$/.test(outTradeNo)) throw invalid('out_trade_no');
  const asked = readAsked(desk, call);
  refuseTakenNumber(desk, outTradeNo, asked);
  const wish = readLimits(desk.now(), call);
  // The same content again is the same code: whether it would be a second one is not known (2.1).
  const same = desk.book
    .codesOf(outTradeNo)
    .find((code) => !code.ended && sameContent(code.asked, asked) && desk.now() < code.scannable_until);
  const code = same ?? makeCode(desk, outTradeNo, asked, wish);
  return success({ out_trade_no: outTradeNo, qr_code: code.content });
};

function readAsked(desk: Desk, call: Call): Asked {
  const totalFen = requiredFen(call, 'total_amount');
  if (totalFen > MOST_FEN) throw new Refused(businessFailure('ACQ.TOTAL_FEE_EXCEED'));
  const sellerId = optionalText(call, 'seller_id', 28) ?? desk.merchant.sellerId;
  if (sellerId !== desk.merchant.sellerId) throw new Refused(businessFailure('ACQ.INVALID_RECEIVE_ACCOUNT'));
  const optional = {
    body: optionalText(call, 'body', 128),
    store_id: optionalText(call, 'store_id', 32),
    terminal_id: optionalText(call, 'terminal_id', 32),
    passback_params: optionalText(call, 'passback_params', 512),
    notify_url: call.notifyUrl,
  };
  return {
    total_fen: totalFen,
    subject: requiredText(call, 'subject', 256),
    seller_id: sellerId,
    charset: call.charset,
    ...withoutUndefined(optional),
  };
}

/** A number is used once for ever; while its trade is unpaid the same content may ask again. */
function refuseTakenNumber(desk: Desk, outTradeNo: string, asked: Asked): void {
  const trade = desk.book.trade(outTradeNo);
  if (trade === undefined) return;
  if (trade.status === 'TRADE_CLOSED') throw new Refused(businessFailure('ACQ.TRADE_HAS_CLOSE'));
  if (trade.status !== 'WAIT_BUYER_PAY') throw new Refused(businessFailure('ACQ.TRADE_HAS_SUCCESS'));
  if (!sameContent(trade.asked, asked)) throw new Refused(businessFailure('ACQ.CONTEXT_INCONSISTENT'));
}

function sameContent(a: Asked, b: Asked): boolean {
  return a.total_fen === b.total_fen && a.subject === b.subject && a.seller_id === b.seller_id;
}

interface Limits {
  qr_code_limit_at?: number;
  expire_at?: number;
  timeout_express?: string;
}

function readLimits(now: number, call: Call): Limits {
  const timeExpire = optionalText(call, 'time_expire', 32);
  const expireAt = timeExpire === undefined ? undefined : parseBeijing(timeExpire);
  if (timeExpire !== undefined && expireAt === undefined) throw invalid('time_expire');
  if (expireAt !== undefined && expireAt <= now) {
    throw new Refused(businessFailure('ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR'));
  }
  if (expireAt !== undefined && expireAt > now + LONGEST_EXPIRY_MS) throw invalid('time_expire');

  const codeExpress = optionalText(call, 'qr_code_timeout_express', 6);
  const codeLimitAt = codeExpress === undefined ? undefined : afterExpress(codeExpress, now);
  if (codeExpress !== undefined && codeLimitAt === undefined) throw invalid('qr_code_timeout_express');

  const express = optionalText(call, 'timeout_express', 6);
  if (express !== undefined && afterExpress(express, now) === undefined) throw invalid('timeout_express');
  return withoutUndefined({ qr_code_limit_at: codeLimitAt, expire_at: expireAt, timeout_express: express });
}

function makeCode(desk: Desk, outTradeNo: string, asked: Asked, limits: Limits): Code {
  const madeAt = desk.now();
  const code: Code = {
    content: `https://qr.alipay.com/bax${drawText(desk.kernel.chance, LOWER, 21)}`,
    out_trade_no: outTradeNo,
    asked,
    made_at: madeAt,
    scannable_until: Math.min(
      madeAt + CODE_LIFE_MS,
      limits.qr_code_limit_at ?? Infinity,
      limits.expire_at ?? Infinity,
    ),
    ...limits,
    ended: false,
  };
  desk.book.addCode(code);
  return code;
}

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
