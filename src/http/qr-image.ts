import { crc32, deflateSync } from 'node:zlib';
import { encodeQR } from 'qr';

/** Quiet zone of a QR code: four modules on each side (ISO/IEC 18004). */
const QUIET = 4;
const PIXELS_A_MODULE = 10;

type Bits = boolean[][];

function bitsOf(content: string): Bits {
  return encodeQR(content, 'raw', { ecc: 'medium', border: QUIET });
}

export function qrSvg(content: string): string {
  return encodeQR(content, 'svg', { ecc: 'medium', border: QUIET });
}

/**
 * A PNG of one bit a pixel, black on white: no image library is needed for it, and none is as fast
 * (docs/decisions/dependencies.md). The QR code itself comes from the `qr` package.
 */
export function qrPng(content: string): Buffer {
  const bits = bitsOf(content);
  const side = bits.length * PIXELS_A_MODULE;
  const rowBytes = Math.ceil(side / 8);
  const pixels = Buffer.alloc(side * (rowBytes + 1));
  bits.forEach((row, y) => {
    const line = rowOfPixels(row, rowBytes);
    for (let repeat = 0; repeat < PIXELS_A_MODULE; repeat += 1) {
      line.copy(pixels, (y * PIXELS_A_MODULE + repeat) * (rowBytes + 1) + 1);
    }
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([1, 0, 0, 0, 0], 8); // one bit, greyscale, deflate, adaptive filter, no interlace
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels, { level: 6 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** One line of modules as pixels; a set bit is white. */
function rowOfPixels(row: boolean[], rowBytes: number): Buffer {
  const line = Buffer.alloc(rowBytes, 0xff);
  row.forEach((dark, x) => {
    if (!dark) return;
    for (let at = x * PIXELS_A_MODULE; at < (x + 1) * PIXELS_A_MODULE; at += 1) {
      line[at >> 3] = (line[at >> 3] ?? 0) & ~(0x80 >> (at & 7));
    }
  });
  return line;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
