import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf, fenFromMicro, linesOf, microFromYuan } from './statement.ts';

describe('an amount in a statement', () => {
  it.each([
    ['0.01', 1_000],
    ['0.01000', 1_000],
    ['-0.05940', -5_940],
    ['12.3', 1_230_000],
    ['45', 4_500_000],
    ['0', 0],
    ['-0.00000', 0],
    ['9999999999.99999', 999_999_999_999_999],
  ])('%s is %i hundred-thousandths of a yuan', (text, micro) => {
    expect(Object.is(microFromYuan(text), micro)).toBe(true);
  });

  it.each(['', '.5', '1.', '1.000000', '01.00', '+1.00', '1e3', '1,000.00', ' 1.00', '１.00', '--1', '0x1'])(
    '%j is no amount',
    (text) => {
      expect(microFromYuan(text)).toBeUndefined();
    },
  );

  it('is fen only when it is whole fen and not negative', () => {
    expect(fenFromMicro(1_230_000)).toBe(1230);
    expect(fenFromMicro(0)).toBe(0);
    for (const micro of [1, 999, 1_500, -1_000]) expect(fenFromMicro(micro)).toBeUndefined();
  });

  it('keeps every fen there and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000_000 }), (amount) => {
        const digits = String(amount).padStart(3, '0');
        const text = `${digits.slice(0, -2)}.${digits.slice(-2)}`;
        expect(fenFromMicro(microFromYuan(text) ?? -1)).toBe(amount);
      }),
    );
  });
});

describe('the lines of a file', () => {
  const lines = (text: string) => [...linesOf(Buffer.from(text))].map((line) => Buffer.from(line).toString());

  it('end in LF or CRLF, and the last one may lack its end', () => {
    expect(lines('a\r\nb\nc')).toEqual(['a', 'b', 'c']);
    expect(lines('a\r\n\r\nb\r\n')).toEqual(['a', '', 'b']);
    expect(lines('')).toEqual([]);
  });

  it('keep a lone CR: it is content', () => {
    expect(lines('a\rb\nc')).toEqual(['a\rb', 'c']);
  });
});

describe('the digest of a file', () => {
  it('is its SHA-256', () => {
    expect(digestOf(Buffer.from('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
