import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsOf, csvCells } from './cells.ts';

const hostile = fc.string({ unit: fc.constantFrom('a', '"', ',', ' ', '\t', '元') });

describe('one line of CSV', () => {
  it('gives back whatever was quoted by RFC 4180', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1 }), (row) => {
        expect(csvCells(row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))).toEqual(row);
      }),
    );
  });

  it('without quotes is cut at every comma and nowhere else', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ',', '\t', '元') }), (line) => {
        expect(csvCells(line)).toEqual(line.split(','));
      }),
    );
  });

  it.each(['5" pipe,1', '"open,1', '"a"b,1', '"""'])(
    'with a quote that quotes nothing is not guessed at: %s',
    (line) => {
      expect(csvCells(line)).toBeUndefined();
    },
  );
});

describe('a row of a statement', () => {
  it('loses the TAB that ends a cell', () => {
    expect(cellsOf('2026\t,A1\t,\t', 3, 1)).toEqual(['2026', 'A1', '']);
  });

  it('keeps a comma inside the name of the goods, quoted or not', () => {
    expect(cellsOf('1,"a, b",2', 3, 1)).toEqual(['1', 'a, b', '2']);
    expect(cellsOf('1,a, b,2', 3, 1)).toEqual(['1', 'a, b', '2']);
    expect(cellsOf('1,a, b,c", d,2', 3, 1)).toEqual(['1', 'a, b,c", d', '2']);
  });

  it('with too few cells is none', () => {
    expect(cellsOf('1,2', 3, 1)).toBeUndefined();
    expect(cellsOf('', 3, 1)).toBeUndefined();
  });

  it('has the cells of the header, or is none, whatever the line', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 6 }), fc.nat(5), (line, count, freeAt) => {
        const cells = cellsOf(line, count, Math.min(freeAt, count - 1));
        expect(cells === undefined || cells.length === count).toBe(true);
      }),
    );
  });
});
