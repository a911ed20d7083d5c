import { suite, world } from './command.ts';
import type { Copy } from './copy.ts';
import { applyPlant, type Plant } from './plants/plant.ts';

export interface Hunt {
  foundBy: 'suite' | 'world' | undefined;
  seconds: number;
  /** What the finder said last: which truth was missed. */
  words: string;
}

/** Plants one defect in the copy, lets its finders look, and takes it out again. */
export async function hunt(copy: Copy, plant: Plant, limitMs: number, sessions: number): Promise<Hunt> {
  const whole = copy.read(plant.file);
  copy.write(plant.file, applyPlant(whole, plant));
  try {
    let spentMs = 0;
    if (plant.finders.length > 0) {
      const looked = await suite(copy.root, plant.finders, limitMs);
      spentMs = looked.seconds * 1000;
      if (looked.verdict === 'bad')
        return { foundBy: 'suite', seconds: looked.seconds, words: missed(looked.words) };
    }
    const lived = await world(copy.root, sessions, Math.max(1_000, limitMs - spentMs));
    const seconds = spentMs / 1000 + lived.seconds;
    if (lived.verdict !== 'bad') return { foundBy: undefined, seconds, words: '' };
    return { foundBy: 'world', seconds, words: broken(lived.words) };
  } finally {
    copy.write(plant.file, whole);
  }
}

/** vitest heads each failure with the file and the names that lead to the test. */
function missed(words: string): string {
  return /^\s*FAIL\s+(.*)$/m.exec(words)?.[1]?.trim() ?? words.trim().split('\n').at(-1) ?? '';
}

function broken(words: string): string {
  return /^seed \S+, step \d+:\s*(.*)$/m.exec(words)?.[1]?.trim() ?? words.trim().split('\n').at(-1) ?? '';
}
