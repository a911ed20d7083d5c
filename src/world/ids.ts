import type { World } from './world.ts';

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `length` letters and digits, each drawn evenly (bytes past the last whole round are thrown back). */
export function alphanumeric(world: World, length: number): string {
  const limit = 256 - (256 % ALPHANUMERIC.length);
  let text = '';
  while (text.length < length) {
    for (const byte of world.random(length)) {
      if (byte < limit && text.length < length) text += ALPHANUMERIC[byte % ALPHANUMERIC.length];
    }
  }
  return text;
}

/** `length` decimal digits, each drawn evenly. */
export function digits(world: World, length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of world.random(length)) {
      if (byte < 250 && text.length < length) text += String(byte % 10);
    }
  }
  return text;
}

/** `bytes` of chance as base64url text: 16 bytes make a public id of 22 characters, 128 bits. */
export function base64url(world: World, bytes: number): string {
  return Buffer.from(world.random(bytes)).toString('base64url');
}

/** A version 4 UUID from the world's chance. */
export function uuid(world: World): string {
  const bytes = Buffer.from(world.random(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
