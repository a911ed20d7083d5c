import { insertBill, type Priced } from '#bill';
import type { Tx } from '#store';

/** The bill's number is drawn outside the transaction, so that a repeated closure writes the same one. */
export interface BillOfPrescription {
  clinicId: number;
  billNo: string;
  prescriptionId: number;
  patient_name: string;
  patient_no: string;
  department: string;
  doctor: string;
  priced: Priced;
  /** The prescription's own; no code outlives it. */
  validUntilMs: number;
}

/** Makes the prescription's bill in the transaction that issues or approves it. Returns the bill's id. */
export function makeBill(tx: Tx, bill: BillOfPrescription, actor: string, atMs: number): Promise<number> {
  const {
    clinicId,
    billNo,
    prescriptionId,
    patient_name,
    patient_no,
    department,
    doctor,
    priced,
    validUntilMs,
  } = bill;
  const header = { patient_name, patient_no, department, doctor };
  return insertBill(
    tx,
    { clinicId, billNo, externalBillNo: null, prescriptionId, header, priced, validUntilMs },
    actor,
    atMs,
  );
}
