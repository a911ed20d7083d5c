import { expect, test } from 'vitest';
import { billStates, grid, happenings } from './states.ts';

test('only an unpaid bill can change: the guard of every statement is the grid', () => {
  const movable = billStates.filter((state) =>
    happenings.some((happening) => !['stay', 'refuse'].includes(grid[state][happening])),
  );
  expect(movable).toEqual(['unpaid']);
});

test('money that settled a bill is never un-settled', () => {
  for (const happening of happenings) expect(['stay', 'refuse']).toContain(grid.paid[happening]);
});

test('a paid bill cannot be voided, and late money never revives a void one', () => {
  expect(grid.paid.void).toBe('refuse');
  expect(grid.void.settle).toBe('stay');
});
