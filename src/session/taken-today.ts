import { takenBetween } from '#sql/payments';
import { endOfBeijingDay } from '#world';
import type { Parts } from './parts.ts';

const DAY_MS = 86_400_000;

/** What bills were paid with in this business day, by the channels' own time of payment. */
export async function takenToday(
  parts: Pick<Parts, 'world' | 'store'>,
): Promise<{ count: number; paid_fen: number }> {
  const end = endOfBeijingDay(parts.world.now()) + 1000;
  const taken = await parts.store.read((tx) =>
    tx.one<{ count: number; paid_fen: number }>(takenBetween, end - DAY_MS, end),
  );
  return taken ?? { count: 0, paid_fen: 0 };
}
