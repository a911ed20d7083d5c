import type { Stream } from './chance.ts';

/**
 * Every fault of the world with its highest share (money-safety.md 4.1). A share is drawn per event: a
 * request, a delivery, a step of a process, a transaction, a bill. Signs of unusual but legal habits of
 * the channels stand at the end; they are on or off for a whole seed.
 */
export const highest = {
  // The road to the channels and back.
  refuse_connection: 0.05,
  lose_request: 0.2,
  lose_answer: 0.2,
  late_answer: 0.05,
  // What the channels answer.
  answer_500: 0.1,
  answer_500_after_acting: 0.05,
  throttle: 0.1,
  answer_unknown_code: 0.1,
  answer_html: 0.03,
  answer_unsigned: 0.03,
  answer_wrong_signature: 0.03,
  answer_stale: 0.03,
  answer_other_order: 0.03,
  not_exist_after_scan: 0.3,
  stale_unpaid: 0.3,
  wechat_close_while_paying: 0.3,
  // Notifications.
  notify_lose: 0.6,
  notify_double: 0.5,
  notify_late: 0.5,
  notify_reorder: 0.5,
  notify_twin: 0.3,
  notify_corrupt: 0.05,
  notify_forge: 0.05,
  notify_probe: 0.05,
  notify_before_answer: 0.1,
  // Refunds at the channels.
  refund_no_balance: 0.2,
  refund_abnormal: 0.05,
  wechat_refund_passing_404: 0.1,
  wechat_refund_closed: 0.05,
  // Our own machines and their database.
  crash: 0.004,
  pause: 0.002,
  clock_step: 0.5,
  busy: 0.05,
  deadlock: 0.05,
  commit_unknown: 0.01,
  disk: 0.001,
  // Patients.
  pays_late: 0.2,
  pays_both_codes: 0.2,
  abandons: 0.2,
  shares_code: 0.2,
  pays_wrong_amount: 0.02,
  // Cashiers.
  double_click: 0.3,
  refreshes: 0.3,
  switches: 0.3,
  cancels: 0.3,
  insists: 0.5,
  refunds_twice: 0.3,
  // The clinic's own system.
  posts_again: 0.3,
  posts_other_content: 0.3,
  voids: 0.2,
  his_down: 0.3,
  his_slow: 0.1,
  his_wrong_answer: 0.2,
  // The channels' statements of the day, the morning after.
  statement_late: 0.2,
  statement_truncated: 0.2,
  statement_wrong_sum: 0.2,
  statement_wrong_hash: 0.2,
  // Days on which nobody hears us, or nobody is told.
  gateway_blackout: 1,
  notify_blackout: 1,
  rewind: 1,
  key_change: 1,
} as const;

export type FaultName = keyof typeof highest;
export const faultNames = Object.keys(highest) as FaultName[];

/** A fault is wholly absent from three seeds in ten, so that others may meet undisturbed (swarm testing). */
const ABSENT = 0.3;

export type Profile = Readonly<Record<FaultName, number>>;

/** The shares of one seed. A name in `without` is absent, and changes nothing of the others. */
export function drawProfile(stream: Stream, without: ReadonlySet<string>): Profile {
  const shares = faultNames.map((name): [FaultName, number] => {
    const own = stream.fork(name);
    const share = own.is(ABSENT) ? 0 : own.unit() * highest[name];
    return [name, without.has(name) ? 0 : share];
  });
  return Object.fromEntries(shares) as Record<FaultName, number>;
}

export const calmProfile = Object.fromEntries(faultNames.map((name) => [name, 0])) as Record<
  FaultName,
  number
>;
