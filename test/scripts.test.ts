import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { isInstalled, isOurLine } from '../scripts/bootstrap.mjs';
import { digestOfSources } from '../scripts/build-web.mjs';
import { closingLine, count, faultsOf } from '../scripts/verdict.mjs';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'zhenfu-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) write(folder, name, text);
  return folder;
}

function write(folder: string, name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

describe('what is installed', () => {
  const asked = {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  };
  const lock = JSON.stringify({ packages: asked });
  const record = (a: string): string => JSON.stringify({ packages: { 'node_modules/a': { version: a } } });

  const whole = {
    'package-lock.json': lock,
    'node_modules/.package-lock.json': record('1.0.0'),
    'node_modules/a/package.json': '{}',
  };

  test('an empty clone has nothing installed', () => {
    expect(isInstalled(folderWith({ 'package-lock.json': lock }))).toBe(false);
  });

  test('an install that was killed is noticed: its packages are there, npm’s record is not', () => {
    const folder = folderWith({ 'package-lock.json': lock, 'node_modules/a/package.json': '{}' });
    expect(isInstalled(folder)).toBe(false);
  });

  test('npm’s record alone makes no install: the packages must be there', () => {
    const folder = folderWith({
      'package-lock.json': lock,
      'node_modules/.package-lock.json': record('1.0.0'),
    });
    expect(isInstalled(folder)).toBe(false);
  });

  test('an install that npm finished counts, whoever asked for it, and optional packages may be missing', () => {
    const folder = folderWith(whole);
    expect(isInstalled(folder)).toBe(true);
    expect(isInstalled(folder), 'the second time by its stamp').toBe(true);
  });

  test('a lock file that changed asks for another install', () => {
    const folder = folderWith(whole);
    expect(isInstalled(folder)).toBe(true);
    write(folder, 'package-lock.json', lock.replace('1.0.0', '1.0.1'));
    expect(isInstalled(folder)).toBe(false);
  });

  test('Node 24 runs the project from 24.15 on, and no other major does', () => {
    const versions = ['20.20.2', '24.14.9', '24.15.0', '24.21.0', '25.0.0'];
    expect(versions.filter(isOurLine)).toEqual(['24.15.0', '24.21.0']);
  });
});

describe('what the web is built from', () => {
  const files = {
    'package-lock.json': '{}',
    'src/money/fen.ts': 'export {};',
    'src/session/states.ts': 'export {};',
    'src/session/open-session.ts': 'export {};',
    'web/index.html': '<!doctype html>',
    'web/pages/pay.tsx': 'export {};',
    'web/pages/pay.test.tsx': 'export {};',
  };

  test.each([
    'web/pages/pay.tsx',
    'web/pages/new.tsx',
    'src/money/fen.ts',
    'src/session/states.ts',
    'package-lock.json',
  ])('a change of %s builds it again', (name) => {
    const folder = folderWith(files);
    const before = digestOfSources(folder);
    write(folder, name, 'export const changed = true;');
    expect(digestOfSources(folder)).not.toBe(before);
  });

  test.each(['src/session/open-session.ts', 'web/pages/pay.test.tsx'])('a change of %s does not', (name) => {
    const folder = folderWith(files);
    const before = digestOfSources(folder);
    write(folder, name, 'export const changed = true;');
    expect(digestOfSources(folder)).toBe(before);
  });
});

describe('what a test run amounts to', () => {
  const green = { code: 0, numbers: { passed: 3, failed: 0, skipped: 0 }, absent: [], inCi: true };
  const chromium = { pack: 'chromium', serves: 'browser' };

  test('a run where everything ran and passed is a pass', () => {
    expect(faultsOf(green)).toEqual([]);
  });

  test.each([
    ['a test failed', { ...green, code: 1, numbers: { passed: 2, failed: 1, skipped: 0 } }],
    ['vitest itself failed', { ...green, code: 1 }],
    ['no test ran', { ...green, numbers: { passed: 0, failed: 0, skipped: 0 } }],
    ['something was skipped in CI', { ...green, numbers: { passed: 2, failed: 0, skipped: 1 } }],
    ['a browser was missing in CI', { ...green, absent: [chromium] }],
  ])('it is none when %s', (_why, run) => {
    expect(faultsOf(run)).toHaveLength(1);
  });

  test('outside CI what could not be installed is named and does not fail the run', () => {
    expect(faultsOf({ ...green, inCi: false, absent: [chromium] })).toEqual([]);
  });

  test('a test file that cannot be loaded is a failure, and a test to be written was skipped', () => {
    const numbers = count({
      numPassedTests: 4,
      numFailedTests: 1,
      numPendingTests: 2,
      numTodoTests: 1,
      testResults: [
        { status: 'failed', assertionResults: [] },
        { status: 'failed', assertionResults: [{ status: 'failed' }] },
        { status: 'passed', assertionResults: [] },
      ],
    });
    expect(closingLine(numbers)).toBe('4 passed, 2 failed, 3 skipped');
  });

  test('a run that left no report passed nothing', () => {
    expect(closingLine(count(null))).toBe('0 passed, 0 failed, 0 skipped');
  });
});

describe('a command of the project', () => {
  test('ends with the exit code of the program it ran, and prints that program’s words only', () => {
    const program = 'process.stdout.write(process.version); process.exitCode = 7';
    const { status, stdout } = spawnSync(process.execPath, ['scripts/run.mjs', '-e', program], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 7, stdout: expect.stringMatching(/^v24\.\d+\.\d+$/) });
  });
});
