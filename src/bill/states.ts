/**
 * A bill never changes but in its state, and that only once: money settles it, or a person voids it.
 * What a bill says stands for good; a correction voids it and makes another.
 */
export type BillState = 'unpaid' | 'paid' | 'void';
export const billStates = ['unpaid', 'paid', 'void'] as const satisfies readonly BillState[];

export const happenings = ['settle', 'void'] as const;
export type Happening = (typeof happenings)[number];

/** stay: told again, or too late to matter. refuse: a person asked for what this state cannot give. */
export const stay = 'stay';
export const refusal = 'refuse';
export type Cell = BillState | typeof stay | typeof refusal;

export const grid: Record<BillState, Record<Happening, Cell>> = {
  unpaid: { settle: 'paid', void: 'void' },
  paid: { settle: stay, void: refusal }, // more money is surplus and goes back; to undo a payment is a refund
  void: { settle: stay, void: stay }, // late money is surplus and goes back
};
