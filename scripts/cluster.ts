// Two instances over one MariaDB, under load: killed, stopped for minutes, cut off inside COMMIT.
//   npm run cluster -- --transactions 200000 --seed 7      the recorded amount, about twenty minutes
//   npm run cluster -- --transactions 5000                 a short look
import { parseArgs } from 'node:util';
import { runCluster, type Figures } from '../test/cluster/run.ts';

const { values } = parseArgs({
  options: {
    transactions: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    speed: { type: 'string', default: '4' },
    bills: { type: 'string', default: '60' },
    audits: { type: 'string' },
    'long-stops': { type: 'string' },
    'long-stop-seconds': { type: 'string', default: '120' },
    'every-seconds': { type: 'string', default: '12' },
    server: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const USAGE = `npm run cluster -- [--transactions N] [--seed S] [--bills AT_ONCE] [--speed TIMES] [--audits N]
                  [--long-stops N] [--long-stop-seconds N] [--every-seconds N] [--server mysql://…]
Starts its own MariaDB in a folder that it removes, unless --server names one.`;

if (values.help) console.log(USAGE);
else await run();

async function run(): Promise<void> {
  const transactions = Number(values.transactions);
  const bar = process.stderr.isTTY;
  const began = performance.now();
  const figures = await runCluster({
    seed: values.seed,
    transactions,
    server: values.server,
    speed: Number(values.speed),
    bills: Number(values.bills),
    audits: Number(values.audits ?? Math.max(1, Math.round(transactions / 50_000))),
    longStops: Number(values['long-stops'] ?? Math.floor(transactions / 50_000)),
    longStopMs: Number(values['long-stop-seconds']) * 1000,
    everyMs: Number(values['every-seconds']) * 1000,
    tell(words) {
      const at = ((performance.now() - began) / 1000).toFixed(0).padStart(5);
      if (bar) process.stderr.write(`\r${at} s  ${words.padEnd(60)}`);
      else if (!/^\d/.test(words) || Number(at) % 10 === 0) process.stderr.write(`${at} s  ${words}\n`);
    },
  });
  if (bar) process.stderr.write('\n');
  report(figures);
  if (figures.violations.length > 0) process.exitCode = 1;
}

function report({ transactions, bills, minutes, counts, said, slowestStartMs, violations }: Figures): void {
  const rate = transactions / (minutes * 60);
  console.log(
    `${transactions} transactions, ${bills} bills in ${minutes.toFixed(1)} minutes, ${rate.toFixed(0)} transactions a second`,
  );
  for (const [group, named] of Object.entries(counts)) {
    const list = Object.entries(named).map(([name, count]) => `${name} ${count}`);
    console.log(`${group.padEnd(10)} ${list.join(', ')}`);
  }
  console.log(`slowest start of an instance ${slowestStartMs.toFixed(0)} ms`);
  console.log('said by the instances:');
  for (const [words, count] of said.slice(0, 25)) console.log(`  ${count} × ${words}`);
  console.log(`violations  ${violations.length}`);
  for (const violation of violations.slice(0, 40)) console.log(`  ${violation}`);
}
