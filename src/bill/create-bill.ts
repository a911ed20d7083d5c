import { insertBill as insertBillRow, insertBillLine, billByExternalNo } from '#sql/bills';
import { recordEvent } from '#sql/events';
import { UniqueViolation, type Store, type Tx } from '#store';
import { isRefusal, refuse, type Refusal } from '#trouble';
import { beijingDay, digits, type World } from '#world';
import { contentDigest, type BillHeader } from './content-digest.ts';
import { priceBill, type LineInput, type Priced, type Shares } from './price-lines.ts';
import { wholeBill, type Bill } from './read-bill.ts';

/** What the operations of this part are given; they ask nobody else. */
export interface Parts {
  world: World;
  store: Store;
  clinic: { id: number };
}

/** A bill as a clinic's own system posts it, in the words of the API. */
export interface CreateBill extends Shares {
  external_bill_no: string;
  patient_name: string;
  patient_no?: string | undefined;
  department?: string | undefined;
  doctor?: string | undefined;
  lines: readonly LineInput[];
}

/** A bill that is priced and numbered, and only has to be written. */
export interface BillDraft {
  clinicId: number;
  billNo: string;
  externalBillNo: string | null;
  prescriptionId: number | null;
  header: BillHeader;
  priced: Priced;
  validUntilMs: number | null;
}

/** Tries before a free number must be found; one in 10^8 of a day's numbers is taken by each bill. */
const NUMBER_TRIES = 5;

/**
 * Makes a bill, once for each external number.
 * lines    ≥ 1; quantities are decimal text, prices fen or yuan text; each line rounds once, half up
 * returns  the whole bill; `created` is false when the same content was posted before
 * refuses  invalid_input (field, rule), bill_differs (the number has a bill with other content)
 * source   design.md section 3; money-safety.md A1, A2
 */
export async function createBill(
  parts: Parts,
  input: CreateBill,
  actor: string,
): Promise<{ bill: Bill; created: boolean } | Refusal<'invalid_input' | 'bill_differs'>> {
  const priced = priceBill(input.lines, input);
  if (isRefusal(priced)) return priced;
  const { patient_name, patient_no = '', department = '', doctor = '' } = input;
  const header = { patient_name, patient_no, department, doctor };
  for (let tries = 0; tries < NUMBER_TRIES; tries += 1) {
    const now = parts.world.now();
    const draft: BillDraft = {
      clinicId: parts.clinic.id,
      billNo: mintBillNo(parts.world, now),
      externalBillNo: input.external_bill_no,
      prescriptionId: null,
      header,
      priced,
      validUntilMs: null,
    };
    const answer = await insertOrFind(parts, draft, actor, now);
    if (answer !== 'number_taken') return answer;
  }
  throw new Error('no free bill number found');
}

/** Insert first and ask afterwards: whoever asks first asks too early (money-safety.md, 1213 on absent keys). */
async function insertOrFind(
  parts: Parts,
  draft: BillDraft,
  actor: string,
  now: number,
): Promise<{ bill: Bill; created: boolean } | Refusal<'bill_differs'> | 'number_taken'> {
  try {
    const id = await parts.store.transact('create-bill', (tx) => insertBill(tx, draft, actor, now));
    return { bill: await wholeBill(parts, id), created: true };
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
  }
  const first = await parts.store.read((tx) =>
    tx.one<{ id: number; bill_no: string; content_digest: string }>(
      billByExternalNo,
      draft.clinicId,
      draft.externalBillNo,
    ),
  );
  if (first === undefined) return 'number_taken';
  if (first.content_digest !== contentDigest(draft.header, draft.priced)) {
    return refuse('bill_differs', { facts: { bill_id: first.id } });
  }
  // Our own number: the first run's COMMIT went through, only its answer was lost.
  return { bill: await wholeBill(parts, first.id), created: first.bill_no === draft.billNo };
}

/**
 * Writes a bill with its lines and its first event, inside the caller's transaction. Returns its id.
 * Throws UniqueViolation when one of its numbers, or its prescription, has a bill already.
 */
export async function insertBill(tx: Tx, draft: BillDraft, actor: string, atMs: number): Promise<number> {
  const { clinicId, header, priced } = draft;
  const { id } = await tx.run(
    insertBillRow,
    clinicId,
    draft.billNo,
    draft.externalBillNo,
    contentDigest(header, priced),
    draft.prescriptionId,
    header.patient_name,
    header.patient_no,
    header.department,
    header.doctor,
    priced.total_fen,
    priced.discount_fen,
    priced.fund_pay_fen,
    priced.account_pay_fen,
    priced.payable_fen,
    draft.validUntilMs,
    atMs,
    atMs,
  );
  for (const [index, line] of priced.lines.entries()) {
    const { fee_class, name, spec, quantity, unit, unit_price, amount_fen } = line;
    await tx.run(
      insertBillLine,
      clinicId,
      id,
      index + 1,
      fee_class,
      name,
      spec,
      quantity,
      unit,
      unit_price,
      amount_fen,
    );
  }
  await recordEvent(tx, {
    clinicId,
    entity: 'bill',
    entityId: id,
    version: 1,
    happening: 'create',
    from: null,
    to: 'unpaid',
    actor,
    atMs,
  });
  return id;
}

/**
 * `B`, the business day, eight digits of chance: short enough to be read aloud, and telling nobody how
 * many patients came.
 */
export function mintBillNo(world: World, nowMs: number): string {
  return `B${beijingDay(nowMs).replaceAll('-', '').slice(2)}${digits(world, 8)}`;
}
