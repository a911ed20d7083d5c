import { fen, isFen, isQuantity, isUnitPrice, lineAmount, type Fen } from '#money';
import { invalidInput, type Refusal } from '#trouble';
import type { FeeClass } from './fee-classes.ts';
import { plainQuantity, plainUnitPrice } from './quantity.ts';

/** A line as the caller writes it; exactly one of the two prices is there (the schema says so). */
export interface LineInput {
  fee_class: FeeClass;
  name: string;
  spec?: string | undefined;
  /** A whole number, or decimal text with at most 3 places. */
  quantity: number | string;
  unit: string;
  unit_price_fen?: number | undefined;
  /** Yuan text with at most 4 decimals: herbs are priced by the gram. */
  unit_price?: string | undefined;
}

export interface PricedLine {
  fee_class: FeeClass;
  name: string;
  spec: string;
  quantity: string;
  unit: string;
  unit_price: string;
  amount_fen: Fen;
}

/** What others than the patient carry, in fen. */
export interface Shares {
  discount_fen?: number | undefined;
  fund_pay_fen?: number | undefined;
  account_pay_fen?: number | undefined;
}

export interface Priced {
  lines: PricedLine[];
  total_fen: Fen;
  discount_fen: Fen;
  fund_pay_fen: Fen;
  account_pay_fen: Fen;
  /** What the QR code asks for: the patient's own part, at least 1 fen. */
  payable_fen: Fen;
}

/**
 * Prices a bill: each line rounds once, half up; then only whole fen are added and taken away.
 * refuses  invalid_input: a quantity of nothing, an amount past 100,000,000.00 yuan, nothing left to pay
 * source   design.md section 3
 */
export function priceBill(lines: readonly LineInput[], shares: Shares): Priced | Refusal<'invalid_input'> {
  const priced: PricedLine[] = [];
  let total = 0;
  for (const [index, line] of lines.entries()) {
    const one = priceLine(line, `lines.${index}`);
    if ('refused' in one) return one;
    priced.push(one);
    total += one.amount_fen;
  }
  if (total < 1) return invalidInput('lines', '合计须不少于 0.01 元', 'the lines come to less than 1 fen');
  if (!isFen(total))
    return invalidInput('lines', '合计超过一亿元', 'the lines come to more than 100,000,000.00 yuan');
  return shareOut(priced, total, shares);
}

function priceLine(line: LineInput, at: string): PricedLine | Refusal<'invalid_input'> {
  const quantity = plainQuantity(line.quantity);
  if (!isQuantity(quantity)) {
    return invalidInput(
      `${at}.quantity`,
      '数量须大于 0，最多三位小数',
      'above 0, at most 7 digits and 3 decimals',
    );
  }
  const unitPrice = plainUnitPrice(line);
  const priceField = line.unit_price === undefined ? 'unit_price_fen' : 'unit_price';
  if (!isUnitPrice(unitPrice)) {
    return invalidInput(
      `${at}.${priceField}`,
      '单价最多四位小数',
      'yuan with at most 9 digits and 4 decimals',
    );
  }
  const amount = lineAmount(quantity, unitPrice);
  if (amount === undefined) {
    return invalidInput(
      `${at}.${priceField}`,
      '本行金额超过一亿元',
      'the line comes to more than 100,000,000.00 yuan',
    );
  }
  const { fee_class, name, spec = '', unit } = line;
  return { fee_class, name, spec, quantity, unit, unit_price: unitPrice, amount_fen: amount };
}

function shareOut(lines: PricedLine[], total: Fen, shares: Shares): Priced | Refusal<'invalid_input'> {
  const discount = fen(shares.discount_fen ?? 0);
  const fund = fen(shares.fund_pay_fen ?? 0);
  const account = fen(shares.account_pay_fen ?? 0);
  const payable = total - discount - fund - account;
  if (payable < 1) {
    const field = discount > 0 ? 'discount_fen' : fund > 0 ? 'fund_pay_fen' : 'account_pay_fen';
    return invalidInput(
      field,
      '扣除优惠、统筹和个账后应付须不少于 0.01 元',
      'discount, fund and account must leave at least 1 fen to pay',
    );
  }
  return {
    lines,
    total_fen: total,
    discount_fen: discount,
    fund_pay_fen: fund,
    account_pay_fen: account,
    payable_fen: fen(payable),
  };
}
