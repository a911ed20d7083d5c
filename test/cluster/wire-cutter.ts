import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Stream } from '../simulation/chance.ts';
import { askedBy, errorFrame, Frames, query, type Asked, type ErrorNumber } from './mysql-wire.ts';

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

const NUMBERS: readonly ErrorNumber[] = [1213, 1205, 1020];

export type WireCount =
  | Exclude<keyof Weather, 'error'>
  | `error${ErrorNumber}`
  | 'transactions'
  | 'rollbacks'
  | 'connections';

/** What the line does with what the server says next. */
type Answering = 'pass' | 'swallow' | 'cut' | 'fall silent';

/**
 * A line to a MySQL or MariaDB server that can be cut where it hurts: before COMMIT arrives, while it
 * is on its way, and after the server has done it and before anybody hears so. It also answers in the
 * server's place with the errors that mean "run the whole transaction again".
 */
export class WireCutter {
  weather: Weather = calmWire;
  readonly counts = new Map<WireCount, number>();
  readonly #server: Server;
  readonly #target: number;
  readonly #stream: Stream;
  readonly #lines = new Set<Socket>();

  constructor(target: number, stream: Stream) {
    this.#target = target;
    this.#stream = stream;
    this.#server = createServer((client) => this.#join(client));
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const line of this.#lines) line.destroy();
    await closed;
  }

  #count(what: WireCount): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #join(client: Socket): void {
    this.#count('connections');
    const server = connect(this.#target, '127.0.0.1');
    const frames = new Frames();
    let answering: Answering = 'pass';
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const end of [client, server]) {
      this.#lines.add(end);
      end.setNoDelay(true);
      // A line that breaks is what this is for; who is at its ends finds out by its close.
      end.on('error', () => undefined);
      end.on('close', () => this.#lines.delete(end));
    }
    client.on('close', () => server.destroy());
    server.on('close', () => {
      if (answering !== 'fall silent') client.destroy();
    });
    server.on('data', (bytes) => {
      if (answering === 'pass') client.write(bytes);
      else if (answering === 'cut') cut();
      else if (answering === 'fall silent') server.destroy();
      else answering = 'pass';
    });
    client.on('data', (bytes) => {
      for (const frame of frames.push(bytes)) {
        const asked = askedBy(frame);
        if (client.destroyed || !this.#allows(asked, cut)) return;
        const error = this.#errorFor(asked);
        if (error !== undefined) {
          // A deadlock has rolled back already when its victim hears of it; the others have not.
          if (error === 1213) {
            answering = 'swallow';
            server.write(query('ROLLBACK'));
            server.once('data', () => client.write(errorFrame(error)));
          } else client.write(errorFrame(error));
          return;
        }
        answering = this.#answerTo(asked);
        server.write(frame.whole);
        if (asked === 'commit' && this.#stream.is(this.weather.cutAtCommit))
          this.#cutAfterSending(server, cut);
      }
    });
  }

  /** False when the line was cut before the command could pass. */
  #allows(asked: Asked, cut: () => void): boolean {
    const what = asked === 'commit' ? 'cutBeforeCommit' : 'cutStatement';
    if (asked === 'other' || !this.#stream.is(this.weather[what])) return true;
    this.#count(what);
    cut();
    return false;
  }

  #errorFor(asked: Asked): ErrorNumber | undefined {
    if (asked !== 'statement' && asked !== 'commit') return undefined;
    const found = NUMBERS.find((number) => this.#stream.is(this.weather.error[number]));
    if (found !== undefined) this.#count(`error${found}`);
    return found;
  }

  #answerTo(asked: Asked): Answering {
    if (asked === 'rollback') this.#count('rollbacks');
    if (asked !== 'commit') return 'pass';
    this.#count('transactions');
    if (this.#stream.is(this.weather.cutAfterCommit)) {
      this.#count('cutAfterCommit');
      return 'cut';
    }
    if (!this.#stream.is(this.weather.silentAfterCommit)) return 'pass';
    this.#count('silentAfterCommit');
    return 'fall silent';
  }

  /**
   * Cuts the line while COMMIT is on it. An orderly end leaves the server something to read, a reset may
   * take it away again: both happen.
   */
  #cutAfterSending(server: Socket, cut: () => void): void {
    this.#count('cutAtCommit');
    if (this.#stream.is(0.5)) server.resetAndDestroy();
    setImmediate(cut);
  }
}
