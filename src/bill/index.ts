export {
  createBill,
  insertBill,
  mintBillNo,
  type BillDraft,
  type CreateBill,
  type Parts,
} from './create-bill.ts';
export type { BillHeader } from './content-digest.ts';
export { feeClasses, type FeeClass } from './fee-classes.ts';
export { priceBill, type LineInput, type Priced, type PricedLine } from './price-lines.ts';
export { plainQuantity, plainUnitPrice, timesQuantity } from './quantity.ts';
export {
  listBills,
  pastPrefix,
  readBill,
  type Bill,
  type BillLine,
  type BillQuery,
  type BillSession,
  type BillSummary,
} from './read-bill.ts';
export { billPageReply, billReply, billSummaryReply } from './reply.ts';
export { settleBill, type Settlement } from './settle-bill.ts';
export type { BillState } from './states.ts';
export { billBeside, tellBill } from './tell-bill.ts';
export { lockUnpaidBill, voidBillRow, type VoidBillRefusal } from './void-bill.ts';
