import type { TroubleCode } from './table.ts';

/**
 * A refusal travels as a returned value: the caller asked for something that this state, or this
 * rule, does not give. Bugs are thrown; refusals never are.
 */
export interface Refusal<C extends TroubleCode = TroubleCode> {
  refused: C;
  /** For bad input: the field as a JSON path (`lines.0.quantity`) and the rule that it breaks. */
  field?: string;
  rule?: string;
  /** Facts that the caller may see, merged into the problem: `session_id`, `payable_until`. */
  facts?: Record<string, string | number | boolean | null>;
}

export function refuse<C extends TroubleCode>(
  refused: C,
  more: Omit<Refusal<C>, 'refused'> = {},
): Refusal<C> {
  return { refused, ...more };
}

/**
 * Bad input that only the domain can see, after the schema took the shape.
 * field   as a JSON path, in the caller's own words: `lines.0.quantity`
 * zh, en  the rule in both languages; people read it
 */
export function invalidInput(field: string, zh: string, en: string): Refusal<'invalid_input'> {
  return { refused: 'invalid_input', field, rule: `${zh} / ${en}` };
}

/** Tells a refusal from a result; results are objects without `refused`. */
export function isRefusal(answer: object): answer is Refusal {
  return 'refused' in answer;
}
