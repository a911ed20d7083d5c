import { describe, expect, test } from 'vitest';
import { finalStates, grid, happenings, isReleased, type RefundState } from './states.ts';

const states = Object.keys(grid) as RefundState[];

/** The life of a refund (design.md section 5), written down a second time; `succeeded` is reached from everywhere. */
const edges: Record<string, Partial<Record<(typeof happenings)[number], RefundState>>> = {
  requested: { approve: 'approved', cancel: 'cancelled' },
  approved: { cancel: 'cancelled', submit: 'submitted' },
  submitted: { silent: 'unknown', fail: 'failed', turn_abnormal: 'abnormal' },
  unknown: { submit: 'submitted', fail: 'failed', turn_abnormal: 'abnormal' },
  abnormal: { fail: 'failed' },
};

const illegal: Record<RefundState, string> = {
  requested: 'submit silent fail turn_abnormal',
  approved: 'silent fail turn_abnormal',
  cancelled: 'approve submit',
  submitted: 'cancel',
  unknown: 'cancel',
  failed: 'approve submit',
  abnormal: 'cancel',
  succeeded: 'cancel',
};

describe.each(states)('a refund that is %s', (state) => {
  test.each(happenings)('hears %s as its life says', (happening) => {
    const refused = illegal[state].split(' ').includes(happening) ? 'illegal' : 'stay';
    const back = happening === 'succeed' && state !== 'succeeded' ? 'succeeded' : undefined;
    expect(grid[state][happening]).toBe(edges[state]?.[happening] ?? back ?? refused);
  });
});

test('money that went back is never un-gone', () => {
  const cells = happenings.map((happening) => grid.succeeded[happening]);
  expect(cells.filter((cell) => states.includes(cell as never))).toEqual([]);
});

test('what may have been sent is taken back by nobody', () => {
  expect(states.filter((state) => grid[state].cancel === 'cancelled').toSorted()).toEqual([
    'approved',
    'requested',
  ]);
});

test('an amount is free again when its refund failed or was cancelled, and only money leads on from there', () => {
  expect(states.filter(isReleased).toSorted()).toEqual(['cancelled', 'failed']);
  for (const state of states.filter(isReleased))
    expect(new Set(Object.values(grid[state]))).toEqual(new Set(['succeeded', 'stay', 'illegal']));
});

test('what is abnormal is asked about on and on', () => {
  expect([...finalStates].toSorted()).toEqual(['cancelled', 'failed', 'succeeded']);
});
