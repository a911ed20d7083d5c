import { pastPrefix } from '#bill';
import {
  foundPrescriptionPage,
  foundPrescriptionPageOfState,
  linesOfPrescription,
  prescriptionById,
  prescriptionPage,
  prescriptionPageOfState,
  type PrescriptionLineRow,
  type PrescriptionRow,
} from '#sql/prescriptions';
import type { Statement, Store, Tx, Value } from '#store';
import { refuse, type Refusal } from '#trouble';
import type { PrescriptionState } from './states.ts';

export type PrescriptionLine = Omit<PrescriptionLineRow, 'skin_test'> & { skin_test: boolean };

/** A prescription with its lines and what became of its bill. Amounts are fen, instants epoch milliseconds. */
export interface Prescription extends Omit<PrescriptionRow, 'review_required'> {
  review_required: boolean;
  lines: PrescriptionLine[];
}

export interface PrescriptionQuery {
  state?: PrescriptionState | undefined;
  /** The beginning of a prescription number, patient number or patient name. */
  q?: string | undefined;
  before_id?: number | undefined;
  limit: number;
}

interface Parts {
  store: Store;
  clinic: { id: number };
}

export function readPrescription(
  parts: Pick<Parts, 'store'>,
  id: number,
): Promise<Prescription | Refusal<'prescription_not_found'>> {
  return parts.store.read(async (tx) => {
    const row = await tx.one<PrescriptionRow>(prescriptionById, id);
    return row === undefined ? refuse('prescription_not_found') : withLines(tx, row);
  });
}

/** The prescription, which is known to be there. */
export async function wholePrescription(parts: Pick<Parts, 'store'>, id: number): Promise<Prescription> {
  const prescription = await readPrescription(parts, id);
  if ('refused' in prescription) throw new Error(`prescription ${id} is gone`);
  return prescription;
}

/** Prescriptions, newest first, page by page: `next_before_id` is the next page's `before_id`, null at the end. */
export async function listPrescriptions(
  parts: Parts,
  query: PrescriptionQuery,
): Promise<{ prescriptions: Prescription[]; next_before_id: number | null }> {
  const [statement, ...values] = pageStatement(parts.clinic.id, query);
  return parts.store.read(async (tx) => {
    const rows = await tx.all<PrescriptionRow>(statement, ...values);
    const prescriptions: Prescription[] = [];
    for (const row of rows.slice(0, query.limit)) prescriptions.push(await withLines(tx, row));
    return {
      prescriptions,
      next_before_id: rows.length > query.limit ? (prescriptions.at(-1)?.id ?? null) : null,
    };
  });
}

function pageStatement(clinicId: number, query: PrescriptionQuery): [Statement, ...Value[]] {
  const { state, q } = query;
  const from = query.before_id ?? Number.MAX_SAFE_INTEGER;
  const limit = query.limit + 1; // one more tells whether another page follows
  if (q === undefined) {
    if (state === undefined) return [prescriptionPage, clinicId, from, limit];
    return [prescriptionPageOfState, clinicId, state, from, limit];
  }
  const ranges = [q.toUpperCase(), q, q].flatMap((first) => [clinicId, first, pastPrefix(first)]);
  if (state === undefined) return [foundPrescriptionPage, ...ranges, from, limit];
  return [foundPrescriptionPageOfState, ...ranges, state, from, limit];
}

async function withLines(tx: Pick<Tx, 'all'>, row: PrescriptionRow): Promise<Prescription> {
  const lines = await tx.all<PrescriptionLineRow>(linesOfPrescription, row.id);
  return {
    ...row,
    review_required: row.review_required === 1,
    lines: lines.map((line) => ({ ...line, skin_test: line.skin_test === 1 })),
  };
}
