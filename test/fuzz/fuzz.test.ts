import { beforeAll, describe, expect, it } from 'vitest';
import { fuzzNotifications, type NotificationRun } from './notifications.ts';
import { fuzzOperations } from './operations.ts';
import { makeScene, type Scene } from './scene.ts';
import { fuzzSequences } from './sequences.ts';
import { fuzzSockets } from './sockets.ts';

/** A small share of `npm run fuzz`, from a fixed seed. */
let scene: Scene;
beforeAll(async () => {
  scene = await makeScene();
});

describe('whatever is told to the endpoints of notifications', () => {
  let run: NotificationRun;
  beforeAll(async () => {
    run = await fuzzNotifications(scene, {
      seed: 'suite',
      executions: 600,
      endpoints: ['alipay', 'wechat'],
      from: 0,
      goOn: () => true,
    });
  });

  it('nothing changes without the verified word of its channel, and every word has its home', () => {
    expect(run.violations).toEqual([]);
    expect(run.executions.of('alipay')).toBeGreaterThan(500);
    expect(run.executions.of('wechat')).toBeGreaterThan(500);
  });

  it.each(['alipay 200', 'wechat 204'])('the words under a good signature reach every belief of %s', (of) => {
    const [endpoint, status] = of.split(' ');
    const results = [
      'settled',
      'surplus',
      'disputed',
      'refund',
      'unknown_order',
      'foreign_account',
      'no_change',
    ];
    for (const result of results) {
      expect(run.outcomes.of(`${endpoint} changed: ${status} ${result}`), result).toBeGreaterThan(0);
    }
  });
});

it('what is no HTTP, or hardly, is refused in our words, and moves nothing', async () => {
  const run = await fuzzSockets(scene, { seed: 'suite', executions: 40, goOn: () => true });
  expect(run.violations).toEqual([]);
  expect(run.outcomes.of('lower 400') + run.outcomes.of('bad_chunk 400')).toBeGreaterThan(0);
});

describe('whatever is asked of the operations', () => {
  it('nothing breaks, a refusal leaves no trace, and every answer is as described', async () => {
    const run = await fuzzOperations({ seed: 'suite', executions: 30, from: 0, goOn: () => true });
    expect(run.violations).toEqual([]);
    expect(run.executions.all().every(([, count]) => count === 30)).toBe(true);
    expect(run.executions.all().length).toBeGreaterThan(30);
  });

  it('no story of valid and invalid steps ends in books that disagree', async () => {
    const run = await fuzzSequences({ seed: 20_261_122, executions: 8, goOn: () => true });
    expect(run.violations).toEqual([]);
    expect(run.told).toBe(8);
  });
});
