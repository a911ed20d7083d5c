import { z } from 'zod';
import { words } from './bill.ts';
import { amountFen, amountYuan, instant } from './session.ts';

const positiveFen = z.int().min(1).max(10_000_000_000).meta({ description: 'Whole fen (分), at least 1' });

export const requestRefundBody = z
  .strictObject({
    amount_fen: positiveFen.optional(),
    lines: z
      .array(z.strictObject({ line_no: z.int().min(1), amount_fen: positiveFen }))
      .min(1)
      .max(200)
      .optional()
      .meta({ description: 'Which lines go back; instead of amount_fen' }),
    reason: words(100),
  })
  .refine((body) => (body.amount_fen === undefined) !== (body.lines === undefined), {
    message: 'exactly one of amount_fen and lines',
    path: ['amount_fen'],
  })
  .refine((body) => new Set(body.lines?.map((line) => line.line_no)).size === (body.lines?.length ?? 0), {
    message: 'each line at most once',
    path: ['lines'],
  })
  .meta({ id: 'RequestRefund' });

export const refund = z
  .object({
    id: z.int(),
    bill_id: z.int().nullable(),
    out_refund_no: z.string(),
    amount_fen: amountFen,
    amount: amountYuan,
    kind: z.enum(['bill', 'surplus', 'suspense', 'external']),
    state: z.enum([
      'requested',
      'approved',
      'cancelled',
      'submitted',
      'unknown',
      'failed',
      'abnormal',
      'succeeded',
    ]),
    reason: z.string(),
    requested_by: z.string(),
    approved_by: z.string().nullable(),
    channel_refund_no: z.string().nullable(),
    refunded_at: instant.nullable(),
    fault_code: z.string().nullable(),
    created_at: instant,
    version: z.int(),
  })
  .meta({ id: 'Refund' });

export const refundList = z.object({ refunds: z.array(refund) }).meta({ id: 'RefundList' });
