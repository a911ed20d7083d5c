import { hastenJob } from '#sql/jobs';
import type { Statement, Value } from '#store';
import { noteLease, type HeldLease } from './leases.ts';
import type { Desk, TableDesk } from './memory/store.ts';

/** What a store answered to one statement. */
export type Told =
  | readonly object[]
  | { readonly rows: number; readonly id: number }
  | { readonly thrown: Error };

/** Nobody reads whether it changed a row: due times are nothing that operations know. */
const unread = new Set<Statement>([hastenJob]);
const NOTHING = { rows: 0, id: 0 };

/** Writes down what the tables answer; before that, plays back what they answered once. */
export class TapeDesk implements Desk {
  #played: readonly Told[] = [];
  #next = 0;
  /** undefined while the past is played. */
  live: { desk: TableDesk; tape: Told[]; leases: HeldLease[] } | undefined;

  play(tape: readonly Told[]): void {
    this.#played = tape;
    this.#next = 0;
  }

  read(statement: Statement, values: readonly Value[]): readonly object[] {
    return this.#told((desk) => desk.read(statement, values)) as readonly object[];
  }

  all(statement: Statement, values: readonly Value[]): readonly object[] {
    return this.#told((desk) => desk.all(statement, values)) as readonly object[];
  }

  run(statement: Statement, values: readonly Value[]): { rows: number; id: number } {
    const done = this.#told((desk) => {
      const answer = desk.run(statement, values);
      return unread.has(statement) ? NOTHING : answer;
    }) as { rows: number; id: number };
    if (this.live !== undefined)
      noteLease(this.live.leases, statement, values, done, this.live.desk.draft.jobs);
    return done;
  }

  begin(): void {
    this.live?.desk.begin();
  }

  commit(): void {
    this.live?.desk.commit();
  }

  rollback(): void {
    this.live?.desk.rollback();
  }

  #told(ask: (desk: TableDesk) => Told): Told {
    const { live } = this;
    if (live === undefined) {
      const told = this.#played[this.#next];
      this.#next += 1;
      if (told === undefined)
        throw new Error('the operation asks for more than it was told: it is not a function');
      return answered(told);
    }
    let told: Told;
    try {
      told = ask(live.desk);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      told = { thrown: error };
    }
    if (live.tape.push(told) > ENOUGH) throw new Error('an operation goes round and round without waiting');
    return answered(told);
  }
}

/** More statements than any operation needs between two answers. */
const ENOUGH = 2_000;

function answered(told: Told): Told {
  if ('thrown' in told) throw told.thrown;
  return told;
}
