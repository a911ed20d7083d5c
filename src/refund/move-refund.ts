import { raiseAlarm } from '#alarm';
import { recordEvent } from '#sql/events';
import { moveRefund as moveRow, releaseRefund, type RefundRow } from '#sql/refunds';
import { Conflict, type Tx } from '#store';
import { countLeftOut, countReturned, countUnreserved } from './count-returned.ts';
import type { Parts } from './parts.ts';
import { tellRefund } from './tell-refund.ts';
import { grid, illegal, isReleased, stay, type Happening, type RefundState } from './states.ts';

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
 * from success on, as far as there is room. Updates `row`. Throws Conflict when the row changed since it was read.
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
  if (isReleased(from)) await contradict(tx, parts, row, from, cause);
  else if (cell === 'succeeded') await countReturned(tx, row, cause.atMs);
  else if (isReleased(cell)) await giveFree(tx, row, cause.atMs);
  if (cell === 'failed') await tellRefund(tx, 'refund.failed', row, cause.atMs);
  return 'moved';
}

/** Money went back although the refund was given up: nothing else leads on from there. A person should know. */
async function contradict(
  tx: Tx,
  parts: Pick<Parts, 'clinic' | 'log'>,
  row: RefundRow,
  from: RefundState,
  cause: Cause,
): Promise<void> {
  await countUnreserved(tx, parts, row, cause);
  const about = { entity: 'refund', entityId: row.id, atMs: cause.atMs };
  await raiseAlarm(tx, parts, { ...about, code: 'refund_contradicts', detail: `was ${from}` });
}

async function giveFree(tx: Tx, row: RefundRow, atMs: number): Promise<void> {
  const { rows } = await tx.run(releaseRefund, row.amount_fen, row.payment_id, row.amount_fen);
  if (rows === 0) throw new Error(`refund ${row.id} gives free what was not reserved`);
  await countLeftOut(tx, row.payment_id, atMs);
}
