/** The part of yauzl that is used here; the package brings no types. */
declare module 'yauzl' {
  export interface Entry {
    /** Of the uncompressed bytes, as the directory claims it; yauzl does not check it. */
    readonly crc32: number;
    /** As the directory claims it; a stream that brings more or less ends in an error. */
    readonly uncompressedSize: number;
    /** As it stands in the directory; bit 11 of the flags says that it is UTF-8. */
    readonly fileNameRaw: Buffer;
    readonly generalPurposeBitFlag: number;
  }

  export interface ZipFile {
    readonly entryCount: number;
    eachEntry(): AsyncIterable<Entry>;
    openReadStreamPromise(entry: Entry): Promise<AsyncIterable<Buffer>>;
  }

  export function fromBufferPromise(bytes: Buffer, options: { decodeStrings: boolean }): Promise<ZipFile>;
}
