import { fen, isFen, isQuantity, isUnitPrice, lineAmount, type Fen } from '#money';
import { newKey } from '../api/client.ts';
import type { Drug, IssuePrescription, Patient } from '../api/shapes.ts';

/** A prescription while it is being written: every field is text until it is sent. */
export interface Draft {
  patient_name: string;
  patient_no: string;
  sex: 'male' | 'female' | '';
  birth_date: string;
  weight_grams: string;
  fee_type: string;
  department: string;
  doctor: string;
  diagnosis: string;
  rx_type: IssuePrescription['rx_type'];
  rx_class: NonNullable<IssuePrescription['rx_class']>;
  valid_days: number;
  long_supply_reason: string;
  doses: string;
  decoction: string;
  identity_no: string;
  agent_name: string;
  agent_identity_no: string;
  lines: LineDraft[];
}

export interface LineDraft {
  /** Stays with the line when others are removed. */
  key: string;
  drug_code: string;
  generic_name: string;
  trade_name: string;
  form: string;
  spec: string;
  kind: Drug['kind'];
  dose: string;
  dose_unit: string;
  route: string;
  frequency: string;
  days: string;
  quantity: string;
  unit: string;
  unit_price: string;
  footnote: string;
  advice: string;
  skin_test: boolean;
}

export type LineField = Exclude<keyof LineDraft, 'key' | 'skin_test' | 'kind'>;

export function emptyDraft(feeType: string): Draft {
  return {
    patient_name: '',
    patient_no: '',
    sex: '',
    birth_date: '',
    weight_grams: '',
    fee_type: feeType,
    department: '',
    doctor: '',
    diagnosis: '',
    rx_type: 'western',
    rx_class: 'normal',
    valid_days: 1,
    long_supply_reason: '',
    doses: '7',
    decoction: '',
    identity_no: '',
    agent_name: '',
    agent_identity_no: '',
    lines: [],
  };
}

export function withPatient(draft: Draft, patient: Patient): Draft {
  const { name, patient_no, sex, birth_date } = patient;
  return { ...draft, patient_name: name, patient_no, sex, birth_date };
}

/** A line for a drug of the clinic's list; what a doctor decides is left empty. */
export function lineOf(drug: Drug): LineDraft {
  const herb = drug.kind === 'herb';
  return {
    key: newKey(),
    drug_code: drug.code,
    generic_name: drug.generic_name,
    trade_name: drug.trade_name,
    form: drug.form,
    spec: drug.spec,
    kind: drug.kind,
    dose: '',
    dose_unit: drug.dose_unit,
    route: herb ? '水煎服' : '口服',
    frequency: herb ? 'bid' : '',
    days: '',
    quantity: herb ? '' : '1',
    unit: drug.unit,
    unit_price: drug.unit_price,
    footnote: '',
    advice: '',
    skin_test: false,
  };
}

/** A line for a drug that is not on the list, by the name that was typed. */
export function ownLine(name: string, herbal: boolean): LineDraft {
  const kind = herbal ? 'herb' : 'western';
  const unit = herbal ? 'g' : '盒';
  return {
    ...lineOf({
      code: '',
      generic_name: name,
      trade_name: '',
      form: '',
      spec: '',
      kind,
      unit,
      unit_price: '',
      dose_unit: '',
    }),
    dose_unit: herbal ? 'g' : '',
  };
}

/** The amount of one line in fen; of herbs for all doses. Undefined while it cannot be known. */
export function amountOf(line: LineDraft, draft: Pick<Draft, 'rx_type' | 'doses'>): Fen | undefined {
  const quantity = draft.rx_type === 'herbal' ? timesDoses(line.quantity, draft.doses) : line.quantity;
  if (quantity === undefined || !isQuantity(quantity) || !isUnitPrice(line.unit_price)) return undefined;
  return lineAmount(quantity, line.unit_price);
}

/** The amount of the lines that can be counted so far. */
export function totalOf(draft: Draft): Fen {
  let total = 0;
  for (const line of draft.lines) total += amountOf(line, draft) ?? 0;
  return isFen(total) ? total : fen(0);
}

/** `"1.5"` × 7 → `"10.5"`, by whole thousandths. Undefined when either is not yet a number. */
function timesDoses(quantity: string, doses: string): string | undefined {
  if (!isQuantity(quantity) || !/^[1-9]\d?$/.test(doses)) return undefined;
  const [whole = '0', part = ''] = quantity.split('.');
  const thousandths = BigInt(whole + part.padEnd(3, '0')) * BigInt(doses);
  const digits = String(thousandths).padStart(4, '0');
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

/** The request: texts trimmed, what is empty left out, what does not belong to the type left out. */
export function bodyOf(draft: Draft): IssuePrescription {
  const herbal = draft.rx_type === 'herbal';
  return {
    patient_name: draft.patient_name.trim(),
    patient_no: draft.patient_no.trim(),
    sex: draft.sex === 'female' ? 'female' : 'male',
    birth_date: draft.birth_date,
    department: draft.department.trim(),
    doctor: draft.doctor.trim(),
    diagnosis: draft.diagnosis.trim(),
    rx_type: draft.rx_type,
    rx_class: draft.rx_class,
    valid_days: draft.valid_days,
    ...given('fee_type', draft.fee_type),
    ...given('long_supply_reason', draft.long_supply_reason),
    ...given('identity_no', draft.identity_no),
    ...given('agent_name', draft.agent_name),
    ...given('agent_identity_no', draft.agent_identity_no),
    ...(draft.weight_grams === '' ? {} : { weight_grams: Number(draft.weight_grams) }),
    ...(herbal ? { doses: Number(draft.doses), ...given('decoction', draft.decoction) } : {}),
    lines: draft.lines.map((line) => ({
      generic_name: line.generic_name.trim(),
      spec: line.spec.trim(),
      kind: line.kind,
      dose: line.dose.trim(),
      dose_unit: line.dose_unit.trim(),
      route: line.route.trim(),
      frequency: line.frequency.trim(),
      quantity: line.quantity,
      unit: line.unit.trim(),
      unit_price: line.unit_price,
      ...given('drug_code', line.drug_code),
      ...given('trade_name', line.trade_name),
      ...given('form', line.form),
      ...given('footnote', line.footnote),
      ...given('advice', line.advice),
      ...(line.days === '' ? {} : { days: Number(line.days) }),
      ...(line.skin_test ? { skin_test: true } : {}),
    })),
  };
}

function given<K extends string>(name: K, text: string): Partial<Record<K, string>> {
  const trimmed = text.trim();
  return trimmed === '' ? {} : ({ [name]: trimmed } as Record<K, string>);
}
