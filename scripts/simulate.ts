// Lives simulated days of a small clinic until enough sessions passed, or an invariant broke.
//   npm run simulate -- --sessions 60000 --seed 7     many days, on every core
//   npm run simulate -- --sessions 2000000 --record FILE   goes on from what FILE says, and keeps it up to date
//   npm run simulate -- --replay 7-12                 one of them, told step by step
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { faultsOf, freshRun, runCrew, sessionsPerCpuSecond, type Run } from '../test/simulation/crew.ts';
import { Day, type DayWish } from '../test/simulation/day.ts';
import { makeScenery } from '../test/simulation/scenery.ts';
import { shrink } from '../test/simulation/shrink.ts';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    bills: { type: 'string', default: '300' },
    threads: { type: 'string', default: String(availableParallelism()) },
    record: { type: 'string' },
    replay: { type: 'string' },
    without: { type: 'string', default: '' },
    'without-bills': { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

const USAGE = `npm run simulate -- [--sessions N] [--seed S] [--bills N] [--threads N] [--record FILE]
npm run simulate -- --replay SEED [--bills N] [--without fault,fault] [--without-bills 1,2,5-9]`;

if (values.help) console.log(USAGE);
else if (values.replay === undefined) await simulate();
else await replay(values.replay);

async function simulate(): Promise<void> {
  const wanted = Number(values.sessions);
  const bar = process.stderr.isTTY;
  const began = performance.now();
  const run = beginOrGoOn();
  const failed = await runCrew(
    run,
    ({ sessions }) => sessions >= wanted,
    ({ sessions, days }) => {
      if (days % 20 === 0) keep(run);
      if (bar) process.stderr.write(`\r${drawBar(sessions / wanted)} ${sessions} sessions, ${days} days `);
    },
  );
  if (bar) process.stderr.write('\n');
  keep(run);
  report(run, (performance.now() - began) / 1000);
  console.log(`violations  ${failed.length}`);
  const [first] = failed;
  if (first === undefined) return;
  process.exitCode = 1;
  console.log(`\nseed ${first.seed}, step ${first.steps}:\n  ${first.violations.join('\n  ')}\n`);
  console.log('looking for a smaller story …');
  const { wish, result } = await shrink(await makeScenery(), first.wish, first.violations[0] ?? '');
  console.log(result.trace.slice(-80).join('\n'));
  console.log(`  ${result.violations.join('\n  ')}\n\nnpm run simulate -- ${replayWords(wish)}`);
}

/** A recorded run goes on with its own seed, its own days and as many threads as it began with. */
function beginOrGoOn(): Run {
  const { record, seed, bills, threads } = values;
  if (record !== undefined && existsSync(record)) return JSON.parse(readFileSync(record, 'utf8')) as Run;
  return freshRun({ seed, bills: Number(bills), threads: Number(threads) });
}

function keep(run: Run): void {
  if (values.record === undefined) return;
  writeFileSync(`${values.record}.new`, `${JSON.stringify(run, null, 2)}\n`);
  renameSync(`${values.record}.new`, values.record);
}

function report(run: Run, seconds: number): void {
  const perFault = Object.entries(run.faults).toSorted(([, one], [, other]) => other - one);
  const faults = faultsOf(run);
  console.log(
    `${run.days} days, ${run.sessions} sessions, ${faults} faults, ${run.steps} steps, ${run.asked} questions to the channels; now ${seconds.toFixed(1)} s`,
  );
  console.log(
    `${sessionsPerCpuSecond(run).toFixed(0)} sessions a second and core, ${(faults / run.sessions).toFixed(1)} faults a session`,
  );
  console.log(`faults      ${perFault.map(([name, count]) => `${name} ${count}`).join(', ')}`);
  console.log(
    `situations  ${Object.entries(run.situations)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
  );
}

async function replay(seed: string): Promise<void> {
  const wish: DayWish = {
    seed,
    bills: Number(values.bills),
    without: new Set(values.without.split(',').filter((name) => name !== '')),
    withoutBills: new Set(values['without-bills'].split(',').flatMap(rangeOf)),
    trace: true,
  };
  const { trace, violations, hash, sessions } = await new Day(await makeScenery(), wish).live();
  console.log(trace.join('\n'));
  console.log(`${sessions} sessions, hash ${hash}`);
  if (violations.length > 0) {
    console.log(`  ${violations.join('\n  ')}`);
    process.exitCode = 1;
  }
}

function replayWords(wish: DayWish): string {
  const bills = [...(wish.withoutBills ?? [])].toSorted((one, other) => one - other);
  const words = [`--replay ${wish.seed} --bills ${wish.bills}`];
  if (wish.without !== undefined) words.push(`--without ${[...wish.without].join(',')}`);
  if (bills.length > 0) words.push(`--without-bills ${ranges(bills)}`);
  return words.join(' ');
}

/** `1-4,7` for 1, 2, 3, 4, 7. */
function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const one of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === one - 1) last[1] = one;
    else runs.push([one, one]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

function rangeOf(text: string): number[] {
  const [from, to] = text.split('-').map(Number);
  if (text === '' || from === undefined) return [];
  return Array.from({ length: (to ?? from) - from + 1 }, (_, at) => from + at);
}

function drawBar(share: number): string {
  const full = Math.min(30, Math.floor(share * 30));
  return `[${'█'.repeat(full)}${' '.repeat(30 - full)}]`;
}
