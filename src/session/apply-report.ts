import type { ChannelReport } from '#channel';
import { compareReport } from '#payment';
import { believeRefund, mintRefundNo } from '#refund';
import { evidenceById, markApplied, type EvidenceRow } from '#sql/evidence';
import { paymentByNumber, type PaymentRow } from '#sql/payments';
import type { Tx } from '#store';
import { adoptMoney, setAside } from './adopt-money.ts';
import { closeOrder } from './close-order.ts';
import type { Parts } from './parts.ts';
import { takeDebit } from './take-debit.ts';

/** What believing a report came to. */
export type Applied =
  | 'settled' // the bill is paid by it
  | 'surplus' // the bill was paid or void already: it goes back by itself
  | 'disputed' // another amount than ours: a person decides
  | 'closed' // the order will never be paid
  | 'refund' // news of money going back
  | 'no_change' // told again, or nothing that ends anything
  | 'unknown_order' // adopted, and before a person
  | 'foreign_account' // kept, and before a person
  | 'applied_before';

/** Who told it, when we believed it, and the piece of evidence that says so. */
export interface Cause {
  actor: string;
  atMs: number;
  evidenceId: number;
  /** For a surplus that goes back: its number, minted before the transaction. */
  refundNo: string;
}

/** A belief, and the suspense item that gives the money its home where no bill does. */
export interface Belief {
  applied: Applied;
  suspenseId?: number;
}

/**
 * Believes one piece of kept evidence: the only place where a report changes what we hold true.
 * Notification, query and statement come through here alike, in any order and any number of times,
 * and end in the same state (I-22).
 */
export async function applyEvidence(parts: Parts, evidenceId: number): Promise<Applied> {
  const refundNo = mintRefundNo(parts.world);
  try {
    return await parts.store.transact('apply-report', async (tx) => {
      const evidence = await tx.one<EvidenceRow>(evidenceById, evidenceId);
      if (evidence === undefined) throw new Error(`no evidence ${evidenceId}`);
      if (evidence.applied_at !== null || evidence.report === null) return 'applied_before';
      const report = JSON.parse(evidence.report) as ChannelReport;
      const cause: Cause = {
        actor: `channel:${report.method}`,
        atMs: parts.world.now(),
        evidenceId,
        refundNo,
      };
      const payment = await tx.one<PaymentRow>(paymentByNumber, report.outTradeNo);
      const { applied, suspenseId } = await believe(tx, parts, report, payment, cause);
      const { rows } = await tx.run(
        markApplied,
        cause.atMs,
        applied,
        payment?.id ?? null,
        suspenseId ?? null,
        evidenceId,
      );
      // Another instance applied it between our reading and now: its transaction did everything.
      if (rows === 0) throw new AppliedMeanwhile();
      return applied;
    });
  } catch (error) {
    if (error instanceof AppliedMeanwhile) return 'applied_before';
    throw error;
  }
}

class AppliedMeanwhile extends Error {}

async function believe(
  tx: Tx,
  parts: Parts,
  report: ChannelReport,
  payment: PaymentRow | undefined,
  cause: Cause,
): Promise<Belief> {
  if (report.state === 'paid' && numbersOf(report).some(({ length }) => length > MAX_NUMBER)) {
    return setAside(tx, parts, report, 'a number that no channel gives', cause);
  }
  if (payment === undefined) return adopt(tx, parts, report, cause);
  const { verdict, differs } = compareReport(payment, report);
  // A genuine word of a payment of nothing is no payment: a person looks.
  if (verdict === 'foreign' || (report.state === 'paid' && report.totalFen === 0)) {
    const detail = `payment ${payment.id}: ${differs.join(', ')}`;
    return setAside(tx, parts, report, detail, cause);
  }
  if (report.state === 'closed') return closeOrder(tx, parts, report, payment, cause);
  if (report.state !== 'paid') return { applied: 'no_change' };
  const belief = await takeDebit(tx, parts, report, payment, verdict === 'equal', cause);
  if (report.about !== 'refund' || report.refund === undefined) return belief;
  await believeRefund(tx, parts, payment, report.refund, cause);
  return belief.applied === 'no_change' ? { applied: 'refund' } : belief;
}

/** No number of a channel is longer (alipay.md 2: S(64); wechatpay.md 6.1: 32, refunds 64), and no column. */
const MAX_NUMBER = 64;

function numbersOf({ outTradeNo, channelTradeNo, refund }: ChannelReport): string[] {
  const numbers = [outTradeNo, channelTradeNo, refund?.outRefundNo, refund?.channelRefundNo];
  return numbers.filter((number) => number !== undefined);
}

/** Money of a number that we do not know, and with it what the same report says has gone back already (M6). */
async function adopt(tx: Tx, parts: Parts, report: ChannelReport, cause: Cause): Promise<Belief> {
  const belief = await adoptMoney(tx, parts, report, cause);
  if (report.refund === undefined) return belief;
  const adopted = await tx.one<PaymentRow>(paymentByNumber, report.outTradeNo);
  if (adopted !== undefined) await believeRefund(tx, parts, adopted, report.refund, cause);
  return belief;
}
