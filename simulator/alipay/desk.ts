/** What every operation of the gateway works with, and how it reads what the merchant sent. */
import { drawText, DIGITS } from '../kernel/chance.ts';
import type { Kernel, Weather } from '../kernel/contract.ts';
import { createHash } from 'node:crypto';
import type { Book, Trade } from './book.ts';
import { Refused, businessFailure, invalid } from './codes.ts';
import type { Fields } from './codes.ts';
import type { AlipayMerchant } from './merchant.ts';
import type { Notices } from './notices.ts';
import { fenOfYuan } from './text.ts';

export interface Desk {
  kernel: Kernel;
  merchant: AlipayMerchant;
  book: Book;
  notices: Notices;
  /** Where statements lie, by token. A restart forgets them: none lives longer than 30 s. */
  links: Map<string, StatementLink>;
  /** The channel's time, epoch milliseconds. */
  now(): number;
  weather(): Weather;
}

export interface StatementLink {
  /** `2026-11-21`, clinic time. */
  day: string;
  until: number;
}

/** One authenticated call. */
export interface Call {
  biz: Record<string, unknown>;
  notifyUrl: string | undefined;
  /** As the request named it. */
  charset: string;
  /** Host and port as the caller knows this gateway. */
  host: string;
}

/** Answers with the node; throws `Refused` for a business failure. */
export type Operation = (desk: Desk, call: Call) => Fields;

/** A text field. Numbers are read as text, as the real gateway does. Lengths are in characters (2). */
export function optionalText(call: Call, name: string, maxLength: number): string | undefined {
  const value = call.biz[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') throw invalid(name);
  const text = String(value);
  if (Array.from(text).length > maxLength) throw invalid(name);
  return text;
}

export function requiredText(call: Call, name: string, maxLength: number): string {
  const text = optionalText(call, name, maxLength);
  if (text === undefined) throw invalid(name);
  return text;
}

/** An amount of yuan as fen. */
export function requiredFen(call: Call, name: string): number {
  const fen = fenOfYuan(requiredText(call, name, 16));
  if (fen === undefined || fen < 1) throw invalid(name);
  return fen;
}

/** The names by which a merchant speaks of a trade: trade_no wins when both are given. */
export interface TradeName {
  tradeNo: string | undefined;
  outTradeNo: string | undefined;
}

export function tradeName(call: Call): TradeName {
  const tradeNo = optionalText(call, 'trade_no', 64);
  const outTradeNo = optionalText(call, 'out_trade_no', 64);
  if (tradeNo === undefined && outTradeNo === undefined) throw invalid('out_trade_no');
  return { tradeNo, outTradeNo };
}

export function findTrade(desk: Desk, name: TradeName): Trade | undefined {
  return name.tradeNo === undefined
    ? desk.book.trade(name.outTradeNo ?? '')
    : desk.book.tradeByNo(name.tradeNo);
}

/** fields  what the failed answer carries next to the code */
export function existingTrade(desk: Desk, name: TradeName, fields: Fields = {}): Trade {
  const trade = findTrade(desk, name);
  if (trade === undefined) throw new Refused(businessFailure('ACQ.TRADE_NOT_EXIST', fields));
  return trade;
}

/** A payer of the phone is any text; as Alipay's buyer it always has the same account number. */
export function buyerId(payer: string): string {
  const digest = createHash('sha256').update(payer).digest();
  return `2088${String(digest.readUIntBE(0, 6) % 10 ** 12).padStart(12, '0')}`;
}

/** `138******42`: accounts are only ever shown masked. */
export function buyerLogonId(payer: string): string {
  const id = buyerId(payer);
  return `1${id.slice(5, 7)}******${id.slice(-2)}`;
}

export function randomDigits(kernel: Kernel, length: number): string {
  return drawText(kernel.chance, DIGITS, length);
}
