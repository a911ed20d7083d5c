import { raiseAlarm } from '#alarm';
import type { ChannelReport, MerchantAccount } from '#channel';
import { recordEvent } from '#sql/events';
import { adoptPayment } from '#sql/payments';
import type { Tx } from '#store';
import { openSuspense } from '#suspense';
import type { Belief, Cause } from './apply-report.ts';
import { paidMoment } from './paid-moment.ts';
import type { Parts } from './parts.ts';

/**
 * Money to our own account under a number that we do not know (a backup was restored, or somebody
 * uses our account elsewhere): it becomes a payment without a bill, disputed, before a person, who can
 * post it to a bill or send it back like any other. Anything less than that is only kept.
 */
export async function adoptMoney(tx: Tx, parts: Parts, report: ChannelReport, cause: Cause): Promise<Belief> {
  const { evidenceId, atMs, actor } = cause;
  const channel = parts.channels.get(report.method);
  const detail = `${report.method} ${report.outTradeNo} ${report.channelState} ${report.totalFen ?? '?'} fen`;
  if (report.state !== 'paid' || report.totalFen === undefined) return { applied: 'no_change' };
  // Another's money, or none: kept, and before a person.
  if (channel === undefined || !isTo(channel.account, report) || report.totalFen < 1)
    return setAside(tx, parts, report, detail, cause);
  const paidAt = paidMoment(report, atMs);
  const { id } = await tx.run(
    adoptPayment,
    parts.clinic.id,
    report.outTradeNo,
    report.method,
    report.totalFen,
    paidAt,
    channel.account.appId,
    channel.account.merchantId,
    channel.configurationId,
    report.attach?.slice(0, 64) ?? '',
    report.channelTradeNo ?? null,
    paidAt,
    evidenceId,
    report.payerFen ?? null,
    report.totalFen,
    atMs,
    atMs,
  );
  const event = {
    clinicId: parts.clinic.id,
    entity: 'payment',
    entityId: id,
    version: 1,
    happening: 'paid',
  } as const;
  await recordEvent(tx, { ...event, from: null, to: 'paid', actor, reason: 'adopted', evidenceId, atMs });
  await raiseAlarm(tx, parts, { code: 'unknown_order', entity: 'payment', entityId: id, detail, atMs });
  const suspenseId = await openSuspense(tx, parts, {
    reason: 'unknown_order',
    subject: `payment:${id}`,
    evidenceId,
    paymentId: id,
    amountFen: report.totalFen,
    detail,
    actor,
    atMs,
  });
  return { applied: 'unknown_order', suspenseId };
}

/** What the report does not say is not held against it. */
function isTo({ appId, merchantId }: MerchantAccount, report: ChannelReport): boolean {
  return (
    (report.appId ?? appId) === appId &&
    (merchantId === '' || (report.merchantId ?? merchantId) === merchantId) &&
    (report.currency ?? 'CNY') === 'CNY'
  );
}

/** A genuine report for another app, merchant or currency: evidence without a payment, before a person. */
export async function setAside(
  tx: Tx,
  parts: Parts,
  report: ChannelReport,
  detail: string,
  cause: Cause,
): Promise<Belief> {
  const { evidenceId, atMs, actor } = cause;
  await raiseAlarm(tx, parts, {
    code: 'foreign_account',
    entity: 'evidence',
    entityId: evidenceId,
    detail,
    atMs,
  });
  const suspenseId = await openSuspense(tx, parts, {
    reason: 'foreign_account',
    subject: `evidence:${evidenceId}`,
    evidenceId,
    amountFen: report.totalFen ?? 0,
    detail,
    actor,
    atMs,
  });
  return { applied: 'foreign_account', suspenseId };
}
