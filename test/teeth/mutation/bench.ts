// The bench where mutants are tried: one process that has loaded the product with all its mutants and all
// the tests that may meet them. Told by its parent what to try; tells what it is doing, so that its parent
// can end it when a mutant makes it hang. Runs in a throw-away copy.
import { registerHooks } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Unit } from './collector.ts';
import { findMutants } from './find-mutants.ts';
import type { Told, Wanted } from './orders.ts';
import { weave } from './weave.ts';

/** A test that takes so much longer than it did without a mutant is caught in it. */
const SLACK_MS = 4_000;

const root = process.cwd();
let living = 0;
let reached: Set<number> | undefined;
Object.assign(globalThis, {
  $m: (id: number): boolean => {
    reached?.add(id);
    return id === living;
  },
});

const woven = new Map<string, string>();
const collectorUrl = new URL('./collector.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    // The collector alone knows the true one.
    if (specifier === 'vitest' && context.parentURL !== collectorUrl)
      return { url: collectorUrl, shortCircuit: true };
    return next(specifier, context);
  },
  load(url, context, next) {
    const source = woven.get(url);
    return source === undefined
      ? next(url, context)
      : { format: 'module-typescript', source, shortCircuit: true };
  },
});

function tell(told: Told): void {
  process.send?.(told);
}

/** What fails outside of any test's own promise fails the test that is running. */
let interrupt: (error: unknown) => void = () => undefined;
process.on('uncaughtException', (error) => interrupt(error));
process.on('unhandledRejection', (error) => interrupt(error));

async function attempt(unit: Unit, patienceMs: number): Promise<'passed' | 'failed' | 'late'> {
  const patience = AbortSignal.timeout(Math.ceil(patienceMs));
  const late = new Promise<'late'>((resolve) => {
    patience.addEventListener('abort', () => resolve('late'), { once: true });
  });
  const broken = new Promise<'failed'>((resolve) => {
    interrupt = () => resolve('failed');
  });
  const ran = unit.run().then(
    () => 'passed' as const,
    () => 'failed' as const,
  );
  try {
    return await Promise.race([ran, late, broken]);
  } finally {
    interrupt = () => undefined;
  }
}

async function loadUnits(wanted: Extract<Wanted, { what: 'load' }>): Promise<Map<string, Unit>> {
  let firstId = 1;
  for (const file of wanted.files) {
    const source = readFileSync(join(root, file), 'utf8');
    const mutants = findMutants(file, source, firstId);
    firstId += mutants.length;
    woven.set(pathToFileURL(join(root, file)).href, weave(source, mutants));
  }
  Error.stackTraceLimit = 3;
  const { collect } = await import('./collector.ts');
  const units = new Map<string, Unit>();
  const add = (unit: Unit): void => void units.set(`${unit.file} > ${unit.name}`, unit);
  for (const file of wanted.tests) {
    (await collect(file, () => import(pathToFileURL(join(root, file)).href))).forEach(add);
  }
  const { dayUnits } = await import('./day-units.ts');
  (await dayUnits(wanted.days)).forEach(add);
  return units;
}

/** Runs the tests of some files without any mutant: how long each takes, and which mutants it would meet. */
async function survey(units: ReadonlyMap<string, Unit>, files: readonly string[]): Promise<void> {
  for (const [name, unit] of units) {
    if (!files.includes(unit.file)) continue;
    tell({ what: 'at', patienceMs: 120_000 });
    reached = new Set();
    const began = performance.now();
    const came = await attempt(unit, 100_000);
    const ms = performance.now() - began;
    const meets = [...reached];
    reached = undefined;
    tell({ what: 'surveyed', file: unit.file, name, good: came === 'passed', ms, meets });
  }
  tell({ what: 'idle' });
}

async function tryMutant(
  units: ReadonlyMap<string, Unit>,
  { id, tests }: Extract<Wanted, { what: 'try' }>,
): Promise<void> {
  const began = performance.now();
  living = id;
  for (const { name, ms } of tests) {
    const unit = units.get(name);
    if (unit === undefined) continue;
    const patienceMs = ms * 4 + SLACK_MS;
    tell({ what: 'at', patienceMs: patienceMs + 3_000 });
    const came = await attempt(unit, patienceMs);
    if (came === 'passed') continue;
    living = 0;
    tell({ what: 'tried', id, killedBy: name, late: came === 'late', ms: performance.now() - began });
    return;
  }
  living = 0;
  tell({ what: 'tried', id, killedBy: undefined, late: false, ms: performance.now() - began });
}

// Nobody is left to tell.
process.on('disconnect', () => process.exit());

let units = new Map<string, Unit>();
process.on('message', (wanted: Wanted) => {
  const act = async (): Promise<void> => {
    if (wanted.what === 'load') {
      units = await loadUnits(wanted);
      tell({ what: 'idle' });
    } else if (wanted.what === 'survey') await survey(units, wanted.tests);
    else await tryMutant(units, wanted);
  };
  act().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
});
