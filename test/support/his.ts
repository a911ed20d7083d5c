import { Webhook } from 'standardwebhooks';
import { expect, vi } from 'vitest';
import { NetworkFault, type InboundAnswer, type OutboundRequest } from '#world';

/** What the receiver does with one delivery instead of saying 200; `lost` hears it and its answer never comes. */
export type Mood = number | 'silent' | 'lost';

export interface Told {
  id: string;
  type: string;
  bill_id: number | null;
  sequence: number;
  timestamp: string;
  data: Record<string, unknown>;
  /** How often it came. */
  times: number;
}

/**
 * A clinic's own system, written from docs/howto/webhooks.md alone: verifies with the published
 * library, drops repeats by id, and holds the sender to the order of each bill.
 */
export interface His {
  receive(request: OutboundRequest): Promise<InboundAnswer>;
  /** Every event once, in the order in which it was first heard. */
  told: Told[];
  /** All that came, repeats and refused ones too: the ids. */
  knocks: string[];
  /** Breaches of what the sender promised, in words. */
  complaints: string[];
  /** Its mood for a delivery; undefined: it says 200. */
  mood: (event: Omit<Told, 'times'>) => Mood | undefined;
  /** The newest that it knows of each bill. */
  bills: Map<number, unknown>;
}

export function openHis(nowMs: () => number, secret: string): His {
  const webhook = new Webhook(secret);
  const his: His = {
    told: [],
    knocks: [],
    complaints: [],
    mood: () => undefined,
    bills: new Map(),
    async receive(request) {
      const body = Buffer.from(request.body ?? []).toString('utf8');
      const event = readSigned(webhook, body, request.headers, nowMs());
      his.knocks.push(event.id);
      const mood = his.mood(event);
      if (mood === 'silent') throw new NetworkFault('not_sent', 'ECONNREFUSED');
      if (mood !== 'lost' && mood !== undefined && (mood < 200 || mood > 299)) return answer(mood);
      hear(his, event);
      if (mood === 'lost') throw new NetworkFault('no_answer', 'ECONNRESET');
      return answer(mood ?? 200);
    },
  };
  return his;
}

function answer(status: number): InboundAnswer {
  return { status, headers: {}, body: new Uint8Array() };
}

/** The library reads the machine's clock; ours is the test's. */
function readSigned(webhook: Webhook, body: string, headers: Record<string, string>, nowMs: number) {
  vi.setSystemTime(nowMs);
  try {
    const event = webhook.verify(body, headers) as Omit<Told, 'id' | 'times'>;
    return { ...event, id: headers['webhook-id'] ?? '' };
  } finally {
    vi.useRealTimers();
  }
}

function hear(his: His, event: Omit<Told, 'times'>): void {
  const known = his.told.find(({ id }) => id === event.id);
  if (known !== undefined) {
    known.times += 1;
    expect({ ...known, times: 0 }, 'a repeat says the same').toEqual({ ...event, times: 0 });
    return;
  }
  const last = his.told.filter(({ bill_id }) => bill_id === event.bill_id).at(-1)?.sequence ?? 0;
  if (event.sequence !== last + 1)
    his.complaints.push(`bill ${event.bill_id}: number ${event.sequence} after ${last}`);
  his.told.push({ ...event, times: 1 });
  if (event.bill_id === null) return;
  const bill = event.type.startsWith('bill.') ? event.data : event.data.bill;
  his.bills.set(event.bill_id, bill);
}
