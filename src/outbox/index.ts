export { deliverWebhooks } from './deliver-webhooks.ts';
export { enqueue, type WebhookEvent, type WebhookPayload, type WebhookType } from './enqueue.ts';
export { listWebhooks, readWebhook, type Webhook, type WebhookQuery } from './list-webhooks.ts';
export type { CourierParts } from './parts.ts';
export { planDeliveries } from './plan-deliveries.ts';
export { replayParked, replayWebhook } from './replay-webhook.ts';
export { isHostAndPort, readTarget, type TargetFault, type WebhookTarget } from './target.ts';
