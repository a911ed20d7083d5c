import fc from 'fast-check';
import { stories, type Step } from './steps.ts';
import { Tally } from './tally.ts';
import { tell } from './teller.ts';

export interface SequenceWish {
  seed: number;
  /** How many stories are told. */
  executions: number;
  goOn: (share: number) => boolean;
}

export interface SequenceRun {
  told: number;
  /** step, status and code. */
  outcomes: Tally;
  violations: string[];
}

/** Tells stories of valid and invalid steps, each in a clinic of its own, and makes a broken one as short as it can. */
export async function fuzzSequences(wish: SequenceWish): Promise<SequenceRun> {
  const run: SequenceRun = { told: 0, outcomes: new Tally(), violations: [] };
  let enough = false;
  const property = fc.asyncProperty(stories, async (story) => {
    if (enough) return;
    const broken = await tell(story, run.outcomes);
    run.told += 1;
    enough = !wish.goOn(run.told / wish.executions) && broken.length === 0;
    if (broken.length > 0) throw new Error(broken.join('\n'));
  });
  const result = await fc.check(property, { seed: wish.seed, numRuns: wish.executions, endOnFailure: false });
  if (result.failed) run.violations.push(describe(result));
  return run;
}

function describe(result: fc.RunDetails<[Step[]]>): string {
  const [story] = result.counterexample ?? [[]];
  const steps = story.map((step) => JSON.stringify(step)).join('\n    ');
  const why =
    result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
  return `seed ${result.seed}, path ${result.counterexamplePath}, after ${result.numShrinks} steps of shrinking:\n    ${steps}\n  ${why}`;
}
