export { ageOn, printAge, type Age } from './age.ts';
export type { DrugKind, IssuePrescription, RxClass, RxLineInput, RxType } from './input.ts';
export { issuePrescription, type Parts } from './issue-prescription.ts';
export {
  listPrescriptions,
  readPrescription,
  type Prescription,
  type PrescriptionLine,
  type PrescriptionQuery,
} from './read-prescriptions.ts';
export { prescriptionPageReply, prescriptionReply } from './reply.ts';
export { reviewPrescription, type Review } from './review-prescription.ts';
export type { PrescriptionState } from './states.ts';
export { voidPrescriptionRow, type VoidPrescriptionRefusal } from './void-prescription.ts';
