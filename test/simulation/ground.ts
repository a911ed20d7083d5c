import type { Store } from '#store';
import type { Worker } from '#worker';
import type { InboundAnswer, OutboundRequest } from '#world';
import type { Agenda } from './agenda.ts';
import type { Books } from './books.ts';
import type { Configurations } from './merchants.ts';
import type { Profile } from './profile.ts';
import type { Tally } from './tally.ts';

/** What the operations of the product are given. */
export type Parts = ConstructorParameters<typeof Worker>[0];

/** What every machine of a day stands on. */
export interface Ground {
  agenda: Agenda;
  store: Store;
  books: Books;
  tally: Tally;
  configurations: Configurations;
  webhook: Parts['webhook'];
  send(machine: Mortal, request: OutboundRequest): Promise<InboundAnswer>;
  /** Something that the product gave up with an error: harmless after a kill, a defect otherwise. */
  complain(machine: Mortal, event: string, detail: string): void;
  tell(what: string): void;
}

/** A machine, as far as store and road have to do with it. */
export interface Mortal {
  readonly name: string;
  readonly profile: Profile;
  readonly dead: boolean;
  /** A machine that is calm injects no faults of its own any more. */
  readonly isCalm: boolean;
  /** The time on this machine's clock. */
  now(): number;
  /** One moment at which this machine may die. Answers whether it is dead now. */
  dies(): boolean;
  kill(why: 'crash' | 'disk' | 'rewind'): void;
  /** Every await of the outside passes here, each a moment to die or to be stopped; a dead machine never comes back. */
  comesBack<T>(work: Promise<T>): Promise<T>;
}

/** Nothing that a dead machine awaits ever comes back. */
export class Killed extends Error {}
