import type { Stream } from '../simulation/chance.ts';

/** Texts that have broken readers of texts before. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '0',
  '-0',
  '-1',
  '1e9',
  '0x1F',
  '１２.３４',
  'NaN',
  'Infinity',
  'null',
  'true',
  '[]',
  '{}',
  '\u0000',
  'a\u0000b',
  'a\r\nb: c',
  '\uFEFF',
  '\u202Eabc',
  'e\u0301',
  '\u{1F48A}',
  '\u{1F48A}'.repeat(40),
  '张'.repeat(300),
  'x'.repeat(65),
  'x'.repeat(129),
  'x'.repeat(5_000),
  "' OR 1=1 --",
  '"; DROP TABLE bills; --',
  '<script>alert(1)</script>',
  '${7*7}',
  '../../etc/passwd',
  '%00',
  '%',
  '%E4%BD',
  '__proto__',
  'constructor',
  'toString',
  '=cmd()',
  'a&b=c',
  'a=b',
  '9'.repeat(30),
];

/** Texts that a reader of yuan amounts could take for an amount. */
export const hostileYuan: readonly string[] = [
  '0.00',
  '0',
  '0.01',
  '0.001',
  '.5',
  '5.',
  '1,000.00',
  '+1.00',
  '-1.00',
  '1e2',
  '1.0e2',
  ' 1.00',
  '1.00 ',
  '01.00',
  '00.01',
  '١.٠٠',
  '１.００',
  '100000000.00',
  '100000000.01',
  '99999999999999999999.00',
  '1.00元',
  '0x10',
  '1_000',
  '1.00\u0000',
];

/** Values that no amount, no number and no name in JSON should be. */
export const hostileValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  -0.5,
  1e-7,
  2 ** 31,
  2 ** 53,
  2 ** 53 + 2,
  1e10,
  1e10 + 1,
  1e300,
  -1e300,
  [],
  {},
  [[]],
  [null],
  [1, '1'],
  { toString: 1 },
  { constructor: { prototype: { polluted: true } } },
  { length: 1e9 },
];

export function hostileText(stream: Stream): string {
  if (stream.is(0.7)) return stream.pick(hostileTexts);
  return anyText(stream, stream.below(80));
}

/** Characters from everywhere in Unicode, whole ones. */
export function anyText(stream: Stream, length: number): string {
  let text = '';
  for (let at = 0; at < length; at += 1) {
    const point = stream.is(0.7)
      ? stream.between(0x20, 0x7e)
      : stream.below(stream.is(0.5) ? 0x800 : 0x10_ffff);
    text += point >= 0xd800 && point <= 0xdfff ? '?' : String.fromCodePoint(point);
  }
  return text;
}

export function hostileValue(stream: Stream): unknown {
  return stream.is(0.5) ? stream.pick(hostileValues) : hostileText(stream);
}

/** An array or object of that many levels, as text. */
export function nested(levels: number, object: boolean): string {
  const [open, close] = object ? ['{"a":', '}'] : ['[', ']'];
  return `${open.repeat(levels)}0${close.repeat(levels)}`;
}

/** Bytes as they come from a bad line, or from somebody who tries: a few of them changed, moved, lost or doubled. */
export function spoil(stream: Stream, bytes: Uint8Array): Buffer {
  let spoilt = Buffer.from(bytes);
  for (let times = stream.between(1, 3); times > 0; times -= 1) {
    const at = stream.below(Math.max(1, spoilt.length));
    const until = Math.min(spoilt.length, at + stream.between(1, 40));
    switch (stream.below(6)) {
      case 0:
        if (spoilt.length > 0) spoilt[at] = (spoilt[at] ?? 0) ^ (1 << stream.below(8));
        break;
      case 1:
        if (spoilt.length > 0) spoilt[at] = stream.below(256);
        break;
      case 2:
        spoilt = Buffer.concat([spoilt.subarray(0, at), spoilt.subarray(until)]);
        break;
      case 3:
        spoilt = Buffer.concat([spoilt.subarray(0, until), spoilt.subarray(at)]);
        break;
      case 4:
        spoilt = spoilt.subarray(0, at);
        break;
      default:
        spoilt = Buffer.concat([
          spoilt.subarray(0, at),
          Buffer.from(hostileText(stream)),
          spoilt.subarray(at),
        ]);
    }
  }
  return spoilt;
}

/** The same text with one of its JSON values, or one of its keys, changed as text: what no object can say. */
export function spoilJson(stream: Stream, text: string): string {
  const spots = [...text.matchAll(/"[^"\\]*":|:(?:"[^"\\]*"|-?[0-9.]+|null|true|false)/g)];
  if (spots.length === 0) return text;
  const spot = stream.pick(spots);
  const [found] = spot;
  const before = text.slice(0, spot.index);
  const after = text.slice(spot.index + found.length);
  if (!found.startsWith(':')) {
    const key = stream.pick([found, '"__proto__":', '"constructor":', '"":', `${found}1,${found}`]);
    return stream.is(0.5) ? `${before}${key}${after}` : `${before}${key}0,${found}${after}`;
  }
  return `${before}:${stream.pick(rawValues(stream))}${after}`;
}

function rawValues(stream: Stream): string[] {
  return [
    '1e2',
    '1E400',
    '-0',
    '12850.0',
    '12850.00000000000000000001',
    '9'.repeat(25),
    '0.1',
    '01',
    '+1',
    'NaN',
    'undefined',
    "'x'",
    '"\\ud800"',
    '"\\u0000"',
    '{"__proto__":{"a":1}}',
    '{"a":1,"a":2}',
    nested(stream.pick([10, 63, 64, 65, 200, 5_000]), stream.is(0.5)),
    JSON.stringify(hostileValue(stream)),
    JSON.stringify(hostileText(stream)),
  ];
}
