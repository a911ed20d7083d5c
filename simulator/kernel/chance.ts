/** Chance, from the system or from a seed, and the shapes of it that the channels need. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { Chance, Draw } from './contract.ts';

/** The system's chance. */
export const systemChance: Chance = (bytes) => new Uint8Array(randomBytes(bytes));

/** The same seed gives the same bytes for ever: AES-128 in counter mode over zeros, keyed by the seed. */
export function seededChance(seed: string | number): Chance {
  const key = createHash('sha256').update(String(seed)).digest().subarray(0, 16);
  const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  return (bytes) => new Uint8Array(stream.update(Buffer.alloc(bytes)));
}

/** A number from 0 up to, not including, 1. */
export function drawUnit(chance: Chance): number {
  return Buffer.from(chance(6)).readUIntBE(0, 6) / 2 ** 48;
}

/** One draw against a share. 0 and 1 are certain and use no chance, so calm weather replays the same. */
export function drawFrom(chance: Chance): Draw {
  return (share) => share > 0 && (share >= 1 || drawUnit(chance) < share);
}

/** `length` characters of `alphabet`. */
export function drawText(chance: Chance, alphabet: string, length: number): string {
  let text = '';
  for (let i = 0; i < length; i += 1) text += alphabet[Math.floor(drawUnit(chance) * alphabet.length)] ?? '';
  return text;
}

export const DIGITS = '0123456789';
export const HEX = '0123456789abcdef';
export const LOWER = '0123456789abcdefghijklmnopqrstuvwxyz';
