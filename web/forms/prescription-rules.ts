import { isQuantity, isUnitPrice } from '#money';
import { amountOf, totalOf, type Draft, type LineDraft } from './prescription-draft.ts';
import type { Words } from '../words/zh.ts';

/**
 * What the form can tell while one types; the service judges again, and has the last word.
 * Source: 处方管理办法 (Ministry of Health order 53, 2007), art. 6 and 19.
 */
export interface BrokenRule {
  /** As the service names it: `diagnosis`, `lines.0.quantity`. */
  field: string;
  rule: keyof Words['rules'];
  facts?: Record<string, string | number>;
}

const MAX_DRUGS = 5;
const MAX_DAYS = 7;
const MAX_EMERGENCY_DAYS = 3;
const MAX_LONG_DAYS = 84;

const VAGUE = /遵医嘱|按医嘱|遵嘱|自用|同前|同上|照旧|按说明/;

const NEEDED = [
  'patient_name',
  'patient_no',
  'sex',
  'birth_date',
  'department',
  'doctor',
  'diagnosis',
] as const satisfies (keyof Draft)[];

const NEEDED_ON_LINES = [
  'generic_name',
  'spec',
  'dose',
  'dose_unit',
  'route',
  'frequency',
  'quantity',
  'unit',
  'unit_price',
] as const satisfies (keyof LineDraft)[];

/** Every rule that the draft breaks. `today` is `yyyy-MM-dd`. */
export function brokenRules(draft: Draft, today: string): BrokenRule[] {
  return [
    ...emptyFields(draft),
    ...patientRules(draft, today),
    ...paperRules(draft),
    ...draft.lines.flatMap((line, at) => lineRules(draft, line, at)),
  ];
}

/** The longest supply without a written reason: 7 days, 3 in an emergency. */
export function usualDays(draft: Pick<Draft, 'rx_class'>): number {
  return draft.rx_class === 'emergency' ? MAX_EMERGENCY_DAYS : MAX_DAYS;
}

/** True when some line goes past the usual supply, so that the reason has to be written. */
export function needsLongSupplyReason(draft: Draft): boolean {
  return draft.lines.some(({ days }) => Number(days) > usualDays(draft));
}

/** True for the light red paper, which carries who the patient is. */
export function needsIdentity(draft: Pick<Draft, 'rx_class'>): boolean {
  return draft.rx_class === 'narcotic' || draft.rx_class === 'psychotropic_1';
}

function emptyFields(draft: Draft): BrokenRule[] {
  const heads: string[] = NEEDED.filter((field) => draft[field].trim() === '');
  const lines = draft.lines.flatMap((line, at) =>
    NEEDED_ON_LINES.filter((field) => line[field].trim() === '').map((field) => `lines.${at}.${field}`),
  );
  const none: BrokenRule[] = draft.lines.length === 0 ? [{ field: 'lines', rule: 'no_drugs' }] : [];
  return [...[...heads, ...lines].map((field) => ({ field, rule: 'required' as const })), ...none];
}

function patientRules(draft: Draft, today: string): BrokenRule[] {
  const broken: BrokenRule[] = [];
  if (draft.birth_date > today) broken.push({ field: 'birth_date', rule: 'future_birth' });
  if (!/^[\x21-\x7e]{0,64}$/.test(draft.patient_no.trim()))
    broken.push({ field: 'patient_no', rule: 'not_a_number' });
  if (needsIdentity(draft) && draft.identity_no.trim() === '') {
    broken.push({ field: 'identity_no', rule: 'controlled_identity' });
  }
  return broken;
}

function paperRules(draft: Draft): BrokenRule[] {
  const broken: BrokenRule[] = [];
  const herbal = draft.rx_type === 'herbal';
  if (!herbal && draft.lines.length > MAX_DRUGS) broken.push({ field: 'lines', rule: 'too_many_drugs' });
  if (herbal && !(Number(draft.doses) >= 1 && Number(draft.doses) <= 60)) {
    broken.push({ field: 'doses', rule: 'doses_range' });
  }
  if (herbal && VAGUE.test(draft.decoction)) broken.push({ field: 'decoction', rule: 'vague_usage' });
  if (needsLongSupplyReason(draft) && draft.long_supply_reason.trim() === '') {
    broken.push({
      field: 'long_supply_reason',
      rule: 'long_supply_needs_reason',
      facts: { days: usualDays(draft) },
    });
  }
  const counted = draft.lines.length > 0 && draft.lines.every((line) => amountOf(line, draft) !== undefined);
  if (counted && totalOf(draft) === 0) broken.push({ field: 'lines', rule: 'zero_amount' });
  return broken;
}

function lineRules(draft: Draft, line: LineDraft, at: number): BrokenRule[] {
  const broken: BrokenRule[] = [];
  const say = (field: string, rule: BrokenRule['rule']): void => {
    broken.push({ field: `lines.${at}.${field}`, rule });
  };
  if ((line.kind === 'herb') !== (draft.rx_type === 'herbal')) say('kind', 'herbs_alone');
  if (draft.lines.findIndex((other) => sameDrug(other, line)) < at) say('generic_name', 'repeated_drug');
  for (const field of ['dose', 'route', 'frequency', 'advice'] as const) {
    if (VAGUE.test(line[field])) say(field, 'vague_usage');
  }
  if (line.quantity !== '' && !isQuantity(line.quantity)) say('quantity', 'not_positive');
  if (line.unit_price !== '' && !isUnitPrice(line.unit_price)) say('unit_price', 'not_a_price');
  if (line.days !== '' && !(Number(line.days) >= 1 && Number(line.days) <= MAX_LONG_DAYS))
    say('days', 'days_range');
  return broken;
}

function sameDrug(a: LineDraft, b: LineDraft): boolean {
  return a.generic_name.trim() === b.generic_name.trim() && a.spec.trim() === b.spec.trim();
}
