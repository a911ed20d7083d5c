import type { Store } from '#store';
import type { World } from '#world';

/** One thing that a process does to the outside, before and after it: where it can be killed. */
export interface Step {
  /** A transaction's name, or `send` for a request to a channel. */
  what: string;
  when: 'before' | 'after';
}

/**
 * The process that an instance of the product runs in, as the operating system sees it. `kill` is
 * `kill -9`: nothing that it awaits ever comes back, no timer of its fires, its leases stay behind.
 * `stop` and `go` are SIGSTOP and SIGCONT: all that came meanwhile is seen at once, late.
 */
export interface Process {
  world: World;
  store: Store;
  /** What it did so far, in order: a kill can be planned for each of these moments. */
  readonly steps: readonly Step[];
  readonly alive: boolean;
  /** Neither killed nor stopped. */
  readonly running: boolean;
  kill(): void;
  stop(): void;
  go(): void;
  /** Kills it at the first moment for which `dies` says so. */
  killAt(dies: (step: Step, index: number) => boolean): void;
  /** What a client sees: the answer, or its connection cut by the kill. */
  unlessKilled<T>(work: Promise<T>): Promise<T>;
}

export function startProcess(world: World, store: Store): Process {
  const steps: Step[] = [];
  const waiting: (() => void)[] = [];
  const mourners: ((reason: Error) => void)[] = [];
  let state: 'running' | 'stopped' | 'killed' = 'running';
  let dies: (step: Step, index: number) => boolean = () => false;

  const go = (): void => {
    if (state === 'stopped') state = 'running';
    for (const resume of waiting.splice(0)) resume();
  };
  const kill = (): void => {
    state = 'killed';
    waiting.length = 0;
    // An answer that was already on its way out may still arrive: the cruellest moment to die.
    void someTurns().then(() => {
      for (const mourn of mourners.splice(0)) mourn(new Error('the process was killed'));
    });
  };
  /** Comes back only while the process runs. */
  const untilRunning = async (): Promise<void> => {
    while (state !== 'running') await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const pass = (what: string, when: Step['when']): Promise<void> => {
    if (state === 'running') {
      steps.push({ what, when });
      if (dies({ what, when }, steps.length - 1)) kill();
    }
    return untilRunning();
  };
  async function through<T>(what: string, act: () => Promise<T>): Promise<T> {
    await pass(what, 'before');
    try {
      return await act();
    } finally {
      await pass(what, 'after');
    }
  }

  return {
    steps,
    get alive() {
      return state !== 'killed';
    },
    get running() {
      return state === 'running';
    },
    kill,
    stop() {
      state = 'stopped';
    },
    go,
    killAt(when) {
      dies = when;
    },
    unlessKilled: (work) => {
      work.catch(() => undefined);
      if (state === 'killed') return Promise.reject(new Error('the process was killed'));
      return Promise.race([work, new Promise<never>((_resolve, reject) => mourners.push(reject))]);
    },
    world: {
      now: () => world.now(),
      random: (count) => world.random(count),
      after: (delayMs, task) =>
        world.after(delayMs, () => (state === 'running' ? task() : void untilRunning().then(task))),
      send: (request) => through('send', () => world.send(request)),
    },
    store: {
      engine: store.engine,
      transact: (name, work) => through(name, () => store.transact(name, work)),
      async read(work) {
        await untilRunning();
        try {
          return await store.read(work);
        } finally {
          await untilRunning();
        }
      },
      close: () => store.close(),
    },
  };
}

/** Until everything that needs no outside has come to its end. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
