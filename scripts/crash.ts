// Kills, starves and rewinds the product, and looks at what is left.
//   npm run crash -- service --kills 500      kill -9 of the whole service under load
//   npm run crash -- storage --kills 10000    SIGKILL at every statement and await, and at random moments
//   npm run crash -- disk --disks 2000        EIO, ENOSPC and EROFS at each write and fsync; full disks under a service
//   npm run crash -- restore --restores 100   an old backup is put back, and the channels tell what happened since
//   npm run crash -- torn --images 100000     disks whose power went after any write, and fsyncs counted by strace
import { mkdirSync, mkdtempSync, readFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { percentile } from '../test/crash/figures.ts';
import { makeTemplate } from '../test/crash/life.ts';
import { makeStageTemplate, quickFolder } from '../test/crash/stage.ts';
import { noTornFigures, tearImages } from '../test/crash/torn.ts';
import { failDisks, fillDisks, mayMount, noDiskFigures } from '../test/crash/disk.ts';
import { noRestoreFigures, restoreOften } from '../test/crash/restore.ts';
import { kills, killStorage, noStorageFigures } from '../test/crash/storage.ts';
import { killService, noServiceFigures } from '../test/crash/service.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string' },
    disks: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '20' },
    restores: { type: 'string', default: '100' },
    images: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    anew: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const USAGE = `npm run crash -- service|storage [--kills N] [--seed S] [--anew]
npm run crash -- torn [--images N] | disk [--disks N] [--rounds N] | restore [--restores N]
             with [--seed S] [--anew]
A run of one seed goes on where it was stopped (.cache/crash); --anew begins again.`;

const STATE = join('.cache', 'crash');

/** A run of one seed goes on where it was stopped, unless it is to begin anew. */
function resume<F>(mode: string, none: () => F): { figures: F; keep: () => void } {
  mkdirSync(STATE, { recursive: true });
  const path = join(STATE, `${mode}-${values.seed}.json`);
  const figures: F =
    existsSync(path) && !values.anew ? (JSON.parse(readFileSync(path, 'utf8')) as F) : none();
  return { figures, keep: () => writeFileSync(path, JSON.stringify(figures)) };
}

async function service(): Promise<void> {
  const { figures, keep } = resume('service', noServiceFigures);
  const wanted = Number(values.kills ?? '500');
  const folder = mkdtempSync(join(tmpdir(), 'zhenfu-crash-'));
  const began = performance.now();
  try {
    await killService(await makeTemplate(folder), { seed: values.seed, kills: wanted }, figures, (now) => {
      bar(now.kills / wanted, `${now.kills} kills`);
      keep();
    });
  } finally {
    keep();
    rmSync(folder, { recursive: true });
  }
  const { restartMs, restartCpuMs, faults, ...counts } = figures;
  report(
    'service',
    began,
    {
      ...counts,
      restart_p50_ms: percentile(restartMs, 0.5),
      restart_p99_ms: percentile(restartMs, 0.99),
      restart_max_ms: percentile(restartMs, 1),
      restart_p50_cpu_ms: percentile(restartCpuMs, 0.5),
      restart_p99_cpu_ms: percentile(restartCpuMs, 0.99),
    },
    faults,
  );
}

async function storage(): Promise<void> {
  const { figures, keep } = resume('storage', noStorageFigures);
  const wanted = Number(values.kills ?? '10000');
  const folder = mkdtempSync(join(quickFolder, 'zhenfu-crash-'));
  const began = performance.now();
  try {
    await killStorage(
      await makeStageTemplate(folder, wanted > 100),
      { seed: values.seed, kills: wanted },
      figures,
      (now) => {
        bar(kills(now) / wanted, `${kills(now)} kills`);
        if (kills(now) % 20 === 0) keep();
      },
    );
  } finally {
    keep();
    rmSync(folder, { recursive: true });
  }
  const { lengths, faults, atPoints, atMoments, promises, visited } = figures;
  const points = Object.values(lengths).reduce((sum, length) => sum + length, 0);
  report(
    'storage',
    began,
    { kills: kills(figures), at_points: atPoints, at_moments: atMoments, points, visited, promises },
    faults,
  );
}

async function torn(): Promise<void> {
  const { figures, keep } = resume('torn', noTornFigures);
  const images = Number(values.images);
  const folder = mkdtempSync(join(quickFolder, 'zhenfu-crash-'));
  const began = performance.now();
  try {
    await tearImages(await makeStageTemplate(folder, true), { seed: values.seed, images }, figures, (now) => {
      bar(now.images / images, `${now.images} images`);
      if (now.images % 1000 === 0) keep();
    });
  } finally {
    keep();
    rmSync(folder, { recursive: true });
  }
  const { faults, byFate, ...counts } = figures;
  report('torn', began, { ...counts, ...byFate }, faults);
}

async function disk(): Promise<void> {
  const { figures, keep } = resume('disk', noDiskFigures);
  const wish = { seed: values.seed, disks: Number(values.disks), rounds: Number(values.rounds) };
  const folder = mkdtempSync(join(quickFolder, 'zhenfu-crash-'));
  const began = performance.now();
  const tell = (now: typeof figures): void => {
    bar((now.faultyDisks + now.fullDisks) / (wish.disks + wish.rounds), `${now.faultyDisks} disks`);
    keep();
  };
  try {
    if (mayMount()) await fillDisks(await makeTemplate(folder), wish, figures, tell);
    else console.log('full disks are left out: this user may not mount a small one');
    await failDisks(await makeStageTemplate(folder, wish.disks > 100), wish, figures, tell);
  } finally {
    keep();
    rmSync(folder, { recursive: true });
  }
  const { faults, ...counts } = figures;
  report('disk', began, { ...counts }, faults);
}

async function restore(): Promise<void> {
  const { figures, keep } = resume('restore', noRestoreFigures);
  const restores = Number(values.restores);
  const folder = mkdtempSync(join(tmpdir(), 'zhenfu-crash-'));
  const began = performance.now();
  try {
    await restoreOften(await makeTemplate(folder), { seed: values.seed, restores }, figures, (now) => {
      bar(now.restores / restores, `${now.restores} restores`);
      keep();
    });
  } finally {
    keep();
    rmSync(folder, { recursive: true });
  }
  const { faults, ...counts } = figures;
  report('restore', began, { ...counts }, faults);
}

function report(
  mode: string,
  began: number,
  figures: Record<string, number>,
  faults: readonly string[],
): void {
  if (process.stderr.isTTY) process.stderr.write('\n');
  const words = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  console.log(
    `${mode}: ${words.join(', ')}, faults ${faults.length}, ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );
  for (const fault of faults) console.log(`  ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}

function bar(share: number, words: string): void {
  if (!process.stderr.isTTY) return;
  const full = Math.min(30, Math.floor(share * 30));
  process.stderr.write(`\r[${'█'.repeat(full)}${' '.repeat(30 - full)}] ${words} `);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const modes: Record<string, () => Promise<void>> = { service, storage, torn, disk, restore };
const mode = modes[positionals[0] ?? ''];
if (values.help || mode === undefined) {
  console.log(USAGE);
  if (!values.help) process.exitCode = 2;
} else {
  await mode();
}
