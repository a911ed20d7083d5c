export { ensureClinic, type Clinic } from './clinic.ts';
export { findDrugs, findPatients, type Drug, type Patient } from './find.ts';
