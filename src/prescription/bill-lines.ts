import { plainQuantity, priceBill, timesQuantity, type FeeClass, type LineInput, type Priced } from '#bill';
import { invalidInput, type Refusal } from '#trouble';
import type { DrugKind } from './input.ts';

/** What a drug's line, as written or as stored, must have to be priced. */
interface Priceable {
  generic_name: string;
  spec: string;
  kind: DrugKind;
  quantity: number | string;
  unit: string;
  unit_price_fen?: number | undefined;
  unit_price?: string | undefined;
}

const feeClassOf: Record<DrugKind, FeeClass> = { western: '09', herb: '10', patent: '11' };

/**
 * Prices a prescription: one bill line a drug; of herbs the whole of all doses (剂). `doses` is
 * undefined but on herbal prescriptions. A refusal names the prescription's own field.
 */
export function pricePrescription(
  lines: readonly Priceable[],
  doses: number | undefined,
): Priced | Refusal<'invalid_input'> {
  const billLines: LineInput[] = [];
  for (const [index, line] of lines.entries()) {
    const { generic_name: name, spec, unit, unit_price, unit_price_fen } = line;
    const written = plainQuantity(line.quantity);
    const quantity = doses === undefined ? written : timesQuantity(written, doses);
    if (quantity === undefined) {
      return invalidInput(
        `lines.${index}.quantity`,
        '每剂数量乘以剂数须大于 0 且不超过七位整数',
        'quantity × doses must be above 0 and have at most 7 digits',
      );
    }
    billLines.push({
      fee_class: feeClassOf[line.kind],
      name,
      spec,
      quantity,
      unit,
      unit_price,
      unit_price_fen,
    });
  }
  return priceBill(billLines, {});
}
