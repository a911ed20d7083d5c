import { mintBillNo, plainQuantity, type Priced } from '#bill';
import { recordEvent } from '#sql/events';
import { insertPrescription, insertPrescriptionLine, prescriptionByRequest } from '#sql/prescriptions';
import { UniqueViolation, type Store, type Tx } from '#store';
import { isRefusal, type Refusal } from '#trouble';
import { beijingDay, digits, endOfBeijingDay, type World } from '#world';
import { ageOn, printAge } from './age.ts';
import { pricePrescription } from './bill-lines.ts';
import type { IssuePrescription } from './input.ts';
import { makeBill } from './make-bill.ts';
import { wholePrescription, type Prescription } from './read-prescriptions.ts';
import { checkPrescription } from './rules.ts';

/** What the operations of this part are given; they ask nobody else. */
export interface Parts {
  world: World;
  store: Store;
  clinic: { id: number };
  /** 审方: whether a pharmacist approves before there is a bill. */
  reviewRequired: boolean;
}

const DAY_MS = 86_400_000;
const NUMBER_TRIES = 5;

interface Draft {
  clinicId: number;
  prescriptionNo: string;
  billNo: string;
  requestKey: string | undefined;
  reviewRequired: boolean;
  rx: IssuePrescription;
  age: string;
  priced: Priced;
  validUntilMs: number;
}

/**
 * Issues a prescription; where review is off, its bill is made in the same transaction.
 * requestKey   from an Idempotency-Key, whose body the caller has compared: the same key finds the
 *              prescription that its first run made (`created` false)
 * refuses      invalid_input, by field and rule
 * source       处方管理办法 (2007); design.md section 1
 */
export async function issuePrescription(
  parts: Parts,
  rx: IssuePrescription,
  actor: string,
  requestKey?: string,
): Promise<{ prescription: Prescription; created: boolean } | Refusal<'invalid_input'>> {
  const now = parts.world.now();
  const today = beijingDay(now);
  const broken = checkPrescription(rx, today);
  if (broken !== undefined) return broken;
  const priced = pricePrescription(rx.lines, rx.doses);
  if (isRefusal(priced)) return priced;
  const age = ageOn(rx.birth_date, today);
  if (age === undefined) throw new Error('the rules let a birth date in the future pass');
  for (let tries = 0; tries < NUMBER_TRIES; tries += 1) {
    const draft: Draft = {
      clinicId: parts.clinic.id,
      prescriptionNo: mintPrescriptionNo(parts.world, now),
      billNo: mintBillNo(parts.world, now),
      requestKey,
      reviewRequired: parts.reviewRequired,
      rx,
      age: printAge(age),
      priced,
      // Art. 18: good on the issue day; the doctor may extend it, to three days at most.
      validUntilMs: endOfBeijingDay(now) + (rx.valid_days - 1) * DAY_MS,
    };
    const written = await insertOrFind(parts, draft, actor, now);
    if (written === 'number_taken') continue;
    return { prescription: await wholePrescription(parts, written.id), created: written.created };
  }
  throw new Error('no free prescription number found');
}

/** Insert first and ask afterwards, as for bills. */
async function insertOrFind(
  parts: Parts,
  draft: Draft,
  actor: string,
  now: number,
): Promise<{ id: number; created: boolean } | 'number_taken'> {
  try {
    const id = await parts.store.transact('issue-prescription', (tx) => write(tx, draft, actor, now));
    return { id, created: true };
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
  }
  const { requestKey } = draft;
  if (requestKey === undefined) return 'number_taken';
  const first = await parts.store.read((tx) =>
    tx.one<{ id: number; prescription_no: string }>(prescriptionByRequest, requestKey),
  );
  // Our own number: the first run's COMMIT went through, only its answer was lost.
  return first === undefined
    ? 'number_taken'
    : { id: first.id, created: first.prescription_no === draft.prescriptionNo };
}

async function write(tx: Tx, draft: Draft, actor: string, atMs: number): Promise<number> {
  const { clinicId, rx, priced, validUntilMs } = draft;
  const prescriptionId = await writeHead(tx, draft, atMs);
  await writeLines(tx, draft, prescriptionId);
  await recordEvent(tx, {
    clinicId,
    entity: 'prescription',
    entityId: prescriptionId,
    version: 1,
    happening: 'issue',
    from: null,
    to: 'issued',
    actor,
    atMs,
  });
  if (!draft.reviewRequired) {
    const { patient_name, patient_no, department, doctor } = rx;
    const who = { patient_name, patient_no, department, doctor };
    await makeBill(
      tx,
      { clinicId, billNo: draft.billNo, prescriptionId, ...who, priced, validUntilMs },
      actor,
      atMs,
    );
  }
  return prescriptionId;
}

async function writeHead(tx: Tx, draft: Draft, atMs: number): Promise<number> {
  const { rx } = draft;
  const { id } = await tx.run(
    insertPrescription,
    draft.clinicId,
    draft.prescriptionNo,
    draft.requestKey ?? null,
    draft.reviewRequired ? 1 : 0,
    rx.patient_name,
    rx.patient_no,
    rx.sex,
    rx.birth_date,
    draft.age,
    rx.weight_grams ?? null,
    rx.fee_type ?? '自费',
    rx.department,
    rx.doctor,
    rx.diagnosis,
    rx.rx_type,
    rx.rx_class,
    draft.validUntilMs,
    rx.long_supply_reason ?? '',
    rx.doses ?? null,
    rx.decoction ?? '',
    rx.identity_no ?? null,
    rx.agent_name ?? null,
    rx.agent_identity_no ?? null,
    draft.priced.total_fen,
    atMs,
    atMs,
  );
  return id;
}

/** The lines are a snapshot: a price that changes in the drug list tomorrow changes nothing here. */
async function writeLines(tx: Tx, { clinicId, rx, priced }: Draft, prescriptionId: number): Promise<void> {
  for (const [index, line] of rx.lines.entries()) {
    const price = priced.lines[index];
    if (price === undefined) throw new Error('a line was not priced');
    await tx.run(
      insertPrescriptionLine,
      clinicId,
      prescriptionId,
      index + 1,
      line.drug_code ?? '',
      line.generic_name,
      line.trade_name ?? '',
      line.form ?? '',
      line.spec,
      line.kind,
      line.dose,
      line.dose_unit,
      line.route,
      line.frequency,
      line.days ?? null,
      plainQuantity(line.quantity),
      line.unit,
      price.unit_price,
      price.amount_fen,
      line.footnote ?? '',
      line.skin_test === true ? 1 : 0,
      line.advice ?? '',
    );
  }
}

/** `RX`, the business day, eight digits of chance: it tells nobody how many patients came. */
function mintPrescriptionNo(world: World, nowMs: number): string {
  return `RX${beijingDay(nowMs).replaceAll('-', '').slice(2)}${digits(world, 8)}`;
}
