import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Told, Wanted } from './orders.ts';

/** A test as the survey found it. */
export interface Surveyed {
  file: string;
  name: string;
  good: boolean;
  ms: number;
  /** Mutants that it would meet, by id. */
  meets: number[];
}

export interface Tried {
  killedBy: string | undefined;
  /** It was still at it when its time was over. */
  late: boolean;
  ms: number;
}

/** A mutant that ended the whole process was noticed, if the process stands without it. */
export const DIED = 'the bench died';

/** Loading is quiet for as long as this at most. */
const LOAD_MS = 180_000;

/**
 * Holds the bench: starts it, gives it orders, ends it when it hangs or was left hanging by a mutant, and
 * starts it anew.
 */
export class Laboratory {
  readonly #folder: string;
  readonly #load: Extract<Wanted, { what: 'load' }>;
  #bench: ChildProcess | undefined;

  constructor(folder: string, load: Omit<Extract<Wanted, { what: 'load' }>, 'what'>) {
    this.#folder = folder;
    this.#load = { what: 'load', ...load };
  }

  /** Runs the tests of these files, unharmed. */
  async survey(tests: readonly string[]): Promise<Surveyed[]> {
    const found: Surveyed[] = [];
    const ended = await this.#order({ what: 'survey', tests }, (told) => {
      if (told.what === 'surveyed') found.push(told);
    });
    if (ended !== 'done') throw new Error(`the bench ${ended} after ${found.at(-1)?.name ?? 'nothing'}`);
    return found;
  }

  /** Lets one mutant live, 0 for none, until a test fails. */
  async try(id: number, tests: readonly { name: string; ms: number }[]): Promise<Tried> {
    const began = performance.now();
    let tried: Tried | undefined;
    const shown = tests.map(({ name, ms }) => ({ name, ms }));
    const ended = await this.#order({ what: 'try', id, tests: shown }, (told) => {
      if (told.what === 'tried') tried = { killedBy: told.killedBy, late: told.late, ms: told.ms };
    });
    // What it left behind of an unfinished test would disturb the next mutant.
    if (tried?.late === true) this.close();
    return tried ?? { killedBy: `the bench ${ended}`, late: true, ms: performance.now() - began };
  }

  close(): void {
    this.#bench?.kill('SIGKILL');
    this.#bench = undefined;
  }

  /** Answers how it ended: with a last word, or without one. */
  async #order(wanted: Wanted, hear: (told: Told) => void): Promise<'done' | 'hung' | 'died'> {
    if (this.#bench === undefined && wanted.what !== 'load') {
      this.#bench = fork(join(this.#folder, 'test/teeth/mutation/bench.ts'), [], {
        cwd: this.#folder,
        env: { ...process.env, ZHENFU_TEST_MYSQL_URL: 'none', NODE_NO_WARNINGS: '1' },
      });
      const loaded = await this.#order(this.#load, () => undefined);
      if (loaded !== 'done') throw new Error(`the bench ${loaded} while it was loading`);
    }
    const bench = this.#bench;
    if (bench === undefined) throw new Error('no bench');
    return new Promise((resolve) => {
      let watch: NodeJS.Timeout | undefined;
      const end = (how: 'done' | 'hung' | 'died'): void => {
        clearTimeout(watch);
        bench.off('message', onMessage);
        bench.off('exit', onExit);
        if (how !== 'done') this.close();
        resolve(how);
      };
      const expectWord = (patienceMs: number): void => {
        clearTimeout(watch);
        watch = setTimeout(() => end('hung'), patienceMs);
      };
      const onMessage = (told: Told): void => {
        hear(told);
        if (told.what === 'idle' || told.what === 'tried') end('done');
        else expectWord(told.what === 'at' ? told.patienceMs : LOAD_MS);
      };
      const onExit = (): void => end('died');
      bench.on('message', onMessage);
      bench.on('exit', onExit);
      expectWord(LOAD_MS);
      bench.send(wanted);
    });
  }
}
