// Makes known mistakes in a copy of the project and sees whether the tests notice.
//   npm run teeth                                each planted defect, going on where the last run ended
//   npm run teeth -- --only "two clerks"         those whose name, file or row says so
//   npm run teeth -- mutate --budget 30          half an hour of small changes to the money modules; again to go on
//   npm run teeth -- mutate --only refund,bill   of these modules
import { parseArgs } from 'node:util';
import { Copy } from '../test/teeth/copy.ts';
import { hunt, type Hunt } from '../test/teeth/hunt.ts';
import { keyOf, Ledger } from '../test/teeth/ledger.ts';
import { scoresOf, shareKilled } from '../test/teeth/mutation/report.ts';
import { tryMutants, type Trial, type Verdict } from '../test/teeth/mutation/trial.ts';
import { plants } from '../test/teeth/plants/index.ts';
import type { Plant } from '../test/teeth/plants/plant.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    limit: { type: 'string', default: '10' },
    sessions: { type: 'string', default: '3000' },
    budget: { type: 'string', default: '600' },
    patience: { type: 'string', default: '10' },
    days: { type: 'string', default: '4' },
    help: { type: 'boolean', default: false },
  },
});

const USAGE = `npm run teeth [-- --only TEXT] [--limit MINUTES] [--sessions N] [--fresh]
npm run teeth -- mutate [--only MODULE,MODULE] [--budget MINUTES] [--patience SECONDS] [--days N] [--fresh]
Both go on where the last run ended; --fresh begins anew.`;

if (values.help) console.log(USAGE);
else if (positionals[0] === 'mutate') await mutate();
else await huntAll();

async function huntAll(): Promise<void> {
  const limitMs = Number(values.limit) * 60_000;
  const wanted = plants.filter((plant) => matches(plant, values.only));
  const ledger = new Ledger<Hunt>('.cache/teeth/plants.jsonl');
  if (values.fresh) ledger.forget();
  const left = wanted.filter((plant) => ledger.get(keyOfPlant(plant)) === undefined);
  if (left.length > 0) await withCopy((copy) => huntLeft(copy, left, ledger, limitMs));
  reportPlants(wanted, ledger);
}

async function huntLeft(
  copy: Copy,
  left: readonly Plant[],
  ledger: Ledger<Hunt>,
  limitMs: number,
): Promise<void> {
  for (const [at, plant] of left.entries()) {
    const found = await hunt(copy, plant, { limitMs, sessions: Number(values.sessions) });
    if (found.foundBy !== undefined) ledger.put(keyOfPlant(plant), found);
    const by = found.foundBy ?? 'NOT FOUND';
    console.log(`${at + 1}/${left.length} ${by} ${found.seconds.toFixed(1)} s  ${plant.of}: ${plant.name}`);
    if (found.words !== '') console.log(`      ${found.words.slice(0, 160)}`);
  }
}

function reportPlants(wanted: readonly Plant[], ledger: Ledger<Hunt>): void {
  const hunts = wanted.map((plant) => ({ plant, found: ledger.get(keyOfPlant(plant)) }));
  const found = hunts.flatMap(({ found: one }) => one ?? []);
  const seconds = found.map((one) => one.seconds).toSorted((one, other) => one - other);
  const bySuite = found.filter(({ foundBy }) => foundBy === 'suite').length;
  console.log(`\nplants      ${found.length} of ${wanted.length} found`);
  console.log(`found by    suite ${bySuite}, world ${found.length - bySuite}`);
  console.log(
    `seconds     median ${seconds[seconds.length >> 1]?.toFixed(1) ?? '-'}, slowest ${seconds.at(-1)?.toFixed(1) ?? '-'}`,
  );
  for (const { plant, found: one } of hunts) {
    if (one === undefined) console.log(`survived    ${plant.of}: ${plant.name}`);
  }
  if (found.length < wanted.length) process.exitCode = 1;
}

/** A plant is hunted anew when its words change; `--fresh` after the product did. */
function keyOfPlant(plant: Plant): string {
  return keyOf(plant.name, plant.file, plant.find, plant.replace);
}

function matches({ name, of, file }: Plant, text: string | undefined): boolean {
  return text === undefined || `${of}: ${name} ${file}`.includes(text);
}

async function mutate(): Promise<void> {
  const ledger = new Ledger<Verdict>('.cache/teeth/mutants.jsonl');
  if (values.fresh) ledger.forget();
  const bar = process.stderr.isTTY;
  const began = performance.now();
  let tried = 0;
  const trial = await withCopy((copy) =>
    tryMutants({
      folder: copy.root,
      ledger,
      surveys: new Ledger('.cache/teeth/surveys.jsonl'),
      only: values.only?.split(',') ?? [],
      days: Number(values.days),
      budgetMs: Number(values.budget) * 60_000,
      patienceMs: Number(values.patience) * 1_000,
      onUnfit: (name) => console.log(`left out, it does not pass twice: ${name}`),
      onTried: (_mutant, _verdict, left) => {
        tried += 1;
        const each = (performance.now() - began) / tried / 1_000;
        if (bar) process.stderr.write(`\r${tried} tried, ${left} left, ${each.toFixed(2)} s each `);
      },
    }),
  );
  if (bar) process.stderr.write('\n');
  reportMutants(trial);
  const seconds = (performance.now() - began) / 1_000;
  console.log(`${tried} tried in ${seconds.toFixed(0)} s`);
}

function reportMutants(trial: Trial): void {
  const scores = scoresOf(trial);
  for (const { alive } of scores) {
    for (const { file, line, text, from, to } of alive) {
      console.log(`alive  ${file}:${line}  ${text}\n       ${from} → ${to === '' ? 'nothing' : to}`);
    }
  }
  console.log('\nmodule       mutants  killed  explained  alive  untried   score');
  for (const score of [...scores, totalOf(scores)]) {
    const { module, mutants, killed, explained, alive, untried } = score;
    const columns = [mutants, killed, explained, alive.length, untried].map((count, at) =>
      String(count).padStart([9, 8, 11, 7, 9][at] ?? 8),
    );
    console.log(
      `${module.padEnd(11)}${columns.join('')}${(shareKilled(score) * 100).toFixed(1).padStart(7)} %`,
    );
  }
  if (scores.some((score) => shareKilled(score) < 0.9 || score.alive.length > 0)) process.exitCode = 1;
}

function totalOf(scores: ReturnType<typeof scoresOf>): (typeof scores)[number] {
  const sum = (of: (score: (typeof scores)[number]) => number): number =>
    scores.reduce((total, score) => total + of(score), 0);
  return {
    module: 'all',
    mutants: sum(({ mutants }) => mutants),
    killed: sum(({ killed }) => killed),
    explained: sum((score) => score.explained),
    alive: scores.flatMap(({ alive }) => alive),
    untried: sum(({ untried }) => untried),
  };
}

async function withCopy<T>(work: (copy: Copy) => Promise<T>): Promise<T> {
  const copy = new Copy('.');
  const tidy = (): void => copy.throwAway();
  process.once('exit', tidy);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  try {
    return await work(copy);
  } finally {
    process.off('exit', tidy);
    tidy();
  }
}
