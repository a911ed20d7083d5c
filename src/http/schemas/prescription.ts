import { z } from 'zod';
import { foreignNumber, quantity, words } from './bill.ts';
import { amountFen, amountYuan, instant } from './session.ts';

/** Fields and rules of a prescription: 处方管理办法 (Ministry order 53, 2007), see docs/glossary.md. */

export const rxType = z
  .enum(['western', 'herbal'])
  .meta({ description: 'western: 西药/中成药; herbal: 中药饮片' });
export const rxClass = z
  .enum(['normal', 'emergency', 'child', 'narcotic', 'psychotropic_1', 'psychotropic_2'])
  .meta({ description: '普通 · 急诊 · 儿科 · 麻 · 精一 · 精二' });

export const rxLineInput = z
  .strictObject({
    drug_code: foreignNumber.optional(),
    generic_name: words(64),
    trade_name: words(64, 0).optional(),
    form: words(32, 0).optional().meta({ description: '剂型' }),
    spec: words(64).meta({ description: '规格' }),
    kind: z.enum(['western', 'patent', 'herb']).meta({ description: '西药 · 中成药 · 中药饮片' }),
    dose: words(32).meta({ description: '单次用量, e.g. "0.5"' }),
    dose_unit: words(16),
    route: words(32).meta({ description: '给药途径/用法' }),
    frequency: words(32).meta({ description: 'qd/bid/tid/q8h/prn or words' }),
    days: z.int().min(1).max(84).optional(),
    quantity,
    unit: words(16),
    unit_price_fen: amountFen.optional(),
    unit_price: z
      .string()
      .regex(/^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,4})?$/)
      .optional(),
    footnote: words(32, 0).optional().meta({ description: '脚注 (herbs): 先煎, 后下, 包煎' }),
    skin_test: z.boolean().optional(),
    advice: words(100, 0).optional().meta({ description: '嘱托' }),
  })
  .refine((line) => (line.unit_price_fen === undefined) !== (line.unit_price === undefined), {
    message: 'exactly one of unit_price_fen and unit_price',
    path: ['unit_price_fen'],
  })
  .meta({ id: 'NewPrescriptionLine' });

export const issuePrescriptionBody = z
  .strictObject({
    patient_name: words(64),
    patient_no: foreignNumber,
    sex: z.enum(['male', 'female']),
    birth_date: z.iso.date(),
    weight_grams: z.int().min(300).max(500_000).optional().meta({ description: 'For newborns and infants' }),
    fee_type: words(16).optional().meta({ description: '费别: 自费, 医保 …' }),
    department: words(64),
    doctor: words(64),
    diagnosis: words(200),
    rx_type: rxType,
    rx_class: rxClass.default('normal'),
    valid_days: z
      .int()
      .min(1)
      .max(3)
      .default(1)
      .meta({ description: 'Issue day counts as the first (art. 18)' }),
    long_supply_reason: words(100)
      .optional()
      .meta({ description: 'Why more than 7 (emergency: 3) days (art. 19)' }),
    doses: z.int().min(1).max(60).optional().meta({ description: '剂数/付数, herbal only' }),
    decoction: words(100).optional().meta({ description: '煎服法, herbal only' }),
    identity_no: words(32).optional().meta({ description: 'Narcotic and psychotropic class I' }),
    agent_name: words(64).optional(),
    agent_identity_no: words(32).optional(),
    lines: z.array(rxLineInput).min(1).max(60),
  })
  .meta({ id: 'IssuePrescription' });

export const rxState = z.enum(['issued', 'approved', 'returned', 'void']);

export const rxLine = z
  .object({
    line_no: z.int(),
    drug_code: z.string(),
    generic_name: z.string(),
    trade_name: z.string(),
    form: z.string(),
    spec: z.string(),
    kind: z.enum(['western', 'patent', 'herb']),
    dose: z.string(),
    dose_unit: z.string(),
    route: z.string(),
    frequency: z.string(),
    days: z.int().nullable(),
    quantity: z.string(),
    unit: z.string(),
    unit_price: z.string(),
    amount_fen: amountFen,
    footnote: z.string(),
    skin_test: z.boolean(),
    advice: z.string(),
  })
  .meta({ id: 'PrescriptionLine' });

export const prescription = z
  .object({
    id: z.int(),
    prescription_no: z.string(),
    state: rxState,
    review_required: z.boolean(),
    patient_name: z.string(),
    patient_no: z.string(),
    sex: z.enum(['male', 'female']),
    birth_date: z.string(),
    age: z.string().meta({ description: 'As printed: 35岁, 8月, 12天' }),
    fee_type: z.string(),
    department: z.string(),
    doctor: z.string(),
    diagnosis: z.string(),
    rx_type: rxType,
    rx_class: rxClass,
    valid_until: instant,
    doses: z.int().nullable(),
    decoction: z.string(),
    long_supply_reason: z.string(),
    amount_fen: amountFen,
    amount: amountYuan,
    bill_id: z.int().nullable(),
    bill_status: z.enum(['unpaid', 'paid', 'void']).nullable(),
    review_note: z.string().nullable(),
    lines: z.array(rxLine),
    created_at: instant,
    version: z.int(),
  })
  .meta({ id: 'Prescription' });

export const prescriptionPage = z
  .object({ prescriptions: z.array(prescription), next_before_id: z.int().nullable() })
  .meta({ id: 'PrescriptionPage' });

export const reviewBody = z
  .strictObject({ decision: z.enum(['approve', 'return']), note: words(200).optional() })
  .meta({ id: 'Review' });

export const voidPrescriptionBody = z
  .strictObject({ reason: words(200), insist: z.boolean().optional() })
  .meta({ id: 'VoidPrescription' });

export const drug = z
  .object({
    code: z.string(),
    generic_name: z.string(),
    trade_name: z.string(),
    form: z.string(),
    spec: z.string(),
    kind: z.enum(['western', 'patent', 'herb']),
    unit: z.string(),
    unit_price: z.string(),
    dose_unit: z.string(),
  })
  .meta({ id: 'Drug' });

export const patient = z
  .object({
    patient_no: z.string(),
    name: z.string(),
    sex: z.enum(['male', 'female']),
    birth_date: z.string(),
  })
  .meta({ id: 'Patient' });
