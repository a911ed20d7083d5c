/** The part of yazl that statements are packed with; the package brings no types. */
declare module 'yazl' {
  import type { Readable } from 'node:stream';

  export class ZipFile {
    readonly outputStream: Readable;
    /** In the order they were added. Not documented: `zip.ts` needs them for names in GBK. */
    readonly entries: Entry[];
    addBuffer(bytes: Buffer, name: string, options?: { mtime?: Date; forceDosTimestamp?: boolean }): void;
    end(): void;
  }

  export interface Entry {
    utf8FileName: Buffer;
    getLocalFileHeader(): Buffer;
    getCentralDirectoryRecord(): Buffer;
  }
}
