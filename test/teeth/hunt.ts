import { suite, world, type Ended } from './command.ts';
import type { Copy } from './copy.ts';
import { applyPlant, type Plant } from './plants/plant.ts';

export interface Hunt {
  foundBy: 'suite' | 'world' | undefined;
  seconds: number;
  /** What the finder said: which truth was missed. */
  words: string;
}

export interface HuntWish {
  limitMs: number;
  /** How long the simulated world looks. */
  sessions: number;
}

/** Plants one defect in the copy, lets its finders look, and takes it out again. */
export async function hunt(copy: Copy, plant: Plant, wish: HuntWish): Promise<Hunt> {
  const { limitMs } = wish;
  const planted = <T>(look: () => Promise<T>): Promise<T> => withPlant(copy, plant, look);
  let spentMs = 0;
  if (plant.finders.length > 0) {
    const looked = await planted(() => suite(copy.root, plant.finders, limitMs));
    spentMs = looked.seconds * 1_000;
    const words = looked.verdict === 'bad' ? failureIn(looked) : undefined;
    if (words !== undefined && (await passesUnharmed(copy, words, limitMs)))
      return { foundBy: 'suite', seconds: looked.seconds, words };
  }
  const lived = await planted(() => world(copy.root, wish.sessions, Math.max(1_000, limitMs - spentMs)));
  const seconds = spentMs / 1_000 + lived.seconds;
  const words = lived.verdict === 'bad' ? brokenIn(lived) : undefined;
  if (words === undefined) return { foundBy: undefined, seconds, words: '' };
  const unharmed = await world(copy.root, wish.sessions, limitMs);
  const foundBy = unharmed.verdict === 'good' ? 'world' : undefined;
  return { foundBy, seconds, words };
}

async function withPlant<T>(copy: Copy, plant: Plant, look: () => Promise<T>): Promise<T> {
  const whole = copy.read(plant.file);
  copy.write(plant.file, applyPlant(whole, plant));
  try {
    return await look();
  } finally {
    copy.write(plant.file, whole);
  }
}

/** The file and the names that lead to the test that failed, as vitest heads each failure. */
function failureIn({ words }: Ended): string | undefined {
  return /^\s*FAIL\s+(?:\|\w+\|\s+)?(\S+\.test\.tsx?(?: > .*)?)$/m.exec(words)?.[1];
}

function brokenIn({ words }: Ended): string | undefined {
  return /^seed \S+, step \d+:\s*(.*)$/m.exec(words)?.[1]?.trim();
}

/** What fails without any defect finds none. */
async function passesUnharmed(copy: Copy, failure: string, limitMs: number): Promise<boolean> {
  const [file = '', ...names] = failure.split(' > ');
  const name = names.join(' ').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const looked = await suite(copy.root, [file, ...(name === '' ? [] : ['-t', `${name}$`])], limitMs);
  return looked.verdict === 'good';
}
