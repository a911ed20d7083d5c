/**
 * The truth about one order at one channel (design.md section 5). `paid` can be reached from every
 * state: evidence of a debit beats whatever we believed. Silence, a time-out or "no such trade" is
 * no happening of this grid: nothing ends by them.
 */
export type PaymentState =
  | 'intent' // written down, nothing sent
  | 'creating' // the create call may be on its way
  | 'open' // the channel gave a code
  | 'create_unknown' // the create call ended without a definite answer
  | 'create_rejected' // a definite, verified no
  | 'closing' // to be ended; asked about until the channel says closed or paid
  | 'closed' // the channel says that it will never be paid
  | 'paid';

export const happenings = [
  'send',
  'created',
  'silent',
  'rejected',
  'retire',
  'reopen',
  'closed',
  'paid',
] as const;
export type Happening = (typeof happenings)[number];

/** stay: told again, or too late to matter. illegal: refused, nothing changes; the caller says what it means. */
export const stay = 'stay';
export const illegal = 'illegal';
export type Cell = PaymentState | typeof stay | typeof illegal;

// A grid is read by its columns.
// oxfmt-ignore
export const grid: Record<PaymentState, Record<Happening, Cell>> = {
  intent:          { send: 'creating', created: illegal, silent: illegal, rejected: illegal, retire: illegal, reopen: illegal, closed: illegal, paid: 'paid' },
  creating:        { send: stay, created: 'open', silent: 'create_unknown', rejected: 'create_rejected', retire: illegal, reopen: illegal, closed: illegal, paid: 'paid' },
  open:            { send: illegal, created: stay, silent: stay, rejected: stay, retire: 'closing', reopen: stay, closed: illegal, paid: 'paid' },
  create_unknown:  { send: illegal, created: 'open', silent: stay, rejected: illegal, retire: 'closing', reopen: stay, closed: illegal, paid: 'paid' },
  create_rejected: { send: illegal, created: illegal, silent: stay, rejected: stay, retire: stay, reopen: illegal, closed: stay, paid: 'paid' },
  closing:         { send: illegal, created: stay, silent: stay, rejected: stay, retire: stay, reopen: 'open', closed: 'closed', paid: 'paid' },
  closed:          { send: illegal, created: stay, silent: stay, rejected: stay, retire: stay, reopen: illegal, closed: stay, paid: 'paid' },
  paid:            { send: illegal, created: stay, silent: stay, rejected: stay, retire: stay, reopen: illegal, closed: stay, paid: stay }, // Alipay says closed also after a full refund
};

/** Nothing more is asked about these; a contradiction still reaches them by notification or statement. */
export const finalStates: readonly PaymentState[] = ['create_rejected', 'closed', 'paid'];

/** Money that contradicts what a channel told us before: legal, and a person should know. */
export function contradicts(from: PaymentState): boolean {
  return from === 'create_rejected' || from === 'closed';
}
