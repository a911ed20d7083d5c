import { z } from 'zod';

/** The public contract of design.md section 3, to the letter; more fields may come, none may go. */

export const paymentMethod = z.enum(['alipay', 'wechat']).meta({ id: 'PaymentMethod' });
export const sessionId = z.string().regex(/^[A-Za-z0-9_-]{22}$/);
export const instant = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC' });
export const amountFen = z.int().min(0).max(10_000_000_000).meta({ description: 'Whole fen (分)' });
/** A sum over many payments has no upper bound of its own. */
export const sumFen = z.int().min(0).meta({ description: 'Whole fen (分), a sum' });
export const amountYuan = z.string().meta({ description: 'Yuan with two decimals, e.g. "12.30"' });

/**
 * A whole number in a path or a query, in its one spelling: `01`, `1e0` and `0x1` are other texts for
 * a number, and refused.
 */
export const wholeNumber = (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : text),
    z.int().min(least).max(most),
  );
export const billId = wholeNumber(1);
/** How many rows a page of a list holds. */
export const pageLimit = wholeNumber(1, 200).default(50);

export const openSessionBody = z
  .strictObject({
    payment_method: paymentMethod,
    timeout_minutes: z.int().min(1).max(120).default(15),
    refresh: z.boolean().optional().meta({ description: 'Retire the code that is shown and make a new one' }),
    insist: z.boolean().optional().meta({ description: 'Go on although the old code may still be paid' }),
  })
  .meta({ id: 'OpenSession' });

export const openedSession = z
  .object({
    qr_code_content: z.string(),
    qr_code_image_url: z.string(),
    expires_at: instant,
    session_id: sessionId,
    bill_id: z.int(),
    payment_method: paymentMethod,
    amount_fen: amountFen,
    amount: amountYuan,
    patient_page_url: z.string(),
    server_time: instant,
  })
  .meta({ id: 'OpenedSession' });

export const sessionStatusWord = z.enum(['pending', 'paid', 'expired', 'cancelled']);
export const sessionPhase = z.enum(['creating', 'ready', 'scanned', 'confirming', 'ended']);
export const disposition = z.enum(['settled', 'surplus', 'disputed']);

export const sessionStatus = z
  .object({
    status: sessionStatusWord,
    bill_id: z.int(),
    payment_method: paymentMethod,
    expires_at: instant,
    session_id: sessionId,
    phase: sessionPhase,
    code_shown: z.boolean().meta({ description: 'The image may stand on a screen now' }),
    amount_fen: amountFen,
    amount: amountYuan,
    version: z.int(),
    server_time: instant,
    paid_at: instant.nullable(),
    late: z.boolean().meta({ description: 'The money came after the code had left the screens' }),
    disposition: disposition.nullable(),
    replaced_by: sessionId.nullable(),
    end_reason: z
      .enum(['timeout', 'refresh', 'switch', 'cancel', 'void', 'declined', 'paid_elsewhere', 'disputed'])
      .nullable(),
    clinic_name: z.string(),
  })
  .meta({ id: 'SessionStatus' });

export const cancellationBody = z
  .strictObject({ insist: z.boolean().optional() })
  .meta({ id: 'Cancellation' });

/** What retiring a code came to: it tells the truth about which of the three happened. */
export const retirement = z
  .object({
    result: z.enum(['paid', 'closed', 'withdrawn']),
    payable_until: instant
      .nullable()
      .meta({ description: 'Only when withdrawn: the last moment that old money may come' }),
    session: sessionStatus,
  })
  .meta({ id: 'Retirement' });
