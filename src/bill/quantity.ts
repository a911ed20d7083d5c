/**
 * Quantities and unit prices are decimal texts and stay digits: no float ever comes near an amount.
 * Their shape is checked before (`isQuantity`, `isUnitPrice` of #money).
 */
import { fen, isQuantity, yuan } from '#money';

function withoutTrailingZeros(text: string, atLeast: number): string {
  const [whole = '0', part = ''] = text.split('.');
  const kept = part.replace(/0+$/, '').padEnd(atLeast, '0');
  return kept === '' ? whole : `${whole}.${kept}`;
}

/** One writing for one quantity: `2`, `"2"` and `"2.00"` are all `"2"`. */
export function plainQuantity(quantity: number | string): string {
  return withoutTrailingZeros(String(quantity), 0);
}

/** One writing for one unit price, in yuan with 2 to 4 decimals: 250 fen, `"2.5"` and `"2.5000"` are all `"2.50"`. */
export function plainUnitPrice(price: {
  unit_price_fen?: number | undefined;
  unit_price?: string | undefined;
}): string {
  if (price.unit_price !== undefined) return withoutTrailingZeros(price.unit_price, 2);
  if (price.unit_price_fen !== undefined) return yuan(fen(price.unit_price_fen));
  throw new Error('a line without a unit price passed the schema');
}

/** `quantity` taken `times` over: `("1.5", 7)` is `"10.5"`. undefined when no line can carry that much. */
export function timesQuantity(quantity: string, times: number): string | undefined {
  const [whole = '0', part = ''] = quantity.split('.');
  const thousandths = (BigInt(whole + part.padEnd(3, '0')) * BigInt(times)).toString().padStart(4, '0');
  const product = plainQuantity(`${thousandths.slice(0, -3)}.${thousandths.slice(-3)}`);
  return isQuantity(product) ? product : undefined;
}
