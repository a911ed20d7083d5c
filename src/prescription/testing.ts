import type { IssuePrescription, RxLineInput } from './input.ts';

/** A plain prescription that keeps every rule; tests break one at a time. */
export const goodLine = (more: Partial<RxLineInput> = {}): RxLineInput => ({
  drug_code: 'W001',
  generic_name: '阿莫西林胶囊',
  spec: '0.25g×24粒',
  kind: 'western',
  dose: '0.5',
  dose_unit: 'g',
  route: '口服',
  frequency: 'tid',
  days: 5,
  quantity: 2,
  unit: '盒',
  unit_price_fen: 1280,
  ...more,
});

export const goodRx = (more: Partial<IssuePrescription> = {}): IssuePrescription => ({
  patient_name: '王芳',
  patient_no: 'P0001',
  sex: 'female',
  birth_date: '1991-05-04',
  department: '内科',
  doctor: '李明',
  diagnosis: '急性支气管炎',
  rx_type: 'western',
  rx_class: 'normal',
  valid_days: 1,
  lines: [goodLine()],
  ...more,
});

export const herb = (name: string, grams: string, unit_price: string): RxLineInput => {
  const { unit_price_fen: _fen, days: _days, ...line } = goodLine();
  return {
    ...line,
    drug_code: undefined,
    generic_name: name,
    spec: '饮片',
    kind: 'herb',
    dose: grams,
    route: '水煎服',
    frequency: '一日两次',
    quantity: grams,
    unit: 'g',
    unit_price,
  };
};

export const goodHerbal = (more: Partial<IssuePrescription> = {}): IssuePrescription =>
  goodRx({
    rx_type: 'herbal',
    doses: 7,
    decoction: '水煎 400ml，早晚分服',
    lines: [herb('黄芪', '15', '0.0350'), { ...herb('薄荷', '6.5', '0.043'), footnote: '后下' }],
    ...more,
  });
