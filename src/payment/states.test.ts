import { describe, expect, test } from 'vitest';
import { contradicts, finalStates, grid, happenings, type PaymentState } from './states.ts';

const states = Object.keys(grid) as PaymentState[];

/** The edges of money-safety.md 3.3, written down a second time; `paid` is reached from everywhere. */
const edges: Record<string, Partial<Record<(typeof happenings)[number], PaymentState>>> = {
  intent: { send: 'creating' },
  creating: { created: 'open', silent: 'create_unknown', rejected: 'create_rejected' },
  create_unknown: { created: 'open', retire: 'closing' },
  open: { retire: 'closing' },
  closing: { reopen: 'open', closed: 'closed' },
};

/** What a state has never heard of: it is refused, and the caller says what it means. */
const illegal: Record<PaymentState, string> = {
  intent: 'created silent rejected retire reopen closed',
  creating: 'retire reopen closed',
  open: 'send closed',
  create_unknown: 'send rejected closed',
  create_rejected: 'send created reopen',
  closing: 'send',
  closed: 'send reopen',
  paid: 'send reopen',
};

describe.each(states)('a payment that is %s', (state) => {
  test.each(happenings)('hears %s as its edges say', (happening) => {
    const refused = illegal[state].split(' ').includes(happening) ? 'illegal' : 'stay';
    const paid = happening === 'paid' && state !== 'paid' ? 'paid' : undefined;
    expect(grid[state][happening]).toBe(edges[state]?.[happening] ?? paid ?? refused);
  });
});

test('money that came is never un-come', () => {
  expect(
    happenings.map((happening) => grid.paid[happening]).filter((cell) => states.includes(cell as never)),
  ).toEqual([]);
});

test('silence ends nothing', () => {
  expect(states.map((state) => grid[state].silent)).not.toContain('closed');
  expect(states.map((state) => grid[state].silent)).not.toContain('create_rejected');
});

test('nobody asks any more about what was rejected, closed or paid, and about nothing else', () => {
  expect([...finalStates].toSorted()).toEqual(['closed', 'create_rejected', 'paid']);
});

test('only money after a definite no, or after a close, contradicts the channel', () => {
  expect(states.filter(contradicts).toSorted()).toEqual(['closed', 'create_rejected']);
});
