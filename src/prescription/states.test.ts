import { expect, test } from 'vitest';
import { grid, happenings, prescriptionStates } from './states.ts';

test('nothing leads out of void, and every state can be voided', () => {
  for (const happening of happenings) expect(['stay', 'refuse']).toContain(grid.void[happening]);
  for (const state of prescriptionStates) expect(['void', 'stay']).toContain(grid[state].void);
});

test('a returned prescription is never approved: the doctor writes another', () => {
  expect(grid.returned.approve).toBe('refuse');
});

test('nothing is issued twice', () => {
  const targets = prescriptionStates.flatMap((state) =>
    happenings.map((happening) => grid[state][happening]),
  );
  expect(targets).not.toContain('issued');
});
