import { voidBillRow, type VoidBillRefusal } from '#bill';
import { readPrescription, voidPrescriptionRow, type VoidPrescriptionRefusal } from '#prescription';
import { settledSessionOfBill, shownSession, type SessionRow, type SessionView } from '#sql/sessions';
import type { Tx } from '#store';
import { isRefusal, refuse, type Refusal } from '#trouble';
import type { Parts } from './parts.ts';
import { retireSession } from './retire-session.ts';

export interface Voiding {
  id: number;
  reason: string;
  /** Go on although what became of the old code is not certain. */
  insist: boolean;
  actor: string;
}

/**
 * Voids an unpaid bill, the code on its screens first. Money that comes by an old code after that is
 * surplus and goes back. A bill that is void already stays so.
 * refuses  bill_not_found, retire_unfinished, bill_already_paid (with the session that paid)
 */
export async function voidBill(parts: Parts, wish: Voiding): Promise<{ voided: boolean } | VoidBillRefusal> {
  const done = await offScreens(
    parts,
    wish,
    () => Promise.resolve(wish.id),
    (tx, atMs) => voidBillRow(tx, wish.id, wish.reason, wish.actor, atMs),
  );
  if (!isRefusal(done) || done.refused !== 'bill_already_paid') return done;
  const paid = await parts.store.read((tx) => tx.one<SessionView>(settledSessionOfBill, wish.id));
  return refuse('bill_already_paid', { facts: { session_id: paid?.public_id ?? null } });
}

/** Voids a prescription together with its unpaid bill, the code on the bill's screens first. */
export function voidPrescription(
  parts: Parts,
  wish: Voiding,
): Promise<{ voided: boolean } | VoidPrescriptionRefusal> {
  const billOf = async (): Promise<number | null> => {
    const prescription = await readPrescription(parts, wish.id);
    return isRefusal(prescription) ? null : prescription.bill_id; // that it is not there, the act says
  };
  return offScreens(parts, wish, billOf, (tx, atMs) =>
    voidPrescriptionRow(tx, wish.id, wish.reason, wish.actor, atMs),
  );
}

/**
 * Runs `act` once no code of the bill stands on a screen. The act refuses `retire_unfinished` by
 * itself when a new code came in this instant; then the round is made again, with the bill that the
 * prescription has by then.
 */
async function offScreens<R extends object>(
  parts: Parts,
  wish: Voiding,
  billOf: () => Promise<number | null>,
  act: (tx: Tx, atMs: number) => Promise<R>,
): Promise<R | Refusal<'retire_unfinished'>> {
  for (;;) {
    const billId = await billOf();
    const shown =
      billId === null ? undefined : await parts.store.read((tx) => tx.one<SessionRow>(shownSession, billId));
    if (shown !== undefined) {
      const retired = await retireSession(parts, { ...wish, publicId: shown.public_id, reason: 'void' });
      if (retired === 'unfinished') {
        return refuse('retire_unfinished', { facts: { session_id: shown.public_id } });
      }
    }
    const done = await parts.store.transact('void', (tx) => act(tx, parts.world.now()));
    if (!isRefusal(done) || done.refused !== 'retire_unfinished') return done;
  }
}
