/** The phone and the weather panel: plain files, served as they lie here, and the QR decoder they use. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GatewayAnswer, GatewayRequest } from '../kernel/contract.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const require = createRequire(import.meta.url);

const files: Record<string, string> = {
  '/phone': here('phone.html'),
  '/phone/phone.mjs': here('phone.mjs'),
  '/phone/read-code.mjs': here('read-code.mjs'),
  '/phone/api.mjs': here('api.mjs'),
  '/phone/style.css': here('style.css'),
  '/phone/qr/decode.js': require.resolve('qr/decode.js'),
  '/phone/qr/index.js': require.resolve('qr'),
  '/weather': here('weather.html'),
  '/phone/weather.mjs': here('weather.mjs'),
};

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** Nothing from elsewhere, nothing inline: a pretend wallet must not become somebody's real page. */
const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; " +
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/** Undefined when this is none of our pages. */
export function page(request: GatewayRequest): GatewayAnswer | undefined {
  const [path = ''] = request.target.split('?');
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  if (path === '/') {
    return { kind: 'answer', status: 302, headers: { location: '/phone' }, body: new Uint8Array() };
  }
  const file = files[path];
  if (file === undefined) return undefined;
  return {
    kind: 'answer',
    status: 200,
    headers: { ...headers, 'content-type': types[extname(file)] ?? 'application/octet-stream' },
    body: readFileSync(file),
  };
}
