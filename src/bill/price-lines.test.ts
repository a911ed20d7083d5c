import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRefusal } from '#trouble';
import { contentDigest } from './content-digest.ts';
import { priceBill, type LineInput, type Priced, type Shares } from './price-lines.ts';
import { plainQuantity, plainUnitPrice, timesQuantity } from './quantity.ts';

const line = (more: Partial<LineInput> = {}): LineInput => ({
  fee_class: '09',
  name: '阿莫西林胶囊',
  quantity: 1,
  unit: '盒',
  unit_price_fen: 1250,
  ...more,
});

const byText = (quantity: string, unit_price: string): LineInput => ({
  fee_class: '10',
  name: '黄芪',
  unit: 'g',
  quantity,
  unit_price,
});

function priced(lines: LineInput[], shares: Shares = {}): Priced {
  const answer = priceBill(lines, shares);
  if (isRefusal(answer)) throw new Error(`${answer.field}: ${answer.rule}`);
  return answer;
}

function refusedField(lines: LineInput[], shares: Shares = {}): string | undefined {
  const answer = priceBill(lines, shares);
  return isRefusal(answer) ? answer.field : undefined;
}

/** n in steps of 10^-places, written as the plainest decimal text. */
const decimal = (n: number, places: number): string => {
  const digits = String(n).padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
};

describe('a line', () => {
  test('rounds once, half up, to the fen', () => {
    expect(priced([byText('1', '0.005')]).total_fen).toBe(1);
    expect(priced([byText('1.5', '0.01')]).total_fen).toBe(2);
    expect(priced([byText('1.49', '0.01')]).total_fen).toBe(1);
    expect(priced([byText('15', '0.0350')]).total_fen).toBe(53); // 0.525 yuan
  });

  test('is never off by more than half a fen, and a half goes up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_999_999 }), fc.integer({ min: 1, max: 99_999_999 }), (q, p) => {
        const exact = BigInt(q) * BigInt(p); // 10^-7 yuan
        fc.pre(exact >= 100_000n && exact <= 10n ** 15n);
        const off = BigInt(priced([byText(decimal(q, 3), decimal(p, 4))]).total_fen) * 100_000n - exact;
        expect(off > -50_000n && off <= 50_000n).toBe(true);
      }),
    );
  });

  test('of no quantity is refused by its field', () => {
    expect(refusedField([line(), line({ quantity: '0.000' })])).toBe('lines.1.quantity');
    expect(refusedField([line({ quantity: '0' })])).toBe('lines.0.quantity');
  });

  test('comes to what it says it is made of: nobody may say what it comes to', () => {
    const bold = { ...line({ quantity: 2 }), amount_fen: 1 };
    expect(priced([bold]).lines).toMatchObject([{ amount_fen: 2_500 }]);
    expect(priced([bold]).total_fen).toBe(2_500);
  });

  test('carries what it was given, and says nothing where nothing was said', () => {
    expect(priced([line({ quantity: '1.50', spec: '0.25g×24' })]).lines).toEqual([
      {
        fee_class: '09',
        name: '阿莫西林胶囊',
        spec: '0.25g×24',
        quantity: '1.5',
        unit: '盒',
        unit_price: '12.50',
        amount_fen: 1_875,
      },
    ]);
    expect(priced([line()]).lines[0]?.spec).toBe('');
  });

  test('with a price that is none is refused by the field that it came in', () => {
    expect(refusedField([byText('1', '1.23456')])).toBe('lines.0.unit_price');
    expect(refusedField([byText('1.2345', '1')])).toBe('lines.0.quantity');
  });

  test('past a hundred million yuan is refused by its field', () => {
    expect(refusedField([line({ quantity: 2, unit_price_fen: 10_000_000_000 })])).toBe(
      'lines.0.unit_price_fen',
    );
    expect(refusedField([byText('9999999', '999999999')])).toBe('lines.0.unit_price');
  });
});

