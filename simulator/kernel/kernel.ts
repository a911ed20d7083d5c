/** Puts the shared parts together. What both gateways are made with. */
import type { Chance, Deliver, Kernel } from './contract.ts';
import { systemChance } from './chance.ts';
import { createClock, machineClock } from './clock.ts';
import type { HostClock, SimulatedClock } from './clock.ts';
import { deliverOverHttp } from './deliver.ts';
import { memoryDocuments } from './documents.ts';
import type { Documents } from './documents.ts';
import { createLedger } from './ledger.ts';
import { createWeatherBoard } from './weather.ts';
import type { WeatherBoard } from './weather.ts';

/** All optional: by default a kernel of this machine that remembers nothing. */
export interface KernelOptions {
  clock?: HostClock;
  chance?: Chance;
  deliver?: Deliver;
  documents?: Documents;
}

/** The kernel with the handles that only the server and its control panel may turn. */
export interface SimulatorKernel extends Kernel {
  clock: SimulatedClock;
  board: WeatherBoard;
  /** Writes all state, now. */
  flush(): void;
}

const CLOCK_DOCUMENT = 'clock';

export function createKernel(options: KernelOptions = {}): SimulatorKernel {
  const documents = options.documents ?? memoryDocuments();
  const chance = options.chance ?? systemChance;
  const clock = createClock(options.clock ?? machineClock, storedClock(documents.load(CLOCK_DOCUMENT)));
  const board = createWeatherBoard(chance);
  const save = (name: string, state: unknown): void => {
    documents.save(name, state);
    // With every change of state goes the time of it: after a restart the clock never shows less.
    documents.save(CLOCK_DOCUMENT, { now: clock.now() });
  };
  const ledger = createLedger({ ...documents, save });
  return {
    clock,
    chance,
    deliver: options.deliver ?? deliverOverHttp(),
    ledger,
    weather: (channel) => board.for(channel),
    draw: (share) => board.draw(share),
    load: (name) => documents.load(name),
    save,
    board,
    flush() {
      documents.save(CLOCK_DOCUMENT, { now: clock.now() });
      documents.flush();
    },
  };
}

function storedClock(stored: unknown): number {
  if (typeof stored !== 'object' || stored === null || !('now' in stored)) return 0;
  return typeof stored.now === 'number' ? stored.now : 0;
}
