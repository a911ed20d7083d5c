import { groupedYuan } from './format.ts';

/** From ten million yuan on, the largest size is set smaller to stay on one line. */
const LONG = 10;

/** An amount in yuan with tabular digits; the sign is smaller than the figures, as on a price tag. */
export function Money({ fen, size }: { fen: number; size?: 'huge' | 'large' }) {
  const yuan = groupedYuan(fen);
  const long = yuan.length > LONG ? 'money-long' : '';
  return (
    <span className={`numbers money ${size === undefined ? '' : `money-${size} ${long}`}`}>
      <span className="money-sign">¥</span>
      {yuan}
    </span>
  );
}
