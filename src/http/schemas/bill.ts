import { z } from 'zod';
import {
  amountFen,
  amountYuan,
  disposition,
  instant,
  pageLimit,
  paymentMethod,
  sessionId,
  sessionPhase,
  sessionStatusWord,
  sumFen,
  wholeNumber,
} from './session.ts';

/** Text as a clinic writes it: trimmed, no control characters, no lone surrogates. */
export const words = (max: number, min = 1) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u)
    .refine((text) => text === text.trim(), { message: 'no blanks at either end' });

/** A number that another system gave: printable ASCII, no blanks; compared byte for byte. */
export const foreignNumber = z.string().regex(/^[\x21-\x7e]{1,64}$/);

export const feeClass = z
  .enum(['01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12', '13', '14'])
  .meta({ id: 'FeeClass', description: 'National fee class (med_chrgitm_type)' });

export const quantity = z.union([
  z.int().min(1).max(9_999_999),
  z.string().regex(/^(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,3})?$/),
]);

export const billLineInput = z
  .strictObject({
    fee_class: feeClass,
    name: words(128),
    spec: words(128, 0).optional(),
    quantity,
    unit: words(16),
    unit_price_fen: amountFen.optional(),
    unit_price: z
      .string()
      .regex(/^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,4})?$/)
      .optional()
      .meta({ description: 'Yuan, ≤ 4 decimals; instead of unit_price_fen' }),
  })
  .refine((line) => (line.unit_price_fen === undefined) !== (line.unit_price === undefined), {
    message: 'exactly one of unit_price_fen and unit_price',
    path: ['unit_price_fen'],
  })
  .meta({ id: 'NewBillLine' });

export const createBillBody = z
  .strictObject({
    external_bill_no: foreignNumber,
    patient_name: words(64),
    patient_no: foreignNumber.optional(),
    department: words(64).optional(),
    doctor: words(64).optional(),
    lines: z.array(billLineInput).min(1).max(200),
    discount_fen: amountFen.optional(),
    fund_pay_fen: amountFen.optional(),
    account_pay_fen: amountFen.optional(),
  })
  .meta({ id: 'CreateBill' });

export const billStatus = z.enum(['unpaid', 'paid', 'void']);

export const billLine = z
  .object({
    line_no: z.int(),
    fee_class: feeClass,
    fee_class_name: z.string(),
    name: z.string(),
    spec: z.string(),
    quantity: z.string(),
    unit: z.string(),
    unit_price: z.string(),
    amount_fen: amountFen,
    amount: amountYuan,
  })
  .meta({ id: 'BillLine' });

export const billSession = z
  .object({
    session_id: sessionId,
    payment_method: paymentMethod,
    status: sessionStatusWord,
    phase: sessionPhase,
    shown: z.boolean(),
    expires_at: instant,
    created_at: instant,
    disposition: disposition.nullable(),
    late: z.boolean(),
    out_trade_no: z.string(),
    channel_trade_no: z.string().nullable(),
    paid_at: instant.nullable(),
  })
  .meta({ id: 'BillSession' });

export const billSummary = z
  .object({
    id: z.int(),
    bill_no: z.string(),
    external_bill_no: z.string().nullable(),
    prescription_id: z.int().nullable(),
    patient_name: z.string(),
    patient_no: z.string(),
    department: z.string(),
    doctor: z.string(),
    status: billStatus,
    total_fen: amountFen,
    payable_fen: amountFen,
    payable: amountYuan,
    paid_fen: amountFen,
    refunded_fen: amountFen,
    surplus_fen: sumFen.meta({
      description: 'Money that came beside the one payment and is on its way back',
    }),
    payment_method: paymentMethod.nullable().meta({ description: 'Of the payment that settled it' }),
    paid_at: instant.nullable(),
    late: z.boolean(),
    valid_until: instant.nullable(),
    created_at: instant,
    version: z.int(),
  })
  .meta({ id: 'BillSummary' });

export const bill = billSummary
  .extend({
    discount_fen: amountFen,
    fund_pay_fen: amountFen,
    account_pay_fen: amountFen,
    void_reason: z.string().nullable(),
    lines: z.array(billLine),
    sessions: z.array(billSession),
  })
  .meta({ id: 'Bill' });

export const billQuery = z.strictObject({
  status: billStatus.optional(),
  q: words(64).optional().meta({ description: 'Bill number, external number, patient number or name' }),
  before_id: wholeNumber(1).optional(),
  limit: pageLimit,
});

export const billPage = z
  .object({ bills: z.array(billSummary), next_before_id: z.int().nullable() })
  .meta({ id: 'BillPage' });

export const voidBillBody = z
  .strictObject({ reason: words(200), insist: z.boolean().optional() })
  .meta({ id: 'VoidBill' });
