import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { WriterSays } from './moments.ts';

/** What a process did to its database, in its order, as strace(1) saw it; and what it said meanwhile. */
export type FileOp =
  | { kind: 'write'; file: 'db' | 'wal'; offset: number; bytes: Buffer }
  | { kind: 'truncate'; file: 'db' | 'wal'; size: number }
  | { kind: 'sync'; file: 'db' | 'wal' }
  | { kind: 'unlink'; file: 'wal' }
  | { kind: 'said'; message: WriterSays };

const CALLS = ['pwrite64', 'write', 'fsync', 'fdatasync', 'ftruncate', 'unlink'] as const;

export function hasStrace(): boolean {
  return spawnSync('strace', ['--version']).status === 0;
}

/** The command line that writes all of it to `file`, put in front of a program. */
export function recorder(file: string): string[] {
  return [
    'strace',
    '-f',
    '-qq',
    '--seccomp-bpf',
    '-y',
    '-xx',
    '-s',
    '70000',
    '-e',
    `trace=${CALLS.join(',')}`,
    '-o',
    file,
  ];
}

const LINE = new RegExp(`^\\d+ +(${CALLS.join('|')})\\((.*)\\) += (-?\\d+)`);
const FD = /^(\d+)<([^>]*)>/;

/**
 * Reads a recording of a process that works on the database at `path`. A call that two threads made at
 * once stands on two lines and is put together first.
 */
export function readRecording(file: string, path: string): FileOp[] {
  const ops: FileOp[] = [];
  const begun = new Map<string, string>();
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const thread = /^\d+/.exec(line)?.[0] ?? '';
    const unfinished = line.indexOf(' <unfinished ...>');
    if (unfinished >= 0) {
      begun.set(thread, line.slice(0, unfinished));
      continue;
    }
    const resumed = /^\d+ +<\.\.\. \w+ resumed>(.*)$/.exec(line);
    const whole = resumed === null ? line : `${begun.get(thread) ?? ''}${resumed[1] ?? ''}`;
    const op = readLine(whole, path);
    if (op !== undefined) ops.push(...op);
  }
  return ops;
}

function readLine(line: string, path: string): FileOp[] | undefined {
  const [, call, args = '', result] = LINE.exec(line) ?? [];
  if (call === undefined || result === undefined || result.startsWith('-')) return undefined;
  const quoted = /"([^"]*)"/.exec(args)?.[1];
  if (call === 'unlink')
    return unhex(quoted ?? '').toString() === `${path}-wal` ? [{ kind: 'unlink', file: 'wal' }] : undefined;
  const [whole = '', fd, name = ''] = FD.exec(args) ?? [];
  if (call === 'write') return fd === '1' ? said(unhex(quoted ?? '').toString()) : undefined;
  const file = fileOf(unhex(name).toString(), path);
  if (file === undefined) return undefined;
  const numbers =
    args
      .slice(Math.max(args.lastIndexOf('"') + 1, whole.length))
      .match(/\d+/g)
      ?.map(Number) ?? [];
  if (call === 'pwrite64')
    return [{ kind: 'write', file, offset: numbers[1] ?? 0, bytes: unhex(quoted ?? '') }];
  if (call === 'ftruncate') return [{ kind: 'truncate', file, size: numbers[0] ?? 0 }];
  return [{ kind: 'sync', file }];
}

function said(text: string): FileOp[] {
  return text
    .split('\n')
    .filter((one) => one !== '')
    .map((one) => ({ kind: 'said', message: JSON.parse(one) as WriterSays }));
}

function fileOf(name: string, path: string): 'db' | 'wal' | undefined {
  if (name === path) return 'db';
  return name === `${path}-wal` ? 'wal' : undefined;
}

function unhex(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}
