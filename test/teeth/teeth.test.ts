import { existsSync, readFileSync } from 'node:fs';
import { parseSync } from 'vite';
import { describe, expect, test } from 'vitest';
import { plants } from './plants/index.ts';
import { applyPlant, knownMistakes } from './plants/plant.ts';

describe('the planted defects', () => {
  test('are forty at least, and each has a name of its own', () => {
    expect(plants.length).toBeGreaterThanOrEqual(40);
    expect(new Set(plants.map(({ name }) => name)).size).toBe(plants.length);
  });

  test.each(knownMistakes)('make the mistake that others made: %s', (mistake) => {
    expect(plants.filter(({ of }) => of === mistake)).not.toEqual([]);
  });

  test.each(plants.map((plant) => [plant.name, plant] as const))(
    '%s: in one place, in good grammar',
    (_name, plant) => {
      const broken = applyPlant(readFileSync(plant.file, 'utf8'), plant);
      const faults = plant.file.endsWith('.ts') ? parseSync(plant.file, broken).errors : [];
      expect(faults).toEqual([]);
    },
  );

  test('are looked for in test files that are there', () => {
    expect(plants.flatMap(({ finders }) => finders).filter((file) => !existsSync(file))).toEqual([]);
  });
});
