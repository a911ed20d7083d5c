import { Conflict, type Tx } from '#store';
import { recordEvent } from '#sql/events';
import { movePayment as moveRow, payPayment, type PaymentRow } from '#sql/payments';
import { grid, illegal, stay, type Happening, type PaymentState } from './states.ts';

export interface Cause {
  actor: string;
  atMs: number;
  reason?: string;
  evidenceId?: number;
}

export interface PaymentPatch {
  qrCodeUrl?: string;
  faultCode?: string;
  createEndedAtMs?: number;
}

/**
 * Moves a payment as the grid says, with its event, and updates `row` to what now stands.
 * Answers 'moved', 'stayed' (told again) or 'illegal' (nothing changed, and nobody is told: the caller
 * knows whether to raise an alarm, to take another step, or that a later answer overtook it).
 * Throws Conflict when the row changed since it was read: the transaction runs again.
 */
export async function movePayment(
  tx: Tx,
  row: PaymentRow,
  happening: Exclude<Happening, 'paid'>,
  cause: Cause,
  patch: PaymentPatch = {},
): Promise<'moved' | 'stayed' | 'illegal'> {
  const cell = grid[row.state][happening];
  if (cell === stay) return 'stayed';
  if (cell === illegal) return 'illegal';
  const { rows } = await tx.run(
    moveRow,
    cell,
    cause.atMs,
    patch.qrCodeUrl ?? null,
    patch.faultCode ?? null,
    patch.createEndedAtMs ?? null,
    row.id,
    row.state,
    row.version,
  );
  if (rows === 0) throw new Conflict(`payment ${row.id}`);
  await afterMove(tx, row, happening, cell, cause);
  if (patch.qrCodeUrl !== undefined) row.qr_code_url = patch.qrCodeUrl;
  return 'moved';
}

export interface Debit {
  disposition: 'settled' | 'surplus' | 'disputed';
  late: boolean;
  channelTradeNo: string | undefined;
  paidAtMs: number;
  payerFen: number | undefined;
  /** What came: the pinned amount, unless the money is disputed. */
  receivedFen: number;
  evidenceId: number;
}

/** Writes down that the money came, and what becomes of it. Legal from every state but `paid` itself. */
export async function receiveDebit(tx: Tx, row: PaymentRow, debit: Debit, cause: Cause): Promise<void> {
  const { rows } = await tx.run(
    payPayment,
    cause.atMs,
    debit.disposition,
    debit.late ? 1 : 0,
    debit.channelTradeNo ?? null,
    debit.paidAtMs,
    debit.evidenceId,
    debit.payerFen ?? null,
    debit.receivedFen,
    row.id,
    row.state,
    row.version,
  );
  if (rows === 0) throw new Conflict(`payment ${row.id}`);
  await afterMove(tx, row, 'paid', 'paid', {
    ...cause,
    evidenceId: debit.evidenceId,
    reason: debit.disposition,
  });
}

async function afterMove(
  tx: Tx,
  row: PaymentRow,
  happening: Happening,
  to: PaymentState,
  cause: Cause,
): Promise<void> {
  await recordEvent(tx, {
    clinicId: row.clinic_id,
    entity: 'payment',
    entityId: row.id,
    version: row.version + 1,
    happening,
    from: row.state,
    to,
    actor: cause.actor,
    reason: cause.reason ?? null,
    evidenceId: cause.evidenceId ?? null,
    atMs: cause.atMs,
  });
  row.state = to;
  row.version += 1;
}
