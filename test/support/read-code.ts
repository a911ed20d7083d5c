import jsqr from 'jsqr';
import { crc32, inflateSync } from 'node:zlib';

interface Picture {
  side: number;
  /** One byte a pixel, 0 black to 255 white, row after row. */
  grey: Uint8Array;
}

/** What a phone reads in the picture; null when it reads nothing. */
export function readCode(picture: Picture): string | null {
  const rgba = new Uint8ClampedArray(picture.grey.length * 4);
  picture.grey.forEach((value, at) => rgba.set([value, value, value, 255], at * 4));
  const read = typeof jsqr === 'function' ? jsqr : jsqr.default;
  return read(rgba, picture.side, picture.side)?.data ?? null;
}

/** Opens a square, one-bit grey PNG as its specification says (ISO/IEC 15948), checksums included. */
export function openPng(png: Buffer): Picture {
  if (png.subarray(0, 8).toString('latin1') !== '\x89PNG\r\n\x1a\n') throw new Error('no PNG');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const framed = png.subarray(at + 4, at + 8 + length);
    if (crc32(framed) !== png.readUInt32BE(at + 8 + length)) throw new Error('a chunk with a wrong checksum');
    chunks.set(framed.subarray(0, 4).toString('latin1'), framed.subarray(4));
    at += 12 + length;
  }
  const header = chunks.get('IHDR') ?? Buffer.alloc(13);
  const side = header.readUInt32BE(0);
  if (header.readUInt32BE(4) !== side || header[8] !== 1 || header[9] !== 0)
    throw new Error('not one-bit grey');
  const rows = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0));
  const rowBytes = Math.ceil(side / 8) + 1;
  if (rows.length !== rowBytes * side) throw new Error('not as many rows as the header says');
  const grey = new Uint8Array(side * side);
  for (let y = 0; y < side; y += 1) {
    if (rows[y * rowBytes] !== 0) throw new Error('a filtered row');
    for (let x = 0; x < side; x += 1) {
      const byte = rows[y * rowBytes + 1 + (x >> 3)] ?? 0;
      grey[y * side + x] = ((byte >> (7 - (x & 7))) & 1) === 1 ? 255 : 0;
    }
  }
  return { side, grey };
}

/** Draws an SVG that is one path of unit squares, each begun by a move. */
export function openSvg(svg: string): Picture {
  const modules = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1]);
  const path = /<path d="([^"]+)"\/><\/svg>$/.exec(svg)?.[1] ?? '';
  const scale = 4;
  const side = modules * scale;
  const grey = new Uint8Array(side * side).fill(255);
  let [x, y] = [0, 0];
  for (const square of path.split(/[Zz]/).filter((piece) => piece !== '')) {
    const [, move, first, second] = /^([Mm])(-?\d+)[ ,]?(-?\d+)h1v1[Hh]-?\d+$/.exec(square) ?? [];
    if (move === undefined) throw new Error(`not a unit square: ${square}`);
    [x, y] = move === 'M' ? [Number(first), Number(second)] : [x + Number(first), y + Number(second)];
    for (let row = y * scale; row < (y + 1) * scale; row += 1) {
      grey.fill(0, row * side + x * scale, row * side + (x + 1) * scale);
    }
  }
  return { side, grey };
}
