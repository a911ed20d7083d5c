import { holdSuspense, listSuspense, refundSuspense } from '#disposition';
import { isRefusal } from '#trouble';
import type { Stream } from './chance.ts';
import type { Day } from './day.ts';
import { CUT } from './site.ts';

const ROUND_MS = 20 * 60_000;

/** The person before whom suspense stands: now and then decides about some of it, with a name on each act. */
export async function superviseSuspense(day: Day, stream: Stream): Promise<void> {
  while (day.agenda.nowMs < day.calmAtMs) {
    await day.agenda.sleep(stream.wait(ROUND_MS, 0.5));
    const items = await day.site.ask((parts) => listSuspense(parts, 0, 20));
    if (items === CUT) continue;
    for (const item of items) {
      if (!stream.is(0.5)) continue;
      const act = { id: item.id, note: '核对后处理', actor: 'staff:supervisor' };
      const answer = await day.site.ask((parts) =>
        stream.is(0.6) ? refundSuspense(parts, act) : holdSuspense(parts, act),
      );
      if (answer === CUT) continue;
      day.tell(`suspense ${item.id} (${item.reason}): ${isRefusal(answer) ? answer.refused : answer.state}`);
    }
  }
}
