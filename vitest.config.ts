import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Starts MariaDB once for the whole run and says where it is; the suites that need it ask for it. */
const globalSetup = existsSync('test/global-setup.ts') ? ['test/global-setup.ts'] : [];

export default defineConfig({
  test: {
    environment: 'node',
    passWithNoTests: true,
    // A test that was left focused would leave out all others, here as in CI.
    allowOnly: false,
    globalSetup,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{src,simulator,web}/**/*.test.{ts,tsx}',
            'test/*.test.ts',
            'test/explore/**/*.test.ts',
            'test/crash/**/*.test.ts',
            'test/teeth/**/*.test.ts',
            'test/fuzz/**/*.test.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'journeys',
          include: ['test/journeys/**/*.test.ts', 'test/cluster/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/setup.ts'],
          // One Chromium at a time: two of them on two cores measure each other, not us.
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'world',
          include: ['test/simulation/**/*.test.ts'],
          // It lives its days on two threads of its own.
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
