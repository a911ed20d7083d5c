import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit } from '../audit.ts';
import { openStream, type Stream } from '../simulation/chance.ts';
import { unfinishedNow } from '../support/unfinished.ts';
import { openBank, type Bank } from './bank.ts';
import { isCommitted, readBooks, readCopy, type Books } from './books-at-rest.ts';
import { Customers, type Fared } from './customers.ts';
import { rest } from './real-time.ts';
import { broken, type Promised } from './promises.ts';
import { freePort, runCli, startService, type Environment, type ServiceProcess } from './service-process.ts';

/** Long enough for a service that gets a tenth of a core. */
const SETTLED_WITHIN_MS = 120_000;
const PUSH_MS = 20_000;
/** What only the next day's statement tells is waited for in longer steps. */
const REWOUND_PUSH_MS = 3_600_000;
const PUSHED_REST_MS = 200;

/** An empty, migrated database with an API key: made once by the product's own commands, then copied. */
export interface Template {
  path: string;
  key: string;
}

export async function makeTemplate(folder: string): Promise<Template> {
  const env = { DATA_DIR: folder };
  const told = await runCli(env, 'api-key', 'create', '--name', 'crash', '--scope', 'all', '--json');
  return { path: join(folder, 'zhenfu.db'), key: String(JSON.parse(told).key) };
}

/**
 * One clinic from its empty database on: the service as a child process that may be killed at any
 * time, both channels and the customers in this process, and everything that anybody was promised.
 */
export class Life {
  readonly folder: string;
  readonly stream: Stream;
  readonly promises: Promised[] = [];
  readonly faults: string[] = [];
  readonly #template: Template;
  #bank: Bank | undefined;
  #port = 0;
  #service: ServiceProcess | undefined;
  #customers: Customers | undefined;
  #rewound = false;
  /** Numbers that were committed once, and that the restored database does not know. */
  readonly #forgotten = new Set<string>();

  /** folder  where its data lies; one of its own by default */
  constructor(template: Template, seed: string, folder = mkdtempSync(join(tmpdir(), 'zhenfu-life-'))) {
    this.#template = template;
    this.folder = folder;
    this.stream = openStream(seed);
  }

  get path(): string {
    return join(this.folder, 'zhenfu.db');
  }

  get bank(): Bank {
    if (this.#bank === undefined) throw new Error('this life has not begun');
    return this.#bank;
  }

  get service(): ServiceProcess {
    if (this.#service === undefined) throw new Error('no service was started');
    return this.#service;
  }

  get environment(): Environment {
    return { ...this.bank.env, DATA_DIR: this.folder };
  }

  async begin(): Promise<void> {
    copyFileSync(this.#template.path, this.path);
    this.#port = await freePort();
    this.#bank = await openBank({
      seed: String(this.stream.below(2 ** 31)),
      known: (number) => this.#forgotten.has(number) || isCommitted(this.path, number),
      promise: (promised) => this.promises.push(promised),
    });
  }

  start(): ServiceProcess {
    this.#service = startService(this.environment, this.#port);
    return this.#service;
  }

  open(name: string, people: number): void {
    this.#customers = new Customers(
      {
        port: this.#port,
        key: this.#template.key,
        bank: this.bank,
        stream: this.stream.fork(name),
        name,
        promise: (promised) => this.promises.push(promised),
        complain: (words) => void this.faults.push(words),
      },
      people,
    );
  }

  /** An older database was put in this one's place: what it was promised since is forgotten, money is not. */
  rewound(): void {
    this.#rewound = true;
    for (const { outTradeNo } of this.bank.calls)
      if (!isCommitted(this.path, outTradeNo)) this.#forgotten.add(outTradeNo);
  }

  async shut(): Promise<Fared> {
    await this.#customers?.sendHome();
    return this.#customers?.fared ?? { answered: 0, cut: 0, refused: 0 };
  }

  /** `kill -9`, and until the process is gone. */
  async kill(): Promise<void> {
    this.service.child.kill('SIGKILL');
    await this.service.gone;
  }

  /** What the dead one left: whole, with all that was promised, and no invariant broken. */
  async examine(options: { settled: boolean }): Promise<string[]> {
    const books = readCopy(this.path);
    try {
      return [
        ...(this.#rewound ? [] : broken(this.promises, books)),
        ...(await audit(
          { store: books, ledger: () => this.bank.ledger(), calls: this.bank.calls, sim: this.bank.sim },
          { unseenAllowed: !options.settled, clocksLie: true },
        )),
        ...(options.settled ? this.#unsettled(books) : []),
      ];
    } finally {
      books.close();
    }
  }

  /** The customers are gone: time is pushed until nothing waits any more. */
  async settle(): Promise<void> {
    const pushMs = this.#rewound ? REWOUND_PUSH_MS : PUSH_MS;
    const until = performance.now() + SETTLED_WITHIN_MS;
    for (let waits = 1; waits > 0 && performance.now() < until;) {
      this.bank.push(pushMs);
      await rest(PUSHED_REST_MS);
      const books = readBooks(this.path, true);
      waits = this.#unsettled(books).length;
      books.close();
    }
  }

  async end(): Promise<void> {
    await this.#customers?.sendHome();
    if (this.#service !== undefined) await this.kill();
    await this.#bank?.close();
    rmSync(this.folder, { recursive: true });
  }

  /** I-23 and I-03: whatever has not come to its end, and money that nobody has seen. */
  #unsettled(books: Books): string[] {
    const rewound = this.#rewound ? 1 : 0;
    const waits = books.all(unfinishedNow, rewound, 'follow_payment');
    // After a restored backup the next morning's statements find the rest: until then some is unseen.
    if (this.#rewound) waits.push(...books.all(unfinishedNow, rewound, 'fetch_statement'));
    const seen = new Set(
      books.all(`SELECT out_trade_no FROM payments WHERE state = 'paid'`).map((row) => row['out_trade_no']),
    );
    const unseen = this.bank
      .ledger()
      .filter((entry) => entry.kind === 'debit' && !seen.has(entry.out_trade_no));
    return [
      ...waits.map((row) => `I-23: ${String(row['what'])}`),
      ...unseen.map((entry) => `I-03: the debit of ${entry.out_trade_no} was never seen`),
    ];
  }
}
