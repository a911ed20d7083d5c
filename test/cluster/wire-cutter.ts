import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Stream } from '../simulation/chance.ts';
import {
  askedBy,
  errorFrame,
  errorIn,
  Frames,
  NUMBERS,
  query,
  type Asked,
  type ErrorNumber,
} from './mysql-wire.ts';

/** What may happen to a command on its way, with its share of them. */
export interface Weather {
  /** COMMIT never reaches the server: everything is rolled back. */
  cutBeforeCommit: number;
  /** COMMIT is sent on and the line is cut at once: nobody knows. */
  cutAtCommit: number;
  /** The server has committed; its answer is lost. */
  cutAfterCommit: number;
  /** As before, and the client's end of the line stays open and silent. */
  silentAfterCommit: number;
  /** The line is cut before a statement inside or outside a transaction. */
  cutStatement: number;
  /** Of a statement or a COMMIT; a deadlock has rolled everything back, as the server does. */
  error: Readonly<Record<ErrorNumber, number>>;
}

export const calmWire: Weather = {
  cutBeforeCommit: 0,
  cutAtCommit: 0,
  cutAfterCommit: 0,
  silentAfterCommit: 0,
  cutStatement: 0,
  error: { 1213: 0, 1205: 0, 1020: 0 },
};

export type WireCount =
  | Exclude<keyof Weather, 'error'>
  | `injected${ErrorNumber}`
  | `met${ErrorNumber}`
  | 'transactions'
  | 'rollbacks'
  | 'connections';

/**
 * A line to a MySQL or MariaDB server that can be cut where it hurts: before COMMIT arrives, while it
 * is on its way, and after the server has done it and before anybody hears so. It also answers in the
 * server's place with the errors that mean "run the whole transaction again".
 */
export class WireCutter {
  weather: Weather = calmWire;
  readonly counts = new Map<WireCount, number>();
  readonly #server: Server;
  readonly #ends = new Set<Socket>();

  constructor(target: number, stream: Stream) {
    this.#server = createServer((client) => {
      const server = connect(target, '127.0.0.1');
      for (const end of [client, server]) {
        this.#ends.add(end);
        end.on('close', () => this.#ends.delete(end));
      }
      const count = (what: WireCount): void => void this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
      count('connections');
      joinEnds(client, server, { weather: () => this.weather, stream, count });
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const end of this.#ends) end.destroy();
    await closed;
  }
}

interface Given {
  weather: () => Weather;
  stream: Stream;
  count: (what: WireCount) => void;
}

/** What the line does with what the server says next. */
type Answering = 'pass' | 'refuse' | 'cut' | 'fall silent';

/** Joins both ends of one connection; at most one command is on its way at a time. */
function joinEnds(client: Socket, server: Socket, given: Given): void {
  const frames = new Frames();
  let answering: Answering = 'pass';
  const cut = (): void => {
    client.destroy();
    server.destroy();
  };
  for (const end of [client, server]) {
    end.setNoDelay(true);
    // A line that breaks is what this is for; who is at its ends finds out by its close.
    end.on('error', () => undefined);
  }
  client.on('close', () => server.destroy());
  server.on('close', () => {
    if (answering !== 'fall silent') client.destroy();
  });
  server.on('data', (bytes) => {
    const now = answering;
    if (now === 'cut') cut();
    else if (now === 'fall silent') server.destroy();
    else if (now === 'refuse') client.write(errorFrame(1213));
    else client.write(bytes);
    if (now === 'refuse') answering = 'pass';
    const met = errorIn(bytes);
    if (met !== undefined) given.count(`met${met}`);
  });
  client.on('data', (bytes) => {
    for (const frame of frames.push(bytes)) {
      const asked = askedBy(frame);
      const fate = client.destroyed ? 'cut' : fateOf(asked, given);
      if (fate === 'cut') cut();
      else if (fate === 1213) {
        // A deadlock has rolled everything back by the time its victim hears of it.
        answering = 'refuse';
        server.write(query('ROLLBACK'));
      } else if (typeof fate === 'number') client.write(errorFrame(fate));
      else {
        answering = asked === 'commit' ? answerToCommit(given) : 'pass';
        server.write(frame.whole);
        if (asked === 'commit') maybeCutAtCommit(server, cut, given);
      }
    }
  });
}

/** What becomes of a command before the server hears it. */
function fateOf(asked: Asked, { weather, stream, count }: Given): 'pass' | 'cut' | ErrorNumber {
  if (asked === 'rollback') count('rollbacks');
  if (asked === 'other') return 'pass';
  const cut = asked === 'commit' ? 'cutBeforeCommit' : 'cutStatement';
  if (stream.is(weather()[cut])) {
    count(cut);
    return 'cut';
  }
  if (asked !== 'statement' && asked !== 'commit') return 'pass';
  const error = NUMBERS.find((number) => stream.is(weather().error[number]));
  if (error !== undefined) count(`injected${error}`);
  return error ?? 'pass';
}

function answerToCommit({ weather, stream, count }: Given): Answering {
  count('transactions');
  if (stream.is(weather().cutAfterCommit)) {
    count('cutAfterCommit');
    return 'cut';
  }
  if (!stream.is(weather().silentAfterCommit)) return 'pass';
  count('silentAfterCommit');
  return 'fall silent';
}

/**
 * Cuts the line while COMMIT is on it. An orderly end leaves the server something to read, a reset may
 * take it away again: both happen.
 */
function maybeCutAtCommit(server: Socket, cut: () => void, { weather, stream, count }: Given): void {
  if (!stream.is(weather().cutAtCommit)) return;
  count('cutAtCommit');
  if (stream.is(0.5)) server.resetAndDestroy();
  setImmediate(cut);
}
