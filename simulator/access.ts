/**
 * Who may use the control API: whoever bears the token, else only this machine itself. A page of a
 * stranger in this machine's browser is not this machine: its Host (DNS rebinding) or Origin gives it away.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isLoopback } from './kernel/deliver.ts';

export interface Caller {
  /** The socket's other end, as Node prints it; undefined when it is already gone. */
  address: string | undefined;
  headers: Record<string, string>;
}

export function mayControl(caller: Caller, token: string | undefined): boolean {
  const { host = '', origin, authorization } = caller.headers;
  if (token !== undefined && authorization !== undefined) return isSame(authorization, `Bearer ${token}`);
  if (caller.address === undefined || !isLoopbackAddress(caller.address)) return false;
  return isLoopback(hostnameOf(`http://${host}`)) && (origin === undefined || isLoopback(hostnameOf(origin)));
}

/** `127.0.0.1`, `::1`, and the first as an IPv6 socket shows it. */
function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
