import { createHash } from 'node:crypto';
import type { Priced } from './price-lines.ts';

/** Whose bill it is and who ordered it. */
export interface BillHeader {
  patient_name: string;
  patient_no: string;
  department: string;
  doctor: string;
}

/**
 * SHA-256 (hex) over what a bill says, so that the same number posted twice is compared and not
 * assumed. The order of the fields is fixed here and every number has one writing (`plainQuantity`,
 * `plainUnitPrice`), so "2.50" yuan and 250 fen are the same content. Digests are kept for good: a
 * field that comes later may join only where it is given.
 */
export function contentDigest(header: BillHeader, priced: Priced): string {
  const content = [
    'bill/1',
    [header.patient_name, header.patient_no, header.department, header.doctor],
    [priced.discount_fen, priced.fund_pay_fen, priced.account_pay_fen],
    priced.lines.map((line) => [
      line.fee_class,
      line.name,
      line.spec,
      line.quantity,
      line.unit,
      line.unit_price,
    ]),
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
