export { compareReport } from './compare-report.ts';
export { mintPayment, orderOf, type Minting } from './mint-payment.ts';
export { movePayment, receiveDebit, type Cause, type Debit } from './move-payment.ts';
export { contradicts, finalStates, type PaymentState } from './states.ts';
