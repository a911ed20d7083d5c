import { describe, expect, test } from 'vitest';
import type { IssuePrescription, RxLineInput } from './input.ts';
import { checkPrescription } from './rules.ts';
import { goodHerbal, goodLine, goodRx, herb } from './testing.ts';

const TODAY = '2026-11-22';
const brokenField = (rx: IssuePrescription): string | undefined => checkPrescription(rx, TODAY)?.field;
const drugs = (count: number): RxLineInput[] =>
  Array.from({ length: count }, (_, n) => goodLine({ drug_code: `W${n}`, generic_name: `药${n}` }));

test('a prescription that keeps the rules passes, western and herbal', () => {
  expect(checkPrescription(goodRx(), TODAY)).toBeUndefined();
  expect(checkPrescription(goodHerbal(), TODAY)).toBeUndefined();
});

test('a refusal names the field and says the rule in Chinese and English', () => {
  expect(checkPrescription(goodRx({ lines: drugs(6) }), TODAY)).toEqual({
    refused: 'invalid_input',
    field: 'lines',
    rule: '每张处方不得超过 5 种药品 / at most 5 drugs on one prescription',
  });
});

describe('the patient', () => {
  test('is not born tomorrow, and not older than 150', () => {
    expect(brokenField(goodRx({ birth_date: '2026-11-23' }))).toBe('birth_date');
    expect(brokenField(goodRx({ birth_date: TODAY }))).toBeUndefined();
    expect(brokenField(goodRx({ birth_date: '1875-11-22' }))).toBe('birth_date');
    expect(brokenField(goodRx({ birth_date: '1875-11-23' }))).toBeUndefined();
  });

  test('of a child prescription is under 14, and a baby is weighed', () => {
    expect(brokenField(goodRx({ rx_class: 'child', birth_date: '2012-11-22' }))).toBe('rx_class');
    expect(brokenField(goodRx({ rx_class: 'child', birth_date: '2012-11-23' }))).toBeUndefined();
    expect(brokenField(goodRx({ rx_class: 'child', birth_date: '2026-03-22' }))).toBe('weight_grams');
    expect(
      brokenField(goodRx({ rx_class: 'child', birth_date: '2026-03-22', weight_grams: 8200 })),
    ).toBeUndefined();
  });

  test('is known by an identity number before a narcotic or class I psychotropic drug', () => {
    for (const rx_class of ['narcotic', 'psychotropic_1'] as const) {
      expect(brokenField(goodRx({ rx_class }))).toBe('identity_no');
      expect(brokenField(goodRx({ rx_class, identity_no: '11010119910504002X' }))).toBeUndefined();
    }
    expect(brokenField(goodRx({ rx_class: 'psychotropic_2' }))).toBeUndefined();
  });

  test('sends an agent with name and number, or none', () => {
    expect(brokenField(goodRx({ agent_name: '王强' }))).toBe('agent_identity_no');
    expect(brokenField(goodRx({ agent_identity_no: '1' }))).toBe('agent_name');
    expect(brokenField(goodRx({ agent_name: '王强', agent_identity_no: '1' }))).toBeUndefined();
  });
});

describe('the drugs', () => {
  test('are at most five, unless they are herbs', () => {
    expect(brokenField(goodRx({ lines: drugs(5) }))).toBeUndefined();
    expect(brokenField(goodRx({ lines: drugs(6) }))).toBe('lines');
    const herbs = Array.from({ length: 14 }, (_, n) => herb(`药${n}`, '10', '0.05'));
    expect(brokenField(goodHerbal({ lines: herbs }))).toBeUndefined();
  });

  test('western and patent share a paper, herbs stand alone', () => {
    const patent = goodLine({ kind: 'patent', drug_code: 'C1', generic_name: '急支糖浆' });
    expect(brokenField(goodRx({ lines: [goodLine(), patent] }))).toBeUndefined();
    expect(brokenField(goodRx({ lines: [goodLine(), herb('黄芪', '15', '0.035')] }))).toBe('lines.1.kind');
    expect(brokenField(goodHerbal({ lines: [herb('黄芪', '15', '0.035'), patent] }))).toBe('lines.1.kind');
  });

  test('do not stand there twice, by code or by name', () => {
    const twice = (more: Partial<RxLineInput>): string | undefined =>
      brokenField(goodRx({ lines: [goodLine(), goodLine(more)] }));
    expect(twice({ generic_name: '别的名字' })).toBe('lines.1.generic_name');
    expect(twice({ drug_code: 'W999' })).toBe('lines.1.generic_name');
    expect(twice({ drug_code: undefined, generic_name: '阿莫西林 胶囊' })).toBe('lines.1.generic_name');
    expect(twice({ drug_code: 'W002', spec: '0.5g×24粒' })).toBeUndefined();
  });

  test('of herbs come with doses, of others without', () => {
    const { doses: _doses, ...noDoses } = goodHerbal();
    expect(brokenField(noDoses)).toBe('doses');
    expect(brokenField(goodRx({ doses: 7 }))).toBe('doses');
    expect(brokenField(goodRx({ decoction: '水煎服' }))).toBe('decoction');
  });
});

describe('the usage', () => {
  test.each([
    '遵医嘱',
    '遵 医 嘱',
    '自用',
    '同前',
    '按医嘱服用',
    'as directed',
    'As Directed.',
    'ＡＳ ＤＩＲＥＣＴＥＤ',
    'ut dict.',
  ])('"%s" is too vague, wherever it stands', (words) => {
    for (const field of ['dose', 'frequency', 'route', 'advice'] as const) {
      expect(brokenField(goodRx({ lines: [goodLine({ [field]: words })] }))).toBe(`lines.0.${field}`);
    }
    expect(brokenField(goodHerbal({ decoction: words }))).toBe('decoction');
  });

  test.each(['tid', '一日三次', 'prn', '饭后服用，多饮水', '必要时，间隔不少于 6 小时'])(
    '"%s" is plain',
    (words) => {
      expect(brokenField(goodRx({ lines: [goodLine({ frequency: words, advice: words })] }))).toBeUndefined();
    },
  );

  test('comes with a diagnosis that says something', () => {
    expect(brokenField(goodRx({ diagnosis: '——' }))).toBe('diagnosis');
  });
});

describe('the supply', () => {
  const days = (count: number, more: Partial<IssuePrescription> = {}): string | undefined =>
    brokenField(goodRx({ lines: [goodLine({ days: count })], ...more }));

  test('is 7 days, or 3 in an emergency, without a reason', () => {
    expect(days(7)).toBeUndefined();
    expect(days(8)).toBe('lines.0.days');
    expect(days(3, { rx_class: 'emergency' })).toBeUndefined();
    expect(days(4, { rx_class: 'emergency' })).toBe('lines.0.days');
  });

  test('is up to twelve weeks with a reason, and never longer', () => {
    const long_supply_reason = '高血压，病情稳定';
    expect(days(84, { long_supply_reason })).toBeUndefined();
    expect(days(85, { long_supply_reason })).toBe('lines.0.days');
    expect(days(30, { long_supply_reason, rx_class: 'emergency' })).toBeUndefined();
  });
});
