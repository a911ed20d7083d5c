import { raiseAlarm } from '#alarm';
import { recordEvent } from '#sql/events';
import {
  addRefundedToBill,
  addRefundedToPayment,
  moveRefund as moveRow,
  releaseRefund,
  reserveRefund,
  type RefundRow,
} from '#sql/refunds';
import { Conflict, type Tx } from '#store';
import type { Parts } from './parts.ts';
import { tellRefund } from './tell-refund.ts';
import { contradicts, grid, illegal, isReleased, stay, type Happening } from './states.ts';

export interface Cause {
  actor: string;
  atMs: number;
  reason?: string;
  evidenceId?: number;
}

export interface RefundPatch {
  approvedBy?: string;
  channelRefundNo?: string | undefined;
  refundedAtMs?: number;
  faultCode?: string;
}

/**
 * Moves a refund as the grid says, with its event and with what the change does to the sums of its
 * payment and bill: the amount is reserved until it failed or was cancelled, and counted as refunded
 * from success on. Updates `row`. Throws Conflict when the row changed since it was read.
 */
export async function moveRefund(
  tx: Tx,
  parts: Pick<Parts, 'clinic' | 'log'>,
  row: RefundRow,
  happening: Happening,
  cause: Cause,
  patch: RefundPatch = {},
): Promise<'moved' | 'stayed' | 'illegal'> {
  const from = row.state;
  const cell = grid[from][happening];
  if (cell === stay) return 'stayed';
  if (cell === illegal) return 'illegal';
  const { rows } = await tx.run(
    moveRow,
    cell,
    cause.atMs,
    patch.approvedBy ?? null,
    patch.channelRefundNo ?? null,
    patch.refundedAtMs ?? null,
    patch.faultCode ?? null,
    cell,
    row.id,
    from,
    row.version,
  );
  if (rows === 0) throw new Conflict(`refund ${row.id}`);
  await recordEvent(tx, {
    clinicId: row.clinic_id,
    entity: 'refund',
    entityId: row.id,
    version: row.version + 1,
    happening,
    from,
    to: cell,
    actor: cause.actor,
    reason: cause.reason ?? null,
    evidenceId: cause.evidenceId ?? null,
    atMs: cause.atMs,
  });
  row.state = cell;
  row.version += 1;
  if (cell === 'succeeded') await countReturned(tx, parts, row, isReleased(from), cause);
  else if (isReleased(cell)) await giveFree(tx, row);
  if (cell === 'succeeded' && contradicts(from)) {
    const about = { entity: 'refund', entityId: row.id, atMs: cause.atMs };
    await raiseAlarm(tx, parts, { ...about, code: 'refund_contradicts', detail: `was ${from}` });
  }
  if (cell === 'succeeded' || cell === 'failed') await tellRefund(tx, `refund.${cell}`, row, cause.atMs);
  return 'moved';
}

async function giveFree(tx: Tx, row: RefundRow): Promise<void> {
  const { rows } = await tx.run(releaseRefund, row.amount_fen, row.payment_id, row.amount_fen);
  if (rows === 0) throw new Error(`refund ${row.id} gives free what was not reserved`);
}

/** Money went back. A refund that we had given up reserves its amount anew first, if there is room. */
async function countReturned(
  tx: Tx,
  parts: Pick<Parts, 'clinic' | 'log'>,
  row: RefundRow,
  released: boolean,
  cause: Cause,
): Promise<void> {
  const { amount_fen: fen, payment_id: paymentId } = row;
  if (released && (await tx.run(reserveRefund, fen, paymentId, fen)).rows === 0) {
    const about = { entity: 'refund', entityId: row.id, atMs: cause.atMs };
    await raiseAlarm(tx, parts, {
      ...about,
      code: 'refund_contradicts',
      detail: `${fen} fen more went back than came`,
    });
    return;
  }
  const counted = await tx.run(addRefundedToPayment, fen, paymentId, fen);
  if (counted.rows === 0) throw new Error(`refund ${row.id} returned what was not reserved`);
  if (row.bill_id !== null) await tx.run(addRefundedToBill, fen, cause.atMs, row.bill_id, paymentId, fen);
}
