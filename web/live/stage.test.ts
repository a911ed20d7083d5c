import { expect, test } from 'vitest';
import { showsCode, stageOf } from './stage.ts';

const shown = {
  status: 'pending',
  phase: 'ready',
  code_shown: true,
  disposition: null,
  late: false,
  end_reason: null,
  replaced_by: null,
} as const;

test('success is said for the word paid alone', () => {
  for (const status of ['pending', 'expired', 'cancelled'] as const) {
    for (const phase of ['creating', 'ready', 'scanned', 'confirming', 'ended'] as const) {
      for (const end_reason of [null, 'timeout', 'cancel', 'paid_elsewhere'] as const) {
        for (const disposition of [null, 'surplus', 'disputed'] as const) {
          const stage = stageOf({ ...shown, status, phase, end_reason, disposition }, 1000);
          expect(['paid', 'paid_late']).not.toContain(stage);
        }
      }
    }
  }
  expect(stageOf({ ...shown, status: 'paid', phase: 'ended', disposition: 'settled' }, 0)).toBe('paid');
});

test('a code whose time is up leaves the screen before the service says so', () => {
  expect(stageOf(shown, 0)).toBe('confirming');
  expect(showsCode(stageOf(shown, 0))).toBe(false);
});

test('a code that the service has withdrawn is not shown, whatever time is left', () => {
  expect(showsCode(stageOf({ ...shown, code_shown: false }, 60_000))).toBe(false);
  expect(showsCode(stageOf({ ...shown, phase: 'confirming', code_shown: false }, 60_000))).toBe(false);
});

test('a code whose channel is silent stays up while the service lets it', () => {
  expect(stageOf({ ...shown, phase: 'confirming' }, 60_000)).toBe('silent');
  expect(showsCode('silent')).toBe(true);
});

test('money that came after the code had left is told apart from money in time', () => {
  expect(stageOf({ ...shown, status: 'paid', phase: 'ended', late: true, disposition: 'settled' }, 0)).toBe(
    'paid_late',
  );
});

test('money beside the one payment is said to be on its way back, not to be a success', () => {
  expect(stageOf({ ...shown, status: 'cancelled', phase: 'ended', disposition: 'surplus' }, 0)).toBe(
    'surplus',
  );
});
