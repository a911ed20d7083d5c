import { expect, it } from 'vitest';
import { publicAddress } from './address.ts';

it.each([
  [{ HOST: '127.0.0.1' }, 'http://127.0.0.1:8080'],
  [{ HOST: '192.168.1.8' }, 'http://192.168.1.8:8080'],
  [{ HOST: 'fd00::8' }, 'http://[fd00::8]:8080'],
  [{ HOST: '0.0.0.0', PUBLIC_BASE_URL: 'https://pay.clinic.example/' }, 'https://pay.clinic.example'],
])('%o is reached at %s', (settings, address) => {
  expect(publicAddress({ PORT: 8080, ...settings })).toBe(address);
});

it.each(['0.0.0.0', '::'])('%s is no address that anybody can open', (host) => {
  expect(publicAddress({ HOST: host, PORT: 8080 })).toBe('http://127.0.0.1:8080');
});
