import { StoreUnavailable, type Statement, type Store, type Tx, type Value } from '#store';
import type { Seen } from './books.ts';
import type { Stream } from './chance.ts';
import { Killed, type Ground, type Mortal } from './ground.ts';
import type { FaultName } from './profile.ts';

/** Thrown to have the real store undo a transaction that is to be run again. */
class Undone extends Error {}

const TRIES = 5;
const troubles = ['busy', 'deadlock', 'commit_unknown', 'disk'] as const satisfies readonly FaultName[];
type Trouble = (typeof troubles)[number];

/**
 * The shared store as one machine meets it. It keeps the contract of `src/store/store.ts` and uses all
 * the freedom that the contract gives: a closure is undone at any statement and run again (deadlock,
 * busy), or commits and is run again all the same (a connection that died inside COMMIT). Between any
 * two statements, before and after the commit, the machine may be killed.
 */
export function shakyStore(machine: Mortal, ground: Ground, stream: Stream): Store {
  const { store, books, tally } = ground;
  const until = new Map(troubles.map((name) => [name, stream.until(machine.profile[name])]));

  function nextTrouble(): Trouble | undefined {
    if (machine.isCalm) return undefined;
    let came: Trouble | undefined;
    for (const name of troubles) {
      const left = (until.get(name) ?? Infinity) - 1;
      until.set(name, left);
      if (left >= 0 || came !== undefined) continue;
      came = name;
      until.set(name, stream.until(machine.profile[name]));
    }
    return came;
  }

  async function repeat<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const trouble = nextTrouble();
      if (trouble === 'disk') machine.kill('disk');
      if (machine.dead) throw new Killed(machine.name);
      const statements = trouble === 'busy' ? 0 : trouble === 'deadlock' ? stream.below(8) : Infinity;
      try {
        const value = await store.transact(name, (tx) =>
          once(name, tx, work, statements, trouble === 'commit_unknown'),
        );
        if (trouble !== 'commit_unknown') return value;
        tally.fault(trouble);
        ground.tell(`${machine.name}: ${name} commits, and nobody hears of it`);
      } catch (error) {
        if (!(error instanceof Undone) || trouble === undefined) throw error;
        tally.fault(trouble);
        ground.tell(`${machine.name}: ${name} is undone (${trouble})`);
      }
      if (tries >= TRIES) throw new StoreUnavailable(`${name}: still in trouble after ${tries} tries`);
    }
  }

  async function once<T>(
    name: string,
    tx: Tx,
    work: (tx: Tx) => Promise<T>,
    statements: number,
    unheard: boolean,
  ): Promise<T> {
    const seen: Seen = { machine: machine.name, name, events: [], tables: new Set() };
    const acts: (() => void)[] = [];
    let left = statements;
    const point = (): void => {
      if (machine.dies()) throw new Killed(machine.name);
      left -= 1;
      if (left < 0) throw new Undone();
    };
    const watched: Tx = {
      all(statement: Statement, ...values: readonly Value[]) {
        point();
        return tx.all(statement, ...values);
      },
      one(statement: Statement, ...values: readonly Value[]) {
        point();
        return tx.one(statement, ...values);
      },
      run(statement: Statement, ...values: readonly Value[]) {
        point();
        books.watch(seen, statement, values);
        return tx.run(statement, ...values);
      },
      afterCommit: (act) => void acts.push(act),
    };
    books.open += 1;
    try {
      const value = await work(watched);
      point();
      tx.afterCommit(() => books.committed(seen));
      if (!unheard) for (const act of acts) tx.afterCommit(() => machine.dead || act());
      return value;
    } finally {
      books.open -= 1;
    }
  }

  return {
    engine: store.engine,
    transact: (name, work) => machine.comesBack(repeat(name, work)),
    read: (work) => machine.comesBack(store.read(work)),
    close: () => Promise.resolve(),
  };
}
