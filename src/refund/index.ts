export { believeRefund } from './believe-refund.ts';
export { followRefund, type ApplyReport } from './follow-refund.ts';
export {
  approveRefund,
  cancelRefund,
  requestRefund,
  type RefundRefusal,
  type RequestRefund,
} from './request-refund.ts';
export { refundReply } from './reply.ts';
export { readRefund, readRefunds } from './read-refunds.ts';
export type { RefundRow } from '#sql/refunds';
export { mintRefundNo, reserveRefund, type NewRefund } from './reserve-refund.ts';
export type { RefundState } from './states.ts';
