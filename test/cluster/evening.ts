import type { Store } from '#store';
import { pause, type World } from '#world';
import { unfinishedNow } from '../support/unfinished.ts';

/** How far the clock is pushed while something waits for its time, and how often at most. */
const PUSH_MS = 600_000;
const MOST_PUSHES = 400;
const MOST_LOOKS = 400;

/** Kinds of jobs that end by themselves; statements come in the morning and are asked for apart. */
const KINDS = ['follow_payment', 'deliver_webhooks'] as const;

/**
 * Nothing fails any more and nobody pays: waits until all that is due is done, and pushes the clock on
 * until nothing waits for its time either (I-23). Answers what did not come to its end.
 */
export async function untilConverged(
  store: Store,
  town: string,
  real: World,
  also: readonly string[] = [],
): Promise<string[]> {
  let left: string[] = [];
  for (let push = 0; push < MOST_PUSHES; push += 1) {
    await untilIdle(store, town, real);
    left = await unfinished(store, also);
    if (left.length === 0) return [];
    await advance(town, PUSH_MS);
  }
  return left;
}

async function unfinished(store: Store, also: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const kind of [...KINDS, ...also]) {
    const rows = await store.read((tx) => tx.all<{ what: string }>(unfinishedNow, 0, kind));
    for (const { what } of rows) found.add(what);
  }
  return [...found];
}

/** Until no job is due and none is held. */
async function untilIdle(store: Store, town: string, real: World): Promise<void> {
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const now = await townNow(town);
    const due = await store.read((tx) =>
      tx.one<{ n: number }>(
        `SELECT (SELECT COUNT(*) FROM jobs WHERE state = 'waiting' AND (due_at <= ? OR lease_owner IS NOT NULL))
           + (SELECT COUNT(*) FROM evidence WHERE applied_at IS NULL)
           + (SELECT COUNT(*) FROM outbox WHERE state = 'new') AS n`,
        now,
      ),
    );
    if (due?.n === 0) return;
    await pause(real, 100);
  }
}

export async function townNow(town: string): Promise<number> {
  const answer = await fetch(`${town}/_sim/clock`);
  const { now } = (await answer.json()) as { now: number };
  return now;
}

async function advance(town: string, byMs: number): Promise<void> {
  await tellTown(town, 'POST', '/_sim/clock', { advance_ms: byMs });
}

/** Pushes the clock to the next day at `hour` in clinic time, when the channels have their files. */
export async function untilMorning(town: string, hour: number): Promise<void> {
  const day = 86_400_000;
  const at = (await townNow(town)) + 8 * 3_600_000;
  const wanted = (Math.floor(at / day) + 1) * day + hour * 3_600_000;
  await advance(town, wanted - at);
}

export async function tellTown(
  town: string,
  method: 'PUT' | 'POST',
  path: string,
  body: object,
): Promise<void> {
  const answer = await fetch(town + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}
