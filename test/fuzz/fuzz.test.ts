import { beforeAll, describe, expect, it } from 'vitest';
import { fuzzNotifications, type NotificationRun } from './notifications.ts';
import { makeScene, type Scene } from './scene.ts';

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
      executions: 1_000,
      endpoints: ['alipay', 'wechat'],
      from: 0,
      goOn: () => true,
    });
  });

  it('nothing changes without the verified word of its channel, and every word has its home', () => {
    expect(run.violations).toEqual([]);
    expect(run.executions.of('alipay')).toBeGreaterThan(900);
    expect(run.executions.of('wechat')).toBeGreaterThan(900);
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
