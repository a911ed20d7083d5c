import { asking } from './asking.ts';
import { believing } from './believing.ts';
import { mistakesOfOthers } from './known-mistakes.ts';
import type { Plant } from './plant.ts';
import { returning } from './returning.ts';

export const plants: readonly Plant[] = [...mistakesOfOthers, ...asking, ...believing, ...returning];
