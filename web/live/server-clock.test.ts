import { expect, test } from 'vitest';
import { ServerClock } from './server-clock.ts';

const AT = '2026-11-22T02:00:00Z';
const END = '2026-11-22T02:15:00Z';

function clockAt(startMs: number): { clock: ServerClock; pass: (ms: number) => void } {
  let steadyMs = startMs;
  return { clock: new ServerClock(() => steadyMs), pass: (ms) => (steadyMs += ms) };
}

test('the remaining time follows the service, whatever the counter of the PC starts at', () => {
  const { clock, pass } = clockAt(987_654);
  expect(clock.remainingMs(END)).toBeUndefined();
  clock.hear(AT);
  pass(60_000);
  expect(clock.remainingMs(END)).toBe(14 * 60_000);
});

test('an answer that was slow on its way does not lengthen the time', () => {
  const { clock, pass } = clockAt(0);
  clock.hear(AT);
  pass(3_000);
  clock.hear(AT);
  expect(clock.remainingMs(END)).toBe(15 * 60_000 - 3_000);
});

test('a service whose clock was put back is followed', () => {
  const { clock } = clockAt(0);
  clock.hear('2026-11-22T02:10:00Z');
  clock.hear(AT);
  expect(clock.remainingMs(END)).toBe(15 * 60_000);
});

test('a time that has passed is zero, never below', () => {
  const { clock, pass } = clockAt(0);
  clock.hear(AT);
  pass(3_600_000);
  expect(clock.remainingMs(END)).toBe(0);
});
