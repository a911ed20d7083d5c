import type { Settings } from './settings.ts';

/** Who listens on every interface has no address there; from this machine it is met on loopback. */
const EVERY_INTERFACE = new Set(['0.0.0.0', '::']);

/** Where browsers and channels reach this service; without a slash at the end. */
export function publicAddress(
  settings: Pick<Settings, 'HOST' | 'PORT'> & { PUBLIC_BASE_URL?: string | undefined },
): string {
  if (settings.PUBLIC_BASE_URL !== undefined) return settings.PUBLIC_BASE_URL.replace(/\/$/, '');
  const host = EVERY_INTERFACE.has(settings.HOST) ? '127.0.0.1' : settings.HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${settings.PORT}`;
}
