import { z } from 'zod';
import { instant, pageLimit, wholeNumber } from './session.ts';

export const webhookState = z.enum(['waiting', 'delivered', 'parked']);

export const webhook = z
  .object({
    id: z.int(),
    event_id: z.string().meta({ description: 'The webhook-id header: the same for every delivery of it' }),
    bill_id: z.int().nullable().meta({ description: 'Null for what belongs to no bill' }),
    sequence: z.int().meta({ description: 'Counts the events of one bill from 1, without a gap' }),
    type: z.enum(['bill.paid', 'bill.voided', 'refund.succeeded', 'refund.failed', 'suspense.opened']),
    state: webhookState,
    attempts: z.int(),
    last_status: z
      .string()
      .nullable()
      .meta({ description: 'What the last try came to: HTTP 503, not_sent: ECONNREFUSED' }),
    created_at: instant,
    last_tried_at: instant.nullable(),
    delivered_at: instant.nullable(),
  })
  .meta({ id: 'Webhook' });

export const webhookWithBody = webhook
  .extend({ payload: z.string().meta({ description: 'The body, word for word as it is sent' }) })
  .meta({ id: 'WebhookWithBody' });

export const webhookPage = z
  .object({ webhooks: z.array(webhook), next_before_id: z.int().nullable() })
  .meta({ id: 'WebhookPage' });

export const webhookQuery = z.strictObject({
  state: webhookState.optional(),
  bill_id: wholeNumber(1).optional(),
  before_id: wholeNumber(1).optional(),
  limit: pageLimit,
});
