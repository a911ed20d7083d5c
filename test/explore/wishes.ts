import type { Channel, ChannelTraits, NotificationReading, Outcome, PaymentMethod } from '#channel';
import { keepAnswer } from '#inbox';
import { takeLease } from '#job';
import { approveRefund, cancelRefund, followRefund, requestRefund } from '#refund';
import {
  applyEvidence,
  cancelSession,
  followPayment,
  Hub,
  openSession,
  receiveNotification,
  voidBill,
} from '#session';
import { Worker } from '#worker';
import type { Run } from './errand.ts';
import { account, type Notice } from './wallets.ts';

type WorkerParts = ConstructorParameters<typeof Worker>[0];

/** What somebody sets going: each is one production operation, called as its route or the worker calls it. */
export type Wish =
  | { do: 'open'; method: PaymentMethod; refresh: boolean; insist: boolean; timeoutMinutes: number }
  | { do: 'cancel'; session: number; publicId: string; insist: boolean }
  | { do: 'void'; insist: boolean }
  | { do: 'refund'; amountFen: number }
  | { do: 'approve' | 'cancel_refund'; refund: number }
  | { do: 'follow_payment' | 'follow_refund'; subject: number }
  | { do: 'sweep' }
  | { do: 'deliver'; notice: Notice };

export const BILL = 1;
export const BILL_FEN = 100;
/** A refund above this waits for a second person. */
export const LIMIT_FEN = 50;

/** What a request that waits for its code does: it reads, and changes nothing. */
export const WAITER_MS = 500;

export async function perform(parts: WorkerParts, wish: Wish): Promise<unknown> {
  switch (wish.do) {
    case 'open':
      return openSession(parts, { ...wish, billId: BILL, actor: 'staff:1' });
    case 'cancel':
      return cancelSession(parts, { ...wish, actor: 'staff:1' });
    case 'void':
      return voidBill(parts, { id: BILL, reason: 'wrong', insist: wish.insist, actor: 'staff:1' });
    case 'refund':
      return requestRefund(parts, {
        billId: BILL,
        amountFen: wish.amountFen,
        reason: 'back',
        actor: 'staff:1',
      });
    case 'approve':
      return approveRefund(parts, wish.refund, 'staff:2');
    case 'cancel_refund':
      return cancelRefund(parts, wish.refund, 'staff:1');
    case 'follow_payment':
    case 'follow_refund':
      return follow(parts, wish.do, wish.subject);
    case 'sweep':
      return new Worker(parts).sweep();
    default:
      return receive(parts, wish.notice);
  }
}

/** As the worker does with a job that is due, and as "ask now" does with one that is not. */
async function follow(
  parts: WorkerParts,
  kind: 'follow_payment' | 'follow_refund',
  subject: number,
): Promise<void> {
  const lease = await takeLease(parts, kind, subject);
  if (lease === undefined || lease === 'done') return;
  if (kind === 'follow_payment') return followPayment(parts, lease);
  return followRefund(parts, lease, async (report) => {
    const kept = await keepAnswer(parts, report);
    await applyEvidence(parts, kept.evidenceId);
  });
}

async function receive(parts: WorkerParts, notice: Notice): Promise<unknown> {
  const body = Buffer.from(JSON.stringify(notice));
  const received = await receiveNotification(parts, notice.report.method, { headers: {}, body });
  if (received === 'not_configured') throw new Error('a notice for a channel that is not there');
  await received.apply?.();
  return received.answer;
}

/** What one errand is given of the world: its own clock, chance, calls and store, and nobody's memory. */
export function partsFor(run: Run): WorkerParts {
  return {
    world: {
      // The sweep takes what is two seconds old; nobody waits for that here.
      now: () => (run.wish.do === 'sweep' ? run.nowMs + 2_001 : run.nowMs),
      random: (count) => run.random(count),
      after: (delayMs, task) => run.after(delayMs, task),
      send: () => Promise.reject(new Error('nobody calls out of here')),
    },
    store: run.store,
    channels: new Map(methods.map((method) => [method, channelFor(run, method)])),
    hub: new Hub(),
    clinic: { id: 1, name: '诊所', shortName: '诊所' },
    publicBaseUrl: 'https://pay.example',
    instance: `i${run.id}`,
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (event, fields) => run.complain(`${event}: ${fields?.detail ?? ''}`),
    },
    refundLimitFen: LIMIT_FEN,
  };
}

const methods = ['alipay', 'wechat'] as const;
const said = { status: 200, contentType: 'text/plain', body: 'ok' };

function channelFor(run: Run, method: PaymentMethod): Channel {
  const call = <T>(what: Parameters<Run['call']>[0]): Promise<Outcome<T>> => run.call<Outcome<T>>(what);
  return {
    method,
    account: { method, ...account },
    configurationId: 'one',
    traits: traits[method],
    accepted: said,
    rejected: { ...said, status: 400 },
    create: (order) => call({ api: 'create', method, order }),
    query: (number) => call({ api: 'query', method, number }),
    close: (number) => call({ api: 'close', method, number }),
    refund: (request) => call({ api: 'refund', method, request }),
    queryRefund: (request) => call({ api: 'queryRefund', method, request }),
    fetchStatement: async () => ({ outcome: 'done', value: { state: 'not_ready' } }),
    readNotification: async ({ body }): Promise<NotificationReading> => {
      const { id, report } = JSON.parse(Buffer.from(body).toString()) as Notice;
      return { verdict: 'genuine', notificationId: id, report, words: JSON.stringify(report), keyId: 'key' };
    },
  };
}

const MINUTE_MS = 60_000;
/** As the adapters declare them; `explore.test.ts` holds them to the adapters' own. */
export const traits: Record<PaymentMethod, ChannelTraits> = {
  alipay: {
    unscannedIsInvisible: true,
    endsAtExpiry: true,
    deadAfterExpiryMs: 10 * MINUTE_MS,
    burntAfterMs: 130 * MINUTE_MS,
    tellsScanned: true,
    refundNoneProvesAfterMs: MINUTE_MS,
    betweenRefundsMs: 3000,
    refundsAtMost: Infinity,
    refundWindowMs: 365 * 1440 * MINUTE_MS,
    statementIsProven: false,
    statementAfterMs: 540 * MINUTE_MS,
  },
  wechat: {
    unscannedIsInvisible: false,
    endsAtExpiry: false,
    deadAfterExpiryMs: 10 * MINUTE_MS,
    burntAfterMs: MINUTE_MS,
    tellsScanned: false,
    refundNoneProvesAfterMs: MINUTE_MS,
    betweenRefundsMs: MINUTE_MS,
    refundsAtMost: 50,
    refundWindowMs: 365 * 1440 * MINUTE_MS,
    statementIsProven: true,
    statementAfterMs: 600 * MINUTE_MS,
  },
};
