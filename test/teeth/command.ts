import { spawn } from 'node:child_process';

export interface Ended {
  /** What the command said of the product; undefined when its time was over first. */
  verdict: 'good' | 'bad' | undefined;
  seconds: number;
  /** The end of what it wrote. */
  words: string;
}

/**
 * Runs Node with `args` in `folder` and waits no longer than `limitMs`; then it is ended, with all that
 * it started. A line that matches `proof` is a verdict by itself: nobody waits for what comes after.
 */
export function runNode(
  folder: string,
  args: readonly string[],
  limitMs: number,
  proof?: RegExp,
): Promise<Ended> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      // A group of its own, so that its children end with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ZHENFU_TEST_MYSQL_URL: 'none', NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    let words = '';
    let verdict: Ended['verdict'];
    const end = (): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    };
    const late = setTimeout(end, limitMs);
    const hear = (piece: Buffer): void => {
      words = (words + String(piece)).slice(-8_000);
      if (proof?.test(words) !== true || verdict !== undefined) return;
      verdict = 'bad';
      end();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(late);
      if (code !== null) verdict ??= code === 0 ? 'good' : 'bad';
      resolve({ verdict, seconds: (performance.now() - began) / 1000, words });
    });
  });
}

/** The test files, on SQLite alone, up to the first that fails. */
export function suite(folder: string, files: readonly string[], limitMs: number): Promise<Ended> {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', '--project', 'journeys'];
  const manner = ['--bail=1', '--maxWorkers=1', '--reporter=dot', '--passWithNoTests=false'];
  return runNode(folder, [...args, ...manner, ...files], limitMs);
}

/** Simulated days until an invariant breaks: always the same ones, which are good without a defect. */
export function world(folder: string, sessions: number, limitMs: number): Promise<Ended> {
  const days = ['--seed', 'teeth', '--bills', '60', '--sessions', String(sessions), '--threads', '1'];
  return runNode(folder, ['scripts/simulate.ts', ...days], limitMs, /^seed \S+, step \d+:/m);
}
