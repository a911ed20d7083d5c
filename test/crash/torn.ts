import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqlite } from '#store';
import type { LedgerEntry } from '../../simulator/kernel/contract.ts';
import { openStream } from '../simulation/chance.ts';
import { readBooks } from './books-at-rest.ts';
import { examine, runWriter } from './moments.ts';
import { Disk, type Fate } from './power-loss.ts';
import type { Promised } from './promises.ts';
import { quickFolder, type StageTemplate } from './stage.ts';
import { readRecording, recorder, type FileOp } from './strace.ts';

/** Some recordings meet a checkpoint every few commits: then pages of the database itself are torn too. */
const PRAGMAS = ['', 'wal_autocheckpoint = 40', 'wal_autocheckpoint = 120'];
const IMAGES_A_RECORDING = 1_000;
/** One image in so many is also opened by the store itself, and written on. */
const WRITTEN_ON = 25;

/** What losing the power came to; grows from run to run of one state. */
export interface TornFigures {
  recordings: number;
  images: number;
  byFate: Partial<Record<Fate, number>>;
  /** Images in which something unsynced was really lost or spoilt. */
  torn: number;
  promises: number;
  commits: number;
  syncs: number;
  faults: string[];
}

export const noTornFigures = (): TornFigures => ({
  recordings: 0,
  images: 0,
  byFate: {},
  torn: 0,
  promises: 0,
  commits: 0,
  syncs: 0,
  faults: [],
});

/**
 * Records every write and fsync of a clinic at work, then makes disks whose power went after any of
 * them: what was synced is there; of the rest each sector is there, old, zero or noise, or the file ends
 * early. Each image must open, be whole, hold what was promised before that moment, and break no
 * invariant (money-safety.md, M2).
 */
export async function tearImages(
  template: StageTemplate,
  wish: { seed: string; images: number },
  figures: TornFigures,
  tell: (figures: TornFigures) => void,
): Promise<void> {
  const folder = mkdtempSync(join(quickFolder, 'zhenfu-torn-'));
  try {
    while (figures.images < wish.images && figures.faults.length === 0) {
      const seed = `${wish.seed} recording ${figures.recordings}`;
      const ops = await record(template, folder, seed, PRAGMAS[figures.recordings % PRAGMAS.length] ?? '');
      figures.recordings += 1;
      const proof = proveSyncs(ops);
      figures.commits += proof.commits;
      figures.syncs += proof.syncs;
      figures.faults.push(...proof.faults.map((fault) => `${seed}: ${fault}`));
      const images = Math.min(IMAGES_A_RECORDING, wish.images - figures.images);
      await lookAtImages(template, folder, { ops, seed, images }, figures, tell);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function record(
  template: StageTemplate,
  folder: string,
  seed: string,
  pragma: string,
): Promise<FileOp[]> {
  const path = join(folder, 'recorded.db');
  const trace = join(folder, 'trace');
  for (const tail of ['-wal', '-shm']) rmSync(`${path}${tail}`, { force: true });
  copyFileSync(template.path, path);
  const wish = { path, seed, people: 3, rounds: 2, pragma };
  const heard = await runWriter(template, wish, { before: recorder(trace) });
  if (!heard.ended) throw new Error(`the recorded writer ended with ${heard.exit}: ${heard.refused.join()}`);
  return readRecording(trace, path);
}

/**
 * The proof of durability (money-safety.md, "fsync proof"): at no promise is any byte of the journal
 * unsynced; and each commit, which the journal's frames count, had an fsync of its own.
 */
export function proveSyncs(ops: readonly FileOp[]): { commits: number; syncs: number; faults: string[] } {
  const faults: string[] = [];
  const disk = new Disk(Buffer.alloc(0));
  let [commits, syncs] = [0, 0];
  for (const op of ops) {
    if (op.kind !== 'said') disk.do(op);
    else if ('promised' in op.message && disk.open > 0)
      faults.push(`${op.message.promised.words}, with ${disk.open} bytes not synced`);
    if (op.kind === 'sync') syncs += 1;
    if (isCommitFrame(op)) commits += 1;
  }
  if (syncs < commits) faults.push(`${syncs} fsyncs for ${commits} commits`);
  return { commits, syncs, faults };
}

/** A frame's header of 24 bytes, the second word of which is the database's size when it commits (SQLite file format, 4.1). */
function isCommitFrame(op: FileOp): boolean {
  return op.kind === 'write' && op.file === 'wal' && op.bytes.length === 24 && op.bytes.readUInt32BE(4) > 0;
}

async function lookAtImages(
  template: StageTemplate,
  folder: string,
  recording: { ops: readonly FileOp[]; seed: string; images: number },
  figures: TornFigures,
  tell: (figures: TornFigures) => void,
): Promise<void> {
  const { ops, seed, images } = recording;
  const stream = openStream(seed);
  const begun = ops.findIndex((op) => op.kind === 'said');
  const deaths = Array.from({ length: images }, () => stream.between(begun, ops.length)).toSorted(
    (a, b) => a - b,
  );
  const disk = new Disk(readFileSync(template.path));
  const promises: Promised[] = [];
  const ledger: LedgerEntry[] = [];
  let done = 0;
  for (const death of deaths) {
    for (; done < death; done += 1) {
      const op = ops[done];
      if (op?.kind !== 'said') {
        if (op !== undefined) disk.do(op);
      } else if ('promised' in op.message) promises.push(op.message.promised);
      else if ('moved' in op.message) ledger.push(op.message.moved);
    }
    const { fate, ...image } = disk.image(stream);
    const faults = await lookAt(image, folder, { promises, ledger }, figures.images % WRITTEN_ON === 0);
    figures.images += 1;
    figures.torn += disk.open > 0 ? 1 : 0;
    figures.byFate[fate] = (figures.byFate[fate] ?? 0) + 1;
    figures.promises += promises.length;
    figures.faults.push(
      ...faults.map((fault) => `${seed}, power lost after operation ${death}, ${fate}: ${fault}`),
    );
    if (faults.length > 0) return;
    tell(figures);
  }
}

async function lookAt(
  image: { db: Buffer; wal: Buffer },
  folder: string,
  heard: { promises: readonly Promised[]; ledger: readonly LedgerEntry[] },
  writeOn: boolean,
): Promise<string[]> {
  const path = join(folder, 'image.db');
  for (const tail of ['-wal', '-shm']) rmSync(`${path}${tail}`, { force: true });
  writeFileSync(path, image.db);
  if (image.wal.length > 0) writeFileSync(`${path}-wal`, image.wal);
  try {
    if (writeOn) await oneMoreTransaction(path);
    const books = readBooks(path);
    try {
      return await examine(books, heard);
    } finally {
      books.close();
    }
  } catch (error) {
    return [String(error)];
  }
}

/** The store of production opens it, and goes on. */
async function oneMoreTransaction(path: string): Promise<void> {
  const store = openSqlite({ path });
  await store.transact('go on', (tx) =>
    tx.run('INSERT INTO clinics (name, short_name, created_at) VALUES (?, ?, ?)', '续', '续', 0),
  );
  await store.close();
}
