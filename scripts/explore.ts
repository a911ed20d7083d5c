/**
 * Walks every order of events of 1 bill × 2 payments × 1 refund, over the production operations themselves.
 *
 *   npm run explore                                   every order to depth 8, on every core
 *   npm run explore -- --depth 6 --seed 2             less deep; another share is looked at closely
 *   npm run explore -- --replay "open alipay > finish > scan > pay"
 *
 * What walks      `openSession`, `followPayment`, `receiveNotification` and their like run as written, on
 *                 tables in memory that know every statement by its name (`test/explore/memory`, which a test
 *                 holds to SQLite statement by statement). An operation that waits for a channel is put
 *                 down and led to the same place again by what it was told, so that it can go on in every
 *                 way: answered, answered late, lost on the way there or back, overtaken, killed.
 * What happens    cashiers open, refresh, switch, cancel, void and insist; refunds are asked for, approved and
 *                 taken back; patients scan, pay, pay twice, pay another sum; the channels tell, double,
 *                 reorder, settle, close, and break their word; the worker takes any job; processes
 *                 die; the clock goes on (`test/explore/happenings.ts`). At most three things are under way.
 * What is a state all that any operation, check or channel can still see (`test/explore/likeness.ts`): two
 *                 that differ only in minted numbers or in history are one, and are walked on from once.
 * Where it begins at one unpaid bill, to the full depth; and at places deeper in the story than that reaches
 *                 (`test/explore/beginnings.ts`), `--further` steps from each.
 * What is checked after each step the invariants of money-safety.md 3.2 (`test/explore/checks`): in fen,
 *                 what left the wallets is on the bill, going back, before a person, or still being told.
 *                 In each constellation of states, every cell of the grids is asked outright
 *                 (`test/explore/asked.ts`): what is illegal is refused and changes nothing.
 * A closer look   one state of `--walk-every` is walked to again on SQLite beside the tables in memory, compared
 *                 row by row after each step and audited; one of `--calm-every`, and the first of each
 *                 kind (what stands where), is left to good weather, twice (with every notice told, and with
 *                 all lost), until nothing is left to do and every fen is where it belongs.
 *
 * The same arguments come to the same states on any number of threads; the seed chooses the closer looks.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { beginnings } from '../test/explore/beginnings.ts';
import { explore, type Found } from '../test/explore/crew.ts';
import { retrace } from '../test/explore/retrace.ts';

const { values } = parseArgs({
  options: {
    depth: { type: 'string', default: '8' },
    further: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3600' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(availableParallelism()) },
    'calm-every': { type: 'string', default: '4000' },
    'walk-every': { type: 'string', default: '4000' },
    room: { type: 'string', default: '8000000' },
    replay: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const USAGE = `npm run explore -- [--depth N] [--further N] [--seconds N] [--seed N] [--threads N]
                  [--calm-every N] [--walk-every N] [--room STATES]
npm run explore -- --replay "open alipay > finish > …"
Depth is 14 at most. Exit code 1 when something broke, or was not reached.`;

if (values.help) console.log(USAGE);
else if (values.replay === undefined) await survey();
else for await (const line of retrace(values.replay.split('>').map((word) => word.trim()))) console.log(line);

async function survey(): Promise<void> {
  const [depth, further, threads] = [values.depth, values.further, values.threads].map(Number) as [
    number,
    number,
    number,
  ];
  const bar = process.stderr.isTTY;
  const began = performance.now();
  const found = await explore(
    {
      ...{ depth, further, threads, seed: Number(values.seed), seconds: Number(values.seconds) },
      calmEvery: Number(values['calm-every']),
      walkEvery: Number(values['walk-every']),
      room: Number(values.room),
    },
    (at, states) => {
      if (bar) process.stderr.write(`\r${drawBar(at / depth)} depth ${at}, ${tell(states)} states `);
    },
  );
  if (bar) process.stderr.write('\n');
  const { user, system } = process.cpuUsage();
  const others = Object.keys(beginnings).length - 1;
  console.log(
    `seed ${values.seed}: depth ${depth} from one unpaid bill, ${further} more from ${others} other beginnings, ${threads} threads`,
  );
  report(found, (performance.now() - began) / 1000, (user + system) / 1e6);
  const whole = found.complete && (found.missing.length > 0 || found.notRefused.length > 0);
  if (found.faults.length > 0 || whole) process.exitCode = 1;
}

function report(found: Found, seconds: number, cpuSeconds: number): void {
  const { faults, onlyAsked, missing, notRefused } = found;
  const list = (pairs: readonly string[]): string => pairs.map((pair) => `\n    ${pair}`).join('');
  console.log(
    `${tell(found.distinct)} distinct states, ${tell(found.transitions)} transitions in ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(0)} s of processor)${found.complete ? '' : ': STOPPED before the end'}
new states by depth: ${found.fresh.map(tell).join(', ')}
legal pairs of a state and an event: ${found.legal}, come to ${found.come}, asked outright only ${onlyAsked.length}, never met ${missing.length}
  asked outright only:${list(onlyAsked)}
  never met:${list(missing)}
illegal pairs: ${found.illegal}, refused ${found.illegal - notRefused.length}, ${tell(found.refusals)} times${list(notRefused)}
closer looks: ${tell(found.walkedTogether)} paths walked on SQLite too, ${tell(found.calmed)} states calmed down
${faults.length} kinds of faults`,
  );
  for (const { words, path, times } of faults)
    console.log(
      `\n✗ ${words}\n  ${times} times, first by:\n  npm run explore -- --replay "${path.join(' > ')}"`,
    );
}

function drawBar(done: number): string {
  const full = Math.min(20, Math.round(done * 20));
  return `[${'='.repeat(full)}${' '.repeat(20 - full)}]`;
}

function tell(count: number): string {
  return count.toLocaleString('en');
}
