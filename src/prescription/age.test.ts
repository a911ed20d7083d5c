import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ageOn, isInfant, printAge, type Age } from './age.ts';

function age(birthDate: string, day: string): Age {
  const known = ageOn(birthDate, day);
  if (known === undefined) throw new Error('born later');
  return known;
}

describe('an age', () => {
  test('is printed in days in the first month, in months up to three years, then in full years', () => {
    const printed = (born: string): string => printAge(age(born, '2026-11-22'));
    expect(printed('2026-11-22')).toBe('0天');
    expect(printed('2026-11-10')).toBe('12天');
    expect(printed('2026-10-23')).toBe('30天');
    expect(printed('2026-10-22')).toBe('1月');
    expect(printed('2026-03-22')).toBe('8月');
    expect(printed('2023-11-23')).toBe('35月');
    expect(printed('2023-11-22')).toBe('3岁');
    expect(printed('1991-11-22')).toBe('35岁');
    expect(printed('1991-11-23')).toBe('34岁');
  });

  test('counts full years only: the day before a birthday is the old age', () => {
    expect(age('2012-11-23', '2026-11-22').years).toBe(13);
    expect(age('2012-11-22', '2026-11-22').years).toBe(14);
  });

  test('of who was born on a leap day grows on 1 March in other years', () => {
    expect(age('2012-02-29', '2026-02-28').years).toBe(13);
    expect(age('2012-02-29', '2026-03-01').years).toBe(14);
    expect(age('2012-02-29', '2028-02-29').years).toBe(16);
  });

  test('is unknown before birth', () => {
    expect(ageOn('2026-11-23', '2026-11-22')).toBeUndefined();
  });

  test('ends infancy with the first birthday', () => {
    expect(isInfant(age('2025-11-23', '2026-11-22'))).toBe(true);
    expect(isInfant(age('2025-11-22', '2026-11-22'))).toBe(false);
  });

  test('never falls as the days go by', () => {
    const day = fc
      .integer({ min: 0, max: 60_000 })
      .map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10));
    fc.assert(
      fc.property(day, day, day, (...days) => {
        const [born = '', earlier = '', later = ''] = days.toSorted();
        const [young, old] = [age(born, earlier), age(born, later)];
        expect(old.years).toBeGreaterThanOrEqual(young.years);
        expect(old.months).toBeGreaterThanOrEqual(young.months);
        expect(old.years).toBe(Math.floor(old.months / 12));
      }),
    );
  });
});
