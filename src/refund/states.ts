/**
 * The truth about money going back (design.md section 5). `succeeded` can be reached from every state:
 * evidence that the money went back beats whatever we believed. Silence is no happening.
 */
export type RefundState =
  | 'requested' // a second person must approve
  | 'approved' // reserved and about to be sent
  | 'cancelled' // taken back before it was sent
  | 'submitted' // the channel was, or is being, asked
  | 'unknown' // the call ended without a definite answer
  | 'failed' // a definite no that a later query confirmed, or closed by the channel
  | 'abnormal' // the payer's account cannot take it: a person acts
  | 'succeeded';

export const happenings = [
  'approve',
  'cancel',
  'submit',
  'silent',
  'fail',
  'turn_abnormal',
  'succeed',
] as const;
export type Happening = (typeof happenings)[number];

/** stay: told again, or too late to matter. illegal: refused, nothing changes; the caller says what it means. */
export const stay = 'stay';
export const illegal = 'illegal';
export type Cell = RefundState | typeof stay | typeof illegal;

// A grid is read by its columns.
// oxfmt-ignore
export const grid: Record<RefundState, Record<Happening, Cell>> = {
  requested: { approve: 'approved', cancel: 'cancelled', submit: illegal, silent: illegal, fail: illegal, turn_abnormal: illegal, succeed: 'succeeded' },
  approved:  { approve: stay, cancel: 'cancelled', submit: 'submitted', silent: illegal, fail: illegal, turn_abnormal: illegal, succeed: 'succeeded' },
  cancelled: { approve: illegal, cancel: stay, submit: illegal, silent: stay, fail: stay, turn_abnormal: stay, succeed: 'succeeded' },
  submitted: { approve: stay, cancel: illegal, submit: stay, silent: 'unknown', fail: 'failed', turn_abnormal: 'abnormal', succeed: 'succeeded' },
  unknown:   { approve: stay, cancel: illegal, submit: 'submitted', silent: stay, fail: 'failed', turn_abnormal: 'abnormal', succeed: 'succeeded' },
  failed:    { approve: illegal, cancel: stay, submit: illegal, silent: stay, fail: stay, turn_abnormal: stay, succeed: 'succeeded' },
  abnormal:  { approve: stay, cancel: illegal, submit: stay, silent: stay, fail: 'failed', turn_abnormal: stay, succeed: 'succeeded' },
  succeeded: { approve: stay, cancel: illegal, submit: stay, silent: stay, fail: stay, turn_abnormal: stay, succeed: stay },
};

/** Nothing more is asked about these. `abnormal` is asked on, slowly: a person mends it at the channel. */
export const finalStates: readonly RefundState[] = ['cancelled', 'failed', 'succeeded'];

/** The amount is reserved on its payment until one of these. */
export function isReleased(state: RefundState): boolean {
  return state === 'cancelled' || state === 'failed';
}
