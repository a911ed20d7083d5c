import type { ChannelReport } from '#channel';

/**
 * When the money came, by the channel's clock. Where a refund is the first that we hear of, its moment
 * stands for the debit's: it is the nearest that was told, and a day whose only money is of our own
 * guessing would wait for ever for a statement that the channel never makes. Else our own clock.
 */
export function paidMoment(report: ChannelReport, atMs: number): number {
  return report.paidAtMs ?? report.refund?.refundedAtMs ?? atMs;
}
