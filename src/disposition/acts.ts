import { settleBill, tellBill } from '#bill';
import { mintRefundNo, reserveRefund, type NewRefund } from '#refund';
import { clearScreens, tellSession, type Parts } from '#session';
import { billToCollect, type BillToCollect } from '#sql/bills';
import { recordEvent } from '#sql/events';
import { paymentById, resolveDispute, type PaymentRow } from '#sql/payments';
import { refundById, type RefundRow } from '#sql/refunds';
import { moveSuspense, suspenseById, suspensePage, type SuspenseRow } from '#sql/suspense';
import { Conflict, UniqueViolation, type Tx } from '#store';
import { refuse, type Refusal } from '#trouble';

export interface Act {
  id: number;
  /** Why, in the person's own words. */
  note: string;
  /** A person's name stands on each act. */
  actor: string;
}

type NoItem = Refusal<'suspense_not_found' | 'suspense_closed'>;
type PostRefusal = NoItem | Refusal<'suspense_not_postable' | 'bill_not_found'>;
type RefundRefusal = NoItem | Refusal<'suspense_not_refundable'>;
type CloseRefusal = NoItem | Refusal<'suspense_holds_money'>;

/** Money that waits for a person, oldest first: age is what matters. */
export async function listSuspense(parts: Parts, afterId: number, limit: number): Promise<SuspenseRow[]> {
  return parts.store.read((tx) => tx.all<SuspenseRow>(suspensePage, parts.clinic.id, afterId, limit));
}

/**
 * Posts disputed money to an unpaid bill (I-05). It must cover the bill; what is more than the bill
 * goes back at once.
 * refuses  suspense_not_found, suspense_closed, bill_not_found, suspense_not_postable
 */
export function postToBill(parts: Parts, act: Act & { billId: number }): Promise<SuspenseRow | PostRefusal> {
  const refundNo = mintRefundNo(parts.world);
  return parts.store.transact('post-suspense', async (tx) => {
    const item = await openItem(tx, act.id);
    if ('refused' in item) return item;
    const bill = await tx.one<BillToCollect>(billToCollect, act.billId);
    if (bill === undefined) return refuse('bill_not_found');
    const payment = await disputedPayment(tx, item);
    const received = payment?.received_fen ?? 0;
    const free = payment === undefined ? 0 : received - payment.refund_reserved_fen;
    if (
      payment === undefined ||
      free < bill.payable_fen ||
      (payment.bill_id !== null && payment.bill_id !== bill.id)
    ) {
      return refuse('suspense_not_postable', { facts: { free_fen: free, payable_fen: bill.payable_fen } });
    }
    const atMs = parts.world.now();
    const settlement = {
      billId: bill.id,
      paymentId: payment.id,
      paidFen: bill.payable_fen,
      actor: act.actor,
      evidenceId: item.evidence_id ?? 0,
      atMs,
    };
    if (!(await settleBill(tx, settlement))) return refuse('suspense_not_postable');
    await resolve(tx, payment, 'settled', bill.id, act, atMs);
    await tellSession(tx, parts, payment.id, 'settled', { actor: act.actor, atMs });
    await clearScreens(tx, parts, bill.id, { actor: act.actor, atMs });
    const rest = free - bill.payable_fen;
    if (rest > 0) await sendBack(tx, parts, wayBack(payment, bill.id, rest, 'suspense', refundNo, act), atMs);
    await tellBill(tx, 'bill.paid', { id: bill.id, clinicId: parts.clinic.id }, atMs);
    return close(tx, item, 'posted', act, atMs);
  });
}

/**
 * Sends the money back: disputed money whole, or a refund that failed once more under a new number, and
 * only once, however many items tell of it.
 * refuses  suspense_not_found, suspense_closed, suspense_not_refundable
 */
export async function refundSuspense(parts: Parts, act: Act): Promise<SuspenseRow | RefundRefusal> {
  const refundNo = mintRefundNo(parts.world);
  try {
    return await parts.store.transact('refund-suspense', async (tx) => {
      const item = await openItem(tx, act.id);
      if ('refused' in item) return item;
      const atMs = parts.world.now();
      const disputed = await disputedPayment(tx, item);
      const sent =
        disputed === undefined
          ? await sendAnew(tx, parts, item, refundNo, act, atMs)
          : await sendDisputed(tx, parts, disputed, refundNo, act, atMs);
      return sent ? close(tx, item, 'refunded', act, atMs) : refuse('suspense_not_refundable');
    });
  } catch (error) {
    // Another item of the same refund has sent it anew.
    if (error instanceof UniqueViolation) return refuse('suspense_not_refundable');
    throw error;
  }
}

/** Disputed money goes back whole; where all of it went back already, there is nothing to send. */
async function sendDisputed(
  tx: Tx,
  parts: Parts,
  payment: PaymentRow,
  refundNo: string,
  act: Act,
  atMs: number,
): Promise<true> {
  await resolve(tx, payment, 'surplus', payment.bill_id, act, atMs);
  await tellSession(tx, parts, payment.id, 'surplus', { actor: act.actor, atMs });
  const free = (payment.received_fen ?? 0) - payment.refund_reserved_fen;
  if (free > 0)
    await sendBack(tx, parts, wayBack(payment, payment.bill_id, free, 'surplus', refundNo, act), atMs);
  return true;
}

