import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backupSqlite, restoreSqlite } from '#store';
import { openStream } from '../simulation/chance.ts';
import { readBooks } from './books-at-rest.ts';
import { rest } from './real-time.ts';
import { Life, type Template } from './life.ts';
import { broken } from './promises.ts';
import { runCli } from './service-process.ts';

const PEOPLE = 8;
/** One restore in so many is done by the command line, as an operator does it; the others by what it calls. */
const BY_COMMAND = 4;

/** What restoring old backups came to; grows from run to run of one state. */
export interface RestoreFigures {
  restores: number;
  promises: number;
  /** Promises that the backup was too old to hold. */
  forgotten: number;
  debits: number;
  /** Debits of which the restored database knew nothing. */
  unknown: number;
  refunds: number;
  faults: string[];
}

export const noRestoreFigures = (): RestoreFigures => ({
  restores: 0,
  promises: 0,
  forgotten: 0,
  debits: 0,
  unknown: 0,
  refunds: 0,
  faults: [],
});

/**
 * A backup is made beside a service under load; the service goes on, dies, and is put back to the
 * backup. Whatever was promised before the backup began is in it; and asking the channels, with the next
 * morning's statements, finds every fen that moved since (money-safety.md M6, I-32).
 */
export async function restoreOften(
  template: Template,
  wish: { seed: string; restores: number },
  figures: RestoreFigures,
  tell: (figures: RestoreFigures) => void,
): Promise<void> {
  while (figures.restores < wish.restores && figures.faults.length === 0) {
    const seed = `${wish.seed} restore ${figures.restores}`;
    const byCommand = figures.restores % BY_COMMAND === 0;
    const faults = await oneRestore(template, seed, byCommand, figures);
    figures.restores += 1;
    figures.faults.push(...faults.map((fault) => `${seed}: ${fault}`));
    tell(figures);
  }
}

async function oneRestore(
  template: Template,
  seed: string,
  byCommand: boolean,
  figures: RestoreFigures,
): Promise<string[]> {
  const life = new Life(template, seed);
  const stream = openStream(`${seed} moments`);
  const folder = mkdtempSync(join(tmpdir(), 'zhenfu-backup-'));
  const file = join(folder, 'backup.db');
  try {
    await life.begin();
    const service = life.start();
    if ((await service.ready) === undefined) return [`not ready: ${service.complaints()}`];
    // A backup may be as old as the database: from before its first payment.
    const early = stream.is(0.2);
    if (!early) life.open('R', PEOPLE);
    await rest(stream.between(100, 1_500));
    const promisedBefore = life.promises.length;
    if (byCommand) await runCli(life.environment, 'backup', file);
    else await backupSqlite(life.path, file);
    if (early) life.open('R', PEOPLE);
    await rest(stream.between(early ? 1_000 : 50, 1_500));
    await life.shut();
    await life.kill();
    const faults = [...life.faults, ...(await life.examine({ settled: false }))];
    if (byCommand) await runCli(life.environment, 'restore', file);
    else await restoreSqlite(file, life.path, `${life.path}.aside`);
    const books = readBooks(life.path);
    faults.push(...broken(life.promises.slice(0, promisedBefore), books));
    figures.forgotten += broken(life.promises, books).length;
    const known = new Set(books.all('SELECT out_trade_no FROM payments').map((row) => row['out_trade_no']));
    books.close();
    const debits = life.bank.ledger().filter(({ kind }) => kind === 'debit');
    figures.promises += life.promises.length;
    figures.debits += debits.length;
    figures.unknown += debits.filter(({ out_trade_no: number }) => !known.has(number)).length;
    figures.refunds += life.bank.ledger().length - debits.length;
    life.rewound();
    if ((await life.start().ready) === undefined)
      return [...faults, `not ready again: ${life.service.complaints()}`];
    await life.settle();
    await life.kill();
    return [...faults, ...(await life.examine({ settled: true }))];
  } finally {
    await life.end();
    rmSync(folder, { recursive: true });
  }
}
