/**
 * What stands on a screen (design.md sections 3 and 5). A stage is status, phase and `retiring` in
 * one word; the public contract shows the first two.
 */
export type SessionStage =
  | 'creating' // no code yet
  | 'ready' // the code may stand on screens
  | 'scanned' // the channel says that somebody scanned it
  | 'silent' // the channel does not answer; the code may still be paid
  | 'retiring' // the code is off the screens, what became of it is not certain yet
  | 'paid'
  | 'expired'
  | 'cancelled';

export const happenings = [
  'coded',
  'scanned',
  'silent',
  'retire',
  'reopen',
  'paid',
  'expire',
  'cancel',
] as const;
export type Happening = (typeof happenings)[number];

/** stay: told again, or too late to matter. */
export const stay = 'stay';
export type Cell = SessionStage | typeof stay;

// A grid is read by its columns.
// oxfmt-ignore
export const grid: Record<SessionStage, Record<Happening, Cell>> = {
  creating:  { coded: 'ready', scanned: 'scanned', silent: 'silent', retire: 'retiring', reopen: stay, paid: 'paid', expire: 'expired', cancel: 'cancelled' },
  ready:     { coded: stay, scanned: 'scanned', silent: 'silent', retire: 'retiring', reopen: stay, paid: 'paid', expire: 'expired', cancel: 'cancelled' },
  scanned:   { coded: stay, scanned: stay, silent: 'silent', retire: 'retiring', reopen: stay, paid: 'paid', expire: 'expired', cancel: 'cancelled' },
  silent:    { coded: 'ready', scanned: 'scanned', silent: stay, retire: 'retiring', reopen: stay, paid: 'paid', expire: 'expired', cancel: 'cancelled' },
  retiring:  { coded: stay, scanned: stay, silent: stay, retire: stay, reopen: 'ready', paid: 'paid', expire: 'expired', cancel: 'cancelled' },
  paid:      { coded: stay, scanned: stay, silent: stay, retire: stay, reopen: stay, paid: stay, expire: stay, cancel: stay },
  expired:   { coded: stay, scanned: stay, silent: stay, retire: stay, reopen: stay, paid: 'paid', expire: stay, cancel: stay }, // late money settles all the same
  cancelled: { coded: stay, scanned: stay, silent: stay, retire: stay, reopen: stay, paid: 'paid', expire: stay, cancel: stay },
};

export type SessionStatus = 'pending' | 'paid' | 'expired' | 'cancelled';
export type SessionPhase = 'creating' | 'ready' | 'scanned' | 'confirming' | 'ended';

/** Why a code leaves the screens. `timeout` ends as expired, all else as cancelled. */
export type RetireReason = 'timeout' | 'refresh' | 'switch' | 'cancel' | 'void' | 'paid_elsewhere';
export type EndReason = RetireReason | 'declined' | 'disputed';

const shown: Record<SessionStage, { status: SessionStatus; phase: SessionPhase }> = {
  creating: { status: 'pending', phase: 'creating' },
  ready: { status: 'pending', phase: 'ready' },
  scanned: { status: 'pending', phase: 'scanned' },
  silent: { status: 'pending', phase: 'confirming' },
  retiring: { status: 'pending', phase: 'confirming' },
  paid: { status: 'paid', phase: 'ended' },
  expired: { status: 'expired', phase: 'ended' },
  cancelled: { status: 'cancelled', phase: 'ended' },
};

/** The public words for a stage. */
export function publicWords(stage: SessionStage): { status: SessionStatus; phase: SessionPhase } {
  return shown[stage];
}

/** The stage behind a row's columns. */
export function stageOf(row: {
  status: SessionStatus;
  phase: SessionPhase;
  retiring: string | null;
}): SessionStage {
  if (row.status !== 'pending') return row.status;
  if (row.phase !== 'confirming') return row.phase as 'creating' | 'ready' | 'scanned';
  return row.retiring === null ? 'silent' : 'retiring';
}

export function hasEnded(stage: SessionStage): boolean {
  return stage === 'paid' || stage === 'expired' || stage === 'cancelled';
}

/** True while the image may stand on a screen. */
export function showsCode(stage: SessionStage): boolean {
  return stage === 'ready' || stage === 'scanned' || stage === 'silent';
}