/** A refund that failed, under a new number: its key lets one be made for each that failed, by whomever. */
async function sendAnew(
  tx: Tx,
  parts: Parts,
  item: SuspenseRow,
  refundNo: string,
  act: Act,
  atMs: number,
): Promise<boolean> {
  const failed = item.refund_id === null ? undefined : await tx.one<RefundRow>(refundById, item.refund_id);
  const paid = failed === undefined ? undefined : await tx.one<PaymentRow>(paymentById, failed.payment_id);
  if (failed?.state !== 'failed' || paid === undefined) return false;
  const kind = failed.kind === 'external' ? 'suspense' : failed.kind;
  const again = wayBack(paid, paid.bill_id, failed.amount_fen, kind, refundNo, act);
  return sendBack(tx, parts, { ...again, requestKey: `again:${failed.id}` }, atMs);
}

/** Keeps it before a person, with a name and a reason. */
export function holdSuspense(parts: Parts, act: Act): Promise<SuspenseRow | NoItem> {
  return parts.store.transact('hold-suspense', async (tx) => {
    const item = await openItem(tx, act.id);
    return 'refused' in item ? item : close(tx, item, 'held', act, parts.world.now());
  });
}

/** Ends an item whose money was dealt with outside: never one that still holds disputed money. */
export function closeSuspense(parts: Parts, act: Act): Promise<SuspenseRow | CloseRefusal> {
  return parts.store.transact('close-suspense', async (tx) => {
    const item = await openItem(tx, act.id);
    if ('refused' in item) return item;
    if ((await disputedPayment(tx, item)) !== undefined) return refuse('suspense_holds_money');
    return close(tx, item, 'closed', act, parts.world.now());
  });
}

async function openItem(tx: Tx, id: number): Promise<SuspenseRow | NoItem> {
  const item = await tx.one<SuspenseRow>(suspenseById, id);
  if (item === undefined) return refuse('suspense_not_found');
  return item.state === 'open' || item.state === 'held' ? item : refuse('suspense_closed');
}

async function disputedPayment(tx: Tx, item: SuspenseRow): Promise<PaymentRow | undefined> {
  if (item.payment_id === null) return undefined;
  const payment = await tx.one<PaymentRow>(paymentById, item.payment_id);
  return payment?.disposition === 'disputed' ? payment : undefined;
}

async function resolve(
  tx: Tx,
  payment: PaymentRow,
  disposition: 'settled' | 'surplus',
  billId: number | null,
  act: Act,
  atMs: number,
): Promise<void> {
  const { rows } = await tx.run(
    resolveDispute,
    disposition,
    billId,
    atMs,
    payment.id,
    payment.version,
    billId,
  );
  if (rows === 0) throw new Conflict(`payment ${payment.id}`);
  await recordEvent(tx, {
    clinicId: payment.clinic_id,
    entity: 'payment',
    entityId: payment.id,
    version: payment.version + 1,
    happening: disposition === 'settled' ? 'post' : 'return',
    from: 'paid',
    to: 'paid',
    actor: act.actor,
    reason: act.note,
    atMs,
  });
}

/** A refund by a person's decision: it needs no second one. */
function wayBack(
  payment: PaymentRow,
  billId: number | null,
  amountFen: number,
  kind: 'bill' | 'surplus' | 'suspense',
  outRefundNo: string,
  act: Act,
): NewRefund {
  return {
    outRefundNo,
    paymentId: payment.id,
    method: payment.payment_method,
    billId,
    amountFen,
    kind,
    reason: act.note.slice(0, 100),
    requestedBy: act.actor,
    approved: true,
  };
}

/** False where the payment has not that much left. */
async function sendBack(tx: Tx, parts: Parts, refund: NewRefund, atMs: number): Promise<boolean> {
  return (await reserveRefund(tx, parts, refund, atMs)) !== undefined;
}

async function close(
  tx: Tx,
  item: SuspenseRow,
  state: Exclude<SuspenseRow['state'], 'open'>,
  act: Act,
  atMs: number,
): Promise<SuspenseRow> {
  const closedAt = state === 'held' ? null : atMs;
  const { rows } = await tx.run(
    moveSuspense,
    state,
    act.actor,
    act.note,
    closedAt,
    atMs,
    item.id,
    item.version,
  );
  if (rows === 0) throw new Conflict(`suspense ${item.id}`);
  await recordEvent(tx, {
    clinicId: item.clinic_id,
    entity: 'suspense',
    entityId: item.id,
    version: item.version + 1,
    happening: state,
    from: item.state,
    to: state,
    actor: act.actor,
    reason: act.note,
    atMs,
  });
  return {
    ...item,
    state,
    owner: act.actor,
    note: act.note,
    closed_at: closedAt,
    version: item.version + 1,
    updated_at: atMs,
  };
}
