import { expect, test } from 'vitest';
import { pagesAddress, settingsOf } from './serve.ts';

const LISTENING = 'http://127.0.0.1:8080';

test('the printed login link leads to the public address when one is set, as the command line says', () => {
  const settings = { ...settingsOf({}), PUBLIC_BASE_URL: 'https://pay.clinic.example/' };
  expect(pagesAddress(settings, LISTENING)).toBe('https://pay.clinic.example');
});

test('without a public address it leads to where we listen', () => {
  const { PUBLIC_BASE_URL: _unset, ...settings } = settingsOf({});
  expect(pagesAddress(settings, LISTENING)).toBe(LISTENING);
});
