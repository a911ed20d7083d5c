// Walks every order of events of 1 bill × 2 payments × 1 refund, over the operations themselves.
//   npm run explore                                  every order to depth 8, on every core
//   npm run explore -- --depth 6 --seed 2            less deep; another share is walked on SQLite and calmed down
//   npm run explore -- --replay "open alipay > finish > scan > pay"
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { oneBill } from '../test/explore/beginning.ts';
import { beginnings } from '../test/explore/beginnings.ts';
import { check } from '../test/explore/checks.ts';
import { explore, type Found } from '../test/explore/crew.ts';
import { possible } from '../test/explore/happenings.ts';
import { step } from '../test/explore/step.ts';
import { inWords } from '../test/explore/told.ts';

const { values } = parseArgs({
  options: {
    depth: { type: 'string', default: '8' },
    further: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3600' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(availableParallelism()) },
    'calm-every': { type: 'string', default: '4000' },
    'walk-every': { type: 'string', default: '4000' },
    room: { type: 'string', default: '6000000' },
    replay: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const USAGE = `npm run explore -- [--depth N] [--further N] [--seconds N] [--seed N] [--threads N]
                  [--calm-every N] [--walk-every N] [--room STATES]
npm run explore -- --replay "open alipay > finish > …"
Progress goes to standard error, a JSON summary to standard output.`;

if (values.help) console.log(USAGE);
else if (values.replay === undefined) await survey();
else await replay(values.replay.split('>').map((word) => word.trim()));

async function survey(): Promise<void> {
  const [depth, further, seconds, seed, threads] = [
    Number(values.depth),
    Number(values.further),
    Number(values.seconds),
    Number(values.seed),
    Number(values.threads),
  ];
  const began = performance.now();
  const elapsed = (): number => Math.round((performance.now() - began) / 100) / 10;
  const found = await explore(
    {
      ...{ depth, further, seconds, seed, threads },
      calmEvery: Number(values['calm-every']),
      walkEvery: Number(values['walk-every']),
      room: Number(values.room),
    },
    (words) => process.stderr.write(`${words}, ${elapsed()} s\n`),
  );
  const { user, system } = process.cpuUsage();
  const cpu = Math.round((user + system) / 100_000) / 10;
  console.log(
    JSON.stringify(
      { depth, further, seed, threads, ...summary(found), seconds: elapsed(), cpu_seconds: cpu },
      null,
      2,
    ),
  );
  const whole = found.complete && found.missing.length > 0;
  if (found.faults.length > 0 || whole) process.exitCode = 1;
}

function summary(found: Found) {
  return {
    complete: found.complete,
    beginnings: Object.keys(beginnings).length,
    distinct_states: found.distinct,
    transitions: found.transitions,
    new_states_by_depth: found.fresh,
    legal_pairs: found.legal,
    legal_pairs_come_to: found.come,
    legal_pairs_only_asked_outright: found.onlyAsked,
    legal_pairs_missing: found.missing,
    illegal_pairs: found.illegal,
    illegal_pairs_not_refused: found.notRefused,
    refusals: found.refusals,
    calmed_down: found.calmed,
    paths_walked_on_sqlite: found.walkedTogether,
    faults: found.faults,
  };
}

/** One path, step by step, with what breaks on it and what could happen at its end. */
async function replay(words: readonly string[]): Promise<void> {
  let state = await oneBill();
  for (const word of words) {
    const happened = possible(state).find((one) => inWords(state, one) === word);
    if (happened === undefined) {
      console.log(`✗ ${word}: cannot happen here`);
      break;
    }
    const { state: after, deed } = await step(state, happened);
    const faults = check(state, after, deed);
    console.log(`${faults.length === 0 ? '·' : '✗'} ${word}`);
    for (const fault of faults) console.log(`    ${fault}`);
    for (const { call, say } of deed?.heard ?? []) console.log(`    ${call.api}: ${say}`);
    state = after;
  }
  const { bills, payments, payment_sessions, refunds } = state.tables;
  console.log(`bill ${bills.map(({ status }) => status).join()}`);
  for (const one of payments)
    console.log(`payment ${one.id} ${one.payment_method} ${one.state} ${one.disposition ?? ''}`);
  for (const one of payment_sessions)
    console.log(`session ${one.id} ${one.status} ${one.phase} ${one.retiring ?? ''}`);
  for (const one of refunds) console.log(`refund ${one.id} ${one.kind} ${one.state}`);
  console.log(
    `next: ${possible(state)
      .map((one) => inWords(state, one))
      .join(' | ')}`,
  );
}
