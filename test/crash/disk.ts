import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStream } from '../simulation/chance.ts';
import { readBooks } from './books-at-rest.ts';
import { overdue, rest } from './real-time.ts';
import { Life, type Template } from './life.ts';
import { examine, runWriter, type Heard } from './moments.ts';
import { quickFolder, type StageTemplate } from './stage.ts';

/** What a disk can answer, once or from then on (`+`), to the calls that SQLite lives by. */
const answers = [
  { call: 'pwrite64', error: 'ENOSPC', from: '+' },
  { call: 'pwrite64', error: 'EIO', from: '' },
  { call: 'pwrite64', error: 'EIO', from: '+' },
  { call: 'pwrite64', error: 'EROFS', from: '+' },
  { call: 'fsync', error: 'EIO', from: '' },
  { call: 'fsync', error: 'EIO', from: '+' },
  { call: 'ftruncate', error: 'EIO', from: '' },
] as const;

/** What failing disks came to; grows from run to run of one state. */
export interface DiskFigures {
  /** Writers whose disk answered with an error at some call. */
  faultyDisks: number;
  /** Of these: the store stopped; nothing met the error; or the writer did not even start. */
  stopped: number;
  unharmed: number;
  unborn: number;
  promises: number;
  /** Whole services whose disk was full, and their requests that were refused in words. */
  fullDisks: number;
  refused: number;
  faults: string[];
}

export const noDiskFigures = (): DiskFigures => ({
  faultyDisks: 0,
  stopped: 0,
  unharmed: 0,
  unborn: 0,
  promises: 0,
  fullDisks: 0,
  refused: 0,
  faults: [],
});

/**
 * EIO, ENOSPC and EROFS at each write, fsync and truncation of a writer, by strace's injection: it must
 * stop for good, promise nothing from then on, and leave books that the next one goes on with.
 */
export async function failDisks(
  template: StageTemplate,
  wish: { seed: string; disks: number },
  figures: DiskFigures,
  tell: (figures: DiskFigures) => void,
): Promise<void> {
  while (figures.faultyDisks < wish.disks && figures.faults.length === 0) {
    const index = figures.faultyDisks;
    const answer = answers[index % answers.length] ?? answers[0];
    const turn = Math.floor(index / answers.length);
    // Writes are many: each seventh disk goes one further; fsyncs and truncations are few, and come round.
    const when = answer.call === 'pwrite64' ? turn + 1 : (turn % 40) + 1;
    const name = `${answer.call} number ${when}${answer.from} answers ${answer.error}`;
    const inject = `inject=${answer.call}:error=${answer.error}:when=${when}${answer.from}`;
    const { heard, faults } = await writeOn(template, `${wish.seed} disk ${index}`, inject);
    figures.faultyDisks += 1;
    figures.promises += heard.promises.length;
    if (heard.stopped) figures.stopped += 1;
    else if (heard.ended && heard.refused.length === 0) figures.unharmed += 1;
    else figures.unborn += 1;
    figures.faults.push(...faults.map((fault) => `${name}: ${fault}`));
    tell(figures);
  }
}

async function writeOn(
  template: StageTemplate,
  seed: string,
  inject: string,
): Promise<{ heard: Heard; faults: string[] }> {
  const folder = mkdtempSync(join(quickFolder, 'zhenfu-disk-'));
  const path = join(folder, 'zhenfu.db');
  copyFileSync(template.path, path);
  const wish = { path, people: 3, rounds: 2, pragma: 'wal_autocheckpoint = 60' };
  const trace = [
    'strace',
    '-f',
    '-qq',
    '--seccomp-bpf',
    '-e',
    'trace=pwrite64,fsync,ftruncate',
    '-e',
    inject,
  ];
  try {
    const heard = await runWriter(
      template,
      { ...wish, seed },
      { before: [...trace, '-o', '/dev/null'], quiet: true },
    );
    const faults = [...heard.afterStop.map((words) => `promised after the store had stopped: ${words}`)];
    if (heard.stopped && heard.refused.length === 0) faults.push('the store stopped, and nobody was refused');
    const before = readBooks(path);
    faults.push(...(await examine(before, heard)));
    before.close();
    const again = await runWriter(template, { ...wish, seed: `${seed} again` });
    if (!again.ended || again.refused.length > 0)
      faults.push(`the next one does not go on: ${again.exit} ${again.refused.join()}`);
    const after = readBooks(path);
    const both = {
      promises: [...heard.promises, ...again.promises],
      ledger: [...heard.ledger, ...again.ledger],
    };
    faults.push(...(await examine(after, both)));
    after.close();
    return { heard, faults };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const SIZE = '24m';
const PEOPLE = 8;
const PIECE = Buffer.alloc(4_096);
/** A journal that has room of its own may go on for a while on a full disk. */
const STOPS_WITHIN_MS = 30_000;

/** Whether this user may mount a small disk of its own. */
export function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'zhenfu-mount-'));
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0;
  if (done) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return done;
}

/**
 * The whole service under load on a small disk that somebody fills: it refuses in words, promises
 * nothing that is not there, ends for its supervisor to see, does not start before there is space, and
 * goes on when there is.
 */
export async function fillDisks(
  template: Template,
  wish: { seed: string; rounds: number },
  figures: DiskFigures,
  tell: (figures: DiskFigures) => void,
): Promise<void> {
  while (figures.fullDisks < wish.rounds && figures.faults.length === 0) {
    const seed = `${wish.seed} full ${figures.fullDisks}`;
    const folder = mkdtempSync(join(tmpdir(), 'zhenfu-small-'));
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder]);
    try {
      figures.faults.push(
        ...(await oneFullDisk(template, folder, seed, figures)).map((fault) => `${seed}: ${fault}`),
      );
    } finally {
      spawnSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true });
    }
    figures.fullDisks += 1;
    tell(figures);
  }
}

async function oneFullDisk(
  template: Template,
  folder: string,
  seed: string,
  figures: DiskFigures,
): Promise<string[]> {
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  const life = new Life(template, seed, data);
  const stream = openStream(`${seed} moment`);
  const ballast = join(folder, 'ballast');
  const faults: string[] = [];
  try {
    await life.begin();
    const service = life.start();
    if ((await service.ready) === undefined) return [`not ready: ${service.complaints()}`];
    life.open('F', PEOPLE);
    await rest(stream.between(50, 1_000));
    fill(ballast);
    const exit = await Promise.race([service.gone, overdue(STOPS_WITHIN_MS)]);
    if (exit !== '74') faults.push(`on a full disk: ${exit} ${service.complaints()}`);
    faults.push(...(await life.examine({ settled: false })));
    const early = life.start();
    const ready = await Promise.race([early.ready, overdue(STOPS_WITHIN_MS).then(() => undefined)]);
    if (ready === undefined && early.complaints() === '')
      faults.push('it does not start on a full disk, and does not say why');
    early.child.kill('SIGKILL');
    await early.gone;
    faults.push(...(await life.examine({ settled: false })));
    rmSync(ballast);
    const late = life.start();
    if ((await late.ready) === undefined) faults.push(`with space again: ${late.complaints()}`);
    await rest(300);
    const fared = await life.shut();
    figures.refused += fared.refused;
    figures.promises += life.promises.length;
    await life.settle();
    await life.kill();
    return [...faults, ...life.faults, ...(await life.examine({ settled: true }))];
  } finally {
    await life.end();
  }
}

/** Takes all space that there is, to the last page. */
function fill(path: string): void {
  for (;;) {
    try {
      appendFileSync(path, PIECE);
    } catch {
      return;
    }
  }
}
