import type { Stream } from '../simulation/chance.ts';

/** How many names of one kind are kept: the younger ones are more alive. */
const KEPT = 60;

/** The names that the product gave to things in this clinic, so that requests meet what exists. */
export class Stock {
  readonly #kept = new Map<string, unknown[]>();
  #numbers = 0;

  add(name: string, value: unknown): void {
    if (value === null || value === undefined) return;
    const kept = this.#kept.get(name) ?? [];
    this.#kept.set(name, kept);
    if (kept.includes(value)) return;
    kept.push(value);
    if (kept.length > KEPT) kept.shift();
  }

  all(name: string): readonly unknown[] {
    return this.#kept.get(name) ?? [];
  }

  /** A value for a field of that name; undefined where none is known and the schema decides alone. */
  known(name: string, stream: Stream): unknown {
    const kept = this.#kept.get(name);
    if (kept !== undefined && kept.length > 0) return stream.pick(kept);
    if (name === 'external_bill_no')
      return `HIS-F-${stream.is(0.9) ? (this.#numbers += 1) : stream.below(50)}`;
    if (name === 'amount_fen') return stream.between(1, 3_000);
    if (name === 'unit_price_fen') return stream.between(1, 20_000);
    if (name === 'line_no') return stream.between(1, 3);
    if (name === 'generic_name') return `药品${(this.#numbers += 1)}`;
    return plainWords[name];
  }

  /** How often a field that may be left out is there. */
  share(name: string): number {
    const rare = [
      'discount_fen',
      'fund_pay_fen',
      'account_pay_fen',
      'insist',
      'refresh',
      'before_id',
      'after_id',
    ];
    return rare.includes(name) ? 0.08 : 0.4;
  }

  /** Rules between fields that a schema cannot say: kept mostly, so that what lies behind them is reached. */
  agree(made: Record<string, unknown>, fields: readonly string[], stream: Stream): Record<string, unknown> {
    if (stream.is(0.05)) return made;
    const { unit_price: _price, lines, ...rest } = made;
    if ('fee_class' in made || 'dose' in made)
      return { ...rest, unit_price_fen: made['unit_price_fen'] ?? stream.between(1, 20_000) };
    if (fields.includes('reason') && fields.includes('lines'))
      return stream.is(0.7)
        ? { ...rest, amount_fen: made['amount_fen'] ?? stream.between(1, 3_000) }
        : withLines(made);
    if (!('rx_type' in made)) return made;
    return agreeOnKind({ ...rest, lines });
  }
}

/** What a prescription must say in plain words. */
const plainWords: Record<string, string> = {
  dose: '1',
  frequency: 'bid',
  route: '口服',
  diagnosis: '上呼吸道感染',
  spec: '0.25g×24粒',
};

/** Which lines go back, each once. */
function withLines(made: Record<string, unknown>): Record<string, unknown> {
  const { amount_fen: _whole, lines, ...rest } = made;
  const wished = Array.isArray(lines) ? lines.slice(0, 1) : [{ line_no: 1, amount_fen: 100 }];
  return { ...rest, lines: wished };
}

/** A prescription of one kind: herbs have doses, others have days. */
function agreeOnKind(made: Record<string, unknown>): Record<string, unknown> {
  const herbal = made['rx_type'] === 'herbal';
  const lines = Array.isArray(made['lines']) ? made['lines'].slice(0, herbal ? 20 : 5) : [];
  const { doses: _doses, decoction: _decoction, ...rest } = made;
  return {
    ...rest,
    rx_class: 'normal',
    ...(herbal ? { doses: 7 } : {}),
    lines: lines.map((line: object) => ({ ...line, kind: herbal ? 'herb' : 'western', days: 3 })),
  };
}
