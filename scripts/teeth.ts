// Plants known mistakes in a copy of the project and sees whether the tests notice.
//   npm run teeth                                each planted defect, going on where the last run ended
//   npm run teeth -- --only "two clerks"         those whose name, file or row says so
//   npm run teeth -- --fresh                     all of them anew
import { parseArgs } from 'node:util';
import { suite } from '../test/teeth/command.ts';
import { Copy } from '../test/teeth/copy.ts';
import { hunt, type Hunt } from '../test/teeth/hunt.ts';
import { keyOf, Ledger } from '../test/teeth/ledger.ts';
import { plants } from '../test/teeth/plants/index.ts';
import type { Plant } from '../test/teeth/plants/plant.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    limit: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
});

const USAGE = `npm run teeth [-- --only TEXT] [--fresh] [--limit MINUTES]`;

if (values.help) console.log(USAGE);
else await huntAll();

async function huntAll(): Promise<void> {
  const limitMs = Number(values.limit) * 60_000;
  const wanted = plants.filter((plant) => matches(plant, values.only));
  const ledger = new Ledger<Hunt>('.cache/teeth/plants.jsonl');
  if (values.fresh) ledger.forget();
  const left = wanted.filter((plant) => ledger.get(keyOfPlant(plant)) === undefined);
  if (left.length > 0) await huntLeft(left, ledger, limitMs);
  report(wanted, ledger);
}

async function huntLeft(left: readonly Plant[], ledger: Ledger<Hunt>, limitMs: number): Promise<void> {
  const copy = new Copy('.');
  try {
    const unfit = await unfitFinders(copy, left, limitMs);
    for (const file of unfit) console.log(`${file} fails without any defect: its plants are left for later`);
    const fit = left.filter(({ finders }) => !finders.some((file) => unfit.has(file)));
    for (const [at, plant] of fit.entries()) {
      const found = await hunt(copy, plant, limitMs);
      if (found.foundBy !== undefined) ledger.put(keyOfPlant(plant), found);
      const by = found.foundBy ?? 'NOT FOUND';
      console.log(`${at + 1}/${fit.length} ${by} ${found.seconds.toFixed(1)} s  ${plant.of}: ${plant.name}`);
      if (found.words !== '') console.log(`      ${found.words.slice(0, 160)}`);
    }
  } finally {
    copy.throwAway();
  }
}

/** What fails without a defect finds none. */
async function unfitFinders(copy: Copy, left: readonly Plant[], limitMs: number): Promise<Set<string>> {
  const files = [...new Set(left.flatMap(({ finders }) => finders))].toSorted();
  const unfit = new Set<string>();
  if (files.length === 0 || (await suite(copy.root, files, limitMs)).verdict === 'good') return unfit;
  for (const file of files) {
    if ((await suite(copy.root, [file], limitMs)).verdict !== 'good') unfit.add(file);
  }
  return unfit;
}

function report(wanted: readonly Plant[], ledger: Ledger<Hunt>): void {
  const hunts = wanted.map((plant) => ({ plant, found: ledger.get(keyOfPlant(plant)) }));
  const found = hunts.flatMap(({ found: one }) => one ?? []);
  const seconds = found.map((one) => one.seconds).toSorted((one, other) => one - other);
  const bySuite = found.filter(({ foundBy }) => foundBy === 'suite').length;
  console.log(`\nplants      ${found.length} of ${wanted.length} found`);
  console.log(`found by    suite ${bySuite}, world ${found.length - bySuite}`);
  console.log(
    `seconds     median ${seconds[seconds.length >> 1]?.toFixed(1) ?? '-'}, slowest ${seconds.at(-1)?.toFixed(1) ?? '-'}`,
  );
  for (const { plant, found: one } of hunts)
    if (one === undefined) console.log(`survived    ${plant.of}: ${plant.name}`);
  if (found.length < wanted.length) process.exitCode = 1;
}

/** A plant is hunted anew when its words change; `--fresh` after the product did. */
function keyOfPlant(plant: Plant): string {
  return keyOf(plant.name, plant.file, plant.find, plant.replace);
}

function matches({ name, of, file }: Plant, text: string | undefined): boolean {
  return text === undefined || `${of}: ${name} ${file}`.includes(text);
}
