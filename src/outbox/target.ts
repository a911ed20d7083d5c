import { ownAddresses } from '#world';
import { isIP } from 'node:net';
import { mayConnect } from './guard.ts';

/** Where webhooks go, and how they are signed. */
export interface WebhookTarget {
  url: string;
  /** The current secret first; a second one while the receiver changes over. */
  secrets: readonly string[];
  /** Judges where the target's name leads at the moment of sending. */
  mayConnect: (address: string) => boolean;
}

/** Why an address cannot be a target; the settings say it in words. */
export type TargetFault =
  | 'not_http' // no http or https address at all
  | 'odd_spelling' // a host or port that is not written the way it is read
  | 'credentials' // user and password in an address end up in logs
  | 'fragment' // the part after # never travels
  | 'not_listed' // not on the operator's list
  | 'forbidden_address'; // metadata, link-local, multicast, ourselves

/**
 * Reads the address of the clinic's system.
 * text   as the operator wrote it
 * listed the operator's allow list, `host:port` each
 * own    our own ports, which no webhook may reach
 */
export function readTarget(
  text: string,
  listed: readonly string[],
  own: readonly number[],
): { url: URL; mayConnect: (address: string) => boolean } | TargetFault {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return 'not_http';
  if (url.username !== '' || url.password !== '') return 'credentials';
  if (url.hash !== '') return 'fragment';
  if (!isPlain(text, url)) return 'odd_spelling';
  const port = portOf(url);
  if (!listed.some((entry) => entry === `${url.hostname}:${port}`)) return 'not_listed';
  const doors = { ports: own, addresses: ownAddresses };
  const judge = (address: string): boolean => mayConnect(address, port, doors);
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0 && !judge(literal)) return 'forbidden_address';
  return { url, mayConnect: judge };
}

/** An entry of the allow list, host and port, both spelled the way an address is read. */
export function isHostAndPort(entry: string): boolean {
  const url = URL.parse(`http://${entry}/`);
  if (url === null || entry.includes('*')) return false; // a list of everything is none
  return isPlain(`http://${entry}/`, url) && entry === `${url.hostname}:${portOf(url)}`;
}

/**
 * The host stands in the text exactly as the URL standard reads it. What reads differently than it
 * looks (`http://2852039166/`, `0251.0376.0251.0376`, full-width digits, `%31`, `a\@b`) is either a
 * slip or a trick, and a clinic's address needs neither.
 */
function isPlain(text: string, url: URL): boolean {
  const start = `${url.protocol}//${url.hostname}`;
  const rest = text.slice(start.length);
  return text.startsWith(start) && /^(?::[1-9]\d{0,4})?(?:[/?]|$)/.test(rest) && !url.hostname.endsWith('.');
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}
