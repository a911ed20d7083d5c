import type { Channel, Order } from '#channel';
import { fen, type Fen } from '#money';
import { insertPayment, type PaymentRow } from '#sql/payments';
import { recordEvent } from '#sql/events';
import type { Tx } from '#store';

export interface Minting {
  clinicId: number;
  billId: number;
  amountFen: Fen;
  channel: Channel;
  outTradeNo: string;
  subject: string;
  attach: string;
  notifyUrl: string;
  expiresAtMs: number;
}

/**
 * Writes a payment down: the number, the amount, the account and all that the channel will ever be
 * told of it, for life. It is born `intent` and leaves the same transaction as `creating`: whoever
 * commits it holds the lease and makes the call next, and a crash in between is asked about, never
 * guessed (docs/decisions/0003).
 */
export async function mintPayment(tx: Tx, minting: Minting, actor: string, atMs: number): Promise<number> {
  const { account, configurationId, method } = minting.channel;
  const { id } = await tx.run(
    insertPayment,
    minting.clinicId,
    minting.billId,
    minting.outTradeNo,
    method,
    minting.amountFen,
    minting.expiresAtMs,
    account.appId,
    account.merchantId,
    configurationId,
    minting.subject,
    minting.attach,
    minting.notifyUrl,
    atMs,
    atMs,
  );
  const event = { clinicId: minting.clinicId, entity: 'payment', entityId: id, actor, atMs } as const;
  await recordEvent(tx, { ...event, version: 1, happening: 'mint', from: null, to: 'intent' });
  await recordEvent(tx, { ...event, version: 2, happening: 'send', from: 'intent', to: 'creating' });
  return id;
}

/** What the channel is told, read back from the row: a retry never recomputes any of it. */
export function orderOf(row: PaymentRow): Order {
  return {
    outTradeNo: row.out_trade_no,
    amountFen: fen(row.amount_fen),
    subject: row.subject,
    expiresAtMs: row.qr_code_expires_at,
    attach: row.attach,
    notifyUrl: row.notify_url,
  };
}
