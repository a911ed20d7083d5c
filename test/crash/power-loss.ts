import type { Stream } from '../simulation/chance.ts';
import type { FileOp } from './strace.ts';

/** A disk keeps or loses whole sectors; what was being written may be neither old nor new. */
const SECTOR = 512;

/** What became of the bytes that no fsync had promised. */
export const fates = ['lost', 'cut', 'sectors', 'zeroed', 'garbled', 'kept'] as const;
export type Fate = (typeof fates)[number];

type Change = Extract<FileOp, { kind: 'write' | 'truncate' }>;

/** The bytes of a file, which grows and shrinks in place. */
class Content {
  #bytes: Buffer;
  #size: number;

  constructor(bytes: Buffer, room = 0) {
    this.#size = bytes.length;
    this.#bytes = Buffer.alloc(bytes.length + room);
    bytes.copy(this.#bytes);
  }

  get whole(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  do(change: Change): void {
    const end = change.kind === 'truncate' ? change.size : change.offset + change.bytes.length;
    if (end > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(end)]);
    if (change.kind === 'write') {
      change.bytes.copy(this.#bytes, change.offset);
      this.#size = Math.max(this.#size, end);
    } else {
      this.#bytes.fill(0, end);
      this.#size = end;
    }
  }
}

/** One file of a disk with a cache: what it surely holds, and what was written since its last fsync. */
class CachedFile {
  readonly #durable: Content;
  pending: Change[] = [];

  constructor(bytes: Buffer) {
    this.#durable = new Content(bytes);
  }

  sync(): void {
    for (const change of this.pending) this.#durable.do(change);
    this.pending = [];
  }

  /** The file after the power is back. */
  image(fate: Fate, stream: Stream): Buffer {
    if (fate === 'lost' || this.pending.length === 0) return this.#durable.whole;
    const changes = fate === 'cut' ? cut(this.pending, stream) : this.pending;
    const written = changes.reduce((sum, one) => sum + (one.kind === 'write' ? one.bytes.length : 0), 0);
    const content = new Content(this.#durable.whole, written);
    for (const change of changes)
      content.do(change.kind === 'truncate' ? change : tear(content.whole, change, fate, stream));
    return content.whole;
  }
}

/** Both files of a database on a disk whose power can go after any operation. */
export class Disk {
  readonly #files: { db: CachedFile; wal: CachedFile };

  constructor(db: Buffer) {
    this.#files = { db: new CachedFile(db), wal: new CachedFile(Buffer.alloc(0)) };
  }

  do(op: Exclude<FileOp, { kind: 'said' }>): void {
    const file = this.#files[op.file];
    if (op.kind === 'sync') file.sync();
    else if (op.kind === 'unlink') file.pending.push({ kind: 'truncate', file: 'wal', size: 0 });
    else file.pending.push(op);
  }

  /** Bytes that were written and not synced yet. */
  get open(): number {
    const { db, wal } = this.#files;
    return [...db.pending, ...wal.pending].reduce(
      (sum, op) => sum + (op.kind === 'write' ? op.bytes.length : 1),
      0,
    );
  }

  /** The two files as the next start finds them, each with a fate of its own. */
  image(stream: Stream): { db: Buffer; wal: Buffer; fate: Fate } {
    const fate = stream.pick(fates);
    const { db, wal } = this.#files;
    return { db: db.image(stream.pick(fates), stream), wal: wal.image(fate, stream), fate };
  }
}

/** Writes reached the disk in their order, up to some byte. */
function cut(changes: readonly Change[], stream: Stream): Change[] {
  const kept = changes.slice(0, stream.between(1, changes.length));
  const last = kept.at(-1);
  if (last?.kind !== 'write') return kept;
  return [
    ...kept.slice(0, -1),
    { ...last, bytes: last.bytes.subarray(0, stream.below(last.bytes.length + 1)) },
  ];
}

/** A write of which each sector has a fate of its own: there, as before, zeros, or noise. */
function tear(file: Buffer, write: Extract<Change, { kind: 'write' }>, fate: Fate, stream: Stream): Change {
  const bytes = Buffer.from(write.bytes);
  let from = 0;
  while (from < bytes.length) {
    // Sectors are the disk's, not the write's.
    const to = Math.min(bytes.length, from + SECTOR - ((write.offset + from) % SECTOR));
    if (fate !== 'kept' && fate !== 'cut' && stream.is(0.5))
      spoil(bytes.subarray(from, to), file, write.offset + from, fate, stream);
    from = to;
  }
  return { ...write, bytes };
}

function spoil(sector: Buffer, file: Buffer, offset: number, fate: Fate, stream: Stream): void {
  sector.fill(0);
  if (fate === 'garbled') sector.set(stream.bytes(sector.length));
  if (fate === 'sectors') sector.set(file.subarray(offset, offset + sector.length));
}
