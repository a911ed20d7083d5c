import type { Unit } from './collector.ts';

const BILLS = 24;

/** Simulated days as tests: no fen is lost on any of them. */
export async function dayUnits(count: number): Promise<Unit[]> {
  if (count === 0) return [];
  const { Day } = await import('../../simulation/day.ts');
  const { makeScenery } = await import('../../simulation/scenery.ts');
  const scenery = await makeScenery();
  return Array.from({ length: count }, (_, at) => ({
    file: 'test/simulation/day.ts',
    name: `day ${at + 1}`,
    async run() {
      const { violations } = await new Day(scenery, { seed: `teeth-${at + 1}`, bills: BILLS }).live();
      if (violations.length > 0) throw new Error(violations[0]);
    },
  }));
}
