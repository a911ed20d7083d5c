import { voidBillRow } from '#bill';
import { billToCollect, type BillToCollect } from '#sql/bills';
import { settledSessionOfBill, shownSession, type SessionRow, type SessionView } from '#sql/sessions';
import type { Tx } from '#store';
import { isRefusal, refuse, type Refusal } from '#trouble';
import type { Parts } from './parts.ts';
import { retireSession } from './retire-session.ts';

export interface VoidBill {
  billId: number;
  reason: string;
  insist: boolean;
  actor: string;
}

export type VoidRefusal = Refusal<'bill_not_found' | 'bill_already_paid' | 'retire_unfinished'>;

/**
 * Voids an unpaid bill, the code on its screens first. Money that comes by an old code after that is
 * surplus and goes back. A bill that is void already stays so.
 * `alongside` runs in the transaction that voids (a prescription voids itself with its bill).
 */
export async function voidBill(
  parts: Parts,
  wish: VoidBill,
  alongside?: (tx: Tx, atMs: number) => Promise<void>,
): Promise<{ billId: number } | VoidRefusal> {
  for (;;) {
    const { bill, shown, paid } = await parts.store.read(async (tx) => ({
      bill: await tx.one<BillToCollect>(billToCollect, wish.billId),
      shown: await tx.one<SessionRow>(shownSession, wish.billId),
      paid: await tx.one<SessionView>(settledSessionOfBill, wish.billId),
    }));
    if (bill === undefined) return refuse('bill_not_found');
    if (bill.status === 'paid') return refuse('bill_already_paid', { facts: { session_id: paid?.public_id ?? null } });
    if (bill.status === 'void') return { billId: bill.id };
    if (shown !== undefined) {
      const retired = await retireSession(parts, { ...wish, publicId: shown.public_id, reason: 'void' });
      if (retired === 'unfinished') return refuse('retire_unfinished', { facts: { session_id: shown.public_id } });
      continue;
    }
    const voided = await parts.store.transact('void-bill', async (tx) => {
      const atMs = parts.world.now();
      const answer = await voidBillRow(tx, bill.id, wish.reason, wish.actor, atMs);
      if (isRefusal(answer) || !answer.voided) return false;
      await alongside?.(tx, atMs);
      return true;
    });
    // Paid, or a new code was shown, in this instant: look again.
    if (voided) return { billId: bill.id };
  }
}
