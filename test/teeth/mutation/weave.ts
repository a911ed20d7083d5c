import type { Mutant } from './mutant.ts';

/**
 * A file with all its mutants in it, each behind a switch: `$m(7)` is true while mutant 7 lives. One text
 * serves a whole run, so a mutant costs no more than the tests that reach it.
 */
export function weave(source: string, mutants: readonly Mutant[]): string {
  const inPlace = mutants.filter(({ way }) => way !== 'constant');
  const uses = mutants.flatMap(({ id, to, uses: places = [] }) =>
    places.map(({ start, end }): Switch => ({ id, to, way: 'expression', start, end })),
  );
  return piece(source, 0, source.length, [...inPlace, ...uses]);
}

type Switch = Pick<Mutant, 'id' | 'start' | 'end' | 'to' | 'way'>;

/** The text from `start` to `end` with the switches that lie within it. */
function piece(source: string, start: number, end: number, switches: readonly Switch[]): string {
  const outer = switches
    .filter((one) => !switches.some((other) => contains(other, one)))
    .toSorted((one, other) => one.start - other.start);
  let text = '';
  let at = start;
  for (const one of outer) {
    if (one.start < at) continue; // its twin at the same place was woven with it
    const here = outer.filter((other) => other.start === one.start && other.end === one.end);
    const within = switches.filter((other) => contains(one, other));
    const whole = piece(source, one.start, one.end, within);
    text += source.slice(at, one.start) + switched(source, one, here, whole);
    at = one.end;
  }
  return text + source.slice(at, end);
}

function contains(one: Switch, other: Switch): boolean {
  return one.start <= other.start && other.end <= one.end && one.end - one.start > other.end - other.start;
}

function switched(source: string, { start, way }: Switch, here: readonly Switch[], whole: string): string {
  if (way === 'statement') return `if (!(${here.map(({ id }) => `$m(${id})`).join(' || ')})) ${whole}`;
  const chosen = `${here.map(({ id, to }) => `$m(${id}) ? (${to}) : `).join('')}(${whole})`;
  if (way !== 'cell') return `(${chosen})`;
  // `name: value` becomes a getter; its key has been copied already, up to the value.
  const key = /(\w+):\s*$/.exec(source.slice(0, start));
  if (key === null) throw new Error('a cell without a plain key');
  return `undefined, get ${key[1]}() { return ${chosen}; }`;
}