describe('a bill', () => {
  test('is the sum of its rounded lines, not the rounded sum', () => {
    expect(priced([byText('1', '0.005'), byText('1', '0.005')]).total_fen).toBe(2);
  });

  test('adds up, whatever is on it', () => {
    const anyLine = fc.record({
      quantity: fc.integer({ min: 1, max: 1000 }),
      unit_price_fen: fc.integer({ min: 0, max: 100_000 }),
    });
    const share = fc.integer({ min: 0, max: 50_000 });
    fc.assert(
      fc.property(
        fc.array(anyLine, { minLength: 1, maxLength: 20 }),
        share,
        share,
        share,
        (some, d, f, a) => {
          const lines = some.map((one) => line(one));
          const total = some.reduce((sum, one) => sum + one.quantity * one.unit_price_fen, 0);
          const answer = priceBill(lines, { discount_fen: d, fund_pay_fen: f, account_pay_fen: a });
          const payable = total - d - f - a;
          const said = isRefusal(answer)
            ? 'refused'
            : { total: answer.total_fen, payable: answer.payable_fen };
          expect(said).toEqual(payable < 1 ? 'refused' : { total, payable });
        },
      ),
    );
  });

  test('that leaves nothing to pay is refused by the share that took it', () => {
    expect(refusedField([line()], { discount_fen: 1250 })).toBe('discount_fen');
    expect(refusedField([line()], { fund_pay_fen: 1250 })).toBe('fund_pay_fen');
    expect(refusedField([line()], { account_pay_fen: 1251 })).toBe('account_pay_fen');
    expect(refusedField([line()], { discount_fen: 1249 })).toBeUndefined();
  });

  test('may be of one fen, and up to a hundred million yuan, and not more', () => {
    expect(priced([line({ unit_price_fen: 1 })]).payable_fen).toBe(1);
    const most = [line({ unit_price_fen: 9_999_999_999 }), line({ unit_price_fen: 1 })];
    expect(priced(most).total_fen).toBe(10_000_000_000);
    expect(refusedField([...most, line({ unit_price_fen: 1 })])).toBe('lines');
  });

  test('takes away each share once', () => {
    expect(priced([line()], { discount_fen: 100, fund_pay_fen: 20, account_pay_fen: 3 })).toMatchObject({
      total_fen: 1_250,
      discount_fen: 100,
      fund_pay_fen: 20,
      account_pay_fen: 3,
      payable_fen: 1_127,
    });
    expect(priced([line()])).toMatchObject({ discount_fen: 0, fund_pay_fen: 0, account_pay_fen: 0 });
  });

  test('of nothing is refused', () => {
    expect(refusedField([line({ unit_price_fen: 0 })])).toBe('lines');
  });
});

describe('one number has one writing', () => {
  test('so equal content has an equal digest', () => {
    const header = { patient_name: '王芳', patient_no: 'P1', department: '', doctor: '' };
    const digest = (one: LineInput): string => contentDigest(header, priced([one]));
    const { unit_price_fen: _, ...unpriced } = line();
    const first = digest(line({ quantity: 2, unit_price_fen: 250 }));
    expect(digest({ ...unpriced, quantity: '2.00', unit_price: '2.5000' })).toBe(first);
    expect(digest({ ...unpriced, quantity: '2', unit_price: '2.5', spec: '' })).toBe(first);
    expect(digest(line({ quantity: 2, unit_price_fen: 251 }))).not.toBe(first);
    expect(contentDigest({ ...header, doctor: '李明' }, priced([line()]))).not.toBe(
      contentDigest(header, priced([line()])),
    );
  });

  test('without the zeros that say nothing', () => {
    expect(plainQuantity('1.500')).toBe('1.5');
    expect(plainQuantity('100')).toBe('100');
    expect(plainQuantity('10.000')).toBe('10');
    expect(plainUnitPrice({ unit_price: '0.0350' })).toBe('0.035');
    expect(plainUnitPrice({ unit_price: '3' })).toBe('3.00');
    expect(plainUnitPrice({ unit_price_fen: 5 })).toBe('0.05');
    expect(() => plainUnitPrice({})).toThrow('without a unit price');
    expect(plainQuantity(3)).toBe('3');
  });

  test('and a quantity taken many times stays exact', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_999_999 }), fc.integer({ min: 1, max: 60 }), (q, times) => {
        expect(timesQuantity(decimal(q, 3), times)).toBe(plainQuantity(decimal(q * times, 3)));
      }),
    );
    expect(timesQuantity('9999999', 2)).toBeUndefined();
  });
});
