export {
  fen,
  fenFromYuan,
  isFen,
  isQuantity,
  isUnitPrice,
  lineAmount,
  MAX_FEN,
  sum,
  yuan,
  type Fen,
} from './fen.ts';
