import type { Mutant } from './mutant.ts';

/** A mutant that no test can kill, and why the product is none the worse for it. */
export interface Explained extends Pick<Mutant, 'file' | 'text' | 'from' | 'to'> {
  nth?: number;
  why: string;
}

export const explained: readonly Explained[] = [];
