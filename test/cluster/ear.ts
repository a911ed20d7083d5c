import { Webhook } from 'standardwebhooks';

export const WEBHOOK_SECRET = `whsec_${Buffer.from('a pretend secret of 32 bytes.....').toString('base64')}`;

/**
 * The clinic's own system as the one who is told (I-27): each signature right, one id says one thing,
 * and each bill's events in their order, whichever instance tells them.
 */
export class Ear {
  readonly breaches: string[] = [];
  readonly #webhook = new Webhook(WEBHOOK_SECRET);
  readonly #said = new Map<string, string>();
  readonly #last = new Map<number, number>();

  get events(): number {
    return this.#said.size;
  }

  /** Answers the HTTP status. */
  hear(headers: Record<string, string>, body: string): number {
    const id = headers['webhook-id'] ?? '';
    const at = new Date(Number(headers['webhook-timestamp']) * 1000);
    if (this.#webhook.sign(id, at, body) !== headers['webhook-signature']) {
      this.breaches.push(`L6: the webhook ${id} is not signed`);
      return 400;
    }
    const before = this.#said.get(id);
    if (before !== undefined && before !== body)
      this.breaches.push(`I-27: the webhook ${id} says two things`);
    if (before !== undefined) return 204;
    this.#said.set(id, body);
    const { bill_id: bill, sequence } = JSON.parse(body) as { bill_id: number | null; sequence: number };
    const last = this.#last.get(bill ?? 0) ?? 0;
    if (bill !== null && sequence !== last + 1)
      this.breaches.push(`I-27: bill ${bill} tells number ${sequence} after ${last}`);
    this.#last.set(bill ?? 0, sequence);
    return 204;
  }
}
