import { foundDrugs, foundPatients, type DrugRow, type PatientRow } from '#sql/clinic';
import type { Store } from '#store';

export type Drug = DrugRow;
export type Patient = PatientRow;

interface Parts {
  store: Store;
  clinic: { id: number };
}

/** Drugs whose name, trade name, code or pinyin initials hold `q` (`amxl` finds 阿莫西林); all when `q` is empty. */
export function findDrugs(parts: Parts, q: string, limit = 50): Promise<Drug[]> {
  const small = q.toLowerCase();
  return parts.store.read((tx) => tx.all<DrugRow>(foundDrugs, parts.clinic.id, q, q, q, small, small, limit));
}

/** Patients whose name, number or pinyin initials hold `q`; all when `q` is empty. */
export function findPatients(parts: Parts, q: string, limit = 50): Promise<Patient[]> {
  const small = q.toLowerCase();
  return parts.store.read((tx) =>
    tx.all<PatientRow>(foundPatients, parts.clinic.id, q, q, small, small, limit),
  );
}
