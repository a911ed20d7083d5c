import { describe, expect, it } from 'vitest';
import { runCluster } from './run.ts';

const server = process.env.ZHENFU_TEST_MYSQL_URL;
const shared = server === undefined || server === 'none' ? [] : [server];

describe.each(shared)('two instances over MariaDB', { timeout: 240_000 }, (url) => {
  it('keep every fen and every word that they gave while they are killed, stopped and cut off inside COMMIT', async () => {
    const { violations, counts, transactions } = await runCluster({
      seed: 'npm test',
      transactions: 600,
      server: url,
      speed: 8,
      bills: 30,
      audits: 1,
      longStops: 0,
      longStopMs: 0,
      everyMs: 2_500,
      tell: () => undefined,
    });
    expect(violations).toEqual([]);
    expect(transactions).toBeGreaterThanOrEqual(600);
    expect(counts['instances']?.['kills']).toBeGreaterThan(0);
  });
});
