import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LedgerEntry } from '../../simulator/kernel/contract.ts';
import { auditRows } from '../audit.ts';
import { readBooks, type Books } from './books-at-rest.ts';
import { broken, type Promised } from './promises.ts';
import { quickFolder, type StageTemplate } from './stage.ts';
import type { WriterCue } from './writer.ts';

/** One line of a writer's standard output. */
export type WriterSays =
  | { begun: true }
  | { promised: Promised }
  | { moved: LedgerEntry }
  | { refused: string }
  | { stopped: string }
  | { ended: true };

/** Everything that a writer said before its end. */
export interface Heard {
  promises: Promised[];
  ledger: LedgerEntry[];
  /** What the store refused, in words. */
  refused: string[];
  stopped: boolean;
  /** What was promised after that: nothing may be. */
  afterStop: string[];
  ended: boolean;
  /** How the process ended: an exit code, or the signal that ended it. */
  exit: string;
}

const PEOPLE = 8;

/**
 * Runs a writer and listens to it until it is gone.
 * before   put in front of the command: `strace …`
 * quiet    what it writes to its standard error is expected, and nobody's
 * begun    called when its first transaction is about to begin; gets how to kill it
 */
export async function runWriter(
  template: StageTemplate,
  wish: Pick<WriterCue, 'path' | 'seed' | 'people' | 'rounds' | 'pragma'>,
  given: { before?: readonly string[]; begun?: (kill: () => void) => void; quiet?: boolean } = {},
): Promise<Heard> {
  const { merchants, configurations } = template.scenery;
  const cue: WriterCue = { ...wish, merchants, configurations };
  const line = [...(given.before ?? []), process.execPath, template.writer, JSON.stringify(cue)];
  const [command = process.execPath, ...rest] = line;
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', given.quiet === true ? 'ignore' : 'inherit'],
  });
  const gone = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? String(code)));
  });
  const heard: Heard = {
    promises: [],
    ledger: [],
    refused: [],
    stopped: false,
    afterStop: [],
    ended: false,
    exit: '',
  };
  for await (const said of createInterface(child.stdout)) {
    const message = JSON.parse(said) as WriterSays;
    if ('begun' in message) given.begun?.(() => child.kill('SIGKILL'));
    else if ('promised' in message) {
      heard.promises.push(message.promised);
      if (heard.stopped) heard.afterStop.push(message.promised.words);
    } else if ('moved' in message) heard.ledger.push(message.moved);
    else if ('refused' in message) heard.refused.push(message.refused);
    else if ('stopped' in message) heard.stopped = true;
    else heard.ended = true;
  }
  heard.exit = await gone;
  return heard;
}

/** Kills a writer with SIGKILL so many milliseconds after it began, and looks at its database. */
export async function killWriter(
  template: StageTemplate,
  afterMs: number,
): Promise<{ promises: number; faults: string[] }> {
  const folder = mkdtempSync(join(quickFolder, 'zhenfu-writer-'));
  const path = join(folder, 'zhenfu.db');
  copyFileSync(template.path, path);
  try {
    const wish = { path, seed: `moment ${afterMs}`, people: PEOPLE, rounds: 0, pragma: '' };
    const heard = await runWriter(template, wish, { begun: (kill) => void setTimeout(kill, afterMs) });
    const books = readBooks(path);
    const faults = await examine(books, heard);
    books.close();
    if (heard.exit !== 'SIGKILL') faults.push(`the writer ended by itself: ${heard.exit}`);
    return {
      promises: heard.promises.length,
      faults: faults.map((fault) => `killed after ${afterMs} ms: ${fault}`),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a writer left: whole, with everything that it promised, and no invariant broken. */
export async function examine(
  books: Books,
  heard: { promises: readonly Promised[]; ledger: readonly LedgerEntry[] },
): Promise<string[]> {
  const health = books.one('PRAGMA integrity_check')?.['integrity_check'];
  if (health !== 'ok') return [`integrity_check: ${String(health)}`];
  // The channels died with the writer: rows and ledger are all that there is to ask.
  return [
    ...broken(heard.promises, books),
    ...(await auditRows({ store: books, ledger: () => heard.ledger }, { unseenAllowed: true })),
  ];
}
