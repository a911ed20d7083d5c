/** One small change of one expression or statement of the product. */
export interface Mutant {
  /** Names it within a run; `identity` names it for ever. */
  id: number;
  file: string;
  line: number;
  /** The source line it begins on, without its margins. */
  text: string;
  start: number;
  end: number;
  from: string;
  to: string;
  /** Which of those that change the same words of one line in the same way. */
  nth: number;
  /**
   * How its switch is woven in. `expression`: a conditional around it. `statement`: an `if` before it.
   * `cell`: a value of a table that is made once, read through a getter. `constant`: in each of `uses`,
   * `start` to `end` being where its value is written once.
   */
  way: 'expression' | 'statement' | 'cell' | 'constant';
  uses?: readonly { start: number; end: number }[];
}

type Named = Pick<Mutant, 'file' | 'text' | 'from' | 'to' | 'nth'>;

/** The same for the same change at the same place, wherever the file's other lines have gone. */
export function identity({ file, text, from, to, nth }: Named): string {
  return `${file}: ${text} [${from} → ${to}]${nth === 1 ? '' : ` (${nth})`}`;
}
