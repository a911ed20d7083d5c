import { crc32 } from 'node:zlib';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { UnusableStatement } from './unusable.ts';

/** Alipay packs two files; a few more would not trouble us, a directory full would. */
const MAX_ENTRIES = 8;
/** Of all entries together: somewhat more than a million lines, where a busy clinic has a thousand a day. */
const MAX_BYTES = 320 * 1024 * 1024;

/**
 * All files of a ZIP, whole and equal to their checksums, or `UnusableStatement`. Entry names are not
 * looked at: they are no paths of ours, and what a file is stands in its first line (money-safety.md K8).
 * Sizes are held to the limit twice, as claimed before reading and as they come, against ZIP bombs.
 */
export async function unzip(bytes: Uint8Array): Promise<Uint8Array[]> {
  try {
    const zip = await fromBufferPromise(Buffer.from(bytes), { decodeStrings: false });
    return await filesOf(zip);
  } catch (error) {
    // What strangers put into a ZIP makes its reader throw many things; none of them is a file for us.
    if (error instanceof UnusableStatement) throw error;
    throw new UnusableStatement(
      'unverified',
      `no whole ZIP: ${error instanceof Error ? error.message : 'unreadable'}`,
    );
  }
}

async function filesOf(zip: ZipFile): Promise<Uint8Array[]> {
  if (zip.entryCount > MAX_ENTRIES) throw new UnusableStatement('unverified', 'the ZIP holds too many files');
  const files: Uint8Array[] = [];
  let room = MAX_BYTES;
  for await (const entry of zip.eachEntry()) {
    const file = await readWhole(zip, entry, room);
    room -= file.byteLength;
    files.push(file);
  }
  return files;
}

async function readWhole(zip: ZipFile, entry: Entry, room: number): Promise<Uint8Array> {
  const size = entry.uncompressedSize;
  if (size > room) throw new UnusableStatement('unverified', 'the ZIP unpacks to too much');
  // Filled in place: the pieces and their sum would take the room twice.
  const file = Buffer.alloc(size);
  let length = 0;
  for await (const piece of await zip.openReadStreamPromise(entry)) {
    if (length + piece.byteLength > size)
      throw new UnusableStatement('unverified', 'a file is longer than it says');
    length += piece.copy(file, length);
  }
  if (length < size || crc32(file) !== entry.crc32) {
    throw new UnusableStatement('unverified', 'a file in the ZIP is damaged');
  }
  return file;
}
