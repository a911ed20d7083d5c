import { groupedYuan } from './format.ts';

/** An amount in yuan with tabular digits; the sign is smaller than the figures, as on a price tag. */
export function Money({ fen, size }: { fen: number; size?: 'huge' | 'large' }) {
  return (
    <span className={`numbers money ${size === undefined ? '' : `money-${size}`}`}>
      <span className="money-sign">¥</span>
      {groupedYuan(fen)}
    </span>
  );
}
