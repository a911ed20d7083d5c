import { Day, type DayResult, type DayWish, type Scenery } from './day.ts';
import { faultNames } from './profile.ts';

/** How long the search for a smaller story may take. */
const PATIENCE_MS = 30_000;

export interface Shrunk {
  wish: DayWish;
  result: DayResult;
}

/**
 * Looks for the smallest day that breaks the same invariant: fewer kinds of faults, then fewer bills, as
 * long as the same complaint comes. Every smaller day is lived anew; nothing is guessed.
 */
export async function shrink(scenery: Scenery, failed: DayWish, complaint: string): Promise<Shrunk> {
  const deadline = performance.now() + PATIENCE_MS;
  let best: DayWish = failed;
  const stillFails = async (wish: DayWish): Promise<boolean> => {
    if (performance.now() > deadline) return false;
    const { violations } = await new Day(scenery, wish).live();
    if (!violations.some((one) => kindOf(one) === kindOf(complaint))) return false;
    best = wish;
    return true;
  };
  for (let size = 16; size >= 1; size = size >> 1) {
    for (let from = 0; from < faultNames.length; from += size) {
      const group = faultNames.slice(from, from + size).filter((name) => best.without?.has(name) !== true);
      if (group.length > 0)
        await stillFails({ ...best, without: new Set([...(best.without ?? []), ...group]) });
    }
  }
  for (let size = failed.bills >> 1; size >= 1; size = size >> 1) {
    for (let from = 1; from <= failed.bills; from += size) {
      const group = Array.from({ length: size }, (_, at) => from + at).filter(
        (bill) => bill <= failed.bills && best.withoutBills?.has(bill) !== true,
      );
      if (group.length > 0)
        await stillFails({ ...best, withoutBills: new Set([...(best.withoutBills ?? []), ...group]) });
    }
  }
  return { wish: best, result: await new Day(scenery, { ...best, trace: true }).live() };
}

/** What was broken, without the numbers of this one day. */
function kindOf(complaint: string): string {
  return complaint.split(':', 1)[0] ?? complaint;
}
