import { explained } from './explained.ts';
import { modules } from './modules.ts';
import { identity, type Mutant } from './mutant.ts';
import type { Trial } from './trial.ts';

export interface Score {
  module: string;
  mutants: number;
  killed: number;
  alive: Mutant[];
  /** Those of the living that are known to change nothing. */
  explained: number;
  untried: number;
}

export function scoresOf({ mutants, verdictOn }: Trial): Score[] {
  const known = new Set(explained.map((one) => identity({ nth: 1, ...one })));
  return Object.entries(modules)
    .map(([module, files]): Score => {
      const mine = mutants.filter(({ file }) => files.includes(file));
      const alive = mine.filter((mutant) => {
        const verdict = verdictOn(mutant);
        return verdict !== undefined && verdict.killedBy === undefined;
      });
      const untried = mine.filter((mutant) => verdictOn(mutant) === undefined).length;
      return {
        module,
        mutants: mine.length,
        killed: mine.length - alive.length - untried,
        alive: alive.filter((mutant) => !known.has(identity(mutant))),
        explained: alive.filter((mutant) => known.has(identity(mutant))).length,
        untried,
      };
    })
    .filter((score) => score.mutants > 0);
}

/** Of those that were tried: what share was killed. */
export function shareKilled({
  mutants,
  killed,
  untried,
}: Pick<Score, 'mutants' | 'killed' | 'untried'>): number {
  return mutants === untried ? 0 : killed / (mutants - untried);
}
