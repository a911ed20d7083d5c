/**
 * A prescription as a paper: issued, looked at by a pharmacist where review is on, or void. What was
 * paid is the bill's affair, and it is not stored twice: 处方 and 收费 are states apart.
 */
export type PrescriptionState = 'issued' | 'approved' | 'returned' | 'void';
export const prescriptionStates = [
  'issued',
  'approved',
  'returned',
  'void',
] as const satisfies readonly PrescriptionState[];

export const happenings = ['approve', 'return', 'void'] as const;
export type Happening = (typeof happenings)[number];

/** stay: told again. refuse: a person asked for what this state cannot give. */
export const stay = 'stay';
export const refusal = 'refuse';
export type Cell = PrescriptionState | typeof stay | typeof refusal;

export const grid: Record<PrescriptionState, Record<Happening, Cell>> = {
  issued: { approve: 'approved', return: 'returned', void: 'void' }, // approve and return only where review is on
  approved: { approve: stay, return: refusal, void: 'void' }, // not once its bill is paid
  returned: { approve: refusal, return: stay, void: 'void' }, // the doctor writes another
  void: { approve: refusal, return: refusal, void: stay },
};
