import { expect, test } from 'vitest';
import { matchesQuery } from './match.ts';

test('a patient is found by pinyin initials, with the reading that a surname has', () => {
  expect(matchesQuery('zsf', ['张三丰'])).toBe(true);
  expect(matchesQuery('zxx', ['曾小贤'])).toBe(true);
  expect(matchesQuery('lxs', ['张三丰'])).toBe(false);
});

test('a bill is found by a piece of its number, whatever its case', () => {
  expect(matchesQuery('b2611', ['ZFB261122-0007'])).toBe(true);
});
