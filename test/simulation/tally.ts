import type { FaultName } from './profile.ts';

/** What a run is worth: situations that must have come up, or it has proven little (money-safety.md 4.5). */
export const situations = [
  'late_settled',
  'double_paid',
  'paid_then_closed',
  'closed_then_paid',
  'notified_before_answer',
  'refund_unknown_then_succeeded',
  'rewound',
  'paid_around_midnight',
  'verified_by_new_key',
] as const;
export type Situation = (typeof situations)[number];

/** Counts what was done to the product, and what came of it. */
export class Tally {
  readonly faults: Partial<Record<FaultName, number>> = {};
  readonly situations: Partial<Record<Situation, number>> = {};

  fault(name: FaultName): void {
    this.faults[name] = (this.faults[name] ?? 0) + 1;
  }

  came(situation: Situation): void {
    this.situations[situation] = (this.situations[situation] ?? 0) + 1;
  }
}
