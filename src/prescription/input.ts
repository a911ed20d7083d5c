export type DrugKind = 'western' | 'patent' | 'herb';
export type RxType = 'western' | 'herbal';
export type RxClass = 'normal' | 'emergency' | 'child' | 'narcotic' | 'psychotropic_1' | 'psychotropic_2';

/** One drug as the doctor writes it, in the words of the API; exactly one of the two prices is there. */
export interface RxLineInput {
  drug_code?: string | undefined;
  generic_name: string;
  trade_name?: string | undefined;
  form?: string | undefined;
  spec: string;
  kind: DrugKind;
  /** 单次用量 */
  dose: string;
  dose_unit: string;
  route: string;
  frequency: string;
  days?: number | undefined;
  /** In all; of herbs for one dose (剂). */
  quantity: number | string;
  unit: string;
  unit_price_fen?: number | undefined;
  unit_price?: string | undefined;
  footnote?: string | undefined;
  skin_test?: boolean | undefined;
  advice?: string | undefined;
}

/** A prescription as the doctor issues it, in the words of the API. */
export interface IssuePrescription {
  patient_name: string;
  patient_no: string;
  sex: 'male' | 'female';
  /** `yyyy-MM-dd` */
  birth_date: string;
  weight_grams?: number | undefined;
  fee_type?: string | undefined;
  department: string;
  doctor: string;
  diagnosis: string;
  rx_type: RxType;
  rx_class: RxClass;
  /** 1 to 3; the issue day is the first. */
  valid_days: number;
  long_supply_reason?: string | undefined;
  doses?: number | undefined;
  decoction?: string | undefined;
  identity_no?: string | undefined;
  agent_name?: string | undefined;
  agent_identity_no?: string | undefined;
  lines: readonly RxLineInput[];
}
