import { describe, expect, test } from 'vitest';
import { fen, fenFromYuan, isFen, isQuantity, isUnitPrice, lineAmount, MAX_FEN, sum, yuan } from './index.ts';

const odd: unknown[] = [-1, -0, 0.5, Number.NaN, Infinity, MAX_FEN + 1, 2 ** 53, '1', null, undefined];

describe('an amount', () => {
  test.each([0, 1, 29, MAX_FEN])('of %d fen is one', (value) => {
    expect(isFen(value)).toBe(true);
    expect(fen(value)).toBe(value);
  });

  test.each(odd)('is never %s', (value) => {
    expect(isFen(value)).toBe(false);
  });

  test.each(odd.filter((value) => typeof value === 'number'))('is never made of %d', (value) => {
    expect(() => fen(value)).toThrow(`not an amount in fen: ${value}`);
  });

  test('has an upper bound of a hundred million yuan', () => {
    expect(MAX_FEN).toBe(10_000_000_000);
  });
});

describe('yuan text', () => {
  test.each([
    [0, '0.00'],
    [1, '0.01'],
    [29, '0.29'],
    [100, '1.00'],
    [12_850, '128.50'],
    [MAX_FEN, '100000000.00'],
  ])('writes %d fen as %s, and reads it back', (value, text) => {
    expect(yuan(fen(value))).toBe(text);
    expect(fenFromYuan(text)).toBe(value);
  });

  // Through a float one amount in seventeen is a fen off (money-safety.md, measured over 1..10^7).
  test('and fen are the same amount for every fen up to ten thousand yuan', () => {
    let wrong = 0;
    for (let value = 0; value <= 1_000_000; value += 1) {
      if (fenFromYuan(yuan(value as ReturnType<typeof fen>)) !== value) wrong += 1;
    }
    expect(wrong).toBe(0);
  });

  test.each([
    ['12', 1_200],
    ['12.5', 1_250],
    ['0.1', 10],
    ['999999.99', 99_999_999],
  ])('may leave decimals out: %s', (text, value) => {
    expect(fenFromYuan(text)).toBe(value);
  });

  test.each(
    [
      ['', '.', '1.', '.5', '1.234', '01', '00.10', '-1', '+1', '-0', '1e2', '1,000', ' 1', '1 ', '1\n'],
      ['１２', '0x10', '1_000', 'NaN', '¥1', '1.2.3', '1000000000', '100000000.01'],
    ].flat(),
  )('is not %j', (text) => {
    expect(fenFromYuan(text)).toBeUndefined();
  });
});

describe('a sum', () => {
  test('is exact, and of nothing it is nothing', () => {
    expect(sum([])).toBe(0);
    expect(sum([fen(1), fen(29), fen(70)])).toBe(100);
    expect(sum([fen(MAX_FEN - 1), fen(1)])).toBe(MAX_FEN);
  });

  test('past the largest amount is a bug', () => {
    expect(() => sum([fen(MAX_FEN), fen(1)])).toThrow(RangeError);
  });
});

describe('a quantity', () => {
  test.each(['1', '0.001', '1.5', '0.5', '9999999', '9999999.999'])('may be %s', (text) => {
    expect(isQuantity(text)).toBe(true);
  });

  test.each(['0', '0.000', '10000000', '1.2345', '-1', '', '1.', '.5', '01', '1e3', ' 1', '1 '])(
    'is not %j',
    (text) => {
      expect(isQuantity(text)).toBe(false);
    },
  );
});

describe('a unit price', () => {
  test.each(['0', '0.0001', '2.50', '999999999.9999'])('may be %s', (text) => {
    expect(isUnitPrice(text)).toBe(true);
  });

  test.each(['1000000000', '1.00001', '-1', '', '1.', '.5', '01', '1e3', ' 1', '1 '])('is not %j', (text) => {
    expect(isUnitPrice(text)).toBe(false);
  });
});

describe('a line', () => {
  test.each([
    ['1', '128.50', 12_850],
    ['3', '0.33', 99],
    ['1.5', '0.01', 2], // 1.5 fen: half goes up
    ['1.499', '0.01', 1],
    ['0.001', '0.01', 0],
    ['7', '0.0357', 25], // 24.99 fen
    ['0.5', '0.0099', 0], // 0.495 fen
    ['0.5', '0.01', 1],
    ['9999999.999', '10', 9_999_999_999],
    ['1', '100000000', MAX_FEN],
  ])('of %s at %s yuan comes to %d fen', (quantity, price, amount) => {
    expect(lineAmount(quantity, price)).toBe(amount);
  });

  test.each([
    ['1', '100000000.0050'],
    ['2', '100000000'],
    ['9999999.999', '999999999.9999'],
  ])('of %s at %s yuan is more than we carry', (quantity, price) => {
    expect(lineAmount(quantity, price)).toBeUndefined();
  });
});
