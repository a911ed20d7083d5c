/** The shapes of the contract by the names that the pages use; all come from the generated operations. */
import type { Operations } from './types.ts';

type Answer<K extends keyof Operations> = Operations[K]['answer'];

export type Bill = Answer<'GET /api/v1/finance/bills/{bill_id}'>;
export type BillSummary = Answer<'GET /api/v1/finance/bills'>['bills'][number];
export type BillStatus = Bill['status'];
export type BillSession = Bill['sessions'][number];

export type SessionStatus = Answer<'GET /api/v1/finance/payment-sessions/{session_id}/status'>;
export type PaymentMethod = SessionStatus['payment_method'];
export type MethodChoice = Answer<'GET /api/v1/finance/payment-methods'>['methods'][number];

export type Prescription = Answer<'GET /api/v1/prescriptions/{prescription_id}'>;
export type PrescriptionState = Prescription['state'];
export type IssuePrescription = Operations['POST /api/v1/prescriptions']['body'];
export type Drug = Answer<'GET /api/v1/drugs'>['drugs'][number];
export type Patient = Answer<'GET /api/v1/patients'>['patients'][number];
