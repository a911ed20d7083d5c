import { openStream } from '../simulation/chance.ts';
import { play, type StageTemplate } from './stage.ts';
import { stories } from './stories.ts';
import { killWriter } from './moments.ts';

const methods = ['alipay', 'wechat'] as const;
/** The golden ratio: any beginning of the order visits all stories evenly. */
const STRIDE = 0.618_033_988_749_895;

/** What killing the store's process came to; grows from run to run of one state. */
export interface StorageFigures {
  /** How many points each story has, when it is played to its end. */
  lengths: Record<string, number>;
  /** How many of all points have been visited, in the order of `pointAt`. */
  visited: number;
  /** Kills at a point, by the player's own hand. */
  atPoints: number;
  /** Kills at a random moment, from outside. */
  atMoments: number;
  promises: number;
  faults: string[];
}

export const noStorageFigures = (): StorageFigures => ({
  lengths: {},
  visited: 0,
  atPoints: 0,
  atMoments: 0,
  promises: 0,
  faults: [],
});

export const kills = (figures: StorageFigures): number => figures.atPoints + figures.atMoments;

/**
 * SIGKILL at every statement and every await of the money paths, each once; then at random moments of
 * a writer under load, inside a COMMIT as likely as it takes long. Every one of them is a real process
 * that really dies.
 */
export async function killStorage(
  template: StageTemplate,
  wish: { seed: string; kills: number },
  figures: StorageFigures,
  tell: (figures: StorageFigures) => void,
): Promise<void> {
  if (Object.keys(figures.lengths).length === 0) await measure(template, wish.seed, figures);
  const points = allPoints(figures.lengths);
  while (kills(figures) < wish.kills && figures.visited < points.length && figures.faults.length === 0) {
    const point = points[figures.visited];
    figures.visited += 1;
    if (point === undefined) break;
    const played = await play(template, { ...point, seed: wish.seed });
    figures.atPoints += played.killed ? 1 : 0;
    figures.promises += played.promises;
    figures.faults.push(...played.faults);
    tell(figures);
  }
  const moments = openStream(`${wish.seed} moments ${figures.atMoments}`);
  while (kills(figures) < wish.kills && figures.faults.length === 0) {
    const killed = await killWriter(template, moments.wait(90, 0.5));
    figures.atMoments += 1;
    figures.promises += killed.promises;
    figures.faults.push(...killed.faults);
    tell(figures);
  }
}

/** Plays each story to its end, and counts its points. */
async function measure(template: StageTemplate, seed: string, figures: StorageFigures): Promise<void> {
  for (const story of Object.keys(stories)) {
    for (const method of methods) {
      const { points, faults } = await play(template, { story, method, seed, dieAt: 0 });
      figures.lengths[`${method} ${story}`] = points;
      figures.faults.push(...faults);
    }
  }
}

/** Every point of every story, once, in an order whose every beginning is a fair sample. */
function allPoints(
  lengths: Record<string, number>,
): { story: string; method: 'alipay' | 'wechat'; dieAt: number }[] {
  const all = Object.keys(stories).flatMap((story) =>
    methods.flatMap((method) =>
      Array.from({ length: lengths[`${method} ${story}`] ?? 0 }, (_, index) => ({
        story,
        method,
        dieAt: index + 1,
      })),
    ),
  );
  return all
    .map((point, index) => ({ point, place: (index * STRIDE) % 1 }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ point }) => point);
}
