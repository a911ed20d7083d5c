import { describe, expect, test } from 'vitest';
import { createClock } from './clock.ts';
import { manualClock } from './manual-clock.ts';

const START = Date.UTC(2026, 10, 22, 1, 0, 0);

describe('the simulated clock', () => {
  test('starts at real time', () => {
    expect(createClock(manualClock(START)).now()).toBe(START);
  });

  test('never shows less than an earlier run has shown', () => {
    expect(createClock(manualClock(START), START + 5000).now()).toBe(START + 5000);
    expect(createClock(manualClock(START), START - 5000).now()).toBe(START);
  });

  test('a push runs the timers that became due, in their order and each at its own time', () => {
    const clock = createClock(manualClock(START));
    const seen: [string, number][] = [];
    clock.after(60_000, () => seen.push(['minute', clock.now() - START]));
    clock.after(1000, () => {
      seen.push(['second', clock.now() - START]);
      clock.after(2000, () => seen.push(['third second', clock.now() - START]));
    });
    clock.after(90_000, () => seen.push(['too late', 0]));
    clock.change({ advance_ms: 60_000 });
    expect(seen).toEqual([
      ['second', 1000],
      ['third second', 3000],
      ['minute', 60_000],
    ]);
    expect(clock.now()).toBe(START + 60_000);
  });

  test('at speed 60 a minute passes in a second', async () => {
    const host = manualClock(START);
    const clock = createClock(host);
    let rang = 0;
    clock.change({ speed: 60 });
    clock.after(60_000, () => (rang = clock.now()));
    await host.advance(999);
    expect(rang).toBe(0);
    await host.advance(1);
    expect(rang).toBe(START + 60_000);
  });

  test('skew moves the channels and nobody else', () => {
    const clock = createClock(manualClock(START));
    clock.change({ skew_ms: -600_000 });
    expect([clock.now(), clock.channelNow()]).toEqual([START, START - 600_000]);
  });

  test('a cancelled timer never rings', async () => {
    const host = manualClock(START);
    const clock = createClock(host);
    let rang = false;
    clock.after(10, () => (rang = true))();
    await host.advance(100);
    expect(rang).toBe(false);
  });

  test('who follows the clock hears of a change at once, and of none when the wait is over', async () => {
    const host = manualClock(START);
    const clock = createClock(host);
    const before = clock.state().version;
    const pushed = clock.changed(before, 25_000);
    clock.change({ advance_ms: 5 });
    expect((await pushed).now).toBe(START + 5);
    expect((await clock.changed(before, 25_000)).version).toBe(before + 1);

    const quiet = clock.changed(before + 1, 25_000);
    await host.advance(25_000);
    expect((await quiet).version).toBe(before + 1);
  });
});
