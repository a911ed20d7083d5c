import { Webhook } from 'standardwebhooks';

/**
 * The headers of a delivery, by the Standard Webhooks specification: an HMAC-SHA-256 of
 * `id.timestamp.body` under each secret, so that a receiver who knows the former or the current one
 * is content while they are changed over (L6).
 */
export function signedHeaders(
  secrets: readonly string[],
  eventId: string,
  body: string,
  nowMs: number,
): Record<string, string> {
  const at = new Date(nowMs);
  return {
    'content-type': 'application/json',
    'user-agent': 'zhenfu',
    'webhook-id': eventId,
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(eventId, at, body)).join(' '),
  };
}
