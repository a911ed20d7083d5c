import { invalidInput, type Refusal } from '#trouble';
import { ageOn, isInfant } from './age.ts';
import type { IssuePrescription, RxLineInput } from './input.ts';
import { vagueWordIn } from './vague-usage.ts';

/**
 * What a prescription must keep to beyond its shape: 处方管理办法 (Ministry of Health order 53, 2007).
 * Each rule answers the refusal, naming field and rule, or undefined.
 */
type Broken = Refusal<'invalid_input'> | undefined;
type Rule = (rx: IssuePrescription, today: string) => Broken;

const MAX_DRUGS = 5;
const MAX_DAYS = 7;
const MAX_EMERGENCY_DAYS = 3;
const MAX_LONG_DAYS = 84;
const CHILD_UNDER_YEARS = 14;
const OLDEST_YEARS = 150;

/** The first rule that the prescription breaks on `today` (`yyyy-MM-dd`, clinic time). */
export function checkPrescription(rx: IssuePrescription, today: string): Broken {
  for (const rule of rules) {
    const broken = rule(rx, today);
    if (broken !== undefined) return broken;
  }
  return undefined;
}

const birthDateIsPlausible: Rule = (rx, today) => {
  const age = ageOn(rx.birth_date, today);
  if (age === undefined) return invalidInput('birth_date', '出生日期不能晚于今天', 'not in the future');
  if (age.years > OLDEST_YEARS)
    return invalidInput('birth_date', '年龄不能超过 150 岁', 'age at most 150 years');
  return undefined;
};

const diagnosisIsGiven: Rule = (rx) =>
  /[\p{L}\p{N}]/u.test(rx.diagnosis)
    ? undefined
    : invalidInput('diagnosis', '须写明临床诊断', 'a diagnosis is required');

/** Art. 6: western and patent medicine may share one paper, herbs stand alone. */
const herbsStandAlone: Rule = (rx) => {
  const herbal = rx.rx_type === 'herbal';
  const odd = rx.lines.findIndex((line) => (line.kind === 'herb') !== herbal);
  if (odd < 0) return undefined;
  return invalidInput(
    `lines.${odd}.kind`,
    '中药饮片应当单独开具处方，不得与西药、中成药同方',
    'herbal pieces stand alone: kind herb only, and always, with rx_type herbal',
  );
};

const herbsHaveDoses: Rule = (rx) => {
  if (rx.rx_type === 'herbal') {
    return rx.doses === undefined
      ? invalidInput('doses', '中药饮片处方须写明剂数', 'required with rx_type herbal')
      : undefined;
  }
  if (rx.doses !== undefined)
    return invalidInput('doses', '剂数只用于中药饮片处方', 'only with rx_type herbal');
  if (rx.decoction !== undefined)
    return invalidInput('decoction', '煎服法只用于中药饮片处方', 'only with rx_type herbal');
  return undefined;
};

/** Art. 6: at most five drugs a paper, each on its own line. */
const atMostFiveDrugs: Rule = (rx) =>
  rx.rx_type === 'herbal' || rx.lines.length <= MAX_DRUGS
    ? undefined
    : invalidInput('lines', '每张处方不得超过 5 种药品', 'at most 5 drugs on one prescription');

const noDrugTwice: Rule = (rx) => {
  const seen = new Set<string>();
  for (const [index, line] of rx.lines.entries()) {
    const names = [`name ${bareName(line)}`];
    if (line.drug_code !== undefined) names.push(`code ${line.drug_code}`);
    if (names.some((name) => seen.has(name))) {
      const field = `lines.${index}.generic_name`;
      return invalidInput(field, `药品重复：${line.generic_name}`, 'the same drug stands on another line');
    }
    for (const name of names) seen.add(name);
  }
  return undefined;
};

/** One drug in two strengths is two drugs; in two writings of its name it is one. */
function bareName(line: RxLineInput): string {
  return `${line.generic_name} ${line.spec}`.normalize('NFKC').toLowerCase().replace(/\s/g, '');
}

const usageIsPlain: Rule = (rx) => {
  for (const [index, line] of rx.lines.entries()) {
    for (const field of ['dose', 'frequency', 'route', 'advice'] as const) {
      const broken = plain(`lines.${index}.${field}`, line[field]);
      if (broken !== undefined) return broken;
    }
  }
  return plain('decoction', rx.decoction);
};

function plain(field: string, text: string | undefined): Broken {
  const word = vagueWordIn(text ?? '');
  if (word === undefined) return undefined;
  return invalidInput(field, `用法用量不得含糊：“${word}”`, `vague usage is refused: "${word}"`);
}

/** Art. 19: 7 days' supply, 3 in an emergency; more with a written reason, and never past 12 weeks. */
const supplyIsShort: Rule = (rx) => {
  const most = rx.rx_class === 'emergency' ? MAX_EMERGENCY_DAYS : MAX_DAYS;
  for (const [index, { days = 0 }] of rx.lines.entries()) {
    const field = `lines.${index}.days`;
    if (days > MAX_LONG_DAYS)
      return invalidInput(field, '处方用量最长 84 日（12 周）', 'at most 84 days (12 weeks)');
    if (days > most && rx.long_supply_reason === undefined) {
      return invalidInput(
        field,
        `${rx.rx_class === 'emergency' ? '急诊处方' : '处方'}一般不超过 ${most} 日用量，延长须注明理由（long_supply_reason）`,
        `at most ${most} days without long_supply_reason`,
      );
    }
  }
  return undefined;
};

const childIsAChild: Rule = (rx, today) => {
  const age = ageOn(rx.birth_date, today);
  if (age === undefined || rx.rx_class !== 'child') return undefined;
  if (age.years >= CHILD_UNDER_YEARS) {
    return invalidInput(
      'rx_class',
      '儿科处方用于 14 岁以下患者',
      'child: the patient is under 14 years of age',
    );
  }
  if (isInfant(age) && rx.weight_grams === undefined) {
    return invalidInput('weight_grams', '新生儿、婴儿须注明体重', 'required for newborns and infants');
  }
  return undefined;
};

/** The light red paper carries who the patient is, and who fetches the drug for him. */
const identityIsGiven: Rule = (rx) => {
  const strict = rx.rx_class === 'narcotic' || rx.rx_class === 'psychotropic_1';
  if (strict && rx.identity_no === undefined) {
    return invalidInput(
      'identity_no',
      '麻醉药品和第一类精神药品处方须写明患者身份证明编号',
      'required for narcotic and psychotropic_1',
    );
  }
  if ((rx.agent_name === undefined) === (rx.agent_identity_no === undefined)) return undefined;
  const missing = rx.agent_name === undefined ? 'agent_name' : 'agent_identity_no';
  return invalidInput(
    missing,
    '代办人姓名和身份证明编号须同时填写',
    'agent_name and agent_identity_no come together',
  );
};

const rules: readonly Rule[] = [
  birthDateIsPlausible,
  diagnosisIsGiven,
  herbsStandAlone,
  herbsHaveDoses,
  atMostFiveDrugs,
  noDrugTwice,
  usageIsPlain,
  supplyIsShort,
  childIsAChild,
  identityIsGiven,
];
