/** The shapes of WeChat Pay's identifiers, as seen on the wire (reference, section 14). */
import { createHash } from 'node:crypto';
import { DIGITS, drawText } from '../kernel/chance.ts';
import type { Chance, Draw } from '../kernel/contract.ts';
import { beijingDay } from './time.ts';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export function digits(chance: Chance, length: number): string {
  return drawText(chance, DIGITS, length);
}

export function letters(chance: Chance, length: number): string {
  return drawText(chance, alphabet, length);
}

export function base64url(chance: Chance, length: number): string {
  return drawText(chance, `${alphabet}-_`, length);
}

export function hex(chance: Chance, bytes: number): string {
  return Buffer.from(chance(bytes)).toString('hex');
}

/** A version 4 UUID, the live form of a notification's id. */
export function uuid(chance: Chance): string {
  const bytes = Buffer.from(chance(16));
  bytes[6] = 0x40 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** 28 digits: ten that begin 42000, the day in Beijing, ten more. */
export function transactionId(chance: Chance, nowMs: number): string {
  return `42000${digits(chance, 5)}${beijingDay(nowMs)}${digits(chance, 10)}`;
}

/** 29 digits that begin with 50. */
export function refundId(chance: Chance, nowMs: number): string {
  return `50${digits(chance, 9)}${beijingDay(nowMs)}${digits(chance, 10)}`;
}

/** 28 characters beginning with o; the same person has another openid under another appid. */
export function openid(appid: string, payer: string): string {
  return `o${createHash('sha256').update(`${appid}\n${payer}`).digest('base64url').slice(0, 27)}`;
}

/** Either of the two forms that circulate, so that nobody learns to parse one of them. */
export function codeUrl(chance: Chance, draw: Draw): string {
  return draw(0.5)
    ? `weixin://wxpay/bizpayurl?pr=${letters(chance, 9)}`
    : `weixin://wxpay/bizpayurl/up?pr=${letters(chance, 7)}&groupid=00`;
}

/** True for the text of a WeChat Pay code, ours or not. */
export function looksLikeCode(content: string): boolean {
  return content.startsWith('weixin://wxpay/bizpayurl');
}

/** `Request-ID`: upper hex, then the internal numeric code (appendix A), 0 for success. */
export function requestId(chance: Chance, number: number): string {
  return `08${hex(chance, 19).toUpperCase()}-${number}`;
}
