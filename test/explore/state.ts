import type { Errand } from './errand.ts';
import type { Tables } from './memory/tables.ts';
import type { Happened } from './happenings.ts';
import type { Wallets } from './wallets.ts';

/** Everything there is at one moment: our books, the channels', the clock, and what is under way. */
export interface State {
  readonly tables: Tables;
  readonly wallets: Wallets;
  readonly nowMs: number;
  readonly errands: readonly Errand[];
  /** The number of the next errand. */
  readonly next: number;
  readonly path: Path | undefined;
}

/** How a state was come to, the last step first. */
export interface Path {
  readonly happened: Happened;
  readonly before: Path | undefined;
  readonly depth: number;
}

export function stepsOf(path: Path | undefined): Happened[] {
  const steps: Happened[] = [];
  for (let at = path; at !== undefined; at = at.before) steps.push(at.happened);
  return steps.toReversed();
}
