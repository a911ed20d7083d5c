import { Conflict, type Tx } from '#store';
import { recordEvent } from '#sql/events';
import { moveSession as moveRow, sessionByPayment, type SessionRow } from '#sql/sessions';
import type { Hub } from './hub.ts';
import {
  grid,
  hasEnded,
  publicWords,
  stageOf,
  stay,
  type EndReason,
  type Happening,
  type RetireReason,
} from './states.ts';

export interface SessionChange {
  retiring?: RetireReason;
  endReason?: EndReason;
  qrCodeContent?: string;
  insisted?: boolean;
  reason?: string;
}

/**
 * Moves a session as the grid says, with its event; tells the hub once it is committed. A session
 * that ends leaves the bill's screens in the same update. Updates `row` to what now stands.
 * Throws Conflict when the row changed since it was read.
 */
export async function moveSession(
  tx: Tx,
  hub: Hub,
  row: SessionRow,
  happening: Happening,
  cause: { actor: string; atMs: number },
  change: SessionChange = {},
): Promise<'moved' | 'stayed'> {
  const from = stageOf(row);
  const cell = grid[from][happening];
  if (cell === stay) return 'stayed';
  const { status, phase } = publicWords(cell);
  const next: SessionRow = {
    ...row,
    status,
    phase,
    retiring: happening === 'reopen' ? null : (change.retiring ?? row.retiring),
    end_reason: cell === 'paid' ? null : (change.endReason ?? row.end_reason),
    shown_bill_id: hasEnded(cell) ? null : row.shown_bill_id,
    qr_code_content: change.qrCodeContent ?? row.qr_code_content,
    insisted: change.insisted === true ? 1 : row.insisted,
  };
  await save(
    tx,
    hub,
    row,
    next,
    { happening, from, to: cell, reason: change.reason ?? change.endReason ?? change.retiring },
    cause,
  );
  return 'moved';
}

/** The page of an old code points to the new one. No change of stage, but one that screens must see. */
export async function noteReplacement(
  tx: Tx,
  hub: Hub,
  row: SessionRow,
  replacedBy: string,
  cause: { actor: string; atMs: number },
): Promise<void> {
  const stage = stageOf(row);
  await save(
    tx,
    hub,
    row,
    { ...row, replaced_by: replacedBy },
    { happening: 'replaced', from: stage, to: stage },
    cause,
  );
}

/** What became of late money is no new stage of a session that has ended; its pages must see it all the same. */
export async function noteMoney(
  tx: Tx,
  hub: Hub,
  row: SessionRow,
  disposition: 'surplus' | 'disputed',
  cause: { actor: string; atMs: number },
): Promise<void> {
  const stage = stageOf(row);
  await save(tx, hub, row, row, { happening: disposition, from: stage, to: stage }, cause);
}

/** A person decided what disputed money is: its session, where it has one, says so. */
export async function tellSession(
  tx: Tx,
  parts: { hub: Hub },
  paymentId: number,
  disposition: 'settled' | 'surplus',
  cause: { actor: string; atMs: number },
): Promise<void> {
  const session = await tx.one<SessionRow>(sessionByPayment, paymentId);
  if (session === undefined) return; // adopted money never stood on a screen
  if (disposition === 'settled') await moveSession(tx, parts.hub, session, 'paid', cause);
  else await noteMoney(tx, parts.hub, session, disposition, cause);
}

async function save(
  tx: Tx,
  hub: Hub,
  row: SessionRow,
  next: SessionRow,
  event: { happening: string; from: string; to: string; reason?: string | undefined },
  cause: { actor: string; atMs: number },
): Promise<void> {
  const { rows } = await tx.run(
    moveRow,
    next.status,
    next.phase,
    next.retiring,
    next.end_reason,
    next.shown_bill_id,
    next.qr_code_content,
    next.insisted,
    next.replaced_by,
    cause.atMs,
    row.id,
    row.version,
  );
  if (rows === 0) throw new Conflict(`session ${row.id}`);
  const version = row.version + 1;
  await recordEvent(tx, {
    clinicId: row.clinic_id,
    entity: 'session',
    entityId: row.id,
    version,
    happening: event.happening,
    from: event.from,
    to: event.to,
    actor: cause.actor,
    reason: event.reason ?? null,
    atMs: cause.atMs,
  });
  Object.assign(row, next, { version, updated_at: cause.atMs });
  tx.afterCommit(() => hub.tell(row.public_id, version));
}
