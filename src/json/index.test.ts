import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DuplicateKeyError, parseJsonStrictly } from './index.ts';

describe('parseJsonStrictly', () => {
  it.each([
    ['on the top', '{"total":1,"total":2}'],
    ['far inside', '{"a":[{"b":{"total":1,"x":[],"total":2}}]}'],
    ['spelt with an escape', '{"total":1,"tot\\u0061l":2}'],
    ['around nested objects', '{"a":{"b":1},"c":[1,{"d":","}],"a":2}'],
  ])('a key given twice %s is refused', (_where, text) => {
    expect(() => parseJsonStrictly(text)).toThrow(DuplicateKeyError);
  });

  it('the key __proto__ is refused at every level', () => {
    expect(() => parseJsonStrictly('{"__proto__":1}')).toThrow(SyntaxError);
    expect(() => parseJsonStrictly('[{"x":{"__pr\\u006fto__":{}}}]')).toThrow(SyntaxError);
  });

  it('the same key in different objects, and keys as values, are no repeats', () => {
    const text = '{"a":{"a":"a"},"b":["a","a",{"a":1},{"a":2}],"c":"\\"a\\":1,\\\\"}';
    expect(parseJsonStrictly(text)).toEqual(JSON.parse(text));
  });

  it('nesting past 64 levels is refused', () => {
    expect(parseJsonStrictly('['.repeat(64) + ']'.repeat(64))).toBeDefined();
    expect(() => parseJsonStrictly('['.repeat(65) + ']'.repeat(65))).toThrow(SyntaxError);
  });

  it('what is no JSON at all is refused', () => {
    for (const text of ['', '{', '{"a":1,}', "{'a':1}", 'NaN'])
      expect(() => parseJsonStrictly(text)).toThrow(SyntaxError);
  });

  it('every document without repeats is read exactly as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        fc.pre(!text.includes('__proto__'));
        expect(parseJsonStrictly(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});
