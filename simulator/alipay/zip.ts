/** A ZIP as Alipay packs it: names in GBK, without the flag that would call them UTF-8 (2.7). */
import { buffer } from 'node:stream/consumers';
import iconv from 'iconv-lite';
import { ZipFile } from 'yazl';
import type { Entry } from 'yazl';

export interface PackedFile {
  name: string;
  bytes: Buffer;
}

export async function pack(files: readonly PackedFile[], atMs: number): Promise<Buffer> {
  const zip = new ZipFile();
  for (const { name, bytes } of files) {
    zip.addBuffer(bytes, name, { mtime: new Date(atMs), forceDosTimestamp: true });
    const entry = zip.entries.at(-1);
    if (entry !== undefined) nameInGbk(entry, name);
  }
  zip.end();
  return buffer(zip.outputStream);
}

const LOCAL_FLAGS_AT = 6;
const CENTRAL_FLAGS_AT = 8;
const NAME_IS_UTF8 = 1 << 11;

/** yazl writes every name as UTF-8 and says so in both of an entry's headers. */
function nameInGbk(entry: Entry, name: string): void {
  entry.utf8FileName = iconv.encode(name, 'gbk');
  const local = entry.getLocalFileHeader.bind(entry);
  const central = entry.getCentralDirectoryRecord.bind(entry);
  entry.getLocalFileHeader = () => withoutFlag(local(), LOCAL_FLAGS_AT);
  entry.getCentralDirectoryRecord = () => withoutFlag(central(), CENTRAL_FLAGS_AT);
}

function withoutFlag(header: Buffer, at: number): Buffer {
  header.writeUInt16LE(header.readUInt16LE(at) & ~NAME_IS_UTF8, at);
  return header;
}
