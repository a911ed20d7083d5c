// Tells the product what nobody should, until enough was told or an invariant broke.
//   npm run fuzz -- notifications --executions 1000000 --seed 7
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { paymentMethods } from '#channel';
import { fuzzNotifications } from '../test/fuzz/notifications.ts';
import { fuzzOperations } from '../test/fuzz/operations.ts';
import { makeScene } from '../test/fuzz/scene.ts';
import { fuzzSequences } from '../test/fuzz/sequences.ts';
import { fuzzSockets } from '../test/fuzz/sockets.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    executions: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    from: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});

const USAGE = `npm run fuzz -- notifications [--executions N] [--seed S] [--only alipay|wechat] [--from BATCH]
npm run fuzz -- sockets [--executions N] [--seed S]
npm run fuzz -- operations [--executions N] [--seed S] [--from CLINIC]
npm run fuzz -- sequences [--executions N] [--seed S]`;

let interrupted = false;
process.once('SIGINT', () => (interrupted = true));
let told = 0;

// The heap is only comparable after garbage was collected.
setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc') as NonNullable<typeof globalThis.gc>;

const modes: Record<string, () => Promise<string[]>> = { notifications, sockets, operations, sequences };
const mode = modes[positionals[0] ?? ''];
if (values.help || mode === undefined) console.log(USAGE);
else await report(mode);

async function report(run: () => Promise<string[]>): Promise<void> {
  const began = performance.now();
  const violations = await run();
  const { user, system } = process.cpuUsage();
  const seconds = (performance.now() - began) / 1000;
  console.log(`time        ${seconds.toFixed(0)} s, ${((user + system) / 1e6).toFixed(0)} s of one core`);
  console.log(`violations  ${violations.length}`);
  if (violations.length === 0) return;
  process.exitCode = 1;
  console.log(violations.slice(0, 5).join('\n'));
}

async function notifications(): Promise<string[]> {
  const endpoints = paymentMethods.filter((method) => values.only === '' || values.only === method);
  const run = await fuzzNotifications(await makeScene(), {
    seed: values.seed,
    executions: Number(values.executions),
    endpoints,
    from: Number(values.from),
    goOn,
  });
  console.log(`executions  ${run.executions.toString()}`);
  console.log(`outcomes\n  ${lines(run.outcomes.all())}`);
  console.log(`ways\n  ${lines(run.ways.all())}`);
  console.log(`continue    --seed ${values.seed} --from ${run.next}`);
  console.log(`heap        ${run.heap.map((bytes) => `${(bytes / 1e6).toFixed(1)} MB`).join(', ')}`);
  return run.violations;
}

async function sockets(): Promise<string[]> {
  const run = await fuzzSockets(await makeScene(), {
    seed: values.seed,
    executions: Number(values.executions),
    goOn,
  });
  console.log(`executions  ${run.executions.toString()}`);
  console.log(`outcomes\n  ${lines(run.outcomes.all())}`);
  return run.violations;
}

async function operations(): Promise<string[]> {
  const run = await fuzzOperations({
    seed: values.seed,
    executions: Number(values.executions),
    from: Number(values.from),
    goOn,
  });
  console.log(`executions\n  ${lines(run.executions.all())}`);
  console.log(`outcomes\n  ${lines(run.outcomes.all())}`);
  console.log(`statuses\n  ${lines(run.statuses.all())}`);
  console.log(`continue    --seed ${values.seed} --from ${run.next}`);
  return run.violations;
}

async function sequences(): Promise<string[]> {
  const run = await fuzzSequences({ seed: Number(values.seed), executions: Number(values.executions), goOn });
  console.log(`sequences   ${run.told}`);
  console.log(`outcomes\n  ${lines(run.outcomes.all())}`);
  return run.violations;
}

function lines(counts: [string, number][]): string {
  return counts.map(([name, count]) => `${String(count).padStart(9)}  ${name}`).join('\n  ');
}

/** Tells how far it is, and ends the run in good order when somebody asks for it. */
function goOn(share: number): boolean {
  const full = Math.min(30, Math.floor(share * 30));
  if (process.stderr.isTTY)
    process.stderr.write(`\r[${'█'.repeat(full)}${' '.repeat(30 - full)}] ${(share * 100).toFixed(1)} % `);
  if (!process.stderr.isTTY && share >= told + 0.05) {
    told = share;
    process.stderr.write(`${(share * 100).toFixed(0)} % `);
  }
  return !interrupted;
}
