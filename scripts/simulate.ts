// Lives simulated days of a small clinic until enough sessions passed, or an invariant broke.
//   npm run simulate -- --sessions 60000 --seed 7     many days, on every core
//   npm run simulate -- --replay 7-12                 one of them, told step by step
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { faultsPerSession, runCrew, sessionsPerCpuSecond, type Run } from '../test/simulation/crew.ts';
import { Day, type DayWish } from '../test/simulation/day.ts';
import { makeScenery } from '../test/simulation/scenery.ts';
import { shrink } from '../test/simulation/shrink.ts';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    bills: { type: 'string', default: '240' },
    threads: { type: 'string', default: String(availableParallelism()) },
    replay: { type: 'string' },
    without: { type: 'string', default: '' },
    'without-bills': { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

const USAGE = `npm run simulate -- [--sessions N] [--seed S] [--bills N] [--threads N]
npm run simulate -- --replay SEED [--bills N] [--without fault,fault] [--without-bills 1,2,5-9]`;

if (values.help) console.log(USAGE);
else if (values.replay === undefined) await simulate();
else await replay(values.replay);

async function simulate(): Promise<void> {
  const wanted = Number(values.sessions);
  const bar = process.stderr.isTTY;
  const began = performance.now();
  const run = await runCrew(
    { seed: values.seed, bills: Number(values.bills), threads: Number(values.threads) },
    ({ sessions }) => sessions >= wanted,
    ({ sessions, days }) => {
      if (bar) process.stderr.write(`\r${drawBar(sessions / wanted)} ${sessions} sessions, ${days} days `);
    },
  );
  if (bar) process.stderr.write('\n');
  report(run, (performance.now() - began) / 1000);
  const [failed] = run.failed;
  if (failed === undefined) return;
  process.exitCode = 1;
  console.log(`\nseed ${failed.seed}, step ${failed.steps}:\n  ${failed.violations.join('\n  ')}\n`);
  console.log('looking for a smaller story …');
  const { wish, result } = await shrink(await makeScenery(), failed.wish, failed.violations[0] ?? '');
  console.log(result.trace.slice(-80).join('\n'));
  console.log(`  ${result.violations.join('\n  ')}\n\nnpm run simulate -- ${replayWords(wish)}`);
}

function report(run: Run, seconds: number): void {
  const perFault = [...run.faults].toSorted(([, one], [, other]) => other - one);
  console.log(
    `${run.days} days, ${run.sessions} sessions, ${run.steps} steps, ${run.asked} questions to the channels in ${seconds.toFixed(1)} s`,
  );
  console.log(
    `${sessionsPerCpuSecond(run).toFixed(0)} sessions a second and core, ${faultsPerSession(run).toFixed(1)} faults a session`,
  );
  console.log(`faults      ${perFault.map(([name, count]) => `${name} ${count}`).join(', ')}`);
  console.log(`situations  ${[...run.situations].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  console.log(`violations  ${run.failed.length}`);
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
