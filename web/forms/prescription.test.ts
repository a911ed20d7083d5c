import { expect, test } from 'vitest';
import {
  amountOf,
  bodyOf,
  emptyDraft,
  lineOf,
  ownLine,
  totalOf,
  type Draft,
  type LineDraft,
} from './prescription-draft.ts';
import { brokenRules } from './prescription-rules.ts';

const TODAY = '2026-11-22';

const tablets = (more: Partial<LineDraft> = {}): LineDraft => ({
  ...lineOf({
    code: 'D001',
    generic_name: '阿莫西林胶囊',
    trade_name: '',
    form: '胶囊剂',
    spec: '0.25g×24粒',
    kind: 'western',
    unit: '盒',
    unit_price: '12.80',
    dose_unit: 'g',
  }),
  dose: '0.5',
  frequency: 'tid',
  days: '7',
  quantity: '2',
  ...more,
});

const draft = (more: Partial<Draft> = {}): Draft => ({
  ...emptyDraft('自费'),
  patient_name: '张三丰',
  patient_no: 'P0001',
  sex: 'male',
  birth_date: '1990-01-02',
  department: '全科',
  doctor: '李医生',
  diagnosis: '急性咽炎',
  lines: [tablets()],
  ...more,
});

const rulesOf = (written: Draft): string[] =>
  brokenRules(written, TODAY).map(({ field, rule }) => `${field} ${rule}`);

test('a prescription that keeps every rule is not complained about', () => {
  expect(rulesOf(draft())).toEqual([]);
});

test('a sixth drug is one too many, but herbs may be many', () => {
  const six = Array.from({ length: 6 }, (_, at) => tablets({ generic_name: `药 ${at}` }));
  expect(rulesOf(draft({ lines: six }))).toEqual(['lines too_many_drugs']);
  const herbs = six.map((line) => ({ ...line, kind: 'herb' as const }));
  expect(rulesOf(draft({ rx_type: 'herbal', lines: herbs }))).toEqual([]);
});

test('herbal pieces and tablets do not share a prescription', () => {
  expect(
    rulesOf(
      draft({
        lines: [
          tablets(),
          { ...ownLine('甘草', true), spec: '饮片', dose: '6', quantity: '6', unit_price: '0.1' },
        ],
      }),
    ),
  ).toEqual(['lines.1.kind herbs_alone']);
});

test('vague usage is refused where it stands', () => {
  expect(rulesOf(draft({ lines: [tablets({ frequency: '遵医嘱' })] }))).toEqual([
    'lines.0.frequency vague_usage',
  ]);
});

test('more than seven days, or three in an emergency, need a written reason', () => {
  expect(rulesOf(draft({ lines: [tablets({ days: '8' })] }))).toEqual([
    'long_supply_reason long_supply_needs_reason',
  ]);
  expect(rulesOf(draft({ lines: [tablets({ days: '8' })], long_supply_reason: '慢性病' }))).toEqual([]);
  expect(rulesOf(draft({ rx_class: 'emergency', lines: [tablets({ days: '4' })] }))).toEqual([
    'long_supply_reason long_supply_needs_reason',
  ]);
});

test('the same drug in the same strength stands once', () => {
  expect(rulesOf(draft({ lines: [tablets(), tablets()] }))).toEqual(['lines.1.generic_name repeated_drug']);
});

test('an amount is counted by digits: 3 × 0.0333 yuan is 10 fen', () => {
  expect(amountOf(tablets({ quantity: '3', unit_price: '0.0333' }), draft())).toBe(10);
});

test('herbs are counted for all doses', () => {
  const herb = { ...ownLine('黄芪', true), quantity: '15.5', unit_price: '0.12' };
  expect(totalOf(draft({ rx_type: 'herbal', doses: '7', lines: [herb] }))).toBe(1302);
});

test('what belongs to the other type is not sent', () => {
  expect(bodyOf(draft({ decoction: '水煎' }))).not.toHaveProperty('decoction');
  expect(bodyOf(draft())).not.toHaveProperty('doses');
  expect(bodyOf(draft())).not.toHaveProperty('weight_grams');
});
