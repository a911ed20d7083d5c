import type { Stream } from '../simulation/chance.ts';
import { anyText, hostileText, hostileValue } from './hostile.ts';
import type { Resolve, Schema } from './openapi.ts';
import type { Stock } from './stock.ts';

/** Draws what a schema allows; names that the product has given things are mostly taken from the stock. */
export class Inputs {
  readonly #stream: Stream;
  readonly #resolve: Resolve;
  readonly #stock: Stock;

  constructor(stream: Stream, resolve: Resolve, stock: Stock) {
    this.#stream = stream;
    this.#resolve = resolve;
    this.#stock = stock;
  }

  value(name: string, given: Schema): unknown {
    const stream = this.#stream;
    const known = stream.is(0.85) ? this.#stock.known(name, stream) : undefined;
    if (known !== undefined) return known;
    const schema = this.#resolve(given);
    if (schema.anyOf !== undefined) return this.value(name, stream.pick(schema.anyOf));
    if (schema.enum !== undefined) return stream.pick(schema.enum);
    switch (schema.type) {
      case 'object':
        return this.#object(schema);
      case 'array':
        return Array.from({ length: this.#length(schema) }, () => this.value(name, schema.items ?? {}));
      case 'string':
        return this.#text(name, schema);
      case 'integer':
        return this.#whole(schema);
      case 'boolean':
        return stream.is(0.5);
      default:
        return null;
    }
  }

  #object(schema: Schema): Record<string, unknown> {
    const required = new Set(schema.required);
    const names = Object.entries(schema.properties ?? {})
      .filter(([name]) => required.has(name) || this.#stream.is(this.#stock.share(name)))
      .map(([name, one]) => [name, this.value(name, one)] as const);
    return this.#stock.agree(Object.fromEntries(names), Object.keys(schema.properties ?? {}), this.#stream);
  }

  #length(schema: Schema): number {
    const least = schema.minItems ?? 0;
    const most = Math.min(schema.maxItems ?? 5, least + 3);
    if (this.#stream.is(0.01)) return Math.min(schema.maxItems ?? 300, 300);
    return this.#stream.between(least, most);
  }

  #text(name: string, schema: Schema): string {
    const stream = this.#stream;
    if (schema.format === 'date')
      return stream.pick(['2020-02-29', '1999-12-31', '2026-11-22', '1900-01-01']);
    const least = schema.minLength ?? 0;
    const most = schema.maxLength ?? 64;
    if (schema.pattern?.startsWith('^(?:0|') === true)
      return stream.pick(['1', '0.5', '12', '0.0350', '999999', '1.001', '0']);
    if (name === 'session_id') return Buffer.from(stream.bytes(16)).toString('base64url');
    if (schema.pattern === String.raw`^[\x21-\x7e]{1,64}$`) return `N${stream.below(1e6)}`;
    const length = stream.is(0.1)
      ? stream.pick([least, most])
      : stream.between(Math.max(1, least), Math.min(most, 20));
    if (stream.is(0.5)) return '丰'.repeat(length);
    return (
      anyText(stream, length)
        .replace(/[\p{Cc}\p{Cs}]/gu, 'x')
        .trim()
        .slice(0, most)
        .toWellFormed() || 'x'.repeat(least)
    );
  }

  #whole(schema: Schema): number {
    const stream = this.#stream;
    const least = schema.minimum ?? 0;
    const most = schema.maximum ?? 1_000;
    if (stream.is(0.15))
      return stream.pick([least, most, Math.min(most, least + 1), Math.max(least, most - 1)]);
    return stream.between(least, Math.min(most, stream.pick([least + 5, least + 1_000, least + 90_000])));
  }
}

/** The same value with one thing in it, at any depth, that its schema does not allow. */
export function broken(stream: Stream, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || stream.is(0.1)) return hostileValue(stream);
  if (Array.isArray(value)) {
    if (value.length === 0 || stream.is(0.2))
      return stream.pick([[], [...value, ...value], {}, hostileValue(stream)]);
    const at = stream.below(value.length);
    return value.map((one: unknown, index) => (index === at ? broken(stream, one) : one));
  }
  const entries = Object.entries(value);
  const lot = stream.below(10);
  if (lot < 2 || entries.length === 0)
    return { ...value, [hostileText(stream).replace('__proto__', 'proto')]: hostileValue(stream) };
  const [name, held] = stream.pick(entries);
  if (lot < 4) return Object.fromEntries(entries.filter(([one]) => one !== name));
  return { ...value, [name]: broken(stream, held) };
}
